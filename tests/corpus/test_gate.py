"""The gate passes what is text, and tells what is too little, broken, or the same thing over and over."""

from pathlib import Path

import pytest

from danlu.corpus.gate import DiversitySettings, GateSettings, VolumeSettings, check_corpus, compression, distinct_share
from danlu.corpus.judged_sample import doubtful_share
from danlu.corpus.sampling import sample_rows
from mixed_corpus import build_mixed_corpus
from small_corpus import write_corpus

SMALL = VolumeSettings(least_bytes=1000, least_valid_bytes=100)


def test_a_good_corpus_passes(tmp_path: Path) -> None:
    found = check_corpus(build_mixed_corpus(tmp_path), GateSettings(volume=SMALL))
    assert found.passed, found.failed
    assert found.exit_code == 0
    assert found.verdicts == {"volume": True, "quality": True, "diversity": True}
    for check in found.checks:
        assert check.value is not None
        assert check.least is not None or check.most is not None


def test_too_little_is_told_with_its_limit(tmp_path: Path) -> None:
    found = check_corpus(build_mixed_corpus(tmp_path), GateSettings())
    assert found.failed[0] == "volume.bytes"
    assert found.exit_code == 3
    assert not found.verdicts["volume"]
    (check,) = [check for check in found.checks if check.name == "bytes"]
    assert check.value is not None
    assert check.value < 200_000 == check.least


def test_one_sentence_a_thousand_times_is_not_diverse(tmp_path: Path) -> None:
    line = "The same sentence stands here, again and again. 同一句话反复出现。"
    corpus = write_corpus(tmp_path, [f"{line * 20} {number}" for number in range(200)], [line * 10])
    found = check_corpus(corpus, GateSettings(volume=SMALL))
    assert "diversity.distinct" in found.failed
    assert "diversity.compression" in found.failed
    assert not found.verdicts["diversity"]
    loose = GateSettings(volume=SMALL, diversity=DiversitySettings(least_distinct=0, most_compression=10_000))
    assert check_corpus(corpus, loose).verdicts["diversity"]


def test_text_of_lost_characters_is_no_quality(tmp_path: Path) -> None:
    texts = [f"Text number {number} \ufffd\ufffd with holes \ufffd in it" for number in range(100)]
    assert "quality.lost_characters" in check_corpus(write_corpus(tmp_path, texts), GateSettings()).failed


def test_what_cannot_be_measured_passes(tmp_path: Path) -> None:
    found = check_corpus(write_corpus(tmp_path, ["a text"]), GateSettings(volume=SMALL))
    unknown = {check.name for check in found.checks if check.value is None}
    assert {"kept_share", "unknown_language", "seen", "duplicates", "of_one_document"} <= unknown
    assert all(check.passed for check in found.checks if check.value is None)


def test_figures() -> None:
    assert distinct_share(["a b c d e f"]) == 1.0
    assert distinct_share(["a b c d e", "a b c d e"]) == 0.5
    assert distinct_share(["一二三四五六"]) == 1.0
    assert distinct_share(["a b", "c d"]) is None
    assert distinct_share([]) is None
    assert compression([]) is None
    assert compression(["ab" * 10_000]) == pytest.approx(20_000 / len(_packed(b"ab" * 10_000)))
    assert doubtful_share([]) is None
    assert doubtful_share(["| menu | " * 400]) == 1.0


def _packed(data: bytes) -> bytes:
    import zstandard

    return zstandard.compress(data, 3)


def test_the_sample_is_the_same_each_time_and_bounded(tmp_path: Path) -> None:
    corpus = build_mixed_corpus(tmp_path)
    rows = sample_rows(corpus, ("text", "language"), most_bytes=2000)
    assert rows == sample_rows(corpus, ("text", "language"), most_bytes=2000)
    assert 0 < sum(len(str(row["text"]).encode()) for row in rows) < 8000
    assert {row["language"] for row in rows} <= {"zh", "en"}
    whole = sample_rows(corpus, ())
    assert len(whole) == corpus.artifact.facts["documents_kept"]
