"""What holds for every row of CLEANERS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus import CLEANERS, PRESETS
from danlu.corpus.cleaners.cleaner import Cleaned, Cleaner
from danlu.corpus.cleaners.settings import CleaningSettings
from danlu.corpus.cleaning import apply, clean, cleaners_of
from danlu.corpus.reasons import EDITS, edit_meaning
from danlu.corpus.settings import CorpusSettings

WRITING = "“全角，标点。！？；：（）《》「」『』、…—～·”％＋\u3000缩进\n\u3000\u3000繁體與简体𠀀\n"


@pytest.mark.parametrize("name", CLEANERS.names())
@given(text=st.text())
def test_a_cleaner_is_done_after_once_and_counts_its_changes(name: str, text: str) -> None:
    cleaned = apply(name, text)
    again = apply(name, cleaned.text)
    assert (cleaned.num_changes == 0) == (cleaned.text == text)
    assert again.text == cleaned.text
    assert again.num_changes == 0
    assert sum(count for _, count in cleaned.kinds) == (cleaned.num_changes if cleaned.kinds else 0)


@pytest.mark.parametrize("name", CLEANERS.names())
def test_a_cleaner_leaves_chinese_writing_alone(name: str) -> None:
    if not _rewrites(name):
        assert apply(name, WRITING) == Cleaned(text=WRITING, num_changes=0)


@pytest.mark.parametrize("name", CLEANERS.names())
def test_a_cleaner_can_be_told_in_both_languages(name: str) -> None:
    assert name in EDITS
    assert edit_meaning(f"{name}:3").zh.endswith("(3)")


@pytest.mark.parametrize("name", PRESETS.names())
def test_a_preset_names_cleaners_in_order_that_rewrite_nothing(name: str) -> None:
    named = PRESETS.load(name).cleaners
    assert cleaners_of(CorpusSettings(preset=name)) == named
    assert not any(_rewrites(cleaner) for cleaner in named)


def test_settings_name_fields_that_exist() -> None:
    rows = [CLEANERS.load(name) for name in CLEANERS.names()]
    asked = {row.settings for row in rows if isinstance(row, Cleaner) and row.settings}
    assert asked <= set(CleaningSettings.model_fields) - {"also", "without"}


@given(text=st.text())
def test_all_together_keep_utf8_and_say_what_they_did(text: str) -> None:
    cleaned = clean(text, CLEANERS.names())
    cleaned.text.encode()
    assert bool(cleaned.edits) or cleaned.text == text


def _rewrites(name: str) -> bool:
    row = CLEANERS.load(name)
    return isinstance(row, Cleaner) and row.rewrites
