"""Every way to name a document finds it, and an ambiguous name lists what it may mean."""

from pathlib import Path

import pytest

from danlu.core.errors import DataError
from danlu.corpus.document import document_id
from danlu.corpus.explain import explain
from danlu.corpus.naming import TAIL, find, find_one, piece_of
from danlu.corpus.store import Corpus
from mixed_corpus import build_mixed_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Kept, cut, doubled and dropped documents."""
    return build_mixed_corpus(tmp_path_factory.mktemp("naming"))


def test_every_document_has_an_id_and_a_name_of_its_own(corpus: Corpus) -> None:
    places = []
    for which in ("documents", "dropped"):
        for table in corpus.tables(which, ["id", "source"]):
            places += table.to_pylist()
    assert len(places) == corpus.artifact.facts["documents_in"]
    for place in places:
        hit = find_one(corpus, place["id"])
        assert find_one(corpus, hit.name).id == place["id"]
        assert hit.row()["source"] == place["source"]


def test_pieces_of_a_file_are_numbered_in_the_order_of_its_text(corpus: Corpus) -> None:
    hits = find(corpus, "long.txt")
    assert len(hits) > 5
    assert [hit.piece for hit in hits] == list(range(1, len(hits) + 1))
    assert {hit.offset for hit in hits} == {0}
    whole = (corpus.artifact.path.parent / "texts" / "books" / "long.txt").read_text(encoding="utf-8")
    assert "".join(hit.row()["text"] for hit in hits) == whole
    assert find_one(corpus, "books/long.txt:0:3").id == find_one(corpus, "texts/books/long.txt#3").id == hits[2].id


def test_the_nth_document_counts_kept_and_dropped_ones(corpus: Corpus) -> None:
    kinds = [find_one(corpus, f"web.jsonl#{number}").which for number in range(1, len(find(corpus, "web.jsonl")) + 1)]
    assert kinds.count("documents") > 40
    assert kinds.count("dropped") > 5
    first = find_one(corpus, "web.jsonl#1")
    assert first.offset == 0
    assert "关于" in first.row()["text"]


def test_an_ambiguous_name_lists_its_candidates(corpus: Corpus) -> None:
    with pytest.raises(DataError) as refused:
        find_one(corpus, "long.txt:0")
    shown = refused.value.render("en")
    assert "long.txt:0:1" in shown
    assert "1. " in shown
    assert refused.value.exit_code == 3
    assert "文件#序号" in refused.value.render("zh")


@pytest.mark.parametrize(
    "name", ["0000000000000000", "web.jsonl#0", "web.jsonl#99999", "web.jsonl:1", "", ":", "#", "~"]
)
def test_a_name_of_nothing_is_told(name: str, corpus: Corpus) -> None:
    with pytest.raises(DataError, match="0 documents"):
        find_one(corpus, name)


def test_the_beginning_of_an_id_is_enough(corpus: Corpus) -> None:
    hit = find(corpus, "gb.txt")[0]
    assert find_one(corpus, hit.id[:8]).id == hit.id
    assert explain(corpus, "gb.txt").edits == ("encoding:gb18030",)


def test_names_of_files_may_hold_colons_and_hashes(tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    for name in ("a:1.txt", "b#2.txt", "c"):
        (texts / name).write_text(f"the text of {name}, and of nothing else\n")
    corpus = build_mixed_corpus(tmp_path, preset="minimal")
    assert find_one(corpus, "a:1.txt").source == "texts/a:1.txt"
    assert find_one(corpus, "b#2.txt:0").source == "texts/b#2.txt"
    assert find_one(corpus, "b#2.txt#1").source == "texts/b#2.txt"


def test_the_tail_of_a_document_that_was_cut_for_validation() -> None:
    head, tail = document_id("a.txt", 0), document_id("a.txt", 0, TAIL)
    assert piece_of(head, "a.txt", 0, ["cut:2"]) == 1
    assert piece_of(tail, "a.txt", 0, ["cut:2"]) == 2
    assert piece_of(head, "a.txt", 0, []) == piece_of(head, "a.txt", 0, None) == 0
    assert piece_of(document_id("a.txt", 0, 4), "a.txt", 0, ["segments:5"]) == 5
