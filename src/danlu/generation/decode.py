"""The cached decoding loop, for one text as a stream and for several at once.

B texts, T positions, V vocabulary.
"""

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.core.streams import stream_seed
from danlu.generation.reading import PositionReader
from danlu.generation.sampling import SamplingSettings, pick, pick_each
from danlu.models.model import LanguageModel
from danlu.tokenizers.tokenizer import Tokenizer


def generate_text(
    model: LanguageModel, tokenizer: Tokenizer, prompt: str, settings: SamplingSettings | None = None
) -> Iterator[str]:
    """Pieces of the continuation of `prompt`, as soon as their characters are complete; the prompt is not repeated.

    The text ends at the document separator, at `max_tokens`, or before a stop string. Control tokens are never part of
    it. Bytes that are no UTF-8 become U+FFFD; a character that the end cuts short is left out.
    """
    settings = settings or SamplingSettings()
    ids = generate_ids(
        model,
        [tokenizer.bos_id, *tokenizer.encode(prompt)],
        settings,
        stop_ids=tokenizer.stop_ids,
        banned_ids=tokenizer.control_ids() - tokenizer.stop_ids,
    )
    return until_stop(characters_of(tokenizer, ids), settings.stop)


def generate_texts(
    model: LanguageModel, tokenizer: Tokenizer, prompts: Sequence[str], settings: SamplingSettings | None = None
) -> list[str]:
    """The continuations of all `prompts` in one batch, each as `generate_text` gives it with the seed `seed` + its number."""
    settings = settings or SamplingSettings()
    found = generate_batch(
        model,
        [[tokenizer.bos_id, *tokenizer.encode(prompt)] for prompt in prompts],
        settings,
        stop_ids=tokenizer.stop_ids,
        banned_ids=tokenizer.control_ids() - tokenizer.stop_ids,
    )
    return ["".join(until_stop(characters_of(tokenizer, iter(ids)), settings.stop)) for ids in found]


def characters_of(tokenizer: Tokenizer, ids: Iterator[int]) -> Iterator[str]:
    """The text of `ids` in pieces, each as soon as its characters are complete."""
    characters = codecs.getincrementaldecoder("utf-8")(errors="replace")
    return (characters.decode(tokenizer.decode_bytes([token])) for token in ids)


@torch.no_grad()
def generate_ids(
    model: LanguageModel,
    prompt_ids: Sequence[int],
    settings: SamplingSettings,
    *,
    stop_ids: frozenset[int] = frozenset(),
    banned_ids: frozenset[int] = frozenset(),
) -> Iterator[int]:
    """Ids that continue `prompt_ids` (at least one), one at a time, at most `max_tokens`.

    Ends before any of `stop_ids`; `banned_ids` are never drawn. When the context is full, its newest three quarters are
    read again as a new beginning; recurrent models have no such limit. Raises UsageError for an empty prompt.
    """
    text = _checked(model, prompt_ids)
    generator = torch.Generator().manual_seed(stream_seed(settings.seed, "sampling"))
    barred = torch.tensor(sorted(banned_ids), dtype=torch.long)
    reader = PositionReader(model, 1, settings.max_tokens, settings.dtype)
    unread = text
    for _ in range(settings.max_tokens):
        logits_V = reader.read([unread], [text])[0]
        logits_V.index_fill_(0, barred, -torch.inf)
        token = pick(logits_V, settings, generator, text)
        if token in stop_ids:
            return
        yield token
        text.append(token)
        unread = [token]


@torch.no_grad()
def generate_batch(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    settings: SamplingSettings,
    *,
    stop_ids: frozenset[int] = frozenset(),
    banned_ids: frozenset[int] = frozenset(),
) -> list[list[int]]:
    """What `generate_ids` gives for each of `prompts` with the seeds `seed`, `seed` + 1, ..., in one batch.

    The texts advance together, one position a step: a longer prompt is read on while shorter ones already grow, so that
    no position is padding. Scores differ from those of a text alone by rounding; behind a full context, where prompts are
    of different lengths, also because the window then moves for all at once. Encoder-decoders read each prompt whole, so
    theirs are generated one by one.
    """
    if model.direction == "encoder-decoder":
        limits = {"stop_ids": stop_ids, "banned_ids": banned_ids}
        return [
            list(generate_ids(model, prompt, _seeded(settings, row), **limits)) for row, prompt in enumerate(prompts)
        ]
    rows = [_Row.begun(_checked(model, prompt), _seeded(settings, row)) for row, prompt in enumerate(prompts)]
    position = min((len(row.text) for row in rows), default=0)
    barred = torch.tensor(sorted(banned_ids), dtype=torch.long)
    reader = PositionReader(model, len(rows), settings.max_tokens, settings.dtype)
    unread = [row.text[:position] for row in rows]
    while not all(row.is_done for row in rows):
        logits_BV = reader.read(unread, [row.text[:position] for row in rows])
        logits_BV.index_fill_(1, barred, -torch.inf)
        _grow(rows, position, logits_BV, settings, stop_ids)
        position += 1
        unread = [row.text[position - 1 : position] for row in rows]
    return [row.found for row in rows]


def _grow(
    rows: Sequence["_Row"], position: int, logits_BV: Tensor, settings: SamplingSettings, stop_ids: frozenset[int]
) -> None:
    """Gives every row a token at `position`: that of its prompt, or one drawn by its scores."""
    numbers = [number for number, row in enumerate(rows) if row.fill(position)]
    if not numbers:
        return
    growing = [rows[number] for number in numbers]
    generators, texts = [row.generator for row in growing], [row.text for row in growing]
    for row, token in zip(growing, pick_each(logits_BV[numbers], settings, generators, texts), strict=True):
        row.advance(token, stop_ids)


def _seeded(settings: SamplingSettings, row: int) -> SamplingSettings:
    return settings.model_copy(update={"seed": settings.seed + row})


@dataclass(kw_only=True)
class _Row:
    """One text of a batch: its prompt and what was found so far; a finished one is filled up while the others go on."""

    text: list[int]
    settings: SamplingSettings
    generator: torch.Generator
    num_prompt: int
    num_found: int = 0
    is_done: bool = False

    @classmethod
    def begun(cls, prompt: list[int], settings: SamplingSettings) -> Self:
        """Nothing found yet."""
        generator = torch.Generator().manual_seed(stream_seed(settings.seed, "sampling"))
        done = settings.max_tokens == 0
        return cls(text=prompt, settings=settings, generator=generator, num_prompt=len(prompt), is_done=done)

    @property
    def found(self) -> list[int]:
        """The ids behind the prompt."""
        return self.text[self.num_prompt : self.num_prompt + self.num_found]

    def fill(self, position: int) -> bool:
        """Whether a token is to be drawn for `position`; where not, one stands there afterwards."""
        if position == len(self.text) and self.is_done:
            self.text.append(self.text[-1])
        return position == len(self.text)

    def advance(self, token: int, stop_ids: frozenset[int]) -> None:
        """Adds the token that was drawn."""
        self.text.append(token)
        self.num_found += token not in stop_ids
        self.is_done = token in stop_ids or self.num_found == self.settings.max_tokens


def until_stop(pieces: Iterator[str], stop: Sequence[str]) -> Iterator[str]:
    """`pieces` up to the first stop string, which is left out; characters that may begin one are held back."""
    held = ""
    for piece in pieces:
        held += piece
        found = [held.index(end) for end in stop if end in held]
        if found:
            if min(found):
                yield held[: min(found)]
            return
        sure = len(held) - _may_begin(held, stop)
        if sure:
            yield held[:sure]
            held = held[sure:]
    if held:
        yield held


def _may_begin(text: str, stop: Sequence[str]) -> int:
    """Characters at the end of `text` that are the beginning of a stop string."""
    lengths = [n for end in stop for n in range(1, min(len(end), len(text) + 1)) if text.endswith(end[:n])]
    return max(lengths, default=0)


def _checked(model: LanguageModel, prompt_ids: Sequence[int]) -> list[int]:
    text = [int(token) for token in prompt_ids]
    outside = [token for token in text if not 0 <= token < model.vocab_size]
    if text and not outside:
        return text
    raise UsageError(
        Text("the prompt cannot be read by this model", "该模型无法读取此提示"),
        got=f"ids {outside[:5]}" if outside else "no ids",
        allowed=Text("at least one id, each from 0 to {largest}", "至少一个词元编号，范围 0 到 {largest}"),
        fix=Text("encode the prompt with the tokenizer that belongs to the model", "请用与模型配套的分词器编码提示"),
        largest=model.vocab_size - 1,
    )
