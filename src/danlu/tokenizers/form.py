"""What an imported tokenizer does otherwise than danlu's own: names of control tokens, spelling, text that is lost.

The tokenizers of others read text with losses (lower case, unknown characters, joined spaces), have control tokens of their
own, and some let text that spells a control token become one. Their ids stay exactly what transformers gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from danlu.core.settings import Settings, setting
from danlu.tokenizers.byte_tokens import BYTE_NAMES, byte_of_stand_in

IMPORTED = "imported"  # the kind of such a tokenizer
SPACE_MARK = "\u2581"  # what sentencepiece writes for a space


class Roles(Settings):
    """Which control tokens do what; empty where there is none."""

    begins: str = setting(..., "stands in front of every document", "位于每篇文档之前")
    closes: str = setting("", "stands behind a text that is read both ways", "位于双向读取的文本之后")
    pads: str = setting("", "fills up short texts", "填充较短的文本")
    hides: str = setting("", "stands where a token is hidden", "表示被遮蔽的词元")
    unknown: str = setting("", "stands for text without an entry", "表示词表以外的文本")
    ends: tuple[str, ...] = setting((), "end a text that is being written", "结束正在生成的文本")
    sentinels: tuple[str, ...] = setting((), "stand for spans that were taken out", "代表被取出的片段")


class FormSettings(Settings):
    """The facts of an imported tokenizer that its `tokenizer.json` does not hold."""

    roles: Roles = setting(..., "control tokens", "控制符")
    text_becomes_control: bool = setting(
        False, "whether text that spells a control token becomes one", "文本中的控制符写法是否变为控制符"
    )
    num_entries: int = setting(
        ..., "rows of the model; entries that no text gives fill them up", "模型的词表行数", ge=1
    )
    source: str = setting("tokenizer.json", "the file it was read from", "来源文件")


@dataclass(frozen=True, kw_only=True)
class Form:
    """`entries`: the bytes that each id stands for, as far as one id can tell; `controls`: content -> id."""

    settings: FormSettings
    entries: tuple[bytes, ...]
    controls: Mapping[str, int]
    unused: frozenset[int]


def form_of(description: Mapping[str, Any], settings: FormSettings) -> Form:
    """The form of the `tokenizer.json` `description`. Raises ValueError where it does not fit to the settings."""
    tokens = _entries_of(description)
    added = {entry["content"]: entry for entry in description["added_tokens"]}
    special = {content: int(entry["id"]) for content, entry in added.items() if entry["special"]}
    last = max([*tokens.values(), *(int(entry["id"]) for entry in added.values())], default=0)
    if last >= settings.num_entries:
        raise ValueError(f"id {last}, but the model has {settings.num_entries} rows")
    numbers = {**tokens, **special}
    roles = settings.roles
    named = [roles.begins, roles.closes, roles.pads, roles.hides, roles.unknown, *roles.ends]
    missing = [name for name in named if name and name not in numbers]
    if missing:
        raise ValueError(f"control tokens without an entry: {', '.join(missing)}")
    special |= {name: numbers[name] for name in named if name}
    entries = [b""] * settings.num_entries
    spell = _speller(description)
    for token, number in tokens.items():
        entries[number] = spell(token)
    for content, entry in added.items():
        entries[int(entry["id"])] = content.encode()
    for number in special.values():
        entries[number] = b""
    used = {*tokens.values(), *(int(entry["id"]) for entry in added.values())}
    unused = frozenset(range(settings.num_entries)) - used
    return Form(settings=settings, entries=tuple(entries), controls=special, unused=unused)


def _entries_of(description: Mapping[str, Any]) -> dict[str, int]:
    """Token -> id; unigram models list [token, score] by id."""
    vocabulary = description["model"]["vocab"]
    if isinstance(vocabulary, dict):
        return vocabulary
    return {token: number for number, (token, _) in enumerate(vocabulary)}


def _speller(description: Mapping[str, Any]) -> "_Speller":
    model = description["model"]
    kind = model.get("type") or ("WordPiece" if "max_input_chars_per_word" in model else "BPE")
    if _uses(description["decoder"], "ByteLevel") or _uses(description["pre_tokenizer"], "ByteLevel"):
        return _Speller(stand_ins=byte_of_stand_in())
    if kind == "WordPiece":
        return _Speller(continues=model.get("continuing_subword_prefix") or "##")
    return _Speller(names={name: bytes([byte]) for byte, name in enumerate(BYTE_NAMES)} if _falls_back(model) else {})


def _falls_back(model: Mapping[str, Any]) -> bool:
    return bool(model.get("byte_fallback"))


def _uses(part: Any, kind: str) -> bool:
    """Whether a part of a `tokenizer.json`, or one inside it, is of this type."""
    if isinstance(part, dict):
        return part.get("type") == kind or any(_uses(value, kind) for value in part.values())
    return isinstance(part, list) and any(_uses(value, kind) for value in part)


@dataclass(frozen=True, kw_only=True)
class _Speller:
    """The bytes of one entry, in whichever of the three ways the vocabulary is written."""

    stand_ins: Mapping[str, int] | None = None
    continues: str = ""
    names: Mapping[str, bytes] | None = None

    def __call__(self, token: str) -> bytes:
        if self.stand_ins is not None:
            known = all(character in self.stand_ins for character in token)
            return bytes(self.stand_ins[character] for character in token) if known else token.encode()
        if self.continues:
            inside = token.startswith(self.continues)
            return (token.removeprefix(self.continues) if inside else " " + token).encode()
        assert self.names is not None
        return self.names.get(token) or token.replace(SPACE_MARK, " ").encode()
