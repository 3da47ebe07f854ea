"""The table of sizes in the guides is what the plan computes, in both languages."""

import pytest

from danlu.core.quantities import format_bytes
from danlu.models import ARCHITECTURES
from danlu.models.plan import training_memory

from .pages import chinese, read

PAGE = "docs/guides/architectures-and-objectives.md"


@pytest.mark.parametrize("name", ARCHITECTURES.names())
def test_the_row_of_each_architecture(name: str) -> None:
    row = ARCHITECTURES.load(name)
    count = row.count(row.sized(10_000_000, 8192, 256), 8192)
    memory = format_bytes(training_memory(count, micro_batch_tokens=8192).total)
    line = f"| {name} | {count.total:,} | {count.flops_per_token_forward / 1e6:,.1f}M | {memory} |"
    assert line in read(PAGE)
    assert line in read(chinese(PAGE))
