"""What is learned: it tells new good text from new bad text in both languages, by its words and not by its language."""

import numpy as np
import pytest

from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.quality.learning import hash_pieces, learn_difference, learn_likelihood
from danlu.corpus.quality.measuring import separation, telling_grams
from danlu.corpus.quality.model import raw_scores, whole_weights
from danlu.corpus.quality.settings import QualityTrainSettings
from good_and_bad import BAD_EN, BAD_ZH, GOOD_EN, GOOD_ZH, passage

SETTINGS = QualityTrainSettings(bits=16)


def learned(good: list[str], bad: list[str]) -> np.ndarray:
    hashed = hash_pieces([*good, *bad], SETTINGS.bits)
    return whole_weights(learn_difference(hashed, np.arange(len(good) + len(bad)) < len(good), SETTINGS))


def raw(weights: np.ndarray, texts: list[str]) -> np.ndarray:
    return raw_scores(weights, SETTINGS.bits, TextBatch(texts))


def side(good: bool, numbers: range, chinese: tuple[bool, ...] = (True, False)) -> list[str]:
    return [passage(good, is_chinese, number) for is_chinese in chinese for number in numbers]


def test_new_text_is_told_apart_in_both_languages() -> None:
    weights = learned(side(True, range(80)), side(False, range(80)))
    for chinese in (True, False):
        held = [raw(weights, side(good, range(100, 140), (chinese,))) for good in (True, False)]
        found = separation(*held)
        assert found.auc is not None
        assert found.auc > 0.99
        assert found.accuracy is not None
        assert found.accuracy > 0.95


def test_what_it_goes_by_can_be_read() -> None:
    good, bad = side(True, range(80)), side(False, range(80))
    up, down = telling_grams(learned(good, bad), SETTINGS.bits, [*good, *bad])
    assert {*up} & {*GOOD_EN, *"".join(GOOD_ZH), *GOOD_ZH}
    assert {*down} & {*BAD_EN, *"".join(BAD_ZH), *BAD_ZH}
    assert not {*up} & {*BAD_EN, *BAD_ZH}


def test_the_language_itself_tells_nothing() -> None:
    """Nine tenths of the good text are Chinese, nine tenths of the bad one English; neutral text scores in the middle."""
    good = side(True, range(180), (True,)) + side(True, range(20), (False,))
    bad = side(False, range(20), (True,)) + side(False, range(180), (False,))
    weights = learned(good, bad)
    english_good = raw(weights, side(True, range(300, 340), (False,)))
    chinese_bad = raw(weights, side(False, range(300, 340), (True,)))
    assert separation(english_good, chinese_bad).auc == pytest.approx(1, abs=0.02)


def test_learning_is_the_same_each_time() -> None:
    sides = side(True, range(30)), side(False, range(30))
    assert np.array_equal(learned(*sides), learned(*sides))


def test_length_does_not_move_a_score() -> None:
    weights = learned(side(True, range(60)), side(False, range(60)))
    text = passage(True, False, 500)
    once, often = raw(weights, [text, " ".join([text] * 20)])
    assert often == pytest.approx(once, abs=0.2)


def test_without_bad_text_the_good_kind_scores_highest() -> None:
    weights = whole_weights(learn_likelihood(hash_pieces(side(True, range(80)), SETTINGS.bits), SETTINGS))
    for chinese in (True, False):
        found = separation(*(raw(weights, side(good, range(100, 140), (chinese,))) for good in (True, False)))
        assert found.auc is not None
        assert found.auc > 0.95


def test_separation_is_the_share_of_pairs_in_order() -> None:
    good, bad = np.array([1.0, 2.0, 0.0]), np.array([0.0, -1.0])
    found = separation(good, bad)
    assert found.auc == pytest.approx((2 + 2 + 1.5) / 6)
    assert found.accuracy == pytest.approx((2 / 3 + 1) / 2)
    assert found.auc_low is not None
    assert found.auc_high is not None
    assert found.auc_low < found.auc < found.auc_high
    assert separation(good, np.zeros(0)).auc is None
