"""LitGPT: its GPT class and the recipe of its `litgpt pretrain`, in 6 layers of 256, 4 heads, windows of 256.

From its pretrain.py (0.5.13): AdamW with torch's defaults (1e-3, decay 0.01), cosine down to 4e-5, clip 1, compiled,
bfloat16 by autocast. Its command has no end by the clock and wants 512 rows a step; here the clock ends, and a step has 16.
"""

import torch
from litgpt import GPT, Config
from plain import Recipe, contest, subwords
from torch import nn

BLOCK, ROWS, VOCABULARY, RATE = 256, 16, 8192, 1e-3


def network(vocab_size: int) -> nn.Module:
    """A model of LitGPT's default blocks (those of GPT-NeoX)."""
    config = Config(
        name="race",
        block_size=BLOCK,
        n_layer=6,
        n_embd=256,
        n_head=4,
        vocab_size=vocab_size,
        padded_vocab_size=vocab_size,
    )
    return GPT(config)


def recipe(model: nn.Module) -> Recipe:
    """Its defaults."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    return Recipe(block=BLOCK, rows=ROWS, optimizer=optimizer, floor=4e-5 / RATE, clip=1.0, autocast=True)


if __name__ == "__main__":
    contest(network, recipe, text_from=lambda folder: subwords(folder, VOCABULARY), compiled=True)
