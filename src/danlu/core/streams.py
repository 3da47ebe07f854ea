"""Named random streams: every random use has its own, so that a new use shifts no other."""

import hashlib

import numpy as np


def stream_seed(seed: int, *use: str | int) -> int:
    """A 63-bit seed for one use, e.g. `stream_seed(7, "order", epoch)`: a pure function of its arguments."""
    name = "/".join(str(part) for part in (seed, *use))
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little") >> 1


def numpy_stream(seed: int, *use: str | int) -> np.random.Generator:
    """A NumPy generator for one use (PCG64, the same numbers on every machine)."""
    return np.random.Generator(np.random.PCG64(stream_seed(seed, *use)))
