"""Whole builds: what is promised of counts, splits, bytes, resuming, refusing, reports and explanations."""

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from danlu.core.artifacts import Artifact, file_sha256
from danlu.core.errors import ArtifactError, DataError, UsageError
from danlu.corpus import shard_reading
from danlu.corpus.explain import explain
from danlu.corpus.pipeline import CorpusRuntime, CorpusSettings, build_corpus
from danlu.corpus.report import report
from danlu.corpus.settings import DuplicateSettings, ReadingSettings
from danlu.corpus.store import open_corpus
from danlu.recipes.corpus import corpus_build, corpus_verify
from danlu.recipes.corpus_questions import corpus_explain
from danlu.recipes.corpus_report import corpus_report
from danlu.runtime.shards import EXECUTORS

HERE = CorpusRuntime(executor="here")
SMALL = ReadingSettings(shard_bytes=4096, cut_above=2048, segment_bytes=512)


def sentence(number: int) -> str:
    """A text of its own for each number, some of them too short for the preset standard."""
    rest = "".join(chr(0x4E00 + (number * 7919 + place * 104_729) % 5000) for place in range(20 + number % 80))
    return f"这是关于{rest[:10]}的一段文字，放在这里和别的不同：{rest[10:]}。"


def folder_of(tmp_path: Path, num_documents: int = 120) -> Path:
    folder = tmp_path / "texts"
    (folder / "books").mkdir(parents=True)
    lines = [json.dumps({"text": sentence(n), "source": "web"}, ensure_ascii=False) for n in range(num_documents)]
    (folder / "a.jsonl").write_text("\n".join([*lines, "no json", lines[3]]) + "\n")
    (folder / "books" / "long.txt").write_text("\n\n".join(sentence(n) for n in range(1000, 1060)))
    (folder / "books" / "gb.txt").write_bytes("这一本书是用国标码写的，里面讲了一个故事。\n".encode("gb18030"))
    return folder


def hashes(path: Path) -> dict[str, str]:
    return {
        str(p.relative_to(path)): file_sha256(p) for p in sorted(path.rglob("*")) if p.is_file() and p.name != ".lock"
    }


def build(folder: Path, out: Path, **settings: Any) -> Artifact:
    return build_corpus([folder], out, CorpusSettings(reading=SMALL, **settings), HERE)


def test_counts_add_up_and_texts_come_back(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    artifact = build(folder, tmp_path / "out")
    corpus = open_corpus(tmp_path / "out")
    facts = artifact.facts
    assert facts["documents_in"] == facts["documents_kept"] + sum(facts["dropped"].values())
    assert facts["dropped"] == {"exact_duplicate": 1, "not_json": 1}
    documents = [*corpus.documents("train"), *corpus.documents("valid")]
    assert len(documents) == facts["documents_kept"] == sum(map(corpus.num_documents, ("train", "valid")))
    assert len({document.id for document in documents}) == len(documents)
    for split in ("train", "valid"):
        assert corpus.num_bytes(split) == sum(len(d.text.encode()) for d in corpus.documents(split)) > 0
    domains = {document.source: document.domain for document in documents}
    assert domains == {"texts/a.jsonl": "web", "texts/books/gb.txt": "books", "texts/books/long.txt": "books"}


def test_segments_of_a_long_text_concatenate_back(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    build(folder, tmp_path / "out", valid_share=0.0)
    pieces = [d.text for d in open_corpus(tmp_path / "out").documents() if d.source == "texts/books/long.txt"]
    assert len(pieces) > 5
    assert "".join(pieces) == (folder / "books" / "long.txt").read_text()


@pytest.mark.parametrize("preset", ["minimal", "standard"])
def test_the_same_bytes_for_any_number_of_workers(preset: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    settings = CorpusSettings(preset=preset, reading=SMALL)
    found = []
    for name, runtime in {
        "here": HERE,
        "one": CorpusRuntime(executor="processes", processes=1),
        "two": CorpusRuntime(executor="processes", processes=2),
    }.items():
        build_corpus([folder], tmp_path / name, settings, runtime)
        found.append(hashes(tmp_path / name))
    assert found[0] == found[1] == found[2]
    assert len([name for name in found[0] if name.startswith("documents/")]) > 3


@pytest.mark.serial
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Ray leaves its processes' pipes to the collector
def test_the_same_bytes_from_every_executor(tmp_path: Path) -> None:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("the extra ray is not installed")
    folder = folder_of(tmp_path)
    settings = CorpusSettings(preset="standard", reading=SMALL)
    found = {}
    for name in EXECUTORS.names():
        build_corpus([folder], tmp_path / name, settings, CorpusRuntime(executor=name, processes=2))
        found[name] = hashes(tmp_path / name)
    assert {"here", "processes", "ray"} <= set(found)
    assert all(tree == found["here"] for tree in found.values())


def test_an_interrupted_build_goes_on_to_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path)
    build(folder, tmp_path / "whole")
    read, calls = shard_reading.read_shard, []

    def failing(task: shard_reading.ReadingTask) -> dict[str, Any]:
        calls.append(task.shard.index)
        if task.shard.index == 2 and calls.count(2) == 1:
            raise KeyboardInterrupt
        return read(task)

    monkeypatch.setattr("danlu.corpus.passes.read_shard", failing)
    with pytest.raises(KeyboardInterrupt):
        build(folder, tmp_path / "out")
    build(folder, tmp_path / "out")
    assert calls.count(0) == 1
    assert hashes(tmp_path / "out") == hashes(tmp_path / "whole")
    assert not (tmp_path / "out" / "work").exists()


def test_a_change_of_a_source_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("danlu.corpus.passes.decide", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build(folder, tmp_path / "out")
    (folder / "b.txt").write_text("A text that came later.\n")
    build(folder, tmp_path / "out")
    build(folder, tmp_path / "fresh")
    assert hashes(tmp_path / "out") == hashes(tmp_path / "fresh")


def test_repeating_opens_and_other_settings_or_sources_refuse(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    first = build(folder, tmp_path / "out")
    assert build(folder, tmp_path / "out").digest == first.digest
    with pytest.raises(UsageError, match="seed: 0 -> 1"):
        build(folder, tmp_path / "out", seed=1)
    (folder / "books" / "gb.txt").write_text("changed")
    with pytest.raises(UsageError, match="other content"):
        build(folder, tmp_path / "out")


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"precious\.txt"):
        build(folder, tmp_path / "out")


def test_validation_files_are_taken_whole_and_unchanged(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    valid = tmp_path / "valid.txt"
    data = ("行一\r\n" + "很长的一段验证文本，不会被切开。" * 300 + "\r\n" + sentence(5)).encode()
    valid.write_bytes(data)
    twin = tmp_path / "twin.txt"
    twin.write_text(sentence(7))
    settings = CorpusSettings(reading=SMALL, preset="standard")
    artifact = build_corpus([folder], tmp_path / "out", settings, HERE, valid_sources=[valid, twin])
    corpus = open_corpus(tmp_path / "out")
    texts = [document.text for document in corpus.documents("valid")]
    assert texts == [data.decode(), sentence(7)]
    assert corpus.num_bytes("valid") == len(data) + len(sentence(7).encode())
    assert all(document.source.startswith("texts/") for document in corpus.documents("train"))
    assert artifact.facts["valid_seen_in_train"] in (0, 1)


def test_a_document_seen_in_training_is_told(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("the very same text")
    (tmp_path / "valid.txt").write_text("the very same text")
    artifact = build_corpus(
        [tmp_path / "train.txt"], tmp_path / "out", CorpusSettings(), HERE, valid_sources=[tmp_path / "valid.txt"]
    )
    assert artifact.facts["valid_seen_in_train"] == 1
    assert artifact.facts["num_documents"] == {"train": 1, "valid": 1}


def test_few_large_documents_give_a_tail_and_not_a_third(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text("\n".join(f"{name} line {n} of a book" for n in range(5000)))
    sources = [tmp_path / f"{name}.txt" for name in "abc"]
    build_corpus(sources, tmp_path / "out", CorpusSettings(), HERE)
    corpus = open_corpus(tmp_path / "out")
    share = corpus.num_bytes("valid") / (corpus.num_bytes("valid") + corpus.num_bytes("train"))
    assert 0.03 < share < 0.08
    texts = {d.source: "" for d in corpus.documents("train")}
    for document in [*corpus.documents("train"), *corpus.documents("valid")]:
        texts[document.source] += document.text
    assert all(text == (tmp_path / name).read_text() for name, text in texts.items())


def test_near_duplicates_never_straddle_the_split(tmp_path: Path) -> None:
    words = [hashlib.sha256(str(n).encode()).hexdigest()[:6] for n in range(4000)]
    texts = []
    for n in range(60):
        text = " ".join(words[n * 60 : n * 60 + 60])
        texts += [f"{text} the end of one", f"{text} the end of another"]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(text) for text in texts))
    settings = CorpusSettings(valid_share=0.3, duplicates=DuplicateSettings(near=True, similarity=1.0))
    build_corpus([path], tmp_path / "out", settings, HERE)
    corpus = open_corpus(tmp_path / "out")
    sides: dict[str, set[str]] = {}
    for table in corpus.tables("documents", ["cluster", "split"]):
        for row in table.to_pylist():
            sides.setdefault(row["cluster"], set()).add(row["split"])
    assert len(sides) == 60
    assert all(len(side) == 1 for side in sides.values())


def test_limits_of_the_settings_go_over_those_of_the_preset(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    artifact = build(folder, tmp_path / "out", limits={"num_units": (40, None)}, languages=("zh",))
    assert artifact.facts["dropped"]["num_units"] > 0
    (tmp_path / "en.txt").write_text("This one is in English, and nobody asked for it.\n")
    artifact = build_corpus(
        [folder, tmp_path / "en.txt"], tmp_path / "two", CorpusSettings(reading=SMALL, languages=("zh",)), HERE
    )
    assert artifact.facts["dropped"]["language_not_wanted"] == 1


def test_a_limit_brings_its_measures_along(tmp_path: Path) -> None:
    everything = dict.fromkeys(("letters", "top_2_grams", "gopher_duplicate_lines", "map_neo_unique"), (0.0, 1.0))
    artifact = build(folder_of(tmp_path), tmp_path / "out", limits=everything)
    assert artifact.facts["documents_kept"] > 0
    assert not set(everything) & set(artifact.facts["dropped"])
    none = build(tmp_path / "texts", tmp_path / "none", limits={"num_units": (10.0, None), "letters": (0.0, 1.0)})
    assert none.facts["documents_kept"] == artifact.facts["documents_kept"]


def test_personal_data_of_a_cut_text_is_counted_once(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    body = "\n\n".join(sentence(n) for n in range(60))
    (folder / "long.txt").write_text(f"写信到 someone.else@company-of-ours.cn 即可。\n\n{body}")
    build(folder, tmp_path / "out", preset="standard")
    corpus = open_corpus(tmp_path / "out")
    edits = [
        edit
        for which in ("documents", "dropped")
        for t in corpus.tables(which)
        for e in t["edits"].to_pylist()
        for edit in e
    ]
    assert sum(edit.startswith("segments:") for edit in edits) > 2
    assert [edit for edit in edits if edit.startswith("privacy:")] == ["privacy:email:1"]


def test_unknown_names_are_refused_before_any_work(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    with pytest.raises(UsageError, match="minimal"):
        build(folder, tmp_path / "out", preset="minimum")
    with pytest.raises(UsageError, match="num_units"):
        build(folder, tmp_path / "out", limits={"num_unit": (1, 2)})
    assert not (tmp_path / "out").exists()


def test_report_and_explanation(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    build(folder, tmp_path / "out", preset="standard")
    corpus = open_corpus(tmp_path / "out")
    found = report(corpus)
    assert found.documents_in == found.documents_kept + sum(step.num_documents for step in found.steps)
    assert found.steps[-1].num_left == found.documents_kept
    assert sum(found.languages.values()) == found.documents_kept
    assert found.percentiles["num_units"][50] > 0
    assert {problem["reason"] for problem in found.problems} == {"not_json"}
    (sample, *_) = found.samples["num_units"]
    dropped = explain(corpus, sample.id)
    assert not dropped.kept
    assert dropped.reason == "num_units"
    assert dropped.value is not None
    assert dropped.value < 20 == dropped.limit
    assert any(not judgement.passed for judgement in dropped.judgements)
    twin = explain(corpus, found.samples["exact_duplicate"][0].id) if "exact_duplicate" in found.samples else None
    assert twin is None or twin.twin_text == twin.text
    kept = explain(corpus, next(corpus.documents()).id)
    assert kept.kept
    assert kept.reason is None
    assert all(judgement.passed for judgement in kept.judgements)
    assert explain(corpus, f"{kept.source}:{kept.offset}").id == kept.id
    with pytest.raises(DataError):
        explain(corpus, "0000000000000000")


def test_the_recipes(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    events: list[Any] = []
    built = corpus_build([folder], tmp_path / "out", overrides=["corpus.preset=minimal"], watch=events.append)
    assert built.documents_in == built.documents_kept + sum(built.dropped.values())
    assert {event["event"] for event in events} == {"corpus_files", "corpus_read", "corpus_deciding", "corpus_written"}
    assert corpus_report(tmp_path / "out").documents_kept == built.documents_kept
    assert corpus_verify(tmp_path / "out").documents_kept == built.documents_kept
    assert corpus_explain(tmp_path / "out", "texts/books/gb.txt").edits == ("encoding:gb18030",)
    part = tmp_path / "out" / "documents" / "part-00000.parquet"
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    with pytest.raises(ArtifactError):
        corpus_verify(tmp_path / "out")


def test_real_corpora_keep_what_is_good(shared_data: Path, tmp_path: Path) -> None:
    settings = CorpusSettings(preset="standard")
    artifact = build_corpus([shared_data / "pretrain" / "zh_luxun.jsonl.zst"], tmp_path / "zh", settings, HERE)
    assert artifact.facts["documents_kept"] >= 0.97 * artifact.facts["documents_in"]
    assert artifact.facts["languages"] == {"zh": artifact.facts["documents_kept"]}
    artifact = build_corpus([shared_data / "pretrain" / "en_speeches.jsonl.zst"], tmp_path / "en", settings, HERE)
    assert artifact.facts["documents_kept"] >= 0.97 * artifact.facts["documents_in"]
