"""Byte-level BPE: determinism, limits, Chinese without punctuation."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from danlu.core.errors import UsageError
from danlu.tokenizers.bpe import train
from danlu.tokenizers.pretokenize import PRE_TOKENIZER, encoding_pre_tokenizer, pre_tokenizer_description
from danlu.tokenizers.tokenizer import TokenizerSettings

TEXT = "the furnace and the fire, the fire and the furnace. 炼丹炉里的火,火里的炼丹炉。\n" * 40
OTHER_THREADS = """
import sys, hashlib
from danlu.tokenizers.bpe import train
from danlu.tokenizers.tokenizer import TokenizerSettings
tokenizer = train(lambda: iter([sys.argv[1]] * 5), TokenizerSettings(vocab_size=400))
sys.stdout.write(hashlib.sha256(tokenizer.library.to_str().encode()).hexdigest())
"""


def test_the_number_of_threads_changes_no_byte() -> None:
    found = set()
    for threads in ("1", "2", "4"):
        environment = {**os.environ, "RAYON_NUM_THREADS": threads, "PYTHONHASHSEED": threads}
        command = [sys.executable, "-c", OTHER_THREADS, TEXT]
        found.add(subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout)
    assert len(found) == 1


def test_order_of_documents_changes_no_merge() -> None:
    texts = [TEXT[start : start + 500] for start in range(0, len(TEXT), 500)]
    one, other = (train(lambda o=order: iter(o), TokenizerSettings(vocab_size=400)) for order in (texts, texts[::-1]))  # type: ignore[misc]
    assert one.library.to_str() == other.library.to_str()


def test_a_size_above_what_the_text_repeats_gives_what_exists_and_says_so() -> None:
    tokenizer = train(lambda: iter(["ab ab cd"]), TokenizerSettings(vocab_size=5000))
    assert tokenizer.vocab_size == 257 + 1  # "ab" alone occurs twice; " ab" once
    assert tokenizer.facts["target_vocab_size"] == 5000


@pytest.mark.parametrize("size", [0, 1, 256, -5, 10**8])
def test_impossible_sizes_are_refused(size: int) -> None:
    with pytest.raises(UsageError, match="vocabulary of that size"):
        train(lambda: iter([TEXT]), TokenizerSettings(vocab_size=size))


def test_no_text_gives_the_bytes() -> None:
    for texts in ([], [""]):
        tokenizer = train(lambda given=texts: iter(given), TokenizerSettings())  # type: ignore[misc]
        assert tokenizer.vocab_size == 257
        assert tokenizer.decode(tokenizer.encode("炉 fire")) == "炉 fire"


def test_the_saved_pre_tokenizer_is_the_known_pattern() -> None:
    tokenizer = train(lambda: iter([TEXT]), TokenizerSettings(vocab_size=400))
    assert tokenizer.facts["pre_tokenizer"] == PRE_TOKENIZER == "qwen2"
    assert json.loads(tokenizer.library.to_str())["pre_tokenizer"] == pre_tokenizer_description(
        encoding_pre_tokenizer()
    )


def test_lone_surrogates_in_training_text_are_left_out() -> None:
    tokenizer = train(lambda: iter([TEXT + "\ud800"]), TokenizerSettings(vocab_size=400))
    assert tokenizer.encode(TEXT) == train(lambda: iter([TEXT]), TokenizerSettings(vocab_size=400)).encode(TEXT)


@pytest.mark.serial
def test_chinese_without_punctuation_costs_little() -> None:
    generator = np.random.Generator(np.random.PCG64(1))
    points = 0x4E00 + (generator.pareto(1.0, 3_400_000) * 20).astype(np.int64) % 5000
    text = "".join(map(chr, points.tolist()))  # 10 MB in one run
    start = time.process_time()
    tokenizer = train(lambda: iter([text]), TokenizerSettings(vocab_size=1500, sample_bytes=2_000_000))
    assert time.process_time() - start < 60
    start = time.process_time()
    ids = tokenizer.encode(text)
    assert time.process_time() - start < 20
    assert tokenizer.decode(ids) == text


def test_bytes_per_token_on_real_text(shared_data: Path) -> None:
    text = (shared_data / "pretrain" / "en_tinyshakespeare.txt").read_text(encoding="utf-8")
    tokenizer = train(lambda: iter([text]), TokenizerSettings(vocab_size=2048))
    assert len(text.encode()) / len(tokenizer.encode(text)) > 3.1
