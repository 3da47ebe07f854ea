"""How a model is asked for the tokens of a window: one after the other, or hidden among their neighbours.

B windows of a batch, T positions, N scored tokens, C width.

Asking for hidden tokens takes several passes. The first few passes alone ask for a sample of the tokens: row r of a batch
begins with its stripe r, so that each pass reaches all places alike.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.models.model import LanguageModel
from danlu.objectives.spans import Spans, left_over, taken_out

STRIPES = 10
SPAN = 3


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One pass: the hidden vectors [N, C] that foretell `targets_N`; `rows_N` are the windows of the batch they belong to."""

    hidden_NC: Tensor
    targets_N: Tensor
    rows_N: Tensor


class Reading(ABC):
    """One way to ask."""

    pseudo: bool
    """Whether the result is a pseudo-likelihood, which is no code length and compares only with its like."""
    kind: str
    """What is asked, in a word: scores compare only within a kind."""
    stripes = 1
    """Passes in which each token is asked for once, each at the cost of all tokens; a share of them asks for that share."""

    @abstractmethod
    def passes(
        self, model: LanguageModel, ids_BT: Tensor, lengths_B: Tensor, scored_BT: Tensor, most: int | None = None
    ) -> Iterator[Asked]:
        """Asks for every scored token once, or for those of the first `most` stripes (None: all).

        `ids_BT` has `lengths_B` + 1 real ids in each row, the first of them given.

        `scored_BT` (bool, one position fewer): whether the id that follows position t is scored.
        """


@final
class LeftToRight(Reading):
    """Each token is foretold from all before it: one pass; the nats are those of a code."""

    kind = "code"
    pseudo = False

    def passes(
        self, model: LanguageModel, ids_BT: Tensor, lengths_B: Tensor, scored_BT: Tensor, most: int | None = None
    ) -> Iterator[Asked]:
        """One pass."""
        del most
        # Padding repeats the last token on the right; a left-to-right model never looks there.
        hidden_NC = model(ids_BT[:, :-1]).hidden_BTC[scored_BT]
        yield Asked(hidden_NC=hidden_NC, targets_N=ids_BT[:, 1:][scored_BT], rows_N=scored_BT.nonzero()[:, 0])


@final
class FillIn(Reading):
    """Each token is hidden once and foretold from both sides (pseudo-likelihood: Wang & Cho 2019, arXiv:1902.04094).

    In pass s every `stripes`th token is hidden at once, so 1 / `stripes` of the context is missing too; with as many stripes
    as tokens this is the score of Salazar et al. 2020 (arXiv:1910.14659, section 2), at one pass for each token.
    """

    kind = "hidden tokens"
    pseudo = True

    def __init__(self, mask_id: int, stripes: int = STRIPES) -> None:
        self.mask_id, self.stripes = mask_id, stripes

    def passes(
        self, model: LanguageModel, ids_BT: Tensor, lengths_B: Tensor, scored_BT: Tensor, most: int | None = None
    ) -> Iterator[Asked]:
        """At most `stripes` passes."""
        place_T = torch.arange(scored_BT.shape[1], device=ids_BT.device)
        first_B1 = torch.arange(len(ids_BT), device=ids_BT.device)[:, None]
        for stripe in range(most or self.stripes):
            hidden_BT = scored_BT & ((place_T - first_B1 - stripe) % self.stripes == 0)
            if not bool(hidden_BT.any()):
                continue
            shown_BT = ids_BT.clone()
            shown_BT[:, 1:].masked_fill_(hidden_BT, self.mask_id)
            hidden_NC = model(shown_BT, lengths_B=lengths_B + 1).hidden_BTC[:, 1:][hidden_BT]
            yield Asked(hidden_NC=hidden_NC, targets_N=ids_BT[:, 1:][hidden_BT], rows_N=hidden_BT.nonzero()[:, 0])


@final
class TwoParts(Reading):
    """For an encoder-decoder that goes on with what it has read: each token is foretold once, from all before it.

    The encoder reads the first id and the decoder foretells what lies in the first half of the context; then the encoder
    reads that half and the decoder foretells the rest. So the nats are those of a code.
    """

    kind = "code"
    pseudo = False

    def passes(
        self, model: LanguageModel, ids_BT: Tensor, lengths_B: Tensor, scored_BT: Tensor, most: int | None = None
    ) -> Iterator[Asked]:
        """Two passes, one where windows are shorter than half of the context."""
        del lengths_B, most  # what lies behind a text's end is never scored, nor read where something is scored
        half = 1 + model.context_length // 2
        for first, last in ((1, half), (half, ids_BT.shape[1])):
            asked_BT = scored_BT[:, first - 1 : last - 1]
            rows_R = asked_BT.any(1).nonzero().squeeze(1)
            if not len(rows_R):
                continue
            asked_RT, targets_RT = asked_BT[rows_R], ids_BT[rows_R, first:last]
            source = model.encode(ids_BT[rows_R, :first])
            hidden_RTC = model(model.begun(targets_RT[:, :-1]), source=source).hidden_BTC
            yield Asked(
                hidden_NC=hidden_RTC[asked_RT],
                targets_N=targets_RT[asked_RT],
                rows_N=rows_R[asked_RT.nonzero()[:, 0]],
            )


@final
class SpansTaken(Reading):
    """For an encoder-decoder that learnt to fill in: each token is taken out once, in spans of three (pseudo-likelihood).

    In pass s every `stripes`th span is missing at once, as it was in training, so the encoder never sees the token asked
    for, nor the others of these spans; the decoder sees those of them that come before it. `sign_ids` stand for the spans:
    one for each in order where they are `numbered` (denoising), else one for all (infilling).
    """

    kind = "hidden spans"
    pseudo = True

    def __init__(self, sign_ids: Sequence[int], *, numbered: bool) -> None:
        self.signs_M, self.numbered = torch.tensor(sign_ids), numbered
        self.stripes = 7 if numbered else 3

    def passes(
        self, model: LanguageModel, ids_BT: Tensor, lengths_B: Tensor, scored_BT: Tensor, most: int | None = None
    ) -> Iterator[Asked]:
        """At most `stripes` passes."""
        place_T = torch.arange(ids_BT.shape[1], device=ids_BT.device)
        first_B1 = torch.arange(len(ids_BT), device=ids_BT.device)[:, None]
        real_BT = place_T <= lengths_B[:, None]
        asked_BT = torch.nn.functional.pad(scored_BT, (1, 0), value=False)
        longest = max(SPAN, -(-len(place_T) // (self.stripes * len(self.signs_M)))) if self.numbered else SPAN
        for stripe in range(most or self.stripes):
            hidden_BT = asked_BT & (((place_T - 1) // longest - first_B1 - stripe) % self.stripes == 0)
            rows_R = hidden_BT.any(1).nonzero().squeeze(1)
            if not len(rows_R):
                continue
            hidden_RT = hidden_BT[rows_R]
            begins_RT = hidden_RT & ~hidden_RT.roll(1, 1)  # the first id is given, so nothing comes around
            spans = Spans(hidden_BT=hidden_RT, begins_BT=begins_RT)
            yield self._ask(model, ids_BT[rows_R], spans, real_BT[rows_R], rows_R)

    def _ask(self, model: LanguageModel, ids_RT: Tensor, spans: Spans, real_RT: Tensor, rows_R: Tensor) -> Asked:
        which_RT = spans.numbers_BT.clamp(min=0) if self.numbered else torch.zeros_like(ids_RT)
        signs_RT = self.signs_M.to(ids_RT.device)[which_RT]
        shown = left_over(ids_RT, spans, signs_RT, real_RT)
        source = model.encode(shown.ids_BS, shown.lengths_B)
        written_RN, asked_RN = ids_RT, spans.hidden_BT
        if self.numbered:
            taken = taken_out(ids_RT, spans, signs_RT, real_RT)
            written_RN, asked_RN = taken.ids_BS, taken.tokens_BS
        hidden_RNC = model(model.begun(written_RN[:, :-1]), source=source).hidden_BTC
        return Asked(
            hidden_NC=hidden_RNC[asked_RN],
            targets_N=written_RN[asked_RN],
            rows_N=rows_R[asked_RN.nonzero()[:, 0]],
        )


def reading_for(model: LanguageModel, mask_id: int | None, sentinel_ids: Sequence[int] = ()) -> Reading:
    """The way to ask `model`. Raises UsageError for one that fills in when its tokenizer has no token that hides.

    `sentinel_ids` stand for spans that are taken out, for encoder-decoders that learnt by denoising.
    """
    if model.direction == "left-to-right":
        return LeftToRight()
    if model.objective == "prefix":
        return TwoParts()
    numbered = model.objective == "denoising"
    sign_ids = sentinel_ids if numbered else [mask_id] if mask_id is not None else []
    if not sign_ids:
        raise UsageError(
            Text("a model that reads both ways is scored by hiding tokens", "双向模型通过遮蔽词元评分"),
            got=Text("a tokenizer without a token that hides", "没有用于遮蔽的控制符的分词器"),
            allowed=Text("the tokenizer that the model was trained with", "训练该模型时使用的分词器"),
            fix=Text("name the folder of the run that made the model", "请指定生成该模型的运行目录"),
        )
    if model.direction == "encoder-decoder":
        return SpansTaken(sign_ids, numbered=numbered)
    return FillIn(sign_ids[0])


def window_context(model: LanguageModel) -> int:
    """Tokens that a window of `model` scores at most: one that fills in holds the given first id too."""
    return model.context_length if model.continues else model.context_length - 1
