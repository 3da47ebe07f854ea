"""How tokens spell bytes: printable stand-ins (byte-level BPE) or `<0x41>` (characters with byte fallback)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from danlu.core.errors import ArtifactError
from danlu.core.language import Text

CONTINUES = "##"  # in front of a WordPiece entry that stands inside a word
BYTE_NAMES = tuple(f"<0x{byte:02X}>" for byte in range(256))


@cache
def byte_of_stand_in() -> dict[str, int]:
    """Stand-in character -> byte: printable Latin-1 stands for itself, the others follow from U+0100 on (GPT-2)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(0x100 + i): b for i, b in enumerate(others)}


def spell_bytes(text: str) -> str:
    """The UTF-8 bytes of `text` as stand-ins."""
    return text.encode().decode("latin-1").translate(_stand_in_of_byte())


@cache
def _stand_in_of_byte() -> dict[int, str]:
    return {byte: stand_in for stand_in, byte in byte_of_stand_in().items()}


def token_bytes_of(description: Mapping[str, Any]) -> list[bytes]:
    """The bytes of every token of a `tokenizer.json`, by id; control tokens have none.

    Raises ArtifactError when ids are not 0..n-1, each once, or a token spells no bytes.
    """
    model = description["model"]
    vocabulary = _numbered(model["vocab"])
    control = {entry["content"]: entry["id"] for entry in description["added_tokens"]}
    tokens = {**vocabulary, **control}
    by_id = {number: token for token, number in tokens.items()}
    if sorted(by_id) != list(range(len(tokens))):
        raise damaged_vocabulary("ids are not 0, 1, 2, ..., each once")
    spelled_by_names = bool(model.get("byte_fallback"))
    continues = CONTINUES if model.get("type") == "WordPiece" else ""
    names = {name: bytes([byte]) for byte, name in enumerate(BYTE_NAMES)}
    stand_ins = byte_of_stand_in()

    def spell(token: str) -> bytes:
        if token in control:
            return b""
        if spelled_by_names:
            return names.get(token) or token.encode()
        if continues and len(token) > len(continues):
            token = token.removeprefix(continues)
        return bytes(stand_ins[character] for character in token)

    try:
        return [spell(by_id[number]) for number in range(len(by_id))]
    except KeyError as problem:
        raise damaged_vocabulary(f"a token with {problem.args[0]!r}") from problem


def _numbered(vocabulary: Any) -> dict[str, int]:
    """Token -> id. Unigram models list [token, score] by id; a token that comes twice is damage."""
    if isinstance(vocabulary, dict):
        return vocabulary
    numbered = {token: number for number, (token, _) in enumerate(vocabulary)}
    if len(numbered) != len(vocabulary):
        raise damaged_vocabulary("a token that comes twice")
    return numbered


def damaged_vocabulary(problem: str) -> ArtifactError:
    """The error for a `tokenizer.json` that cannot be what danlu wrote."""
    return ArtifactError(
        Text("the vocabulary of a tokenizer is damaged", "分词器的词表已损坏"),
        got=problem,
        allowed=Text("a tokenizer.json that danlu wrote", "由 danlu 写成的 tokenizer.json"),
        fix=Text("train the tokenizer again, or restore the file from a copy", "请重新训练分词器，或从备份恢复文件"),
    )
