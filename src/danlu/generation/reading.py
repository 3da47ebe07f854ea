"""Reading tokens into what a model remembers, and the scores of what comes next.

B texts, V vocabulary.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import final

import torch
from torch import Tensor

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.models.folded import fold
from danlu.models.layers.cache import KeyValueCache
from danlu.models.model import LanguageModel

# When the context is full, this share of it, the newest, is read again and decoding goes on. Rereading 3/4 costs three
# positions of prefill for each new token, at most.
KEPT_SHARE = 0.75

# Folding copies the weights: 35 ms for 10M parameters, of which each token then gives 4 back (docs/log, generation).
FOLD_FROM = 8
# Larger models are left as they are: a copy of 2 GB may not fit, and theirs is memory's time anyway.
FOLD_UP_TO = 500_000_000


@final
class PositionReader:
    """Reads several texts that are equally long, position by position or many positions at once.

    `num_tokens`: about how many single positions will be read, which decides whether the model is folded for them.
    `dtype`: float32, bfloat16 or int8, the numbers in which matrices are read; with int8, many positions at once are
    read in float32. Keys and values stay float32: over 250 of them in bfloat16 torch's attention takes three times as long.
    Raises UsageError for int8 with a row that has no folded form.
    """

    def __init__(self, model: LanguageModel, num_texts: int, num_tokens: int, dtype: str = "float32") -> None:
        self.model, self.state = model, model.start_state(num_texts)
        self._dtype = torch.bfloat16 if dtype == "bfloat16" else torch.float32
        small = sum(weight.numel() for weight in model.parameters()) <= FOLD_UP_TO
        worth = num_tokens >= FOLD_FROM and small
        self._folded = fold(model, dtype) if worth or dtype == "int8" else None
        if dtype == "int8" and self._folded is None:
            raise _not_in_int8(model.blueprint.architecture)

    @torch.no_grad()
    def read(self, unread: Sequence[Sequence[int]], texts: Sequence[Sequence[int]]) -> Tensor:
        """Scores [B, V] on the CPU after reading `unread`, the newest tokens of `texts`.

        When the context is full, its newest part is read again. An encoder-decoder reads them with its encoder at a
        beginning, and afterwards with its decoder.
        """
        model, state = self.model, self.state
        if state.capacity is not None and state.length + len(unread[0]) > state.capacity:
            state.clear()
            kept = max(1, int(state.capacity * KEPT_SHARE))
            unread = [text[-kept:] for text in texts]
        if self._folded is not None and len(unread[0]) == 1 and isinstance(state, KeyValueCache):
            return self._folded.scores(torch.tensor([row[0] for row in unread]), state)
        device = model.embed.weight.device
        with (
            _evaluating(model),
            torch.autocast(device.type, dtype=torch.bfloat16, enabled=self._dtype == torch.bfloat16),
        ):
            ids_BT = torch.tensor(unread, device=device)
            if model.direction == "encoder-decoder" and state.length == 0:
                hidden_BTC = model(model.begun(ids_BT[:, :0]), state, source=model.encode(ids_BT)).hidden_BTC
            else:
                hidden_BTC = model(ids_BT, state).hidden_BTC
            return model.logits(hidden_BTC[:, -1]).cpu()


def _not_in_int8(architecture: str) -> UsageError:
    return UsageError(
        Text("this model cannot be decoded in int8", "该模型无法以 int8 解码"),
        got=architecture,
        allowed=Text(
            "a gpt, llama, mistral or qwen2 with float32 weights on the CPU",
            "CPU 上权重为 float32 的 gpt、llama、mistral 或 qwen2",
        ),
        fix=Text("leave dtype=int8 out, or use dtype=bfloat16", "去掉 dtype=int8，或使用 dtype=bfloat16"),
    )


@contextmanager
def _evaluating(model: LanguageModel) -> Iterator[None]:
    """Without dropout inside, as before outside."""
    training = model.training
    if training:
        model.eval()
    try:
        yield
    finally:
        if training:
            model.train()
