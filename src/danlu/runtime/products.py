"""Timed matrix products and copies: the only part of the calibration that needs torch.

M, K, N   rows, inner size and columns of a product: x_MK @ y_KN
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

# Weight products of a small GPT. 5 to 20 ms each: a longer one is never run undisturbed on a machine with other work,
# and then the best of several tries says nothing. More rows are not faster.
SHAPES = ((1024, 256, 1024), (512, 1024, 1024))
PROBE = (512, 256, 512)
CELL_SECONDS = 0.06  # a cell: one number type at one number of threads, for one shape
HOPELESS = 0.6  # a type whose probe runs below this share of float32 is not timed further
MODES = ("float32", "float32-medium", "bfloat16")


@dataclass(frozen=True, kw_only=True)
class Product:
    """Speed of x_MK @ y_KN. `mode`: float32, float32-medium (bf16 inside the product) or bfloat16."""

    mode: str
    num_threads: int
    shape: tuple[int, int, int]
    gflops: float


@dataclass(frozen=True, kw_only=True)
class Products:
    """Products in the order timed; `share_of_cores`: CPU time per wall time and thread, below 1 on a busy machine."""

    rows: tuple[Product, ...]
    share_of_cores: float


def thread_counts(num_cores: int) -> list[int]:
    """All cores first (most wanted), then the smaller powers of two: 12 -> 12, 8, 4, 2, 1."""
    powers = [1 << power for power in range(num_cores.bit_length()) if 1 << power < num_cores]
    return [num_cores, *reversed(powers)]


def time_products(num_cores: int, *, seconds: float) -> Products:
    """Times every mode at every number of threads, and stops adding rows after `seconds`.

    Threads and precision of the process are put back. The best of several tries counts: noise only ever slows down.
    """
    deadline = time.monotonic() + seconds
    rows: list[Product] = []
    shares: list[float] = []
    with _put_back():
        for num_threads in thread_counts(num_cores):
            torch.set_num_threads(num_threads)
            for mode in MODES:
                if time.monotonic() > deadline and rows:
                    return Products(rows=tuple(rows), share_of_cores=min(shares))
                share = _time_cell(mode, num_threads, rows)
                if mode == "float32":
                    shares.append(share)
    return Products(rows=tuple(rows), share_of_cores=min(shares))


def copy_speed() -> float:
    """Memory bandwidth in GB/s: bytes read and written by a copy of 64 MB, the best of three."""
    source = torch.zeros(16 << 20)
    target = torch.empty_like(source)
    best = min(_seconds(lambda: target.copy_(source)) for _ in range(3))
    return 2 * source.numel() * source.element_size() / best / 1e9


def set_mode(mode: str) -> torch.dtype:
    """Makes float32 products run in the precision of `mode`; returns the type of its tensors."""
    torch.set_float32_matmul_precision("medium" if mode == "float32-medium" else "highest")
    return torch.bfloat16 if mode == "bfloat16" else torch.float32


def _time_cell(mode: str, num_threads: int, rows: list[Product]) -> float:
    """Adds the rows of one mode at one number of threads; returns the share of the cores that it got."""
    dtype = set_mode(mode)
    probe = Product(
        mode=mode,
        num_threads=num_threads,
        shape=PROBE,
        gflops=_gflops(PROBE, dtype, CELL_SECONDS / 4),
    )
    rows.append(probe)
    reference = [r.gflops for r in rows if r.mode == "float32" and r.num_threads == num_threads and r.shape == PROBE]
    if probe.gflops < HOPELESS * reference[0]:
        return 1.0
    wall, cpu = time.perf_counter(), time.process_time()
    for shape in SHAPES:
        gflops = _gflops(shape, dtype, CELL_SECONDS)
        rows.append(Product(mode=mode, num_threads=num_threads, shape=shape, gflops=gflops))
    return min(1.0, (time.process_time() - cpu) / (time.perf_counter() - wall) / num_threads)


def _gflops(shape: tuple[int, int, int], dtype: torch.dtype, seconds: float) -> float:
    rows, inner, columns = shape
    x_MK = torch.ones(rows, inner, dtype=dtype)
    y_KN = torch.ones(inner, columns, dtype=dtype)
    out_MN = torch.empty(rows, columns, dtype=dtype)
    _seconds(lambda: torch.mm(x_MK, y_KN, out=out_MN))  # kernels are chosen and built at the first call
    best, spent, num_tries = float("inf"), 0.0, 0
    while num_tries < 2 or (spent < seconds and num_tries < 50):
        took = _seconds(lambda: torch.mm(x_MK, y_KN, out=out_MN))
        best, spent, num_tries = min(best, took), spent + took, num_tries + 1
    return 2 * rows * inner * columns / best / 1e9


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def _put_back() -> Iterator[None]:
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_float32_matmul_precision(precision)
