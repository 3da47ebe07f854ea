"""The split: whole clusters, near the share, and stable under more documents."""

from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus.splits import held_out, place_of

NAMES = st.lists(st.text(alphabet="0123456789abcdef", min_size=1, max_size=16), unique=True, max_size=40)


def chosen_of(seed: int, names: list[str], share: float) -> set[str]:
    return {name for name, chosen in zip(names, held_out(seed, names, share), strict=True) if chosen}


@given(names=NAMES, seed=st.integers(0, 5), share=st.floats(0.0, 0.99))
def test_both_sides_get_something(names: list[str], seed: int, share: float) -> None:
    chosen = chosen_of(seed, names, share)
    assert chosen <= set(names)
    if len(names) > 1 and share > 0:
        assert 0 < len(chosen) < len(names)
    else:
        assert not chosen


def test_the_share_is_met() -> None:
    names = [f"{number:016x}" for number in range(20_000)]
    assert abs(len(chosen_of(0, names, 0.05)) / 20_000 - 0.05) < 0.005


def test_more_documents_move_none_of_the_old() -> None:
    names = [f"{number:016x}" for number in range(2000)]
    assert chosen_of(3, names[:1000], 0.05) == chosen_of(3, names, 0.05) & set(names[:1000])


def test_another_seed_is_another_split() -> None:
    assert place_of(0, "a") != place_of(1, "a")
    assert 0 <= place_of(0, "a") < 1
