"""Write what was taken out of a text (Raffel et al. 2020, arXiv:1910.10683, sections 3.1.4 and 3.3).

B windows, T positions, M spans, N hidden tokens.
"""

from typing import ClassVar, Self, final

import torch
from torch import Tensor
from torch.nn import functional

from danlu.batches.batch import TokenBatch
from danlu.models.model import LanguageModel
from danlu.objectives.cross_entropy import summed_cross_entropy
from danlu.objectives.objective import Loss, Objective, Vocabulary
from danlu.objectives.settings import ObjectiveSettings
from danlu.objectives.spans import Spans, lay, left_over, shares, taken_out
from danlu.tokenizers.tokenizer import MASK, PADDING, SENTINELS

SHARE = 0.15
"""Of the tokens, where the settings name no other."""


@final
class Denoising(Objective):
    """`share` of the tokens are taken out in spans of `mean_length` on average, and a sentinel stands for each span.

    The encoder reads what is left; the decoder writes each span behind its sentinel, and the separator at the end. Each
    window has as many spans and hidden tokens as the others, so nothing is padded; where the sentinels do not suffice,
    spans are longer. Randomness is torch's, which the step seeds.
    """

    name: ClassVar[str] = "denoising"
    directions: ClassVar[frozenset[str]] = frozenset({"encoder-decoder"})
    controls: ClassVar[tuple[str, ...]] = (PADDING, MASK, *SENTINELS)

    def __init__(self, vocabulary: Vocabulary, *, share: float = SHARE, mean_length: float = 3.0) -> None:
        super().__init__(vocabulary)
        vocabulary.control(SENTINELS[0])
        self.share, self.mean_length = share, mean_length
        self.sentinels_M = torch.tensor(vocabulary.sentinel_ids)

    @classmethod
    def of(cls, vocabulary: Vocabulary, settings: ObjectiveSettings) -> Self:
        """With the share and the length of spans in `settings`."""
        return cls(vocabulary, share=settings.span_share or SHARE, mean_length=settings.span_length)

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """Summed nats over the hidden tokens, their sentinels and the end."""
        ids_BT = batch.inputs_BT
        spans = self.choose(ids_BT)
        signs_BT = self.sentinels_M.to(ids_BT.device)[spans.numbers_BT.clamp(min=0)]
        source = model.encode(left_over(ids_BT, spans, signs_BT).ids_BS)
        written_BN = taken_out(ids_BT, spans, signs_BT).ids_BS
        targets_BN = functional.pad(written_BN, (0, 1), value=self.vocabulary.bos_id)
        hidden_NC = model(model.begun(written_BN), source=source).hidden_BTC.flatten(0, 1)
        head = model.head
        nats = summed_cross_entropy(head.features(hidden_NC), head.weight, targets_BN.flatten(), head.bias)
        return Loss(nats=nats, num_targets=targets_BN.numel())

    def choose(self, ids_BT: Tensor) -> Spans:
        """Spans of at least one token each, the same number in each window."""
        num_windows, length = ids_BT.shape
        num_hidden = max(1, round(self.share * length))
        num_spans = max(1, min(round(num_hidden / self.mean_length), len(self.sentinels_M)))
        lengths_BM = 1 + shares(num_windows, num_hidden - num_spans, num_spans, ids_BT.device)
        return lay(lengths_BM, length)
