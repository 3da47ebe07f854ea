"""Hidden tokens in pairs of texts, and whether the second text belongs behind the first (BERT and ALBERT).

B windows, T positions, S = T - 2 ids of text in a pair, N hidden positions, C width.
"""

from abc import abstractmethod
from typing import ClassVar, NamedTuple, Self, final

import torch
from torch import Tensor
from torch.nn import functional

from danlu.batches.batch import TokenBatch
from danlu.models.layers.embedding import SegmentEmbedding
from danlu.models.model import LanguageModel
from danlu.objectives.masked import Masked
from danlu.objectives.objective import Loss, Objective, Part, Vocabulary
from danlu.objectives.settings import ObjectiveSettings
from danlu.tokenizers.tokenizer import FALSE, MASK, PADDING, TRUE


class Pairs(NamedTuple):
    """`ids_BT`: separator, first text, separator, second text. `segments_BT`: 0 up to the second separator, then 1."""

    ids_BT: Tensor
    segments_BT: Tensor
    true_B: Tensor


class SentencePairs(Objective):
    """Each window, less its last two ids, is cut in two between its quarters; half of the pairs stay as they are, the
    others are made wrong. Nothing is padded; where documents are shorter than windows, separators stand within the texts.

    Two losses are summed as in BERT, each a mean: hidden tokens as in `masked`, and the pair. Its verdict needs no
    parameters beside the network's: the vector of the first position goes through the model's own head, which scores the
    two control tokens <|true|> and <|false|> and nothing else; in the head's matrix they are the two rows of a
    classifier. Networks that tell segments apart are told them.
    """

    directions: ClassVar[frozenset[str]] = frozenset({"bidirectional"})
    controls: ClassVar[tuple[str, ...]] = (PADDING, MASK, TRUE, FALSE)

    def __init__(self, vocabulary: Vocabulary, *, share: float = 0.3, whole_words: bool = False) -> None:
        super().__init__(vocabulary)
        self.verdict_ids = [vocabulary.control(FALSE), vocabulary.control(TRUE)]
        self.masked = Masked(vocabulary, share=share, whole_words=whole_words)

    @classmethod
    def of(cls, vocabulary: Vocabulary, settings: ObjectiveSettings) -> Self:
        """With the share of `settings`, in whole words or not."""
        return cls(vocabulary, share=settings.share, whole_words=settings.whole_words)

    @abstractmethod
    def texts(self, ids_BS: Tensor, cuts_B: Tensor, true_B: Tensor) -> tuple[Tensor, Tensor]:
        """Both texts in a row [B, S], and the length of the first [B]; `cuts_B` ids of each window are its first text."""

    def pairs(self, ids_BT: Tensor) -> Pairs:
        """Pairs from windows. Randomness is torch's, which the step seeds."""
        size, device = ids_BT.shape[1] - 2, ids_BT.device
        cuts_B = torch.randint(max(1, size // 4), max(2, 3 * size // 4 + 1), (len(ids_BT),), device=device)
        true_B = torch.rand(len(ids_BT), device=device) < 0.5
        row_BS, lengths_B = self.texts(ids_BT[:, :size], cuts_B, true_B)
        places_T = torch.arange(size + 2, device=device)
        second_BT = places_T > lengths_B[:, None]
        # position 0 and the one behind the first text are separators, the others read on
        from_BT = (places_T - 1 - second_BT.long()).clamp(min=0)
        separator_BT = (places_T == 0) | (places_T == lengths_B[:, None] + 1)
        paired_BT = row_BS.gather(1, from_BT).masked_fill(separator_BT, self.vocabulary.bos_id)
        return Pairs(paired_BT, second_BT.long(), true_B)

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """The two means times the number of hidden positions."""
        pairs = self.pairs(batch.inputs_BT)
        hidden_BT = self.masked.choose(pairs.ids_BT)
        shown_BT = self.masked.hide(pairs.ids_BT, hidden_BT)
        segments_BT = pairs.segments_BT if _tells_segments(model) else None
        hidden_BTC = model(shown_BT, segments_BT=segments_BT).hidden_BTC
        tokens = self.masked.loss_at(model, hidden_BTC, pairs.ids_BT, hidden_BT)
        verdicts = self._verdict_nats(model, hidden_BTC[:, 0], pairs.true_B)
        num_pairs = len(pairs.true_B)
        parts = (
            Part(nats=float(tokens.nats.detach()), num_targets=tokens.num_targets),
            Part(nats=float(verdicts.detach()), num_targets=num_pairs),
        )
        both = tokens.nats + verdicts * (tokens.num_targets / num_pairs)
        return Loss(nats=both, num_targets=tokens.num_targets, parts=parts)

    def _verdict_nats(self, model: LanguageModel, first_BC: Tensor, true_B: Tensor) -> Tensor:
        head = model.head
        bias_2 = None if head.bias is None else head.bias[self.verdict_ids]
        scores_B2 = functional.linear(head.features(first_BC), head.weight[self.verdict_ids], bias_2)
        return functional.cross_entropy(scores_B2.float(), true_B.long(), reduction="sum")


@final
class MaskedNextSentence(SentencePairs):
    """Does the second text follow the first? (Devlin et al. 2019, arXiv:1810.04805, section 3.1.) A wrong one is that of
    the next window of the micro-batch; where there is only one window, every pair is true."""

    name: ClassVar[str] = "masked+next_sentence"
    parts: ClassVar[tuple[str, ...]] = ("masked", "next_sentence")

    def texts(self, ids_BS: Tensor, cuts_B: Tensor, true_B: Tensor) -> tuple[Tensor, Tensor]:
        """Both texts in a row [B, S], and the length of the first [B]."""
        second_BS = torch.arange(ids_BS.shape[1], device=ids_BS.device) >= cuts_B[:, None]
        if len(ids_BS) == 1:
            true_B.fill_(True)
        return torch.where(second_BS & ~true_B[:, None], ids_BS.roll(1, 0), ids_BS), cuts_B


@final
class MaskedSentenceOrder(SentencePairs):
    """Are two neighbouring texts in their order, or swapped? (ALBERT: Lan et al. 2020, arXiv:1909.11942, section 3.1.)"""

    name: ClassVar[str] = "masked+sentence_order"
    parts: ClassVar[tuple[str, ...]] = ("masked", "sentence_order")

    def texts(self, ids_BS: Tensor, cuts_B: Tensor, true_B: Tensor) -> tuple[Tensor, Tensor]:
        """Both texts in a row [B, S], and the length of the first [B]."""
        size = ids_BS.shape[1]
        shift_B = torch.where(true_B, 0, cuts_B)
        places_BS = (torch.arange(size, device=ids_BS.device) + shift_B[:, None]) % size
        return ids_BS.gather(1, places_BS), torch.where(true_B, cuts_B, size - cuts_B)


def _tells_segments(model: LanguageModel) -> bool:
    return isinstance(model.embed, SegmentEmbedding) and len(model.embed.segments) > 1
