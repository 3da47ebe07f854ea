"""Named random streams: pure functions of seed and name, and independent of each other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.streams import numpy_stream, stream_seed

SEEDS = st.integers(0, 2**63 - 1)
NAMES = st.lists(st.one_of(st.text(max_size=8), st.integers(0, 99)), max_size=3)


@given(SEEDS, NAMES)
def test_a_seed_is_pure_and_fits_into_63_bits(seed: int, use: list[str | int]) -> None:
    assert stream_seed(seed, *use) == stream_seed(seed, *use)
    assert 0 <= stream_seed(seed, *use) < 2**63


def test_streams_do_not_change_between_versions() -> None:
    assert stream_seed(7, "order", 3) == 8447054841603909260
    assert numpy_stream(7, "order", 3).integers(1000, size=4).tolist() == [937, 311, 198, 809]


def test_streams_of_other_names_and_seeds_differ() -> None:
    seeds = {stream_seed(seed, use, n) for seed in range(10) for use in ("order", "dropout") for n in range(10)}
    assert len(seeds) == 200


def test_a_stream_begins_anew_each_time() -> None:
    assert np.array_equal(numpy_stream(1, "a").random(5), numpy_stream(1, "a").random(5))
