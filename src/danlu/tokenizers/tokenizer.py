"""The contract of every tokenizer: text to ids and back without loss, and its artifact.

Files of the artifact (kind "tokenizer"): `tokenizer.json` (the format of the `tokenizers` library, also what a
Hugging Face export ships), `tokenizer_config.json` (for transformers), `danlu.json` (kind, pre-tokenizer, facts).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
import numpy.typing as npt
from tokenizers import AddedToken
from tokenizers import Tokenizer as LibraryTokenizer

from danlu.core.artifacts import Artifact, finish_artifact, open_artifact
from danlu.core.disk import read_json, write_durably, write_json
from danlu.core.errors import ArtifactError, DataError
from danlu.core.language import Text
from danlu.core.settings import Settings, plain, setting
from danlu.tokenizers.byte_tokens import BYTE_NAMES, damaged_vocabulary, token_bytes_of
from danlu.tokenizers.encoders import CharacterEncoder, Encoder, Ids, LibraryEncoder, PieceEncoder
from danlu.tokenizers.form import IMPORTED, Form, FormSettings, Roles, form_of
from danlu.tokenizers.pretokenize import (
    WORDPIECE_CUTS,
    character_pre_tokenizer,
    encoding_pre_tokenizer,
    pre_tokenizer_description,
)
from danlu.tokenizers.rewriting import Rewrite, rewrite
from danlu.tokenizers.seams import Seams

KIND = "tokenizer"
SEPARATOR = "<|bos|>"  # starts every document; its id is `bos_id`
PADDING = "<|pad|>"  # fills up short texts in programs that need it
MASK = "<|mask|>"  # stands where a token is hidden from a masked model
CONTROLS_OF_MASKED = (SEPARATOR, PADDING, MASK)
# Before the three parts of a document whose middle is to be filled in (Bavarian et al. 2022, arXiv:2207.14255).
PREFIX, MIDDLE, SUFFIX = "<|prefix|>", "<|middle|>", "<|suffix|>"
# What is said of two pieces of text: whether they stand as they stood in the document.
TRUE, FALSE = "<|true|>", "<|false|>"
# Spans of a window that are taken out for a denoising model: 256 tokens have 13, and 32 suffice for 640.
SENTINELS = tuple(f"<|hidden_{number}|>" for number in range(32))
OWN_ROLES = Roles(begins=SEPARATOR, pads=PADDING, hides=MASK, sentinels=SENTINELS)


class TokenizerSettings(Settings):
    """What a tokenizer is made of."""

    kind: str = setting(
        "bpe",
        "kind of tokenizer: bpe, byte, char, unigram, word, wordpiece",
        "分词器类型：bpe、byte、char、unigram、word、wordpiece",
    )
    vocab_size: int | Literal["auto"] = setting(
        "auto",
        "number of entries, control tokens and 256 bytes included; auto: by text and model",
        "词表大小（含控制符与 256 个字节）；auto：由文本与模型决定",
    )
    num_parameters: int | None = setting(
        None, "parameters of the model that will read the tokens; for auto", "使用该词表的模型参数量；供 auto 使用"
    )
    sample_bytes: int = setting(
        4_000_000,
        "bytes of text to learn from at most, in blocks spread evenly over the documents",
        "训练分词器最多使用的字节数，按块在文档中均匀抽取",
        ge=1000,
    )
    min_frequency: int = setting(
        2, "a pair or character is taken when seen at least this often", "组合或字符至少出现这么多次才收入", ge=1
    )
    control_tokens: tuple[str, ...] = setting(
        (SEPARATOR,), "control tokens, ids 0, 1, ...; the first one starts every document", "控制符，第一个用作文档开头"
    )
    rewrites: tuple[Rewrite, ...] = setting(
        (),
        "what kind word does to each text first, for classic models only, since text is lost: lower_case, stop_words, stems",
        "word 类型先对文本做的改写（会丢失信息，仅供传统模型）：lower_case、stop_words、stems",
    )


@final
class Tokenizer:
    """Text to ids and back, exact for every valid Unicode string; text never becomes a control token.

    With `rewrites` (see rewriting.py) what comes back is the rewritten text; `library` does not know of them.
    `facts` are plain values that tell how it was made; `artifact` is the folder it was opened from, if any.
    Ids: control tokens first (`bos_id` = 0 starts every document), then bytes, then longer entries.
    """

    def __init__(self, library: LibraryTokenizer, kind: str, facts: Mapping[str, Any] | None = None) -> None:
        library.encode_special_tokens = True  # text that spells a control token stays text
        description = json.loads(library.to_str())
        self.kind, self.facts, self.library = kind, dict(facts or {}), library
        self.artifact: Artifact | None = None
        self.form: Form | None = None
        if kind == IMPORTED:
            self._take_form(description)
            return
        self._bytes: Sequence[bytes] = token_bytes_of(description)
        self.control_tokens = {entry["content"]: int(entry["id"]) for entry in description["added_tokens"]}
        self._silent = frozenset(self.control_tokens.values())
        self._encoder = _encoder_for(library, description, self._bytes)

    def _take_form(self, description: Mapping[str, Any]) -> None:
        """An imported tokenizer: `facts` hold its form, its ids are those of the library."""
        self.form = form_of(description, FormSettings.model_validate(self.facts))
        self.library.encode_special_tokens = not self.form.settings.text_becomes_control
        self.library.no_truncation()
        self.library.no_padding()
        self._bytes = self.form.entries
        self.control_tokens = dict(self.form.controls)
        self._silent = self.form.unused.union(self.control_tokens.values())
        self._encoder = LibraryEncoder(self.library)

    @property
    def vocab_size(self) -> int:
        """Number of entries: every id is below it."""
        return len(self._bytes)

    @property
    def bos_id(self) -> int:
        """The document separator: in front of every document."""
        return self.control_tokens[self.roles.begins]

    @property
    def mask_id(self) -> int | None:
        """What stands where a token is hidden from a masked model; None where the tokenizer was made without it."""
        return self.control_tokens.get(self.roles.hides)

    @property
    def pad_id(self) -> int | None:
        """What fills up short texts in a batch; None where the tokenizer was made without it."""
        return self.control_tokens.get(self.roles.pads)

    @property
    def unknown_id(self) -> int | None:
        """What stands for text without an entry: only imported tokenizers lose text so."""
        return self.control_tokens.get(self.roles.unknown)

    @property
    def stop_ids(self) -> frozenset[int]:
        """Ids at which a text that is being written is over."""
        return frozenset({self.bos_id, *(self.control_tokens[name] for name in self.roles.ends)})

    @property
    def roles(self) -> Roles:
        """Which control tokens do what."""
        return self.form.settings.roles if self.form else OWN_ROLES

    def framed(self, ids: Sequence[int]) -> list[int]:
        """The ids of a whole text as a model that reads both ways got them in training: the separator, the text, and what
        closes it where the tokenizer has that ([SEP]). Where one token does both (T5), it stands behind the text alone."""
        closing = self.control_tokens.get(self.roles.closes)
        if closing == self.bos_id:
            return [*ids, closing]
        return [self.bos_id, *ids] if closing is None else [self.bos_id, *ids, closing]

    @property
    def rewrites(self) -> tuple[str, ...]:
        """What is done to each text first, so that it does not come back as it was; most tokenizers have none."""
        return tuple(self.facts.get("rewrites", ()))

    @property
    def sentinel_ids(self) -> tuple[int, ...]:
        """What stands for spans that are taken out, in order; empty where the tokenizer was made without them."""
        return tuple(self.control_tokens[name] for name in self.roles.sentinels if name in self.control_tokens)

    @property
    def digest(self) -> str | None:
        """The digest of the artifact it was opened from; None when it was never saved."""
        return self.artifact.digest if self.artifact else None

    def control_ids(self) -> frozenset[int]:
        """Ids that no text gives (of an imported tokenizer: that stand for no text): they enter as ids only."""
        return self._silent

    def encode(self, text: str) -> list[int]:
        """The ids of `text`, without separator. Raises DataError for lone surrogates (not Unicode text)."""
        return self.encode_batch([text])[0].tolist()  # type: ignore[no-any-return]

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text, in parallel; the same as one by one."""
        for text in texts:
            _check_text(text)
        names = self.rewrites
        return self._encoder.encode_batch([rewrite(text, names) for text in texts] if names else texts)

    def decode(self, ids: Sequence[int] | npt.NDArray[Any]) -> str:
        """The text of `ids`, control ids dropped; bytes that are not UTF-8 (cut characters) become U+FFFD.

        The text that an imported tokenizer gives may differ from the one encoded. Raises DataError for ids that are not
        whole numbers of the vocabulary.
        """
        if self.form:
            self.decode_bytes(ids)  # raises for ids outside the vocabulary
            return self.library.decode([int(number) for number in ids if int(number) not in self._silent])
        return self.decode_bytes(ids).decode("utf-8", errors="replace")

    def decode_bytes(self, ids: Sequence[int] | npt.NDArray[Any]) -> bytes:
        """The bytes of `ids`, control ids dropped. Raises DataError for ids outside the vocabulary."""
        numbers = np.asarray(ids)
        if not numbers.size:
            return b""
        valid = numbers.ndim == 1 and numbers.dtype.kind in "iu"
        if not valid or int(numbers.min()) < 0 or int(numbers.max()) >= self.vocab_size:
            raise _wrong_ids(numbers, self.vocab_size)
        return b"".join([self._bytes[number] for number in numbers.tolist()])

    def token_bytes(self, number: int) -> bytes:
        """The bytes that one id stands for; none for a control id."""
        return self.decode_bytes([number])


def save_tokenizer(
    tokenizer: Tokenizer,
    out: Path,
    *,
    settings: Settings,
    inputs: Mapping[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Artifact:
    """Writes the artifact `out` (kind "tokenizer"): the same tokenizer gives the same bytes."""
    write_durably(out / "tokenizer.json", (tokenizer.library.to_str(pretty=True) + "\n").encode())
    write_json(out / "tokenizer_config.json", transformers_config(tokenizer))
    write_json(out / "danlu.json", {"kind": tokenizer.kind, "facts": tokenizer.facts})
    known = {"vocab_size": tokenizer.vocab_size, "bos_id": tokenizer.bos_id, **tokenizer.facts, **(facts or {})}
    return finish_artifact(out, KIND, settings=plain(settings), inputs=inputs, facts=known)


def open_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a finished artifact. Raises ArtifactError when a file is damaged."""
    artifact = open_artifact(path, KIND)
    try:
        written = read_json(path / "danlu.json")
        if written["kind"] != IMPORTED:
            token_bytes_of(read_json(path / "tokenizer.json"))  # the library overlooks two tokens with one id
        library = LibraryTokenizer.from_file(str(path / "tokenizer.json"))
        tokenizer = Tokenizer(library, written["kind"], written["facts"])
    except ArtifactError:
        raise
    except Exception as problem:  # the library raises bare Exception for whatever it cannot read
        raise damaged_vocabulary(str(problem)) from problem
    tokenizer.artifact = artifact
    return tokenizer


def transformers_config(tokenizer: Tokenizer) -> dict[str, Any]:
    """`tokenizer_config.json`: transformers gives the same ids and the same text from `tokenizer.json` with it."""
    roles = tokenizer.roles
    named = {"pad_token": roles.pads, "mask_token": roles.hides, "unk_token": roles.unknown}
    if roles.closes:
        named |= {"cls_token": roles.begins, "sep_token": roles.closes}
    return {
        **{name: token for name, token in named.items() if token in tokenizer.control_tokens},
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": roles.begins,
        "eos_token": next(iter(roles.ends), roles.begins),
        "clean_up_tokenization_spaces": False,  # the clean-up would eat the space before a full stop
        # text that spells a control token stays text, unless an imported tokenizer was used otherwise
        "split_special_tokens": not (tokenizer.form and tokenizer.form.settings.text_becomes_control),
        "add_bos_token": False,
        "model_max_length": 1_000_000_000,
    }


def control_entries(names: Sequence[str]) -> list[AddedToken]:
    """Control tokens as the library wants them: matched whole, never touched by normalizers."""
    return [AddedToken(name, special=True, normalized=False) for name in names]


def _encoder_for(library: LibraryTokenizer, description: Mapping[str, Any], entries: Sequence[bytes]) -> Encoder:
    """The quickest way to the ids that `library` gives."""
    model, pre_tokenizer = description["model"], description["pre_tokenizer"]
    vocabulary = model["vocab"]
    if model.get("byte_fallback") and not pre_tokenizer and model.get("merges") == []:
        characters = {token: number for token, number in vocabulary.items() if len(token) == 1}
        return CharacterEncoder(characters, [vocabulary[name] for name in BYTE_NAMES])
    if pre_tokenizer == pre_tokenizer_description(encoding_pre_tokenizer()):
        return PieceEncoder(library.model, [Seams(entries)])
    if pre_tokenizer == pre_tokenizer_description(encoding_pre_tokenizer(WORDPIECE_CUTS)):
        return PieceEncoder(library.model, [WORDPIECE_CUTS])
    if model.get("type") == "Unigram" and pre_tokenizer == pre_tokenizer_description(character_pre_tokenizer()):
        return PieceEncoder(library.model, [Seams(entries)], byte_level=False)
    return LibraryEncoder(library)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as problem:
        raise DataError(
            Text("a text is not valid Unicode", "文本不是有效的 Unicode"),
            got=f"U+{ord(text[problem.start]):04X} at character {problem.start}",
            allowed=Text("text without lone surrogates", "不含孤立代理码位的文本"),
            fix=Text(
                "read the file as UTF-8 with danlu corpus build: it repairs and reports such bytes",
                "请用 danlu corpus build 以 UTF-8 读取：它会修复并报告",
            ),
        ) from problem


def _wrong_ids(numbers: npt.NDArray[Any], vocab_size: int) -> DataError:
    return DataError(
        Text("these are not ids of the tokenizer", "这些不是该分词器的编号"),
        got=np.array2string(numbers, threshold=8, edgeitems=3),
        allowed=Text("whole numbers from 0 to {last}", "0 到 {last} 之间的整数"),
        fix=Text("use ids that this tokenizer's encode gave", "请使用由该分词器 encode 得到的编号"),
        last=vocab_size - 1,
    )
