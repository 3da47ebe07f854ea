"""x-transformers: its decoder with what its README commends (rotary positions, flash attention, RMSNorm, gated feed-forward).

6 layers of 256, 4 heads, windows of 256, 16 rows a step; Adam and clip 0.5 as in its enwik8 example, but with 1e-3 falling by
cosine, which is better here than that example's constant 1e-4.
"""

import torch
from plain import Recipe, contest, subwords
from torch import nn
from x_transformers import Decoder, TransformerWrapper

BLOCK, ROWS, VOCABULARY = 256, 16, 8192


def network(vocab_size: int) -> nn.Module:
    """A decoder that gives logits."""
    layers = Decoder(
        dim=256, depth=6, heads=4, rotary_pos_emb=True, attn_flash=True, use_rmsnorm=True, ff_glu=True, ff_no_bias=True
    )
    return TransformerWrapper(num_tokens=vocab_size, max_seq_len=BLOCK, attn_layers=layers)


def recipe(model: nn.Module) -> Recipe:
    """Adam."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    return Recipe(block=BLOCK, rows=ROWS, optimizer=optimizer, floor=0.0, clip=0.5)


if __name__ == "__main__":
    contest(network, recipe, text_from=lambda folder: subwords(folder, VOCABULARY))
