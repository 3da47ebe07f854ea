"""Write a whole text of which spans were replaced by one mask each (Lewis et al. 2020, arXiv:1910.13461, section 2.2).

B windows, T positions, M spans.
"""

from typing import ClassVar, Self, final

import torch
from torch import Tensor

from danlu.batches.batch import TokenBatch
from danlu.models.model import LanguageModel
from danlu.objectives.cross_entropy import summed_cross_entropy
from danlu.objectives.objective import Loss, Objective, Vocabulary
from danlu.objectives.settings import ObjectiveSettings
from danlu.objectives.spans import Spans, lay, left_over
from danlu.tokenizers.tokenizer import MASK, PADDING

SHARE = 0.3
"""Of the tokens, where the settings name no other."""


@final
class Infilling(Objective):
    """`share` of the tokens are taken out in spans whose lengths follow Poisson's law with `mean_length`; a span of no
    token puts a mask where nothing is missing. The encoder reads what is left, the decoder writes the whole window.

    Lengths are drawn with their sum fixed (which makes them multinomial), so that all windows are equally long and nothing
    is padded. Randomness is torch's, which the step seeds.
    """

    name: ClassVar[str] = "infilling"
    directions: ClassVar[frozenset[str]] = frozenset({"encoder-decoder"})
    controls: ClassVar[tuple[str, ...]] = (PADDING, MASK)

    def __init__(self, vocabulary: Vocabulary, *, share: float = SHARE, mean_length: float = 3.0) -> None:
        super().__init__(vocabulary)
        self.mask_id, self.share, self.mean_length = vocabulary.control(MASK), share, mean_length

    @classmethod
    def of(cls, vocabulary: Vocabulary, settings: ObjectiveSettings) -> Self:
        """With the share and the length of spans in `settings`."""
        return cls(vocabulary, share=settings.span_share or SHARE, mean_length=settings.span_length)

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """Summed nats over all tokens of the windows."""
        ids_BT = batch.inputs_BT
        shown_BS = left_over(ids_BT, self.choose(ids_BT), torch.full_like(ids_BT, self.mask_id)).ids_BS
        hidden_NC = model(model.begun(ids_BT[:, :-1]), source=model.encode(shown_BS)).hidden_BTC.flatten(0, 1)
        head = model.head
        nats = summed_cross_entropy(head.features(hidden_NC), head.weight, ids_BT.flatten(), head.bias)
        return Loss(nats=nats, num_targets=ids_BT.numel())

    def choose(self, ids_BT: Tensor) -> Spans:
        """Spans of any length, the same number of spans and of tokens in each window."""
        num_windows, length = ids_BT.shape
        num_hidden = max(1, round(self.share * length))
        num_spans = max(1, round(num_hidden / self.mean_length))
        drawn_BN = torch.randint(num_spans, (num_windows, num_hidden), device=ids_BT.device)
        empty_BM = torch.zeros(num_windows, num_spans, dtype=torch.long, device=ids_BT.device)
        lengths_BM = empty_BM.scatter_add_(1, drawn_BN, torch.ones_like(drawn_BN))
        return lay(lengths_BM, length, last=1)
