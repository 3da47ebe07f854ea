"""`pretrain` end to end on generated text: what it leaves, what it refuses, and that it repeats itself."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

import danlu
from danlu.core.artifacts import folder_lock, open_artifact
from danlu.core.errors import ArtifactError, DanluError, DataError, FolderInUseError, UsageError
from danlu.core.events import read_events
from danlu.recipes.finish import Outcome
from danlu.recipes.pretrain import pretrain
from tiny_texts import GPT, LSTM, model_sha256, tiny_text

OVERRIDES = {"gpt": GPT, "lstm": LSTM[2:]}


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in two languages."""
    path = tmp_path_factory.mktemp("text") / "混合 text.txt"
    path.write_text(tiny_text(), encoding="utf-8")
    return path


def _run(text: Path, out: Path, *, arch: str = "gpt", more: tuple[str, ...] = (), **options: Any) -> Outcome:
    options = {"steps": 60, **options}
    return pretrain(text, out=out, overrides=[*OVERRIDES[arch], *more], arch=arch, **options)


@pytest.fixture(scope="module")
def finished(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A finished run that others only read."""
    return _run(text, tmp_path_factory.mktemp("finished") / "run")


def test_a_run_leaves_what_it_promises(finished: Outcome) -> None:
    folder = finished.folder
    for name in ("settings.toml", "events.jsonl", "metrics.jsonl", "report.html", "manifest.json"):
        assert (folder / name).is_file(), name
    for name in ("corpus", "tokenizer", "tokens", "model"):
        open_artifact(folder / name, name, verify="hashes")
    open_artifact(folder, "run", verify="hashes")
    assert (folder / "model" / "model.safetensors").is_file()
    assert finished.steps == 60
    assert finished.tokens == 60 * 64
    assert set(finished.reference_lines) >= {"gzip", "xz", "ngram"}
    assert 0.5 < finished.bits_per_byte < 8
    assert not list(folder.rglob("*.tmp"))
    assert not (folder / "model.new").exists()


def test_training_lowered_the_loss(finished: Outcome) -> None:
    steps = [e for e in read_events(finished.folder / "metrics.jsonl") if e["event"] == "step"]
    assert [s["step"] for s in steps] == list(range(1, 61))
    assert steps[-1]["loss"] < steps[0]["loss"] - 0.3
    looks = [e for e in read_events(finished.folder / "metrics.jsonl") if e["event"] == "valid"]
    assert len(looks) == 2


def test_the_model_is_loaded_by_name(finished: Outcome) -> None:
    model = danlu.load(finished.folder)
    assert model.decode(model.encode("丹炉 furnace")) == "丹炉 furnace"


@pytest.mark.parametrize("arch", ["gpt", "lstm"])
def test_equal_commands_give_equal_models(text: Path, tmp_path: Path, arch: str) -> None:
    runs = [_run(text, tmp_path / name, arch=arch, steps=12, more=("model.dropout=0.1",)) for name in "ab"]
    assert model_sha256(runs[0].folder) == model_sha256(runs[1].folder)
    assert runs[0].bits_per_byte == runs[1].bits_per_byte
    other = _run(text, tmp_path / "c", arch=arch, steps=12, seed=1, more=("model.dropout=0.1",))
    assert model_sha256(other.folder) != model_sha256(runs[0].folder)


def test_a_finished_run_is_only_read(text: Path, finished: Outcome) -> None:
    files = [p for p in sorted(finished.folder.rglob("*")) if p.is_file() and p.name != ".lock"]
    before = [(p, p.stat().st_mtime_ns) for p in files]
    assert _run(text, finished.folder) == finished
    assert [(p, p.stat().st_mtime_ns) for p in files] == before


def test_other_settings_are_refused_with_the_differences(text: Path, finished: Outcome) -> None:
    with pytest.raises(UsageError, match="other settings or other text") as refused:
        _run(text, finished.folder, seed=3, more=("training.clip_norm=2",))
    message = str(refused.value)
    assert "settings.seed: null -> 3" in message
    assert "settings.training.clip_norm: null -> 2" in message
    assert refused.value.exit_code == 2


def test_other_text_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "text.txt"
    source.write_text(tiny_text(), encoding="utf-8")
    _run(source, tmp_path / "run", steps=2)
    source.write_text(tiny_text() + "\n\none more line", encoding="utf-8")
    with pytest.raises(UsageError, match="other text"):
        _run(source, tmp_path / "run", steps=2)


def test_a_folder_of_something_else_is_left_alone(text: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something else") as refused:
        _run(text, tmp_path)
    assert "thesis.txt" in str(refused.value)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_run_inside_its_own_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(tiny_text(), encoding="utf-8")
    with pytest.raises(UsageError, match="inside the text"):
        _run(tmp_path, tmp_path / "runs" / "mine")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_in_use_is_refused(text: Path, tmp_path: Path) -> None:
    with folder_lock(tmp_path / "run"), pytest.raises(FolderInUseError, match=f"pid {os.getpid()}") as refused:
        _run(text, tmp_path / "run")
    assert refused.value.exit_code == 7


def _four_parts(error: DanluError) -> None:
    for tongue in ("en", "zh"):
        lines = error.render(tongue).splitlines()
        assert len(lines) >= 4
        assert "{" not in error.render(tongue)


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no-such\.txt") as refused:
        _run(tmp_path / "no-such.txt", tmp_path / "run")
    _four_parts(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_no_source_at_all_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no text"):
        pretrain([], out=tmp_path / "run", steps=1)


def test_an_empty_folder_is_bad_data(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError) as refused:
        _run(tmp_path / "empty", tmp_path / "run")
    _four_parts(refused.value)


@pytest.mark.parametrize("content", ["too short", "山", "", "   \n\n"])
def test_a_text_below_one_context_is_bad_data(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.txt").write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as refused:
        _run(tmp_path / "a.txt", tmp_path / "run")
    _four_parts(refused.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"arch": "gtp"}, "gpt"),
        ({"tokenizer": "bppe"}, "bpe"),
        ({"more": ("training.optimizer.name=muno",)}, "muon"),
        ({"more": ("training.schedule.name=cosin",)}, "cosine"),
        ({"objective": "casual"}, "causal"),
        ({"more": ("model.wdith=32",)}, "width"),
        ({"tokens": 100}, "one budget"),
        ({"steps": "many"}, "count"),
        ({"more": ("model.num_key_heads=2",)}, "num_key_heads"),
    ],
)
def test_wrong_names_are_refused_before_any_work(
    text: Path, tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    chosen = {"steps": 3, **{k: v for k, v in options.items() if k != "more"}}
    arch = chosen.pop("arch", "gpt")
    with pytest.raises(UsageError, match=words):
        pretrain(text, out=tmp_path / "run", arch=arch, overrides=[*GPT, *options.get("more", ())], **chosen)
    assert not (tmp_path / "run" / "corpus").exists()


def test_heads_that_do_not_divide_are_refused_as_settings(text: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="num_key_heads"):
        pretrain(
            text, out=tmp_path / "run", steps=1, size="20k", overrides=["model.num_heads=8", "model.num_key_heads=3"]
        )


def test_a_finished_corpus_is_used_as_it_is(finished: Outcome, tmp_path: Path) -> None:
    again = _run(finished.folder / "corpus", tmp_path / "run")
    assert not (tmp_path / "run" / "corpus").exists()
    assert model_sha256(again.folder) == model_sha256(finished.folder)


def test_a_damaged_corpus_is_not_read_as_text(finished: Outcome, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    manifest = (finished.folder / "corpus" / "manifest.json").read_bytes()
    (corpus / "manifest.json").write_bytes(manifest[: len(manifest) // 2])
    with pytest.raises(ArtifactError, match="damaged"):
        _run(corpus, tmp_path / "run")


def test_settings_are_frozen_in_full(finished: Outcome, text: Path, tmp_path: Path) -> None:
    again = pretrain(text, out=tmp_path / "run", settings_file=finished.folder / "settings.toml")
    assert model_sha256(again.folder) == model_sha256(finished.folder)


def test_a_flag_replaces_another_budget_of_the_file(finished: Outcome, text: Path, tmp_path: Path) -> None:
    again = pretrain(text, out=tmp_path / "run", settings_file=finished.folder / "settings.toml", tokens=320)
    assert again.steps == 5


@pytest.mark.serial
def test_a_time_budget_is_kept(text: Path, tmp_path: Path) -> None:
    if os.getloadavg()[0] > 3:
        pytest.skip(f"the load average is {os.getloadavg()[0]:.1f}: others take this machine's time")
    overrides = [o for o in GPT if "checkpoint_every" not in o]
    began = time.monotonic()
    run = pretrain(text, out=tmp_path / "run", duration="8s", overrides=overrides)
    spent = time.monotonic() - began
    assert spent == pytest.approx(8.0, abs=2.0)
    assert run.seconds == pytest.approx(spent, abs=1.0)


def test_a_resumed_run_says_which_runtime_settings_it_does_not_take(text: Path, tmp_path: Path) -> None:
    def stop(event: Any) -> None:
        if event["event"] == "step" and event["step"] == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(text, tmp_path / "run", watch=stop)
    said: list[Any] = []
    _run(text, tmp_path / "run", more=("runtime.device.threads=2",), watch=said.append)
    warnings = [e["text"] for e in said if e["event"] == "warning"]
    assert [w for w in warnings if "device.threads: 1 -> 2" in w] == warnings[:1]
    assert len(warnings) == 1
