"""Predict the next token of documents whose middle was moved to the end (Bavarian et al. 2022, arXiv:2207.14255).

B windows, T positions; U = T + 1 ids of a window.
"""

from typing import ClassVar, Self, final

import numpy as np
import numpy.typing as npt
import torch

from danlu.batches.batch import TokenBatch
from danlu.models.model import LanguageModel
from danlu.objectives.causal import Causal
from danlu.objectives.objective import Loss, Objective, Vocabulary
from danlu.objectives.settings import ObjectiveSettings
from danlu.tokenizers.tokenizer import MIDDLE, PREFIX, SUFFIX

Ids = npt.NDArray[np.int64]
SHORTEST = 3  # ids of a document that has three parts


@final
class FillInTheMiddle(Objective):
    """A share `rate` of the documents in a window are cut at two random places and read as

        prefix first:  <|prefix|> prefix <|suffix|> suffix <|middle|> middle
        suffix first:  <|prefix|> <|suffix|> suffix <|middle|> prefix middle

    (section 3: PSM, and SPM as trained jointly with it), the others as they are; every id is predicted. The window keeps
    its length: what the control tokens push out at the end is not read. The separator ends each middle, also that of a
    document which the window cuts off, so that a model knows where to stop. Cuts lie between tokens; the paper's cuts
    within tokens are not made, so a prompt should end where a token ends.
    """

    name: ClassVar[str] = "fill_in_the_middle"
    directions: ClassVar[frozenset[str]] = frozenset({"left-to-right"})
    controls: ClassVar[tuple[str, ...]] = (PREFIX, MIDDLE, SUFFIX)

    def __init__(self, vocabulary: Vocabulary, *, rate: float = 0.5, suffix_first: float = 0.5) -> None:
        super().__init__(vocabulary)
        self.prefix_id, self.middle_id, self.suffix_id = (vocabulary.control(name) for name in self.controls)
        self.rate, self.suffix_first = rate, suffix_first
        self.causal = Causal(vocabulary)

    @classmethod
    def of(cls, vocabulary: Vocabulary, settings: ObjectiveSettings) -> Self:
        """With the rates of `settings`."""
        return cls(vocabulary, rate=settings.middle_rate, suffix_first=settings.suffix_first)

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """Summed nats over all B * T targets of the rearranged windows. Randomness is torch's, which the step seeds."""
        whole_BU = torch.cat([batch.inputs_BT, batch.targets_BT[:, -1:]], dim=1).cpu().numpy()
        random = np.random.Generator(np.random.PCG64(int(torch.randint(2**62, ()))))
        moved_BU = torch.from_numpy(np.stack([self.rearranged(row, random) for row in whole_BU]))
        moved_BU = moved_BU.to(batch.inputs_BT.device)
        return self.causal.loss(model, TokenBatch(inputs_BT=moved_BU[:, :-1], targets_BT=moved_BU[:, 1:]))

    def rearranged(self, ids_U: Ids, random: np.random.Generator) -> Ids:
        """A window of the same length."""
        separator = np.array([self.vocabulary.bos_id], dtype=np.int64)
        begins = np.unique([0, *np.flatnonzero(ids_U == self.vocabulary.bos_id)])
        pieces: list[Ids] = []
        used = 0
        for begin, end in zip(begins, [*begins[1:], len(ids_U)], strict=True):
            content = ids_U[begin:end]
            if content[0] == separator[0]:
                pieces.append(separator)
                used, content = used + 1, content[1:]
            cut_off = end == len(ids_U)
            if cut_off:  # three control tokens and the separator behind the middle are to fit
                fitting = content[: max(0, len(ids_U) - used - 4)]
            moved = self._moved(fitting if cut_off else content, random)
            pieces += [moved, separator] if cut_off and moved is not None else [content if moved is None else moved]
            used += len(pieces[-1])
        return np.concatenate(pieces)[: len(ids_U)]

    def _moved(self, content: Ids, random: np.random.Generator) -> Ids | None:
        """A document without its separator, rearranged; None: it stays as it is."""
        if len(content) < SHORTEST or random.random() >= self.rate:
            return None
        first, second = np.sort(random.integers(0, len(content) + 1, size=2))
        prefix, middle, suffix = content[:first], content[first:second], content[second:]
        if random.random() < self.suffix_first:
            return np.concatenate(
                [[self.prefix_id, self.suffix_id], suffix, [self.middle_id], prefix, middle], dtype=np.int64
            )
        return np.concatenate(
            [[self.prefix_id], prefix, [self.suffix_id], suffix, [self.middle_id], middle], dtype=np.int64
        )
