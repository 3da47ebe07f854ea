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
    only. Control tokens are never hidden. Randomness is torch's, which the step seeds.
    """

    name: ClassVar[str] = "masked"
    directions: ClassVar[frozenset[str]] = frozenset({"bidirectional"})
    controls: ClassVar[tuple[str, ...]] = (PADDING, MASK)

    def __init__(self, vocabulary: Vocabulary, *, share: float = 0.3) -> None:
        super().__init__(vocabulary)
        self.mask_id, self.share = vocabulary.control(MASK), share

    @classmethod
    def of(cls, vocabulary: Vocabulary, settings: ObjectiveSettings) -> Self:
        """With the share of `settings`."""
        return cls(vocabulary, share=settings.share)

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """Summed nats over the hidden positions."""
        ids_BT = batch.inputs_BT
        hidden_BT = self.choose(ids_BT)
        at_N = hidden_BT.flatten().nonzero().squeeze(1)
        hidden_NC = model(self.hide(ids_BT, hidden_BT)).hidden_BTC.flatten(0, 1).index_select(0, at_N)
        targets_N = ids_BT.flatten().index_select(0, at_N)
        head = model.head
        nats = summed_cross_entropy(head.features(hidden_NC), head.weight, targets_N, head.bias)
        return Loss(nats=nats, num_targets=int(targets_N.numel()))

    def choose(self, ids_BT: Tensor) -> Tensor:
        """Which positions are predicted, bool [B, T]: the same number in each window, so that speed does not waver."""
        allowed_BT = ids_BT >= self.vocabulary.num_control
        order_BT = torch.rand(ids_BT.shape, device=ids_BT.device).masked_fill_(~allowed_BT, 2.0)
        num = max(1, round(self.share * ids_BT.shape[1]))
        chosen_BT = torch.zeros_like(allowed_BT).scatter_(1, order_BT.topk(num, dim=1, largest=False).indices, True)
        return chosen_BT & allowed_BT

    def hide(self, ids_BT: Tensor, hidden_BT: Tensor) -> Tensor:
        """`ids_BT` with the mask or a random token at most of the hidden positions."""
        draw_BT = torch.rand(ids_BT.shape, device=ids_BT.device)
        random_BT = torch.randint_like(ids_BT, self.vocabulary.num_control, self.vocabulary.size)
        shown_BT = torch.where(draw_BT < 0.8, self.mask_id, torch.where(draw_BT < 0.9, random_BT, ids_BT))
        return torch.where(hidden_BT, shown_BT, ids_BT)
