"""Predict what follows a beginning that is read both ways (Raffel et al. 2020, arXiv:1910.10683, section 3.2.1).

B windows, T positions, C width.
"""

from typing import ClassVar, final

import torch

from danlu.batches.batch import TokenBatch
from danlu.models.layers.mixing import Prefixed
from danlu.models.model import LanguageModel
from danlu.models.stack import Stack
from danlu.objectives.cross_entropy import summed_cross_entropy
from danlu.objectives.objective import Loss, Objective


@final
class PrefixLM(Objective):
    """The first P positions see each other, each of the others all before it; what follows position P and later is predicted.

    P is drawn evenly from 1 to T - 1, once for all windows of a micro-batch, so that the head works on what is predicted
    only. Such a model is scored like any that reads left to right (P = 1, one of the draws); in a mixture with `causal` it
    has seen more of that.
    """

    name: ClassVar[str] = "prefix_lm"
    directions: ClassVar[frozenset[str]] = frozenset({"left-to-right"})
    needs_attention: ClassVar[bool] = True

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """Summed nats over the B * (T - P + 1) targets from position P on. Randomness is torch's, which the step seeds."""
        return self.loss_behind(int(torch.randint(1, batch.inputs_BT.shape[1], ())), model, batch)

    def loss_behind(self, prefix: int, model: LanguageModel, batch: TokenBatch) -> Loss:
        """The loss for a prefix of `prefix` positions, 1 to T."""
        assert isinstance(model.body, Stack), "check_pairs lets only stacks of attention through"
        with model.body.mixed_by(Prefixed(prefix)):
            hidden_BTC = model(batch.inputs_BT).hidden_BTC
        features_NC = model.head.features(hidden_BTC[:, prefix - 1 :].flatten(0, 1))
        targets_N = batch.targets_BT[:, prefix - 1 :].flatten()
        nats = summed_cross_entropy(features_NC, model.head.weight, targets_N, model.head.bias)
        return Loss(nats=nats, num_targets=targets_N.numel())
