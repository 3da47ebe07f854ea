"""Training and validation: whole clusters of duplicates go to one side, chosen by the hash of their name."""

import hashlib
from collections.abc import Sequence

from danlu.core.streams import stream_seed

TRAIN, VALID = "train", "valid"


def place_of(seed: int, cluster: str) -> float:
    """A number in [0, 1) for a cluster: a pure function of both, so that more documents never move the old ones."""
    return _place(stream_seed(seed, "split"), cluster)


def held_out(seed: int, clusters: Sequence[str], share: float) -> frozenset[str]:
    """The clusters held out for validation: those whose place is below `share`.

    Of two or more clusters at least one is held out (unless `share` is 0) and at least one is not.
    """
    if share <= 0 or len(clusters) < 2:
        return frozenset()
    stream = stream_seed(seed, "split")
    places = {cluster: _place(stream, cluster) for cluster in clusters}
    chosen = {cluster for cluster, place in places.items() if place < share}
    if not chosen:
        chosen = {min(places, key=lambda cluster: (places[cluster], cluster))}
    if len(chosen) == len(places):
        chosen.discard(max(places, key=lambda cluster: (places[cluster], cluster)))
    return frozenset(chosen)


def _place(stream: int, cluster: str) -> float:
    return int.from_bytes(hashlib.sha256(f"{stream}/{cluster}".encode()).digest()[:7], "big") / 2**56
