"""Documents with the middle moved to the end: nothing is lost, the window keeps its length, rates hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.objectives.fill_in_the_middle import FillInTheMiddle, Ids
from danlu.objectives.objective import Vocabulary

BOS, PREFIX, MIDDLE, SUFFIX = range(4)
VOCABULARY = Vocabulary(
    size=40, num_control=4, controls={"<|bos|>": BOS, "<|prefix|>": PREFIX, "<|middle|>": MIDDLE, "<|suffix|>": SUFFIX}
)


def put_back(document: list[int]) -> list[int]:
    """The document as it was, read by the control tokens alone."""
    if PREFIX not in document:
        return document
    middle_at, suffix_at = document.index(MIDDLE), document.index(SUFFIX)
    before, suffix, rest = document[1:suffix_at], document[suffix_at + 1 : middle_at], document[middle_at + 1 :]
    return before + rest + suffix


def documents_of(ids: Ids) -> list[list[int]]:
    """What stands between separators."""
    found: list[list[int]] = [[]]
    for number in ids.tolist():
        if number == BOS:
            found.append([])
        else:
            found[-1].append(number)
    return found


@given(
    documents=st.lists(st.lists(st.integers(4, 39), max_size=12), min_size=1, max_size=4),
    rate=st.sampled_from([0.0, 0.5, 1.0]),
    suffix_first=st.sampled_from([0.0, 0.5, 1.0]),
    seed=st.integers(0, 1000),
)
def test_every_document_can_be_put_back(
    documents: list[list[int]], rate: float, suffix_first: float, seed: int
) -> None:
    ids = np.array([number for document in documents for number in [BOS, *document]], dtype=np.int64)
    objective = FillInTheMiddle(VOCABULARY, rate=rate, suffix_first=suffix_first)
    moved = objective.rearranged(ids, np.random.default_rng(seed))
    assert len(moved) == len(ids)
    before, after = documents_of(ids), documents_of(moved)
    for number, document in enumerate(after):
        if PREFIX in document and MIDDLE not in document:
            continue  # cut off by the end of the window
        whole = put_back(document)
        assert whole == before[number][: len(whole)] if number < len(before) else whole == []
        if number < len(after) - 2:
            assert len(whole) == len(before[number])
    if rate == 0:
        assert np.array_equal(moved, ids)


@pytest.mark.parametrize("suffix_first", [0.0, 1.0])
def test_both_orders_and_the_separator_behind_the_middle(suffix_first: float) -> None:
    objective = FillInTheMiddle(VOCABULARY, rate=1.0, suffix_first=suffix_first)
    ids = np.arange(4, 24)  # the inside of a long document
    moved = objective.rearranged(ids, np.random.default_rng(1)).tolist()
    assert len(moved) == 20
    assert moved[-1] == BOS
    assert put_back(moved[:-1]) == list(range(4, 20))
    assert moved[:2] == [PREFIX, SUFFIX] if suffix_first else moved.index(SUFFIX) >= 1
    if not suffix_first:
        assert moved.index(PREFIX) < moved.index(SUFFIX) < moved.index(MIDDLE)


def test_the_rate_is_that_of_documents() -> None:
    objective = FillInTheMiddle(VOCABULARY, rate=0.3)
    random = np.random.default_rng(0)
    ids = np.concatenate([[BOS], np.arange(4, 20), [BOS], np.arange(4, 20), [BOS]])
    found = [objective.rearranged(ids, random).tolist().count(PREFIX) for _ in range(1000)]
    assert sum(found) / 2000 == pytest.approx(0.3, abs=0.03)
