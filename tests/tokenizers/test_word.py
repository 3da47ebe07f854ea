"""Kind `word`: the words of the text, and what becomes of others."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.errors import UsageError
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings, open_tokenizer, save_tokenizer
from danlu.tokenizers.word import count_words, score_words, train

TEXT = "The furnace burns, and (this) furnace isn't cold; 我们学习语言模型，语言模型很有用。\n" * 30


def made(**settings: object) -> Tokenizer:
    return train(lambda: iter([TEXT]), TokenizerSettings(kind="word", **{"vocab_size": 500, **settings}))  # type: ignore[arg-type]


def pieces(tokenizer: Tokenizer, text: str) -> list[str]:
    return [tokenizer.token_bytes(number).decode() for number in tokenizer.encode(text)]


def test_words_of_both_languages_are_entries() -> None:
    found = pieces(made(), "The furnace isn't cold; 我们学习语言模型。")
    assert found == ["The", " furnace", " isn", "'t", " cold", ";", " ", "我们", "学习", "语言", "模型", "。"]


def test_chinese_is_cut_as_rjieba_cuts_it() -> None:
    rjieba = pytest.importorskip("rjieba")
    clause = "语言模型很有用"
    assert pieces(made(), clause) == rjieba.cut(clause, True)


def test_a_mark_in_front_of_a_word_is_a_word_of_its_own() -> None:
    counts = count_words(["(this) (this)，我们 'tis GPT模型 x2\n\n"])
    assert counts["this"] == 2
    assert {"(", " (", ")，", "我们", " GPT", "模型", "2", "\n\n"} <= set(counts)
    assert "(this" not in counts


@pytest.mark.parametrize(("text", "expected"), [("colx", ["c", "o", "l", "x"]), ("驌", None)])
def test_a_word_without_an_entry_becomes_characters_and_bytes(text: str, expected: list[str] | None) -> None:
    tokenizer = made(vocab_size=400)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert len(ids) == (3 if expected is None else len(expected))


def test_a_known_word_is_never_cut_by_itself() -> None:
    tokenizer = made()
    words = [entry for entry, _ in json.loads(tokenizer.library.to_str())["model"]["vocab"][257:]]
    assert len(words) > 40
    assert all(pieces(tokenizer, word) == [word] for word in words if not word.isspace() and word[0] != ";")


@given(counts=st.dictionaries(st.text("ab", min_size=1, max_size=5), st.integers(1, 1000), min_size=1))
def test_no_row_of_parts_is_likelier_than_a_word(counts: dict[str, int]) -> None:
    scores = dict(score_words(["a", "b", *(word for word in counts if len(word) > 1)], counts))
    for word, score in scores.items():
        for cut in range(1, len(word)):
            parts = scores.get(word[:cut]), scores.get(word[cut:])
            assert None in parts or sum(part for part in parts if part is not None) < score


def test_the_size_is_the_one_asked_for_and_coverage_is_told() -> None:
    small, large = made(vocab_size=300), made(vocab_size=500)
    assert small.vocab_size == 300
    assert 0.5 < small.facts["covered"] < large.facts["covered"] == 1.0


def test_nothing_to_learn_from_gives_bytes() -> None:
    tokenizer = train(lambda: iter([]), TokenizerSettings(kind="word"))
    assert tokenizer.vocab_size == 257
    assert tokenizer.decode(tokenizer.encode("火 fire")) == "火 fire"


LOSSY = "The Furnaces were BURNING; 我们在学习语言模型。"


def test_rewrites_are_for_classic_models_and_lose_text() -> None:
    tokenizer = made(rewrites=("stems", "lower_case", "stop_words"))
    assert tokenizer.rewrites == ("lower_case", "stop_words", "stems")
    text = tokenizer.decode(tokenizer.encode(LOSSY))
    assert "furnac burn" in " ".join(text.split())
    assert "的" not in tokenizer.decode(tokenizer.encode("语言的模型"))


def test_a_saved_tokenizer_keeps_its_rewrites(tmp_path: Path) -> None:
    settings = TokenizerSettings(kind="word", vocab_size=500, rewrites=("lower_case",))
    save_tokenizer(train(lambda: iter([TEXT]), settings), tmp_path / "t", settings=settings)
    opened = open_tokenizer(tmp_path / "t")
    assert opened.decode(opened.encode("The FURNACE")) == "the furnace"


@pytest.mark.parametrize("kind", [kind for kind in TOKENIZERS.names() if kind != "word"])
def test_other_kinds_refuse_rewrites(kind: str) -> None:
    settings = TokenizerSettings(kind=kind, rewrites=("lower_case",))
    with pytest.raises(UsageError, match="never changes a text"):
        TOKENIZERS.load(kind)(lambda: iter([TEXT]), settings)
