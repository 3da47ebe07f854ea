"""Kind `wordpiece`: BERT's entries, without its losses."""

import json

import pytest

from danlu.core.errors import UsageError
from danlu.tokenizers.byte_tokens import token_bytes_of
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings
from danlu.tokenizers.wordpiece import train, wordpiece_library

TEXT = "the furnace burns and the burning furnaces burn; 炼丹炉里的火燃烧着。\n" * 30


def of(*entries: str) -> Tokenizer:
    return Tokenizer(wordpiece_library(entries, ("<|bos|>",)), "wordpiece")


def pieces(tokenizer: Tokenizer, text: str) -> list[str]:
    return [tokenizer.token_bytes(number).decode() for number in tokenizer.encode(text)]


def test_the_longest_entry_is_taken_first_as_in_bert() -> None:
    # the example of BERT's own documentation (tokenization.py, WordpieceTokenizer.tokenize)
    tokenizer = of("un", "##aff", "##able", "##ff", "##ffa")
    assert pieces(tokenizer, "unaffable") == ["un", "aff", "able"]


def test_an_entry_for_insides_never_starts_a_word() -> None:
    tokenizer = of("##able")
    assert pieces(tokenizer, "able") == list("able")
    assert pieces(tokenizer, "table") == ["t", "able"]


@pytest.mark.parametrize("text", ["###", "##able", "a##able", "#", "x ##able # ##"])
def test_text_with_the_mark_of_insides_comes_back(text: str) -> None:
    tokenizer = of("##able", "####")
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert "##able" not in pieces(tokenizer, text)


def test_each_han_character_is_a_piece_as_in_bert() -> None:
    tokenizer = train(lambda: iter([TEXT]), TokenizerSettings(kind="wordpiece", vocab_size=700))
    assert pieces(tokenizer, "炼丹炉里的火") == list("炼丹炉里的火")
    assert pieces(tokenizer, "the furnace") == ["the", " furnace"]
    assert len(tokenizer.encode("驌")) == 3  # no entry: its bytes


def test_entries_are_whole_characters_and_no_larger_than_asked() -> None:
    tokenizer = train(lambda: iter([TEXT]), TokenizerSettings(kind="wordpiece", vocab_size=530))
    assert tokenizer.vocab_size == 530
    for number in range(513, 530):
        tokenizer.token_bytes(number).decode()
    names = json.loads(tokenizer.library.to_str())["model"]["vocab"]
    assert "##a" in names
    assert token_bytes_of(json.loads(tokenizer.library.to_str()))[names["##a"]] == b"a"


def test_a_long_run_is_cut_and_stays_quick_to_look_up() -> None:
    tokenizer = of("##" + "a" * 30)
    assert pieces(tokenizer, "a" * 64) == ["a", "a" * 30, "a"] * 2


@pytest.mark.parametrize("settings", [{"vocab_size": 512}, {"control_tokens": ("<|bos|>", "the")}])
def test_what_cannot_be_is_an_error_in_words(settings: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        train(lambda: iter([TEXT]), TokenizerSettings(kind="wordpiece", **settings))  # type: ignore[arg-type]
