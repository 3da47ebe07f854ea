"""Reference lines: the sizes that the programs themselves give, and how much training text was read."""

import gzip
import lzma
import shutil
import subprocess
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.errors import DataError
from danlu.evaluation.references import measure_references, spread_sample, xz_after_training

TEXT = ["the furnace was lit again, 炉火又燃起来了。\n" * 30, "another text, 另一篇。\n" * 20]


def test_lines_are_sizes_of_the_validation_text_alone() -> None:
    data = "".join(TEXT).encode()
    lines = measure_references(["training text 训练文本 " * 40], TEXT)
    assert list(lines) == ["gzip", "xz", "ngram"]
    assert lines["gzip"].bits_per_byte == 8 * len(gzip.compress(data, 9)) / len(data)
    packed = lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)
    assert lines["xz"].bits_per_byte == 8 * len(packed) / len(data)
    assert lines["ngram"].has_seen_all
    assert lines["ngram"].order is not None


@pytest.mark.skipif(shutil.which("gzip") is None or shutil.which("xz") is None, reason="needs gzip and xz")
def test_the_programs_agree() -> None:
    data = "".join(TEXT).encode()
    lines = measure_references([], TEXT)
    for name, command in (("gzip", ["gzip", "-9nc"]), ("xz", ["xz", "-9ec"])):
        size = len(subprocess.run(command, input=data, capture_output=True, check=True).stdout)
        # Checksums and headers differ by a few bytes between versions.
        assert lines[name].bits_per_byte * len(data) / 8 == pytest.approx(size, abs=16)


def test_without_training_text_there_is_no_ngram_line() -> None:
    assert list(measure_references([], TEXT)) == ["gzip", "xz"]
    assert list(measure_references(["x"], TEXT, max_ngram_bytes=0)) == ["gzip", "xz"]
    assert xz_after_training([], TEXT) is None


def test_nothing_to_score_is_refused() -> None:
    with pytest.raises(DataError):
        measure_references(["text"], [""])


def test_a_limit_is_kept_and_told() -> None:
    training = [f"document {i} 文档\n" * 20 for i in range(50)]
    line = measure_references(training, TEXT, max_ngram_bytes=3000)["ngram"]
    assert not line.has_seen_all
    assert line.trained_bytes <= 3000 < line.training_bytes


def test_xz_knows_what_it_has_read() -> None:
    after = xz_after_training(TEXT, TEXT)
    assert after is not None
    assert after.bits_per_byte < measure_references([], TEXT)["xz"].bits_per_byte


@given(texts=st.lists(st.text(max_size=60), max_size=30), most=st.integers(0, 400))
def test_samples_keep_to_the_limit_and_stay_text(texts: list[str], most: int) -> None:
    num_bytes = sum(len(text.encode()) for text in texts)
    kept = spread_sample(texts, num_bytes, most)
    size = sum(len(text.encode()) for text in kept)
    assert size <= max(most, 0)
    if num_bytes <= most:
        assert kept == texts
    place = 0
    for part in kept:  # in order, each the beginning of a text
        while place < len(texts) and not texts[place].startswith(part):
            place += 1
        assert place < len(texts)
        place += 1


def test_samples_are_spread_over_all_texts() -> None:
    texts = [f"{i:04d}" * 25 for i in range(1000)]
    kept = spread_sample(texts, 100_000, 10_000)
    places = [texts.index(text) for text in kept]
    assert len(places) == 100
    assert max(b - a for a, b in pairwise(places)) <= 11
