"""Expected widths against measured ones."""

import pytest

from danlu.tokenizers.expected_width import expected_bytes_per_token

# Held-out manuals in English (no Han) and Chinese (59 % Han) at 1,024, 4,096 and 16,384 entries or what there was.
MEASURED = [
    ("wordpiece", 0.0, ((1024, 2.148), (4096, 3.238), (16384, 3.939))),
    ("wordpiece", 0.59, ((1024, 1.997), (4096, 2.752), (16384, 2.981))),
    ("word", 0.0, ((1024, 1.929), (4096, 2.997), (13881, 3.728))),
    ("word", 0.59, ((1024, 2.147), (4096, 3.177), (14537, 3.723))),
    ("unigram", 0.0, ((1024, 2.369), (4096, 3.329), (14762, 3.901))),
    ("unigram", 0.59, ((1024, 2.278), (4096, 3.536), (16384, 4.270))),
]


@pytest.mark.parametrize(("kind", "han_share", "measured"), MEASURED)
def test_widths_are_those_that_were_measured(
    kind: str, han_share: float, measured: tuple[tuple[int, float], ...]
) -> None:
    for vocab_size, width in measured:
        assert expected_bytes_per_token(kind, vocab_size, han_share) == pytest.approx(width, rel=0.08)


def test_bytes_and_characters_are_counted_and_strangers_are_taken_for_bpe() -> None:
    assert expected_bytes_per_token("byte", 257, 0.5) == 1.0
    assert expected_bytes_per_token("char", 3000, 1.0) == pytest.approx(3.0)
    assert expected_bytes_per_token("mine", 4096, 0.3) == expected_bytes_per_token("bpe", 4096, 0.3)
