"""The options of classic classifiers."""

from danlu.corpus import PRESETS
from danlu.corpus.cleaners.classic import lower_case, punctuation, stems, stop_words
from danlu.corpus.cleaners.settings import CleaningSettings, StopWordSettings
from danlu.corpus.cleaning import clean, cleaners_of
from danlu.corpus.settings import CorpusSettings


def test_lower_case() -> None:
    cleaned = lower_case("Ünlike THIS 中文")
    assert cleaned.text == "ünlike this 中文"
    assert cleaned.num_changes == 5


def test_punctuation_of_both_languages_goes() -> None:
    cleaned = punctuation("你好，世界！（yes, no…）\n第二行。")
    assert cleaned.text == "你好 世界 yes no \n第二行 "
    assert cleaned.num_changes == 7


def test_stop_words_of_both_languages_go() -> None:
    cleaned = stop_words("The cat and the dog 我们的学校和老师", StopWordSettings())
    assert cleaned.text == " cat dog 学校老师"
    assert cleaned.num_changes == 6


def test_stop_words_are_a_setting() -> None:
    assert stop_words("the cat", StopWordSettings(english=("cat",), chinese=())).text == "the "


def test_stems_of_english_words() -> None:
    cleaned = stems("running cats generalizations 学校的 NASA don't")
    assert cleaned.text == "run cat general 学校的 NASA don't"
    assert cleaned.num_changes == 3
    assert stems(cleaned.text).num_changes == 0


def test_settings_add_them_in_the_order_of_the_table() -> None:
    cleaning = CleaningSettings(also=("punctuation", "lower_case", "stop_words"), without=("nfc",))
    settings = CorpusSettings(preset="standard", cleaning=cleaning)
    named = cleaners_of(settings)
    assert named[-3:] == ("lower_case", "stop_words", "punctuation")
    assert "nfc" in PRESETS.load("standard").cleaners
    assert "nfc" not in named
    assert clean("The Cat, and a dog!", named, cleaning).text == " cat dog "
