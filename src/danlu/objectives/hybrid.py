"""One network that continues texts and fills gaps (Charpentier & Samuel 2024, arXiv:2410.24159): steps of both kinds."""

from typing import ClassVar, Self, final

from danlu.batches.batch import TokenBatch
from danlu.models.model import LanguageModel
from danlu.objectives.causal import Causal
from danlu.objectives.masked_next_token import MaskedNextToken
from danlu.objectives.mixture import Mixture
from danlu.objectives.objective import Loss, Objective, Vocabulary
from danlu.objectives.settings import ObjectiveSettings


@final
class Hybrid(Objective):
    """`masked_share` of the steps are `masked_next_token`, the others `causal`: a mixture by its usual name.

    The model is scored left to right. The paper divides batches over devices, here steps are divided.
    """

    name: ClassVar[str] = "hybrid"
    directions: ClassVar[frozenset[str]] = frozenset({"left-to-right"})
    controls: ClassVar[tuple[str, ...]] = MaskedNextToken.controls
    needs_attention: ClassVar[bool] = True

    def __init__(self, vocabulary: Vocabulary, masked: MaskedNextToken, *, masked_share: float = 0.5) -> None:
        super().__init__(vocabulary)
        self.mixture = Mixture([Causal(vocabulary), masked], [1 - masked_share, masked_share])

    @classmethod
    def of(cls, vocabulary: Vocabulary, settings: ObjectiveSettings) -> Self:
        """With the shares of `settings`."""
        return cls(vocabulary, MaskedNextToken.of(vocabulary, settings), masked_share=settings.masked_share)

    def of_step(self, seed: int, step: int) -> Objective:
        """The one of the two whose turn it is."""
        return self.mixture.of_step(seed, step)

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """That of one of the two, drawn from torch's random state, where no step is known."""
        return self.mixture.loss(model, batch)
