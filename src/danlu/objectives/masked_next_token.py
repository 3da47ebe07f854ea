"""Predict hidden tokens from one position before (Charpentier & Samuel 2024, GPT or BERT: why not both?, arXiv:2410.24159).

B windows, T positions, N hidden positions, C width.
"""

from typing import ClassVar, Self, final

from danlu.batches.batch import TokenBatch
from danlu.models.layers.mixing import Prefixed
from danlu.models.model import LanguageModel
from danlu.models.stack import Stack
from danlu.objectives.cross_entropy import summed_cross_entropy
from danlu.objectives.masked import Masked
from danlu.objectives.objective import Loss, Objective, Vocabulary
from danlu.objectives.settings import ObjectiveSettings
from danlu.tokenizers.tokenizer import MASK, PADDING


@final
class MaskedNextToken(Objective):
    """A network that otherwise reads left to right reads the whole window, in which tokens are hidden as `masked` hides
    them, and position t foretells the token at t + 1 (section 2.2): so one head serves both ways of reading.

    The first position is never predicted.
    """

    name: ClassVar[str] = "masked_next_token"
    directions: ClassVar[frozenset[str]] = frozenset({"left-to-right"})
    controls: ClassVar[tuple[str, ...]] = (PADDING, MASK)
    needs_attention: ClassVar[bool] = True

    def __init__(self, vocabulary: Vocabulary, *, share: float = 0.3, whole_words: bool = False) -> None:
        super().__init__(vocabulary)
        self.masked = Masked(vocabulary, share=share, whole_words=whole_words)

    @classmethod
    def of(cls, vocabulary: Vocabulary, settings: ObjectiveSettings) -> Self:
        """With the share of `settings`, in whole words or not."""
        return cls(vocabulary, share=settings.share, whole_words=settings.whole_words)

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """Summed nats over the hidden positions but the first. Randomness is torch's, which the step seeds."""
        assert isinstance(model.body, Stack), "check_pairs lets only stacks of attention through"
        ids_BT = batch.inputs_BT
        hidden_BT = self.masked.choose(ids_BT)
        with model.body.mixed_by(Prefixed(ids_BT.shape[1])):
            all_BTC = model(self.masked.hide(ids_BT, hidden_BT)).hidden_BTC
        hidden_NC = all_BTC[:, :-1][hidden_BT[:, 1:]]
        targets_N = ids_BT[:, 1:][hidden_BT[:, 1:]]
        head = model.head
        nats = summed_cross_entropy(head.features(hidden_NC), head.weight, targets_N, head.bias)
        return Loss(nats=nats, num_targets=targets_N.numel())
