"""Each step from scores to a token, against its definition.

V vocabulary.
"""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from danlu.core.errors import UsageError
from danlu.core.settings import resolve
from danlu.generation.sampling import SamplingSettings, keep_likely, penalize, pick, pick_each

SCORES = torch.tensor([2.0, 1.0, 0.0, -1.0, -2.0])


def kept(scores_V: Tensor, **settings: object) -> list[int]:
    """Ids that may still be drawn."""
    likely_V = keep_likely(scores_V, SamplingSettings.model_validate(settings))
    return torch.isfinite(likely_V).nonzero().flatten().tolist()


def test_zero_temperature_is_the_likeliest() -> None:
    assert pick(SCORES.flip(0), SamplingSettings(temperature=0.0), torch.Generator()) == 4


def test_top_k_keeps_k() -> None:
    assert kept(SCORES, top_k=2) == [0, 1]
    assert kept(SCORES, top_k=0) == kept(SCORES, top_k=9) == [0, 1, 2, 3, 4]


def test_top_p_keeps_the_smallest_set_that_reaches_it() -> None:
    # Shares: .636 .234 .086 .032 .012
    assert kept(SCORES, top_p=0.6) == [0]
    assert kept(SCORES, top_p=0.7) == [0, 1]
    assert kept(SCORES.flip(0), top_p=0.9) == [2, 3, 4]


def test_min_p_is_relative_to_the_likeliest() -> None:
    assert kept(SCORES, min_p=0.3) == [0, 1]  # e^-1 = .37 of the likeliest, e^-2 = .14
    assert kept(SCORES, min_p=1.0) == [0]


def test_the_penalty_pushes_both_signs_down() -> None:
    seen = torch.tensor([0, 0, 4])
    assert penalize(SCORES, seen, 2.0).tolist() == [1.0, 1.0, 0.0, -1.0, -4.0]
    assert SCORES.tolist() == [2.0, 1.0, 0.0, -1.0, -2.0]


def test_steps_equal_those_of_transformers() -> None:
    processors = pytest.importorskip("transformers.generation.logits_process")
    scores_V = 3 * torch.randn(200, generator=torch.Generator().manual_seed(1))
    ids = torch.tensor([[1, 5, 5, 9]])
    theirs = scores_V[None]
    for process in (
        processors.RepetitionPenaltyLogitsProcessor(1.3),
        processors.TemperatureLogitsWarper(0.7),
        processors.TopKLogitsWarper(40),
        processors.TopPLogitsWarper(0.9),
        processors.MinPLogitsWarper(0.02),
    ):
        theirs = process(ids, theirs)
    settings = SamplingSettings(top_k=40, top_p=0.9, min_p=0.02)
    ours = keep_likely(penalize(scores_V, ids[0], 1.3) / 0.7, settings)
    torch.testing.assert_close(ours, theirs[0])


def test_draws_follow_the_shares() -> None:
    generator = torch.Generator().manual_seed(0)
    settings = SamplingSettings(temperature=1.0)
    draws = torch.tensor([pick(SCORES, settings, generator) for _ in range(4000)])
    shares = torch.bincount(draws, minlength=5) / 4000
    torch.testing.assert_close(shares, SCORES.softmax(-1), atol=0.03, rtol=0)


@given(
    st.lists(st.floats(-20, 20), min_size=1, max_size=12),
    st.integers(0, 12),
    st.floats(0.01, 1.0),
    st.floats(0.0, 1.0),
    st.integers(0, 5),
)
def test_something_can_always_be_drawn(scores: list[float], top_k: int, top_p: float, min_p: float, seed: int) -> None:
    scores_V = torch.tensor(scores)
    settings = SamplingSettings(temperature=0.7, top_k=top_k, top_p=top_p, min_p=min_p)
    token = pick(scores_V, settings, torch.Generator().manual_seed(seed))
    left = kept(scores_V / 0.7, top_k=top_k, top_p=top_p, min_p=min_p)
    assert token in left
    assert int(scores_V.argmax()) in left


@given(st.integers(1, 5), st.integers(2, 30), st.sampled_from([0.0, 0.5, 2.0]), st.sampled_from([1.0, 1.5]))
def test_each_of_a_batch_is_what_is_picked_alone(
    batch: int, vocabulary: int, temperature: float, penalty: float
) -> None:
    scores_BV = 3 * torch.randn(batch, vocabulary, generator=torch.Generator().manual_seed(vocabulary))
    settings = SamplingSettings(
        temperature=temperature, top_k=8, top_p=0.9, min_p=0.02, repetition_penalty=penalty, max_tokens=1
    )
    seen = [[row % vocabulary, 1] for row in range(batch)]
    together = pick_each(scores_BV, settings, [torch.Generator().manual_seed(row) for row in range(batch)], seen)
    alone = [
        pick(scores_V, settings, torch.Generator().manual_seed(row), seen[row])
        for row, scores_V in enumerate(scores_BV)
    ]
    assert together == alone


def test_a_banned_token_is_never_drawn_at_the_ends_of_the_distribution() -> None:
    scores_V = torch.tensor([-torch.inf, 0.0, -torch.inf, 0.0, -torch.inf])
    generator = torch.Generator().manual_seed(1)
    assert {pick(scores_V, SamplingSettings(temperature=1.0), generator) for _ in range(300)} == {1, 3}


@pytest.mark.parametrize("override", ["temperature=-1", "top_p=0", "min_p=2", "top_k=-1", "tempreature=1"])
def test_wrong_settings_are_refused(override: str) -> None:
    with pytest.raises(UsageError):
        resolve(SamplingSettings, overrides=[override])
