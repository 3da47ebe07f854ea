"""What a training step takes on this machine, and what bits per byte come out: the laws behind the quote.

Their constants were fitted to runs on two-core machines (docs/log, fitting the quote); the report of every run holds its
forecast against its outcome.
"""

import math
from dataclasses import dataclass

from danlu.models.plan import ParameterCount
from danlu.runtime.measure import MachineMeasures

# Share of the measured matrix peak at which the large products of a step run: 0.85 to 0.90 at widths 256 to 384.
PRODUCT_SHARE = 0.88
# Bytes that pass through memory, forth and back, for each number that the forward pass keeps.
PLAIN_TRAFFIC, COMPILED_TRAFFIC = 59.0, 34.0
# Muon: three iterations of Newton-Schulz cost about 14 operations for each weight and unit of width, at half the peak.
MUON_OPERATIONS, MUON_SHARE = 14.0, 0.55
# Recurrent rows run position after position: how many times longer than products of the same arithmetic.
SLOWER = {"bilstm": 1.6, "lstm": 1.6, "gru": 2.2, "rnn": 1.6}
STEP_OVERHEAD = 0.004
"""Seconds of a step that no size explains: the loop, the data, the optimizer's bookkeeping."""

BAND = 0.12
"""Half of the band around the expected bits per byte, as a share of them: with each text left out of the fitting in turn,
15 of 18 runs ended inside (docs/log, fitting the quote)."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A network in training: its architecture, its cost, the width of its layers, and whether they are compiled."""

    arch: str
    count: ParameterCount
    width: int
    compiled: bool


def step_seconds(work: Workload, batch_tokens: int, machine: MachineMeasures) -> float:
    """Seconds of one optimizer step of `batch_tokens` tokens."""
    peak, memory = machine.peak_gflops * 1e9, max(1.0, machine.memory_gb_per_s) * 1e9
    products = batch_tokens * work.count.flops_per_token / (PRODUCT_SHARE * peak) * SLOWER.get(work.arch, 1.0)
    traffic = COMPILED_TRAFFIC if work.compiled else PLAIN_TRAFFIC
    passes = batch_tokens * work.count.kept_per_token * traffic / memory
    muon = MUON_OPERATIONS * work.width * work.count.matrices / (MUON_SHARE * peak)
    return float(products + passes + muon + STEP_OVERHEAD)


def token_seconds(arch: str, parameters: float, machine: MachineMeasures) -> float:
    """About the seconds that one token costs in a plain step of a network of `parameters`, before its shape is known."""
    kept: float = 12_000 * (parameters / 1.7e6) ** 0.65  # numbers kept for each token by the GPTs that `sized` gives
    products = 6 * parameters / (PRODUCT_SHARE * machine.peak_gflops * 1e9) * SLOWER.get(arch, 1.0)
    return products + kept * PLAIN_TRAFFIC / (max(1.0, machine.memory_gb_per_s) * 1e9)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Expected bits per byte of the validation text, and the band in which most runs end."""

    middle: float
    low: float
    high: float


def expected_bits(*, ngram_bits: float, parameters: int, bytes_read: float, unique_bytes: int) -> Expected:
    """The n-gram line of the same text times a share that falls with the size of the model and the text it reads.

    The n-gram line (bits per byte) says how hard the text is, which differs between texts by a factor of two; the share
    between them differs little. Repeated text counts less and less (Muennighoff et al. 2023, arXiv:2305.16264,
    section 5).
    """
    unique = max(1.0, min(bytes_read, float(unique_bytes)))
    repeats = max(0.0, bytes_read / unique - 1)
    effective = unique * (1 + 15.4 * (1 - math.exp(-repeats / 15.4)))
    share: float = 0.719 * (parameters / 1e6) ** -0.132 + 0.294 * (effective / 1e6) ** -0.121
    middle = share * ngram_bits
    return Expected(middle=middle, low=middle * (1 - BAND), high=middle * (1 + BAND))
