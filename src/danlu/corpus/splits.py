"""Training and validation: whole clusters of duplicates go to one side, chosen by the hash of their name."""

import hashlib
from collections.abc import Iterable

import numpy as np

from danlu.core.streams import stream_seed
from danlu.corpus.measures.batch import Array

TRAIN, VALID = "train", "valid"


def place_of(seed: int, cluster: str) -> float:
    """A number in [0, 1) for a cluster: a pure function of both, so that more documents never move the old ones."""
    return _place(stream_seed(seed, "split"), cluster)


def held_out(seed: int, clusters: Iterable[str], share: float) -> Array:
    """Which clusters are held out for validation (bool, in their order): those whose place is below `share`.

    Of two or more clusters at least one is held out (unless `share` is 0) and at least one is not. 9 bytes for each.
    """
    stream = stream_seed(seed, "split")
    places = np.fromiter((_place(stream, cluster) for cluster in clusters), np.float64)
    if share <= 0 or places.size < 2:
        return np.zeros(places.size, bool)
    chosen: Array = places < share
    if not chosen.any():
        chosen[places.argmin()] = True
    if chosen.all():
        chosen[places.argmax()] = False
    return chosen


def _place(stream: int, cluster: str) -> float:
    return int.from_bytes(hashlib.sha256(f"{stream}/{cluster}".encode()).digest()[:7], "big") / 2**56
