"""`corpus quality train` and builds with the score: measured, repeatable, noticed when it changes, and as a command."""

import json
from pathlib import Path

import numpy as np
import pytest

from danlu.cli.main import main
from danlu.cli.results import plain_values
from danlu.core.errors import DataError, UsageError
from danlu.corpus.pipeline import build_corpus
from danlu.corpus.quality.measuring import separation
from danlu.corpus.quality.model import quality_digest
from danlu.corpus.settings import CorpusRuntime, CorpusSettings
from danlu.corpus.store import open_corpus
from danlu.recipes.corpus import corpus_build
from danlu.recipes.corpus_questions import corpus_what_if
from danlu.recipes.quality import corpus_quality_train
from good_and_bad import passage, write_side
from mixed_corpus import write_mixed_texts


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """good.jsonl and bad.jsonl, and a pile of new text of both kinds."""
    folder = tmp_path_factory.mktemp("texts")
    for good, name in ((True, "good"), (False, "bad")):
        write_side(folder / f"{name}.jsonl", good=good)
    pile = [
        {"text": passage(g, zh, n), "domain": str(g)} for g in (True, False) for zh in (0, 1) for n in range(500, 530)
    ]
    (folder / "pile.jsonl").write_text("".join(json.dumps(row) + "\n" for row in pile), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def model(texts: Path) -> Path:
    """A score of these texts."""
    corpus_quality_train(texts / "good.jsonl", texts / "model", bad=texts / "bad.jsonl")
    return texts / "model"


def test_the_score_is_measured_on_held_out_text(texts: Path, model: Path) -> None:
    found = corpus_quality_train(texts / "good.jsonl", model, bad=texts / "bad.jsonl")
    assert found.good["num_documents"] == found.bad["num_documents"] == 300
    assert 0.1 < found.good["num_held_out"] / found.good["num_pieces"] < 0.3
    for script in ("all", "han", "other"):
        assert found.separation[script]["auc"] > 0.98
    assert found.bad_dropped["0.05"] > 0.9
    assert any("fewer than 100" in note.en for note in found.notes)


def test_the_same_text_gives_the_same_bytes(texts: Path, model: Path, tmp_path: Path) -> None:
    again = corpus_quality_train(texts / "good.jsonl", tmp_path / "again", bad=texts / "bad.jsonl")
    assert again.digest == corpus_quality_train(texts / "good.jsonl", model, bad=texts / "bad.jsonl").digest
    with pytest.raises(UsageError, match="other text or settings"):
        corpus_quality_train(texts / "bad.jsonl", model, bad=texts / "good.jsonl")
    with pytest.raises(UsageError, match="other text or settings"):
        corpus_quality_train(texts / "good.jsonl", model, bad=texts / "bad.jsonl", overrides=["seed=1"])


def test_a_build_scores_and_drops_by_it(texts: Path, model: Path, tmp_path: Path) -> None:
    settings = [f"corpus.quality_model={model}", "corpus.preset=minimal"]
    corpus_build([texts / "pile.jsonl"], tmp_path / "scored", overrides=settings)
    scored = open_corpus(tmp_path / "scored")
    rows = [row for table in scored.tables("documents") for row in table.to_pylist()]
    by_kind = {kind: [row["quality"] for row in rows if row["domain"] == kind] for kind in ("True", "False")}
    assert np.median(by_kind["True"]) > 0.2
    assert max(by_kind["False"]) < 0.05
    asked = corpus_what_if(tmp_path / "scored", overrides=["quality=0.05:"])
    corpus_build([texts / "pile.jsonl"], tmp_path / "kept", overrides=[*settings, "corpus.limits.quality=[0.05, 1]"])
    kept = open_corpus(tmp_path / "kept")
    assert kept.artifact.facts["documents_kept"] == asked.documents_after
    assert kept.artifact.facts["dropped"]["quality"] == asked.leaving.num_documents >= 55


def test_any_number_of_workers_gives_the_same_bytes(texts: Path, model: Path, tmp_path: Path) -> None:
    settings = CorpusSettings.model_validate(
        {"quality_model": str(model), "limits": {"quality": (0.05, None)}, "reading": {"shard_bytes": 8192}}
    )
    digests = {
        build_corpus(
            [texts / "pile.jsonl"], tmp_path / executor, settings, CorpusRuntime(executor=executor, processes=count)
        ).digest
        for executor, count in (("here", 1), ("processes", 2))
    }
    assert len(digests) == 1


def test_a_changed_score_is_noticed(texts: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    corpus_quality_train(texts / "good.jsonl", folder, bad=texts / "bad.jsonl")
    build = {
        "sources": [texts / "pile.jsonl"],
        "out": tmp_path / "corpus",
        "overrides": [f"corpus.quality_model={folder}"],
    }
    first = corpus_build(**build)
    assert corpus_build(**build).digest == first.digest
    for path in folder.iterdir():
        path.unlink()
    corpus_quality_train(texts / "good.jsonl", folder, bad=texts / "bad.jsonl", overrides=["epochs=2"])
    with pytest.raises(UsageError, match="quality_model"):
        corpus_build(**build)


def test_a_limit_without_a_score_is_refused(texts: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="learned score"):
        corpus_build([texts / "pile.jsonl"], tmp_path / "c", overrides=["corpus.limits.quality=[0.1, 1]"])
    corpus_build([texts / "pile.jsonl"], tmp_path / "c")
    with pytest.raises(UsageError, match="learned score"):
        corpus_what_if(tmp_path / "c", overrides=["quality=0.1:"])


def test_good_text_alone_gives_its_likeness_and_says_so(texts: Path, tmp_path: Path) -> None:
    found = corpus_quality_train(texts / "good.jsonl", tmp_path / "alone")
    assert found.separation == found.bad_dropped == {}
    assert any("without bad text" in note.en for note in found.notes)
    corpus_build([texts / "pile.jsonl"], tmp_path / "c", overrides=[f"corpus.quality_model={tmp_path / 'alone'}"])
    rows = [row for table in open_corpus(tmp_path / "c").tables("documents") for row in table.to_pylist()]
    medians = [np.median([row["quality"] for row in rows if row["domain"] == kind]) for kind in ("True", "False")]
    assert medians[0] > 0.2 > 0.05 > medians[1]


def test_corpora_and_folders_are_sources_and_doubles_count_once(texts: Path, tmp_path: Path) -> None:
    corpus_build([texts / "good.jsonl"], tmp_path / "corpus", overrides=["corpus.preset=minimal"])
    mixed = tmp_path / "bad"
    write_side(mixed / "one.jsonl", good=False)
    write_side(mixed / "two.jsonl", good=False)
    write_side(mixed / "good.jsonl", good=True, count=10)
    found = corpus_quality_train(tmp_path / "corpus", tmp_path / "m", bad=mixed)
    assert found.good["num_documents"] < 300  # the held-out split of the corpus is not learned from
    assert 300 <= found.bad["num_documents"] < 320  # good text that is also called bad is on one side only
    assert found.bad["num_doubles"] >= 300


def test_one_script_on_one_side_is_said(tmp_path: Path) -> None:
    good = write_side(tmp_path / "good.jsonl", good=True, english=False)
    bad = write_side(tmp_path / "bad.jsonl", good=False, chinese=False)
    notes = corpus_quality_train(good, tmp_path / "m", bad=bad).notes
    assert sum("only one side" in note.en for note in notes) == 2


def test_a_folder_with_something_else_is_refused(texts: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"mine\.txt"):
        corpus_quality_train(texts / "good.jsonl", tmp_path)


def test_too_little_text_is_refused(tmp_path: Path) -> None:
    few = write_side(tmp_path / "few.jsonl", good=True, count=3)
    with pytest.raises(DataError, match="too little text"):
        corpus_quality_train(few, tmp_path / "m")
    with pytest.raises(UsageError, match="no file or folder"):
        corpus_quality_train(tmp_path / "missing", tmp_path / "m")


def test_real_text_of_unseen_kinds_is_ordered_well(shared_data: Path, tmp_path: Path) -> None:
    """Textbooks and Lu Xun against comments and posts; then speeches and recipes against SMS and posts of other people."""
    good, bad, new = (tmp_path / name for name in ("good", "bad", "new"))
    for folder, names in (
        (good, ("pretrain/en_openstax_textbooks.jsonl.zst", "pretrain/zh_luxun.jsonl.zst")),
        (bad, ("raw/social/youtube_comments.txt.gz", "tasks/cls_zh_cold_train.jsonl.zst")),
        (new, ("pretrain/en_speeches.jsonl.zst", "pretrain/zh_recipes.jsonl.zst")),
        (new, ("tasks/cls_en_sms_spam.jsonl", "tasks/cls_zh_cold_dev.jsonl.zst")),
    ):
        folder.mkdir(exist_ok=True)
        for name in names:
            (folder / Path(name).name).symlink_to(shared_data / name)
    found = corpus_quality_train(good, tmp_path / "m", bad=bad, overrides=["most_bytes=1000000", "epochs=4"])
    assert found.separation["han"]["auc_low"] > 0.97
    assert found.separation["other"]["auc_low"] > 0.97
    corpus_build([new], tmp_path / "c", overrides=[f"corpus.quality_model={tmp_path / 'm'}", "corpus.preset=minimal"])
    rows = [row for table in open_corpus(tmp_path / "c").tables("documents") for row in table.to_pylist()]
    for kind, worse in (("recipes", "cold"), ("speeches", "sms")):  # raw scores compare within a script
        better, lower = (np.array([r["quality_raw"] for r in rows if name in r["source"]]) for name in (kind, worse))
        assert separation(better, lower).auc > 0.95


@pytest.mark.parametrize("tongue", ["en", "zh"])
def test_the_command(
    texts: Path, tmp_path: Path, tongue: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANLU_LANG", tongue)
    words = [
        "--good",
        str(texts / "good.jsonl"),
        "--bad",
        str(texts / "bad.jsonl"),
        "-o",
        str(tmp_path / "m"),
        "epochs=3",
    ]
    assert main(["corpus", "quality", "train", *words]) == 0
    shown = capsys.readouterr().out
    assert ("留出文本" if tongue == "zh" else "held-out text that a limit drops") in shown
    assert main(["corpus", "quality", "train", *words, "--json"]) == 0
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line["separation"]["all"]["auc"] > 0.95
    assert set(line) == set(
        plain_values(
            corpus_quality_train(texts / "good.jsonl", tmp_path / "m", bad=texts / "bad.jsonl", overrides=["epochs=3"])
        )
    )


def test_a_score_adds_two_columns_to_a_build(model: Path, tmp_path: Path) -> None:
    """A build of ordinary mixed files, by `standard`, keeps its columns and adds two."""
    corpus_build([write_mixed_texts(tmp_path / "t")], tmp_path / "c", overrides=[f"corpus.quality_model={model}"])
    corpus = open_corpus(tmp_path / "c")
    assert {"quality", "quality_raw", "num_units", "language"} <= set(corpus.measures())
    assert corpus.artifact.inputs["quality_model"] == quality_digest(model)
