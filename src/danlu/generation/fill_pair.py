"""Encoder-decoders that learnt to fill in: the encoder reads a text with blanks, the decoder writes what they hold.

T positions, V vocabulary.
"""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.models.layers.cache import DecodingState
from danlu.models.layers.cross_attention import Source
from danlu.models.model import LanguageModel
from danlu.tokenizers.tokenizer import Tokenizer

LONGEST_BLANK = 16
"""Tokens that one blank is filled with at most."""


@torch.no_grad()
def fill_between(model: LanguageModel, tokenizer: Tokenizer, parts: Sequence[Sequence[int]]) -> list[list[int]]:
    """What belongs between the `parts` of a text, one list of ids for each blank, the likeliest token at each step.

    The parts stay as they are. A model that learnt by denoising writes each blank behind its sentinel; one that learnt by
    infilling writes the whole text, of which the parts are given to it, and a blank ends where it goes on with the next
    part. Raises UsageError for more blanks than sentinels, or a text longer than the context.
    """
    signs = _signs(model, tokenizer, len(parts) - 1)
    inside = [*parts[0]]
    for sign, part in zip(signs, parts[1:], strict=True):
        inside += [sign, *part]
    read = tokenizer.framed(inside)
    _check_length(model, len(read))
    barred = torch.tensor(sorted(tokenizer.control_ids()))
    was_training = model.training
    model.eval()
    writer = _Writer(model, model.encode(torch.tensor([read], device=model.embed.weight.device)), barred)
    denoising = model.objective == "denoising"
    ends = sorted({tokenizer.bos_id, *tokenizer.stop_ids})
    found = []
    for number, part in enumerate(parts[1:]):
        begins = [signs[number]] if denoising else [tokenizer.bos_id, *parts[0]] if number == 0 else parts[number]
        # behind the last blank, models of others write one sentinel more
        next_sign = tokenizer.sentinel_ids[number + 1 : number + 2]
        following = [*next_sign, *ends] if denoising else part[:1] or ends
        found.append(writer.blank(begins, following))
    model.train(was_training)
    return found


@final
class _Writer:
    """A decoder at work: what it has written, and its scores of what comes next."""

    def __init__(self, model: LanguageModel, source: Source, barred: Tensor) -> None:
        self.model, self.barred = model, barred
        self.state: DecodingState = model.start_state(1)
        start_B0 = torch.empty(1, 0, dtype=torch.long, device=model.embed.weight.device)
        self.hidden_BTC = model(model.begun(start_B0), self.state, source=source).hidden_BTC

    def give(self, ids: Sequence[int]) -> None:
        """Writes `ids`, whatever the scores say."""
        if ids:
            ids_BT = torch.tensor([list(ids)], device=self.model.embed.weight.device)
            self.hidden_BTC = self.model(ids_BT, self.state).hidden_BTC

    def blank(self, begins: Sequence[int], following: Sequence[int]) -> list[int]:
        """Writes `begins`, then the likeliest tokens until one of `following` is the likeliest, or the room ends."""
        capacity = self.state.capacity or 0
        self.give(begins[: max(0, capacity - self.state.length)])
        filled: list[int] = []
        while len(filled) < LONGEST_BLANK and self.state.length < capacity:
            scores_V = self.model.logits(self.hidden_BTC[0, -1]).cpu()
            ends = scores_V[list(following)]
            scores_V[self.barred] = -torch.inf
            # A blank holds something: its end is no choice for the first token.
            scores_V[list(following)] = ends if filled else -torch.inf
            token = int(scores_V.argmax())
            if token in following:
                break
            filled.append(token)
            self.give([token])
        return filled


def _signs(model: LanguageModel, tokenizer: Tokenizer, num_blanks: int) -> list[int]:
    """The id that stands for each blank in what the encoder reads."""
    if model.objective != "denoising":
        assert tokenizer.mask_id is not None, "a model that fills in was trained with a token that hides"
        return [tokenizer.mask_id] * num_blanks
    if num_blanks > len(tokenizer.sentinel_ids):
        raise UsageError(
            Text("the text has more blanks than this model tells apart", "文本的空白多于该模型可区分的数量"),
            got=num_blanks,
            allowed=Text("at most {most} blanks", "最多 {most} 处空白"),
            fix=Text("fill them in several calls", "请分几次填写"),
            most=len(tokenizer.sentinel_ids),
        )
    return list(tokenizer.sentinel_ids[:num_blanks])


def _check_length(model: LanguageModel, length: int) -> None:
    if length > model.context_length:
        raise UsageError(
            Text("the text is longer than the model's context", "文本超过模型的上下文长度"),
            got=length,
            allowed=Text("at most {most} tokens", "最多 {most} 个词元"),
            fix=Text("give it a shorter text", "请缩短文本"),
            most=model.context_length,
        )
