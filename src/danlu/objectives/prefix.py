"""Go on with a text whose beginning was read whole (Raffel et al. 2020, arXiv:1910.10683, section 3.2.1; Liu et al. 2018,
arXiv:1801.10198).

B windows, T positions, K tokens of the beginning.
"""

from typing import ClassVar, final

import torch

from danlu.batches.batch import TokenBatch
from danlu.models.model import LanguageModel
from danlu.objectives.cross_entropy import summed_cross_entropy
from danlu.objectives.objective import Loss, Objective, Vocabulary
from danlu.tokenizers.tokenizer import PADDING


@final
class Prefix(Objective):
    """The encoder reads the first K tokens of each window, the decoder foretells all that follow.

    K is drawn for each micro-batch: 1 half of the time, so that most tokens are foretold with little given, else any
    number that leaves a token to foretell. Randomness is torch's, which the step seeds.
    """

    name: ClassVar[str] = "prefix"
    directions: ClassVar[frozenset[str]] = frozenset({"encoder-decoder"})
    controls: ClassVar[tuple[str, ...]] = (PADDING,)  # other programs that load the model need it

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary)
        vocabulary.control(PADDING)

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """Summed nats over the tokens behind the beginning."""
        ids_BT = torch.cat([batch.inputs_BT, batch.targets_BT[:, -1:]], dim=1)
        num_read = self.draw(batch.inputs_BT.shape[1])
        targets_BT = ids_BT[:, num_read:]
        source = model.encode(ids_BT[:, :num_read])
        hidden_NC = model(model.begun(targets_BT[:, :-1]), source=source).hidden_BTC.flatten(0, 1)
        head = model.head
        nats = summed_cross_entropy(head.features(hidden_NC), head.weight, targets_BT.flatten(), head.bias)
        return Loss(nats=nats, num_targets=targets_BT.numel())

    def draw(self, length: int) -> int:
        """K for windows of `length` + 1 tokens: 1 to `length`."""
        first, other = torch.rand(2).tolist()
        return 1 if first < 0.5 else 1 + int(other * length)
