"""Models that read both ways fill blanks: each hidden token is guessed from both sides, the surest first.

T positions, V vocabulary.
"""

import re

import torch
from torch import Tensor

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.generation.fill_pair import fill_between
from danlu.models.model import LanguageModel
from danlu.tokenizers.tokenizer import Tokenizer

BLANK = re.compile("_{3,}")
NUM_EXAMPLES = 8
"""Blanks of an example that an encoder-decoder fills in."""


def fill_text(model: LanguageModel, tokenizer: Tokenizer, text: str) -> str:
    """`text` with each blank (three or more `_`) filled by one token, the likeliest; by several in encoder-decoders.

    Of several blanks the surest is filled first, and the others see it. Raises UsageError for a text without a blank or
    longer than the context.
    """
    parts = BLANK.split(text)
    if len(parts) == 1:
        raise UsageError(
            Text("this model fills blanks and does not continue a text", "该模型用于填空，不能续写"),
            got=text[:80],
            allowed=Text("a text with ___ where a token is to be filled in", "文本中用 ___ 标出要填的位置"),
            fix=Text("write for example 'The furnace ___ all night'", "例如：'炉火___了一夜'"),
        )
    if model.direction == "encoder-decoder":
        return _fill_pair(model, tokenizer, [tokenizer.encode(part) for part in parts])
    mask_id = _mask_of(tokenizer)
    inside = tokenizer.encode(parts[0])
    for part in parts[1:]:
        inside += [mask_id, *tokenizer.encode(part)]
    ids = tokenizer.framed(inside)
    if len(ids) > model.context_length:
        raise UsageError(
            Text("the text is longer than the model's context", "文本超过模型的上下文长度"),
            got=len(ids),
            allowed=Text("at most {most} tokens", "最多 {most} 个词元"),
            fix=Text("give it a shorter text", "请缩短文本"),
            most=model.context_length,
        )
    return tokenizer.decode(filled(model, tokenizer, torch.tensor(ids)).tolist())


def fill_example(model: LanguageModel, tokenizer: Tokenizer, ids: list[int], every: int = 6) -> str:
    """A piece of text in which every `every`th token was hidden and filled in; what was filled in stands in brackets."""
    if model.direction == "encoder-decoder":
        return _pair_example(model, tokenizer, ids[: model.context_length // 2], every)
    given_T = torch.tensor([tokenizer.bos_id, *ids][: model.context_length])
    hidden_T = torch.arange(len(given_T)) % every == every - 1
    found_T = filled(model, tokenizer, torch.where(hidden_T, _mask_of(tokenizer), given_T))
    pieces: list[bytes] = []
    for token, was_hidden in zip(found_T.tolist(), hidden_T.tolist(), strict=True):
        piece = tokenizer.decode_bytes([token])
        pieces.append(b"[" + piece + b"]" if was_hidden else piece)
    return b"".join(pieces).decode("utf-8", errors="replace")


def _fill_pair(model: LanguageModel, tokenizer: Tokenizer, parts: list[list[int]]) -> str:
    found = [*fill_between(model, tokenizer, parts), []]
    return tokenizer.decode([token for part, blank in zip(parts, found, strict=True) for token in [*part, *blank]])


def _pair_example(model: LanguageModel, tokenizer: Tokenizer, ids: list[int], every: int) -> str:
    ids = ids[: every * NUM_EXAMPLES]
    parts = [ids[begin : begin + every - 1] for begin in range(0, len(ids), every)]
    if len(ids) % every == 0:
        parts.append([])
    found = [*fill_between(model, tokenizer, parts), []]
    pieces = [
        tokenizer.decode_bytes(part) + (b"[" + tokenizer.decode_bytes(blank) + b"]" if blank else b"")
        for part, blank in zip(parts, found, strict=True)
    ]
    return b"".join(pieces).decode("utf-8", errors="replace")


@torch.no_grad()
def filled(model: LanguageModel, tokenizer: Tokenizer, ids_T: Tensor) -> Tensor:
    """`ids_T` with every mask replaced, the surest first; one pass for each. Control tokens are never filled in."""
    mask_id, ids_T = _mask_of(tokenizer), ids_T.clone()
    barred = torch.tensor(sorted(tokenizer.control_ids()))
    was_training = model.training
    model.eval()
    while bool((ids_T == mask_id).any()):
        at_N = (ids_T == mask_id).nonzero().squeeze(1)
        logits_NV = model.logits(model(ids_T[None]).hidden_BTC[0, at_N])
        logits_NV[:, barred] = -torch.inf
        best = torch.log_softmax(logits_NV, -1).max(-1)
        surest = int(best.values.argmax())
        ids_T[at_N[surest]] = best.indices[surest]
    model.train(was_training)
    return ids_T


def _mask_of(tokenizer: Tokenizer) -> int:
    assert tokenizer.mask_id is not None, "a model that fills in was trained with a token that hides"
    return tokenizer.mask_id
