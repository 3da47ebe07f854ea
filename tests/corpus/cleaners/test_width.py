"""Width folding touches letters and digits alone."""

import sys
import unicodedata

from danlu.corpus.cleaners.width import fold_width


def test_letters_and_digits_become_ascii() -> None:
    cleaned = fold_width("ＡＺａｚ０１９，第１条。")
    assert cleaned.text == "AZaz019，第1条。"
    assert cleaned.num_changes == 8


def test_exactly_the_letters_and_digits_of_compatibility_form_change() -> None:
    """Of all characters, those that change are the full-width ones whose NFKC is an ASCII letter or digit."""
    every = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    changed = {sign: fold_width(sign).text for sign in every if fold_width(sign).num_changes}
    assert len(changed) == 62
    for sign, plain in changed.items():
        assert unicodedata.name(sign).startswith("FULLWIDTH")
        assert unicodedata.normalize("NFKC", sign) == plain
        assert plain.isascii()
        assert plain.isalnum()
