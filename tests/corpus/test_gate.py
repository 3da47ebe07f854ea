"""The gate passes what is text, and tells what is too little, broken, or the same thing over and over."""

import json
from pathlib import Path
from random import Random

from danlu.corpus.gate import DiversitySettings, GateSettings, VolumeSettings, check_corpus
from danlu.corpus.judged_sample import doubtful_share
from danlu.corpus.sampling import sample_rows
from danlu.corpus.store import open_corpus
from danlu.recipes.corpus import corpus_build
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
    loose = GateSettings(
        volume=SMALL, diversity=DiversitySettings(least_distinct=0, least_types=0, most_compression=10_000)
    )
    assert check_corpus(corpus, loose).verdicts["diversity"]


def test_text_of_lost_characters_is_no_quality(tmp_path: Path) -> None:
    texts = [f"Text number {number} \ufffd\ufffd with holes \ufffd in it" for number in range(100)]
    assert "quality.lost_characters" in check_corpus(write_corpus(tmp_path, texts), GateSettings()).failed


def test_what_cannot_be_measured_passes(tmp_path: Path) -> None:
    found = check_corpus(write_corpus(tmp_path, ["a text"]), GateSettings(volume=SMALL))
    unknown = {check.name for check in found.checks if check.value is None}
    assert {"kept_share", "unknown_language", "seen", "duplicates", "of_one_document"} <= unknown
    assert all(check.passed for check in found.checks if check.value is None)


def test_a_narrow_domain_is_named_and_fails_where_none_is_allowed(tmp_path: Path) -> None:
    rows = [{"text": " ".join(RANDOM.choices(WORDS, k=200)), "domain": "wide"} for n in range(60)]
    rows += [
        {"text": "the very same words come again and again here " * 30 + str(n), "domain": "narrow"} for n in range(30)
    ]
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    corpus_build([tmp_path / "texts.jsonl"], tmp_path / "corpus", overrides=["corpus.preset=minimal"])
    corpus = open_corpus(tmp_path / "corpus")
    found = check_corpus(corpus, GateSettings(volume=SMALL, diversity=LOOSE))
    assert [row.name for row in found.domains] == ["wide", "narrow"]
    assert found.narrow_domains == ("narrow",)
    assert found.verdicts["diversity"]
    strict = LOOSE.model_copy(update={"most_narrow_domains": 0})
    assert "diversity.narrow_domains" in check_corpus(corpus, GateSettings(volume=SMALL, diversity=strict)).failed


RANDOM, WORDS = Random(0), [f"word{number}" for number in range(5000)]
LOOSE = DiversitySettings(least_distinct=0.2, least_types=0.1, most_compression=20)


def test_doubtful_text() -> None:
    assert doubtful_share([]) is None
    assert doubtful_share(["| menu | " * 400]) == 1.0


def test_the_sample_is_the_same_each_time_and_bounded(tmp_path: Path) -> None:
    corpus = build_mixed_corpus(tmp_path)
    rows = sample_rows(corpus, ("text", "language"), most_bytes=2000)
    assert rows == sample_rows(corpus, ("text", "language"), most_bytes=2000)
    assert 0 < sum(len(str(row["text"]).encode()) for row in rows) < 8000
    assert {row["language"] for row in rows} <= {"zh", "en"}
    whole = sample_rows(corpus, ())
    assert len(whole) == corpus.artifact.facts["documents_kept"]
