"""Finer cuts: arrays and the library agree."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tokenizers.pre_tokenizers import Sequence

from danlu.tokenizers.cutting import Cutter, code_points, slices
from danlu.tokenizers.isolating import Isolation, is_han
from danlu.tokenizers.pretokenize import character_pre_tokenizer

CUTTER = Cutter()
LONG = st.sampled_from(["a", "啊", "!", "#", " ", "中文", "한", "ab#", "\n"]).flatmap(
    lambda part: st.integers(1, 12).map(lambda times: part * times)
)
TEXT = st.lists(LONG | st.characters(exclude_categories=["Cs"])).map("".join)


@given(text=TEXT, longest=st.integers(1, 9), han=st.booleans(), marks=st.sampled_from(["", "#", "#\u3042]"]))
def test_arrays_cut_as_the_library_does(text: str, longest: int, han: bool, marks: str) -> None:
    cuts = Isolation(longest=longest, han=han, marks=marks)
    library = Sequence([character_pre_tokenizer(), *cuts.pre_tokenizers()])
    points = code_points(text)
    starts = CUTTER.starts(points)
    cuts.add(points, starts)
    assert slices(text, starts) == [piece for piece, _ in library.pre_tokenize_str(text)] or not text


def test_han_is_ideographs_and_no_other_script() -> None:
    assert is_han(code_points("中㐀豈\U00020000")).all()
    assert not is_han(code_points("aßк한かカー、。〇々")).any()


def test_no_piece_is_longer_than_asked() -> None:
    points = code_points("x" * 100)
    starts = np.zeros(100, dtype=np.bool_)
    starts[[0, 10]] = True
    Isolation(longest=32).add(points, starts)
    assert np.flatnonzero(starts).tolist() == [0, 10, 42, 74]
