"""What each architecture costs at each size of the dial: parameters, arithmetic, memory. A table in markdown.

    python benchmarks/sizes.py                       every row at 1m, 10m, 100m and 1b
    python benchmarks/sizes.py --size 10m --vocabulary 8192 --context 256

Parameters are counted from the network as it is built, without memory for its weights, and must equal the plan's. Arithmetic is
that of the forward pass, per token, matrix products alone; memory that of a training step of 8,192 tokens (models/plan.py).
"""

import argparse

import torch

from danlu.core.quantities import format_bytes, format_count, parse_count
from danlu.models import ARCHITECTURES
from danlu.models.plan import training_memory


def row_of(arch: str, size: int, vocabulary: int, context: int, batch_tokens: int) -> str:
    """One line of the table. Exits where the built network has other parameters than the plan says."""
    row = ARCHITECTURES.load(arch)
    settings = row.sized(size, vocabulary, context)
    count = row.count(settings, vocabulary)
    with torch.device("meta"):
        built = sum(weight.numel() for weight in row.assemble(settings, vocabulary).parameters())
    if built != count.total:
        raise SystemExit(f"{arch}: the plan says {count.total} parameters, the network has {built}")
    memory = training_memory(count, micro_batch_tokens=batch_tokens).total
    flops = f"{count.flops_per_token_forward / 1e6:,.1f}M"
    return f"| {arch} | {format_count(size)} | {built:,} | {flops} | {format_bytes(memory)} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", action="append", type=parse_count)
    parser.add_argument("--arch", action="append", choices=ARCHITECTURES.names())
    parser.add_argument("--vocabulary", type=int, default=8192)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--batch-tokens", type=parse_count, default=8192)
    asked = parser.parse_args()
    print("| architecture | asked | parameters | FLOPs per token, forward | memory of a training step |")
    print("|---|---|---|---|---|")
    for arch in asked.arch or ARCHITECTURES.names():
        for size in asked.size or [1_000_000, 10_000_000, 100_000_000, 1_000_000_000]:
            print(row_of(arch, size, asked.vocabulary, asked.context, asked.batch_tokens))


if __name__ == "__main__":
    main()
