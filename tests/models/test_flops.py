"""The plan's arithmetic is what the built network does: every matrix product of a forward pass, counted by torch.

Fused kernels of lstm and bilstm are not counted by torch, and of an encoder-decoder the plan takes the mean over its halves:
they are not here.
"""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from danlu.models import ARCHITECTURES
from danlu.models.encoder import HEAD_SHARE

CONTEXT, VOCABULARY, WINDOWS = 64, 300, 2


def counted(name: str) -> tuple[float, float, dict[str, int]]:
    """FLOPs per token of a whole window and its scores, those of the plan, and the shape."""
    row = ARCHITECTURES.load(name)
    settings = row.sized(300_000, VOCABULARY, CONTEXT)
    model = row.build(settings, VOCABULARY).eval()
    ids_BT = torch.zeros(WINDOWS, CONTEXT, dtype=torch.long)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.logits(model(ids_BT).hidden_BTC)
    planned = row.count(settings, VOCABULARY).flops_per_token_forward
    return counter.get_total_flops() / ids_BT.numel(), planned, settings.model_dump()


@pytest.mark.parametrize("name", ["gru", "rnn"])
def test_recurrent_networks(name: str) -> None:
    found, planned, _ = counted(name)
    assert found == planned


@pytest.mark.parametrize("name", ["gpt", "gpt2", "llama", "mistral", "qwen2"])
def test_causal_attention(name: str) -> None:
    found, planned, shape = counted(name)
    queries = shape["num_heads"] * shape.get("head_width", shape["width"] // shape["num_heads"])
    # The plan counts the half of the square that is seen; a window of one stripe is computed whole.
    unseen = 2.0 * shape["depth"] * queries * (CONTEXT - 1)
    assert found == pytest.approx(planned + unseen, rel=1e-12)


@pytest.mark.parametrize("name", ["bert", "roberta", "modernbert"])
def test_encoders(name: str) -> None:
    found, planned, shape = counted(name)
    # The plan counts the head for the hidden positions; here it scores all of them.
    head = shape["width"] ** 2 + VOCABULARY * shape["width"]
    assert found == pytest.approx(planned + 2.0 * (1 - HEAD_SHARE) * head, rel=1e-12)
