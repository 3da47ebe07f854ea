"""How much of a text its n-grams repeat, against plain loops."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus.measures.ngrams import (
    Tokens,
    _sorted_by_key,
    covered_characters,
    duplicate_characters,
    repeats,
    top_characters,
)

TEXTS = st.lists(st.lists(st.integers(0, 3), max_size=40), min_size=1, max_size=4)
LONGEST = 6


def tokens_of(texts: list[list[int]], gap: int = 1) -> Tokens:
    """Token number n has n + 1 characters and a space behind it."""
    flat = np.array([token for text in texts for token in text], np.int64)
    return Tokens(
        token_T=flat,
        document_T=np.repeat(np.arange(len(texts)), [len(text) for text in texts]),
        length_T=flat + 1,
        gap_T=np.full(flat.size, gap),
        num_documents=len(texts),
    )


def grams(text: list[int], n: int) -> list[tuple[int, ...]]:
    return [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]


@given(texts=TEXTS)
def test_the_most_frequent(texts: list[list[int]]) -> None:
    tokens = tokens_of(texts)
    for found in repeats(tokens, LONGEST):
        counted = top_characters(tokens, found).tolist()
        for text, value in zip(texts, counted, strict=True):
            counts = Counter(grams(text, found.n))
            gram, count = max(counts.items(), key=lambda item: item[1], default=((), 0))  # the first of equals
            length = sum(token + 1 for token in gram) + len(gram) - 1
            assert value == (count * length if count > 1 else 0)


@given(texts=TEXTS)
def test_those_that_stood_before(texts: list[list[int]]) -> None:
    tokens = tokens_of(texts)
    for found in repeats(tokens, LONGEST):
        counted = duplicate_characters(tokens, found).tolist()
        for text, value in zip(texts, counted, strict=True):
            there, place, expected = grams(text, found.n), 0, 0
            while place < len(there):
                if there[place] in there[:place]:
                    expected += sum(token + 1 for token in there[place])
                    place += found.n
                else:
                    place += 1
            assert value == expected


@given(texts=TEXTS)
def test_those_that_stand_twice(texts: list[list[int]]) -> None:
    tokens = tokens_of(texts)
    for found in repeats(tokens, LONGEST):
        counted = covered_characters(tokens, found).tolist()
        for text, value in zip(texts, counted, strict=True):
            counts = Counter(grams(text, found.n))
            covered = {
                place + step
                for place, gram in enumerate(grams(text, found.n))
                if counts[gram] > 1
                for step in range(found.n)
            }
            assert value == sum(text[place] + 1 for place in covered)


@given(keys=st.lists(st.integers(0, 2**42 - 1) | st.integers(0, 3), max_size=60))
def test_few_and_many_tokens_are_put_in_the_same_order(keys: list[int]) -> None:
    places, values = np.arange(len(keys)), np.array(keys, np.int64)
    for few, many in zip(_sorted_by_key(places, values, 21), _sorted_by_key(places, values, 22), strict=True):
        assert few.tolist() == many.tolist()
