"""Differences of two texts: where they are, what stands on each side, and nothing for equal texts."""

import time

from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus.differing import MOST, SHOWN, differences


def test_words_and_han_characters_are_whole() -> None:
    (one,) = differences("我们去了北京，天气很好。", "我们去了上海，天气很好。")
    assert (one.at, one.here, one.there) == (4, "北京", "上海")
    assert one.before == "我们去了"
    assert one.after == "，天气很好。"
    (two,) = differences("see :mod:`!asyncore` here", "see :mod:`!asynchat` here")
    assert (two.here, two.there) == ("asyncore", "asynchat")


def test_what_only_one_has_is_empty_on_the_other_side() -> None:
    (one,) = differences("the beginning. and an end", "the beginning.")
    assert one.here == " and an end"
    assert one.there == ""


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_places_hold_what_is_shown(start: str, left: str, right: str) -> None:
    text, twin = start + left, start + right
    found = differences(text, twin)
    assert (found == ()) == (text == twin)
    assert len(found) <= MOST
    for one in found:
        assert text[one.at :].startswith(one.here)
        assert twin[one.twin_at :].startswith(one.there)
        assert text[: one.at].endswith(one.before)
        assert twin[: one.twin_at].endswith(one.twin_before)
        assert text[one.at + len(one.here) :].startswith(one.after)
        assert twin[one.twin_at + len(one.there) :].startswith(one.twin_after)
        assert one.here != one.there


def test_long_texts_that_have_nothing_in_common_take_no_long_time() -> None:
    text = " ".join(f"word{number % 977}" for number in range(200_000))
    twin = "".join(chr(0x4E00 + number % 1500) for number in range(400_000))
    before = time.process_time()
    found = differences(text, twin)
    assert found
    assert all(len(one.here) <= SHOWN for one in found)
    assert time.process_time() - before < 5


def test_a_late_difference_behind_a_long_common_beginning_is_found() -> None:
    common = "一二三四五六七八九十。" * 20_000
    (one,) = differences(common + "甲", common + "乙")
    assert one.at == len(common)
