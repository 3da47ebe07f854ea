"""Planted pairs: near duplicates are found as datasketch finds them with the same parameters, in both scripts."""

import numpy as np
import pytest

from danlu.corpus.settings import DuplicateSettings
from planted_pairs import (
    SIMILARITIES,
    TONGUES,
    Tongue,
    found_by_datasketch,
    found_here,
    planted_pairs,
    quality,
)

SETTINGS = DuplicateSettings()


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("similarity", [SETTINGS.similarity, 1e-9])  # the second: bands alone decide
def test_recall_and_precision_are_those_of_datasketch(tongue: Tongue, similarity: float) -> None:
    # 2 points are 2 standard errors of 1,000 pairs and 4 of these 4,000; benchmarks/near_duplicates.py takes 10,000.
    pairs = planted_pairs(tongue, 400, seed=1)
    ours = quality(found_here(pairs, SETTINGS, similarity), pairs, SETTINGS.similarity)
    theirs = quality(found_by_datasketch(pairs, tongue, SETTINGS, similarity), pairs, SETTINGS.similarity)
    assert ours.recall >= theirs.recall - 2
    assert ours.precision >= theirs.precision - 2
    assert ours.recall > 85


@pytest.mark.parametrize("tongue", TONGUES)
def test_what_the_bands_find_is_what_their_formula_says(tongue: Tongue) -> None:
    pairs = planted_pairs(tongue, 300)
    found = found_here(pairs, SETTINGS, 1e-9)
    for low in (0.5, 0.6, 0.7, 0.8):
        chosen = [place for place, pair in enumerate(pairs) if low <= pair.jaccard < low + 0.1]
        jaccard = np.array([pairs[place].jaccard for place in chosen])
        expected = 1 - (1 - jaccard**SETTINGS.band_rows) ** SETTINGS.num_bands
        assert abs(np.mean([found[place] for place in chosen]) - expected.mean()) < 0.06


@pytest.mark.parametrize("tongue", TONGUES)
def test_the_planted_similarity_is_the_true_one(tongue: Tongue) -> None:
    made = planted_pairs(tongue, 2)
    wanted = [similarity for similarity in SIMILARITIES for _ in range(2)]
    assert np.allclose([pair.jaccard for pair in made], wanted, atol=0.04)
