"""The cuts of `Cutter` are those of the pattern."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Regex
from tokenizers.pre_tokenizers import Split

from danlu.tokenizers.cutting import Cutter
from danlu.tokenizers.pretokenize import PATTERN

LIBRARY = Split(Regex(PATTERN), "isolated")
CUTTER = Cutter()
TRICKY = st.sampled_from(
    "''''  \t\n\n\r\u3000\u00a0\u0085\u2028!.-aAstremldvSTREVLLMD\u017f12\u00b2ß的啊\u0301\u200d\x00"
)
TEXT = st.text(TRICKY) | st.text(st.characters(exclude_categories=["Cs"]))


def by_pattern(text: str) -> list[str]:
    return [piece for piece, _ in LIBRARY.pre_tokenize_str(text)]


@given(text=TEXT)
def test_cuts_are_those_of_the_pattern(text: str) -> None:
    assert CUTTER.cut(text) == by_pattern(text)


def test_every_character_is_classed_as_the_pattern_does() -> None:
    # Beside a letter, a number, a mark and a blank each class shows itself.
    points = [point for point in range(0x30000) if not 0xD800 <= point < 0xE000]
    for start in range(0, len(points), 1 << 15):
        text = "".join(f"a{chr(point)}a 1{chr(point)}! {chr(point)}" for point in points[start : start + (1 << 15)])
        assert CUTTER.cut(text) == by_pattern(text)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("don't we'LL 'sx", ["don", "'t", " we", "'LL", " '", "sx"]),
        ("'sab 'S", ["'s", "ab", " '", "S"]),
        ("a  b\t c", ["a", " ", " b", "\t", " c"]),
        ("x \n\n  y  ", ["x", " \n\n", " ", " y", "  "]),
        ("end.\n\n\n  Next", ["end", ".\n\n\n", " ", " Next"]),
        ("1234 5", ["1", "2", "3", "4", " ", "5"]),
        ("!a !!b", ["!a", " !!", "b"]),
        ("他说:“好!”", ["他说", ":“", "好", "!”"]),
    ],
)
def test_examples(text: str, pieces: list[str]) -> None:
    assert CUTTER.cut(text) == pieces == by_pattern(text)
