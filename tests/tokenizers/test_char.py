"""Characters with byte fallback."""

import time

import pytest

from danlu.core.errors import UsageError
from danlu.tokenizers.char import train
from danlu.tokenizers.tokenizer import TokenizerSettings

TEXT = "炉火炉火炉 fire fire"


def test_each_frequent_character_has_one_id() -> None:
    tokenizer = train(lambda: iter([TEXT]), TokenizerSettings(kind="char"))
    assert len(tokenizer.encode("炉火 fire")) == 7
    assert tokenizer.facts["covered"] == 1.0


def test_the_most_frequent_characters_are_kept() -> None:
    tokenizer = train(lambda: iter(["aaabbc"]), TokenizerSettings(kind="char", vocab_size=259, min_frequency=1))
    assert tokenizer.vocab_size == 259
    assert [tokenizer.token_bytes(number) for number in (257, 258)] == [b"a", b"b"]
    assert tokenizer.encode("abc") == [257, 258, 1 + ord("c")]


def test_rare_characters_become_bytes() -> None:
    tokenizer = train(lambda: iter([TEXT]), TokenizerSettings(kind="char"))
    assert tokenizer.encode("丹") == [1 + byte for byte in "丹".encode()]
    assert tokenizer.encode("😀火") == [*(1 + byte for byte in "😀".encode()), *tokenizer.encode("火")]


@pytest.mark.parametrize("text", ["<0x41>", "<0xE4><0xB8><0xB9>", "a<0x", "0x41>丹<0x41>"])
def test_text_that_spells_a_byte_stays_text(text: str) -> None:
    for seen in (TEXT, text * 3):
        tokenizer = train(lambda given=seen: iter([given]), TokenizerSettings(kind="char"))  # type: ignore[misc]
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert tokenizer.library.decode(tokenizer.encode(text)) == text


def test_too_small_a_vocabulary_is_refused() -> None:
    with pytest.raises(UsageError):
        train(lambda: iter([TEXT]), TokenizerSettings(kind="char", vocab_size=200))


@pytest.mark.serial
def test_a_million_characters_in_one_document_are_quick() -> None:
    tokenizer, text = train(lambda: iter([TEXT]), TokenizerSettings(kind="char")), TEXT * 60_000
    start = time.process_time()
    tokenizer.encode_batch([text])
    assert time.process_time() - start < 0.2
