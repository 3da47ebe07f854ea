"""The quality report."""

import json

from danlu.tokenizers.bpe import train
from danlu.tokenizers.byte import train as train_bytes
from danlu.tokenizers.quality import measure_quality, quality_facts, script_of
from danlu.tokenizers.tokenizer import TokenizerSettings

TEXT = "the fire, the furnace 炼丹炉 123\n" * 30


def test_bytes_are_the_floor() -> None:
    quality = measure_quality(train_bytes(lambda: iter(()), TokenizerSettings(kind="byte")), [TEXT])
    assert quality.bytes_per_token == 1.0
    assert quality.split_characters == 1.0
    assert quality.unused_entries == 256 - len(set(TEXT.encode()))
    assert quality.scripts["parts of characters"].num_tokens == 30 * 9


def test_a_learnt_vocabulary_on_its_own_text() -> None:
    tokenizer = train(lambda: iter([TEXT]), TokenizerSettings(vocab_size=300))
    quality = measure_quality(tokenizer, [TEXT, "x"])
    assert quality.num_bytes == len(TEXT.encode()) + 1
    assert quality.num_tokens == len(tokenizer.encode(TEXT)) + 1
    assert quality.characters_per_token < quality.bytes_per_token
    assert quality.split_characters == 0
    assert quality.round_trip_failures == 0
    assert {"Han", "Latin", "digits", "other"} <= set(quality.scripts)
    assert sum(use.num_tokens for use in quality.scripts.values()) == quality.num_tokens


def test_no_text_gives_zeros() -> None:
    quality = measure_quality(train_bytes(lambda: iter(()), TokenizerSettings(kind="byte")), [])
    assert (quality.num_tokens, quality.bytes_per_token, quality.used) == (0, 0, 0)
    json.dumps(quality_facts(quality), allow_nan=False)


def test_scripts() -> None:
    found = [script_of(entry.encode()) for entry in (" the", "炉", "カ", "한", "Ж", "7", "!!", "")]
    assert found == ["Latin", "Han", "Kana", "Hangul", "Cyrillic", "digits", "other", "other"]
    assert script_of(b"\xe4") == "parts of characters"
