"""Cleaners: what each changes, and how it is told."""

from danlu.corpus.cleaning import clean


def test_line_ends() -> None:
    cleaned = clean("\ufeffone\r\ntwo\rthree\n", ["line_ends"])
    assert cleaned.text == "one\ntwo\nthree\n"
    assert cleaned.edits == ("line_ends:3",)


def test_several_cleaners_in_order() -> None:
    cleaned = clean("caf\u0065\u0301\x07 \t\nend \u202e", ["control_characters", "nfc", "trailing_space"])
    assert cleaned.text == "caf\u00e9\nend"
    assert cleaned.edits == ("control_characters:2", "nfc:1", "trailing_space:2")


def test_nothing_to_do_is_no_edit() -> None:
    cleaned = clean("正文。\n", ["line_ends", "control_characters", "nfc", "trailing_space"])
    assert cleaned.text == "正文。\n"
    assert cleaned.edits == ()
