"""Probes of frozen vectors: what can be told is told, what cannot is not, intervals hold what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.evaluation.probes import Vectors, likeness, linear_probe, neighbours, wilson


def clouds(num: int, *, apart: float, seed: int) -> tuple[Vectors, list[str]]:
    """Vectors around two middles, and which one each belongs to."""
    random = np.random.default_rng(seed)
    sides = random.integers(0, 2, num)
    x_NC = random.normal(size=(num, 6)) + apart * sides[:, None]
    return x_NC.astype(np.float32), ["right" if side else "left" for side in sides]


def test_labels_that_lie_apart_are_told_and_others_are_not() -> None:
    told = linear_probe(*clouds(300, apart=1.5, seed=0), *clouds(200, apart=1.5, seed=1))
    assert told.accuracy > 0.9
    assert told.interval.low < told.accuracy < told.interval.high <= 1
    assert told.macro_f1 == pytest.approx(told.accuracy, abs=0.02)
    random = linear_probe(*clouds(300, apart=0.0, seed=0), *clouds(200, apart=0.0, seed=1))
    assert random.interval.low < 0.5 < random.interval.high


def test_a_label_of_one_text_is_no_hindrance() -> None:
    x_NC, labels = clouds(60, apart=3.0, seed=0)
    found = linear_probe(x_NC, [*labels[:-1], "alone"], x_NC, labels)
    assert found.accuracy > 0.9


def test_scales_of_single_numbers_do_not_matter() -> None:
    x_NC, labels = clouds(300, apart=1.0, seed=0)
    y_NC, wanted = clouds(200, apart=1.0, seed=1)
    scale_C = np.array([1e3, 1, 1e-3, 1, 50, 1], dtype=np.float32)
    plain = linear_probe(x_NC, labels, y_NC, wanted)
    scaled = linear_probe(x_NC * scale_C, labels, y_NC * scale_C, wanted)
    assert plain.accuracy == pytest.approx(scaled.accuracy, abs=0.01)


def test_likeness_is_that_of_angles() -> None:
    angles = np.linspace(0.1, 3.0, 12)
    first_PC = np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (12, 1))
    second_PC = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32) * 7
    found = likeness(first_PC, second_PC, (-angles).tolist())
    assert found.spearman == pytest.approx(1)
    assert likeness(first_PC, second_PC, angles.tolist()).spearman == pytest.approx(-1)
    assert likeness(first_PC, second_PC, np.cos(angles).tolist()).pearson == pytest.approx(1, abs=1e-5)
    assert likeness(first_PC, first_PC, angles.tolist()).spearman == 0  # all alike: nothing can be said


def test_neighbours_leave_out_the_word_itself_and_what_all_share() -> None:
    shared = np.array([100.0, 0.0, 0.0])
    words_WC = np.array([[0, 1, 0], [0, 0.9, 0.1], [0, 0.4, 1], [0, -1, 0], [0, 0, -1]]) + shared
    words = ["furnace", "oven", "moon", "ice", "mud"]
    found = neighbours(words_WC[0].astype(np.float32), words_WC.astype(np.float32), words, asked="furnace", count=2)
    assert [one.word for one in found] == ["oven", "moon"]
    assert found[0].cosine > 0.9 > found[1].cosine


@given(st.integers(1, 2000), st.data())
def test_intervals_hold_the_share_and_stay_in_range(total: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, total))
    found = wilson(right, total)
    assert 0 <= found.low <= right / total + 1e-12
    assert right / total - 1e-12 <= found.high <= 1
    assert found.num_units == total


def test_the_interval_is_the_published_one() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263 by the score method
    found = wilson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
