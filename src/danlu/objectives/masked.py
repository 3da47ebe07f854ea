"""Predict the tokens that were hidden, from all that is left on both sides (Devlin et al. 2019, arXiv:1810.04805).

B windows, T positions, N hidden positions, C width.
"""

from typing import ClassVar, Self, final

import torch
from torch import Tensor

from danlu.batches.batch import TokenBatch
from danlu.models.model import LanguageModel
from danlu.objectives.cross_entropy import summed_cross_entropy
from danlu.objectives.objective import Loss, Objective, Vocabulary
from danlu.objectives.settings import ObjectiveSettings
from danlu.tokenizers.tokenizer import MASK, PADDING


@final
class Masked(Objective):
    """`share` of the positions are predicted: 80 % of them read the mask, 10 % a random token, 10 % stay as they are.

    30 % is what Wettig et al. 2023 (arXiv:2202.08005) and ModernBERT (arXiv:2412.13663, section 2.2) found better than
    BERT's 15 for small and fast training. Windows are whole, so nothing is padded, and the head works on hidden positions
    only. Control tokens are never hidden. With `whole_words`, all tokens of a word are hidden together (BERT's later
    models; for Chinese: Cui et al. 2019, arXiv:1906.08101), and each draws for itself what it reads. Randomness is torch's,
    which the step seeds.
    """

    name: ClassVar[str] = "masked"
    directions: ClassVar[frozenset[str]] = frozenset({"bidirectional"})
    controls: ClassVar[tuple[str, ...]] = (PADDING, MASK)

    def __init__(self, vocabulary: Vocabulary, *, share: float = 0.3, whole_words: bool = False) -> None:
        super().__init__(vocabulary)
        assert vocabulary.word_starts or not whole_words, "whole words are hidden where someone tells where they begin"
        self.word_starts = vocabulary.word_starts if whole_words else None
        self.mask_id, self.share = vocabulary.control(MASK), share

    @classmethod
    def of(cls, vocabulary: Vocabulary, settings: ObjectiveSettings) -> Self:
        """With the share of `settings`, in whole words or not."""
        return cls(vocabulary, share=settings.share, whole_words=settings.whole_words)

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """Summed nats over the hidden positions."""
        ids_BT = batch.inputs_BT
        hidden_BT = self.choose(ids_BT)
        return self.loss_at(model, model(self.hide(ids_BT, hidden_BT)).hidden_BTC, ids_BT, hidden_BT)

    def loss_at(self, model: LanguageModel, hidden_BTC: Tensor, ids_BT: Tensor, hidden_BT: Tensor) -> Loss:
        """Summed nats of `ids_BT` at the positions `hidden_BT`, from the vectors [B, T, C] of the pass that hid them."""
        at_N = hidden_BT.flatten().nonzero().squeeze(1)
        hidden_NC = hidden_BTC.flatten(0, 1).index_select(0, at_N)
        targets_N = ids_BT.flatten().index_select(0, at_N)
        head = model.head
        nats = summed_cross_entropy(head.features(hidden_NC), head.weight, targets_N, head.bias)
        return Loss(nats=nats, num_targets=int(targets_N.numel()))

    def choose(self, ids_BT: Tensor) -> Tensor:
        """Which positions are predicted, bool [B, T]: the same number in each window, so that speed does not waver.

        In whole words up to that number: what it would cut off of the last word is left out.
        """
        allowed_BT = ids_BT >= self.vocabulary.num_control
        order_BT = torch.rand(ids_BT.shape, device=ids_BT.device)
        words_BT = self._words(ids_BT)
        if words_BT is not None:
            order_BT = order_BT.gather(1, words_BT)  # one draw for all tokens of a word
        order_BT = order_BT.masked_fill(~allowed_BT, 2.0)
        num = max(1, round(self.share * ids_BT.shape[1]))
        chosen_BT = torch.zeros_like(allowed_BT).scatter_(1, order_BT.topk(num, dim=1, largest=False).indices, True)
        chosen_BT &= allowed_BT
        return chosen_BT if words_BT is None else _whole(chosen_BT, words_BT)

    def _words(self, ids_BT: Tensor) -> Tensor | None:
        """[B, T]: the number of the word in its window that each token belongs to; None: each is one of its own."""
        if self.word_starts is None:
            return None
        starts_BT = torch.from_numpy(self.word_starts(ids_BT.flatten().cpu().numpy())).view(ids_BT.shape)
        starts_BT[:, 0] = False  # the first word is number 0
        return starts_BT.cumsum(1).to(ids_BT.device)

    def hide(self, ids_BT: Tensor, hidden_BT: Tensor) -> Tensor:
        """`ids_BT` with the mask or a random token at most of the hidden positions."""
        draw_BT = torch.rand(ids_BT.shape, device=ids_BT.device)
        random_BT = torch.randint_like(ids_BT, self.vocabulary.num_control, self.vocabulary.size)
        shown_BT = torch.where(draw_BT < 0.8, self.mask_id, torch.where(draw_BT < 0.9, random_BT, ids_BT))
        return torch.where(hidden_BT, shown_BT, ids_BT)


def _whole(chosen_BT: Tensor, words_BT: Tensor) -> Tensor:
    """`chosen_BT` without words that are chosen in part; in windows with no others they stay as they are."""
    counts_BT, sizes_BT = torch.zeros_like(words_BT), torch.zeros_like(words_BT)
    counts_BT.scatter_add_(1, words_BT, chosen_BT.long())
    sizes_BT.scatter_add_(1, words_BT, torch.ones_like(words_BT))
    whole_BT = chosen_BT & (counts_BT == sizes_BT).gather(1, words_BT)
    return torch.where(whole_BT.any(1, keepdim=True), whole_BT, chosen_BT)
