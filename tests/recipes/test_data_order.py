"""Mixed runs: the mixture is checked, recorded and kept on resume, and any step can name its documents."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import danlu
from danlu.batches.batch import WindowBatches
from danlu.batches.mixing import MixedOrder, MixingSettings, mix_domains
from danlu.core.errors import ArtifactError, DataError, UsageError
from danlu.core.events import read_events
from danlu.core.settings import build, gather, resolve
from danlu.recipes.data_order import _skipped, data_order, documents_of_step
from danlu.recipes.finish import Outcome
from danlu.recipes.pretrain import pretrain
from danlu.recipes.settings import settings_kind
from danlu.tokenizers.token_store import open_tokens
from tiny_texts import GPT, model_sha256, tiny_text

WEIGHTS = 'mixing.weights={zh=0.75, "en"=0.25}'


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `zh` and `en` with documents of their own."""
    folder = tmp_path_factory.mktemp("texts") / "texts"
    documents = tiny_text(80).split("\n\n")
    for name, chosen in (("zh", documents[0::2][:15]), ("en", documents[1::2])):
        (folder / name).mkdir(parents=True)
        for number, text in enumerate(chosen):
            (folder / name / f"{number}.txt").write_text(text, encoding="utf-8")
    return folder


def _run(texts: Path, out: Path, *more: str, steps: int = 60, watch: Any = None) -> Outcome:
    options = {} if watch is None else {"watch": watch}
    return pretrain(texts, out=out, overrides=[*GPT, *more], steps=steps, **options)


@pytest.fixture(scope="module")
def seen() -> list[dict[str, Any]]:
    """What the watcher of the mixed run was told."""
    return []


@pytest.fixture(scope="module")
def mixed(texts: Path, tmp_path_factory: pytest.TempPathFactory, seen: list[dict[str, Any]]) -> Outcome:
    """A finished run of three quarters Chinese."""
    return _run(texts, tmp_path_factory.mktemp("mixed") / "run", WEIGHTS, watch=lambda event: seen.append(dict(event)))


def _events(run: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in read_events(run / "events.jsonl") if event["event"] == kind]


def test_the_mixture_is_recorded_with_its_epochs(mixed: Outcome, seen: list[dict[str, Any]]) -> None:
    (planned,) = [event for event in _events(mixed.folder, "decision") if event["name"] == "mixture"]
    (ended,) = _events(mixed.folder, "mixed")
    assert {name: part["share"] for name, part in ended["parts"].items()} == {"zh": 0.75, "en": 0.25}
    assert planned["parts"] == ended["parts"]
    tokens = open_tokens(mixed.folder / "tokens")
    of_zh = sum(len(tokens.document(n)) for n, domain in enumerate(tokens.domains()) if domain == "zh")
    assert ended["parts"]["zh"]["num_tokens"] == of_zh
    assert ended["parts"]["zh"]["epochs"] == pytest.approx(0.75 * mixed.tokens / of_zh, rel=0.05)
    warnings = [event["text"] for event in seen if event["event"] == "warning"]
    many = [name for name, part in ended["parts"].items() if part["epochs"] > 4]
    assert many == [name for name in ("zh", "en") if any("4 times" in text and name in text for text in warnings)]
    page = (mixed.folder / "report.html").read_text(encoding="utf-8")
    assert "passes planned" in page
    assert f"{ended['parts']['zh']['epochs']:.2f}" in page


def test_a_step_names_its_documents(mixed: Outcome) -> None:
    tokens = open_tokens(mixed.folder / "tokens")
    settings = build(settings_kind("gpt"), gather(file=mixed.folder / "settings.toml"))
    order = data_order(tokens, settings.mixing, context=16, seed=settings.seed, planned_tokens=60 * 64)
    assert isinstance(order, MixedOrder)
    batches = WindowBatches(tokens.ids, order, num_windows=4)
    known = set()
    for step in (1, 2, 37, 60):
        found = documents_of_step(mixed.folder, step)
        assert found.batch == step - 1
        assert found.windows == tuple(range(4 * step - 4, 4 * step))
        inside = np.concatenate([tokens.document(document.number) for document in found.documents])
        assert set(batches.batch(found.batch).inputs_BT.unique().tolist()) <= set(inside.tolist())
        known.update(document.id for document in found.documents)
        assert {document.domain for document in found.documents} <= {"zh", "en"}
    for name in list(known)[:2]:
        assert danlu.corpus_explain(mixed.folder / "corpus", name).kept
    with pytest.raises(UsageError, match="61"):
        documents_of_step(mixed.folder, 61)
    with pytest.raises(UsageError, match="step 0"):
        documents_of_step(mixed.folder, 0)
    with pytest.raises(ArtifactError, match="in which order"):
        documents_of_step(mixed.folder.parent, 1)


def test_without_mixing_a_step_names_its_documents_too(texts: Path, tmp_path: Path) -> None:
    run = _run(texts, tmp_path / "run", steps=5)
    assert not _events(run.folder, "mixed")
    assert documents_of_step(run.folder, 5).documents


def test_a_resumed_run_ends_with_the_same_bytes(texts: Path, mixed: Outcome, tmp_path: Path) -> None:
    class Stopped(Exception):
        """Stands for a killed process."""

    def stop(event: Any) -> None:
        if event["event"] == "step" and event["step"] == 23:
            raise Stopped

    with pytest.raises(Stopped):
        _run(texts, tmp_path / "run", WEIGHTS, watch=stop)
    assert documents_of_step(tmp_path / "run", 20) == documents_of_step(mixed.folder, 20)
    again = _run(texts, tmp_path / "run", WEIGHTS)
    assert model_sha256(again.folder) == model_sha256(mixed.folder)
    assert len(_events(again.folder, "data_order")) == 1
    assert documents_of_step(again.folder, 55) == documents_of_step(mixed.folder, 55)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ("{zh=1.0}", "no weight for 1 domain"),
        ('{zh=1.0, fr=1.0, "*"=1.0}', "no such domain: fr"),
        ("{zh=1.0, en=-1.0}", "below 0: en"),
        ("{zh=0.0, en=0.0}", "every weight is 0"),
    ],
)
def test_weights_that_do_not_fit_are_refused_before_any_training(
    weights: str, words: str, texts: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        _run(texts, tmp_path / "run", f"mixing.weights={weights}")
    assert not (tmp_path / "run" / "tokenizer").exists()


def test_a_finished_corpus_is_asked_before_the_run_is_begun(mixed: Outcome, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such domain: fr"):
        _run(mixed.folder / "corpus", tmp_path / "run", "mixing.weights={fr=1.0}")
    assert not (tmp_path / "run").exists()


def _parts(*overrides: str, sizes: dict[str, int], context: int = 10, planned: int = 1000) -> dict[str, float]:
    names = [name for name, size in sizes.items() for _ in range(size // 5)]
    starts = np.arange(len(names) + 1, dtype=np.int64) * 5
    settings = resolve(MixingSettings, overrides=list(overrides))
    parts = mix_domains(starts, names, settings, context=context, planned_tokens=planned)
    assert sum(part.quota for part in parts) == 8192
    return {part.name: part.share for part in parts}


def test_temperature_lifts_small_domains() -> None:
    sizes = {"a": 800, "b": 100, "c": 50, "d": 50}
    even = _parts("temperature=100", sizes=sizes)
    assert max(even.values()) - min(even.values()) < 0.01
    half = _parts("temperature=2", sizes=sizes)
    roots = {name: size**0.5 for name, size in sizes.items()}
    assert half == pytest.approx({name: root / sum(roots.values()) for name, root in roots.items()}, abs=1e-3)
    squares = _parts("temperature=2", 'weights={a=4,"*"=1}', sizes=sizes)
    assert squares == pytest.approx({"a": 2 / 3, "*": 1 / 3}, abs=1e-3)


def test_what_is_too_small_for_a_window_is_put_together() -> None:
    assert set(_parts("temperature=2", sizes={"a": 800, "b": 10, "c": 10})) == {"a", "*"}
    assert set(_parts("temperature=2", sizes={"a": 800, "b": 10})) == {"a"}
    starts = np.arange(12, dtype=np.int64) * 5
    settings = MixingSettings(weights={"a": 1, "b": 1})
    parts = mix_domains(starts, ["a"] * 10 + ["b"], settings, context=10, planned_tokens=10)
    with pytest.raises(DataError, match="the domain b"):
        MixedOrder(starts, parts, context=10, seed=0)


def test_a_weight_of_0_leaves_out_and_the_star_takes_the_rest() -> None:
    sizes = {"a": 500, "b": 300, "c": 200}
    assert _parts('weights={a=0,"*"=2}', sizes=sizes) == {"*": 1.0}
    assert _parts('weights={a=1,"*"=3}', sizes=sizes) == {"a": 0.25, "*": 0.75}
    assert _parts("weights={a=1,b=0,c=3}", sizes=sizes) == {"a": 0.25, "c": 0.75}


def test_most_epochs_cuts_what_would_be_read_too_often() -> None:
    found = _parts("most_epochs=2", "weights={a=0.5,b=0.5}", sizes={"a": 100, "b": 5000}, planned=1000)
    assert found["a"] == pytest.approx(0.2, abs=1e-3)  # 20 of 100 windows are two passes over 10
    everything = _parts("most_epochs=1", "weights={a=0.5,b=0.5}", sizes={"a": 100, "b": 300}, planned=10_000)
    assert everything == pytest.approx({"a": 0.25, "b": 0.75}, abs=1e-3)


def test_skipped_batches_follow_what_happened_last() -> None:
    events = [
        {"event": "rolled_back", "step": 10, "next_batch": 14},
        {"event": "rolled_back", "step": 20, "next_batch": 27},
        {"event": "resumed", "step": 20},  # killed before the next checkpoint: the batches come again
        {"event": "rolled_back", "step": 20, "next_batch": 27},
        {"event": "extended", "step": 15},
    ]
    assert [_skipped(events[:1], step) for step in (10, 11, 30)] == [0, 4, 4]
    assert [_skipped(events[:2], step) for step in (20, 21)] == [4, 7]
    assert [_skipped(events[:3], step) for step in (20, 21)] == [4, 4]
    assert _skipped(events[:4], 21) == 7
    assert [_skipped(events, step) for step in (10, 15, 21)] == [0, 4, 4]


def test_facts_are_plain(mixed: Outcome) -> None:
    text = json.dumps(_events(mixed.folder, "mixed")[0]["parts"])
    assert json.loads(text)["zh"]["share"] == 0.75
