"""nanoGPT's recipe for a CPU (README of karpathy/nanoGPT, "I only have a macbook"), written anew: it is no package.

Characters; 4 layers, 4 heads, width 128, windows of 64, 12 rows a step; LayerNorm, learnt positions, GELU, tied head, no biases;
AdamW at 1e-3 falling to a tenth, betas 0.9 and 0.99, decay 0.1, clip 1; float32, not compiled. Its 2,000 steps become the minutes.
"""

import math

import torch
from plain import Recipe, characters, contest, decaying
from torch import Tensor, nn
from torch.nn import functional

LAYERS, HEADS, WIDTH, CONTEXT, ROWS = 4, 4, 128, 64, 12


class Part(nn.Module):
    """One block: attention, then a feed-forward part, norms before each."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(WIDTH, bias=False), nn.LayerNorm(WIDTH, bias=False)
        self.project = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.gather = nn.Linear(WIDTH, WIDTH, bias=False)
        self.widen = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x_BTC: Tensor) -> Tensor:
        """The stream [B, T, C] behind both parts."""
        heads = self.project(self.first(x_BTC)).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(*heads, is_causal=True)
        x_BTC = x_BTC + self.gather(mixed.transpose(1, 2).flatten(2))
        return x_BTC + self.narrow(functional.gelu(self.widen(self.second(x_BTC))))


class Network(nn.Module):
    """The whole model; gives logits [B, T, V]."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocab_size, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.parts, self.norm = nn.Sequential(*(Part() for _ in range(LAYERS))), nn.LayerNorm(WIDTH, bias=False)
        for name, weight in self.named_parameters():
            into_stream = name.endswith(("gather.weight", "narrow.weight"))
            if weight.ndim == 2:
                nn.init.normal_(weight, std=0.02 / (math.sqrt(2 * LAYERS) if into_stream else 1.0))

    def forward(self, ids_BT: Tensor) -> Tensor:
        """Logits of the next character."""
        x_BTC = self.tokens(ids_BT) + self.positions.weight[: ids_BT.shape[1]]
        return functional.linear(self.norm(self.parts(x_BTC)), self.tokens.weight)


def recipe(model: nn.Module) -> Recipe:
    """As in its command line."""
    optimizer = torch.optim.AdamW(decaying(model, 0.1), lr=1e-3, betas=(0.9, 0.99))
    return Recipe(block=CONTEXT, rows=ROWS, optimizer=optimizer, floor=0.1, clip=1.0)


if __name__ == "__main__":
    contest(Network, recipe, text_from=characters, unknown_last=True)
