"""Predict the next token from all tokens before it (Bengio et al. 2003; Radford et al. 2018)."""

from typing import ClassVar, final

from danlu.batches.batch import TokenBatch
from danlu.models.model import LanguageModel
from danlu.objectives.cross_entropy import summed_cross_entropy
from danlu.objectives.objective import Loss, Objective


@final
class Causal(Objective):
    """Every position predicts the token that follows it, the document separator included."""

    name: ClassVar[str] = "causal"
    directions: ClassVar[frozenset[str]] = frozenset({"left-to-right"})

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """Summed nats over all B * T targets."""
        features_NC = model.head.features(model(batch.inputs_BT).hidden_BTC.flatten(0, 1))
        nats = summed_cross_entropy(features_NC, model.head.weight, batch.targets_BT.flatten(), model.head.bias)
        return Loss(nats=nats, num_targets=batch.targets_BT.numel())
