"""A reason keeps both languages."""

from danlu.core.language import Text
from danlu.runtime.reasons import filled


def test_both_languages_are_filled() -> None:
    assert filled(Text("{count:.1f} cores", "{count:.1f} 核"), count=2) == Text("2.0 cores", "2.0 核")
