"""The report adds up, its samples are real, and the data card is what the hub and `datasets` read."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from danlu.core.language import Text
from danlu.corpus.card import CARD, data_card, write_card
from danlu.corpus.reasons import count_edits, edit_meaning, reason_meaning
from danlu.corpus.report import CorpusReport, report
from danlu.corpus.store import Corpus
from danlu.corpus.tallies import EditCount, licences, personal_data, tallies
from mixed_corpus import build_mixed_corpus
from small_corpus import write_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Documents of every fate."""
    return build_mixed_corpus(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def found(corpus: Corpus) -> CorpusReport:
    """Its report."""
    return report(corpus)


def test_every_sum_is_the_number_of_documents(found: CorpusReport) -> None:
    assert found.documents_in == found.documents_kept + sum(step.num_documents for step in found.steps)
    assert found.steps[-1].num_left == found.documents_kept
    assert sum(row.num_documents for row in found.lengths) == found.documents_kept
    for rows in (found.language_tallies, found.domain_tallies, found.licences):
        assert sum(row.num_documents for row in rows) == found.documents_kept
        assert sum(row.num_bytes for row in rows) == sum(found.bytes_kept.values())
    assert sum(line.num_dropped for line in found.rules) <= sum(step.num_documents for step in found.steps)
    assert {row.name for row in found.language_tallies} == set(found.languages)


def test_samples_are_of_their_reason(corpus: Corpus, found: CorpusReport) -> None:
    assert set(found.samples) == {step.reason for step in found.steps}
    rows = {row["id"]: row for table in corpus.tables("dropped") for row in table.to_pylist()}
    for reason, samples in found.samples.items():
        assert 1 <= len(samples) <= 3
        for sample in samples:
            assert rows[sample.id]["reason"] == reason
            assert rows[sample.id]["text"].startswith(sample.text)


def test_duplicates_are_shown_with_their_twins(found: CorpusReport) -> None:
    assert found.doubles.kinds == {"exact_duplicate": 1, "near_duplicate": 1}
    (pair,) = found.doubles.pairs
    assert pair.differences[0].here == "尾"
    assert pair.differences[0].there == ""
    assert pair.similarity is not None
    assert pair.similarity >= 0.7
    (group,) = found.doubles.groups
    assert group.num_doubles == 2
    assert group.id == pair.twin


def test_the_report_of_a_corpus_without_measures(tmp_path: Path) -> None:
    found = report(write_corpus(tmp_path, ["one", "two"], ["three"]))
    assert found.documents_kept == found.documents_in == 3
    assert found.steps == ()
    assert found.lengths == ()
    assert [row.name for row in found.licences] == ["unknown"]


def test_licences_that_readers_stored_are_counted(corpus: Corpus, tmp_path: Path) -> None:
    part = corpus.artifact.path / "documents" / "part-00000.parquet"
    table = pq.read_table(part)
    column = ["CC0-1.0"] * (table.num_rows - 1) + [None]
    (tmp_path / "documents").mkdir()
    pq.write_table(table.append_column("license", [column]), tmp_path / "documents" / "part-00000.parquet")
    other = Corpus(type(corpus.artifact)(**{**corpus.artifact.__dict__, "path": tmp_path}))
    assert {row.name: row.num_documents for row in licences(other)} == {"CC0-1.0": table.num_rows - 1, "unknown": 1}
    assert tallies(other, "no such column") == ()


def test_edits_are_counted_by_their_kind() -> None:
    counts = count_edits(["privacy:email:2", "privacy:phone:1", "encoding:gb18030", "segments:9", "line:7", "nfc:3"])
    assert counts == {"privacy:email": 2, "privacy:phone": 1, "encoding:gb18030": 1, "segments": 1, "nfc": 3}
    edits = {
        "privacy:email": EditCount(num_documents=1, num_changes=2),
        "nfc": EditCount(num_documents=1, num_changes=3),
    }
    assert list(personal_data(edits)) == ["email"]
    assert edit_meaning("privacy:email:2").zh == "个人信息 (email:2)"
    assert edit_meaning("something:2") == Text._make(["something:2"] * 2)
    assert reason_meaning("some_reason").en == "some reason"
    assert reason_meaning("num_units").zh == "汉字与单词数"


def test_the_card_has_a_header_that_yaml_reads(corpus: Corpus, found: CorpusReport) -> None:
    yaml = pytest.importorskip("yaml")
    text = data_card(corpus, found)
    _, header, body = text.split("---\n", 2)
    values = yaml.safe_load(header)
    assert set(values["language"]) == set(found.languages)
    assert values["license"] == ["unknown"]
    assert values["size_categories"] == ["n<1K"]
    assert values["configs"][0]["data_files"][0]["path"] == "documents/*.parquet"
    for source in corpus.sources():
        assert source["sha256"] in body
    for part in ("What was dropped", "丢弃的内容", "num_units", f"{found.documents_kept}"):
        assert part in body
    assert str(corpus.artifact.path) not in text


def test_the_card_is_written_beside_the_corpus_and_verifies_still(corpus: Corpus, found: CorpusReport) -> None:
    from danlu.core.artifacts import open_artifact

    path = write_card(corpus, found)
    assert path == corpus.artifact.path / CARD
    assert path.read_text(encoding="utf-8") == data_card(corpus, found)
    assert open_artifact(corpus.artifact.path, verify="hashes").digest == corpus.artifact.digest
