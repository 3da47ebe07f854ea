"""Spans taken out of windows: what is left and what was taken are the window again, and shares are what was asked.

B windows, T positions, M spans.
"""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from danlu.objectives.denoising import SHARE as DENOISED
from danlu.objectives.denoising import Denoising
from danlu.objectives.infilling import SHARE as INFILLED
from danlu.objectives.infilling import Infilling
from danlu.objectives.objective import Vocabulary
from danlu.objectives.settings import ObjectiveSettings
from danlu.objectives.spans import Spans, left_over, shares, taken_out
from danlu.tokenizers.tokenizer import MASK, PADDING, SENTINELS, SEPARATOR

NAMES = (SEPARATOR, PADDING, MASK, *SENTINELS[:8])
VOCABULARY = Vocabulary(size=200, num_control=len(NAMES), controls={name: n for n, name in enumerate(NAMES)})


def windows(count: int, length: int, seed: int) -> Tensor:
    """Ids of text [B, T]."""
    return torch.randint(len(NAMES), 200, (count, length), generator=torch.Generator().manual_seed(seed))


def put_back(left: list[int], taken: list[int]) -> list[int]:
    """The window: each sign (below 0) in what is left gives way to the tokens behind the same sign in what was taken."""
    behind: dict[int, list[int]] = {}
    for token in taken:
        if token < 0:
            behind[sign := token] = []
        else:
            behind[sign].append(token)
    return [one for token in left for one in (behind[token] if token < 0 else [token])]


def numbered(spans: Spans) -> Tensor:
    """A sign below 0 for each span, [B, T]."""
    return -1 - spans.numbers_BT.clamp(min=0)


@pytest.mark.parametrize("kind", [Denoising, Infilling])
@given(st.integers(1, 4), st.integers(4, 60), st.floats(0.05, 0.45), st.floats(1.0, 6.0), st.integers(0, 99))
def test_what_is_left_and_what_was_taken_are_the_window(
    kind: type[Denoising] | type[Infilling], count: int, length: int, share: float, mean: float, seed: int
) -> None:
    torch.manual_seed(seed)
    ids_BT = windows(count, length, seed)
    spans = kind(VOCABULARY, share=share, mean_length=mean).choose(ids_BT)
    signs_BT = numbered(spans)
    left, taken = left_over(ids_BT, spans, signs_BT), taken_out(ids_BT, spans, signs_BT)
    assert left.lengths_B is None
    assert taken.lengths_B is None
    for row, kept, out in zip(ids_BT.tolist(), left.ids_BS.tolist(), taken.ids_BS.tolist(), strict=True):
        assert put_back(kept, out) == row


@pytest.mark.parametrize(("share", "mean"), [(0.15, 3.0), (0.3, 5.0)])
def test_denoising_takes_the_share_in_spans_of_at_least_one_token(share: float, mean: float) -> None:
    torch.manual_seed(0)
    spans = Denoising(VOCABULARY, share=share, mean_length=mean).choose(windows(50, 100, 1))
    assert (spans.hidden_BT.sum(1) == round(100 * share)).all()
    assert (spans.begins_BT.sum(1) == min(round(100 * share / mean), 8)).all()
    assert spans.hidden_BT[spans.begins_BT].all()


def test_infilling_hides_the_share_and_has_empty_spans_too() -> None:
    torch.manual_seed(0)
    spans = Infilling(VOCABULARY, share=0.3).choose(windows(50, 100, 1))
    assert (spans.hidden_BT.sum(1) == 30).all()
    assert not spans.hidden_BT[:, -1].any()
    assert not spans.hidden_BT[spans.begins_BT].all()


@pytest.mark.parametrize(("kind", "own"), [(Denoising, DENOISED), (Infilling, INFILLED)])
def test_the_settings_reach_them(kind: type[Denoising] | type[Infilling], own: float) -> None:
    assert kind.of(VOCABULARY, ObjectiveSettings()).share == own
    asked = kind.of(VOCABULARY, ObjectiveSettings(span_share=0.4, span_length=7.0))
    assert (asked.share, asked.mean_length) == (0.4, 7.0)


@given(st.integers(1, 5), st.integers(0, 40), st.integers(1, 9), st.integers(0, 99))
def test_shares_are_whole_and_sum_up(count: int, total: int, parts: int, seed: int) -> None:
    torch.manual_seed(seed)
    found = shares(count, total, parts, torch.device("cpu"))
    assert found.shape == (count, parts)
    assert (found >= 0).all()
    assert (found.sum(1) == total).all()
