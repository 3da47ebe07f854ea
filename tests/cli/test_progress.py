"""What was told, kept; odd events change nothing."""

import pytest

from danlu.cli.progress import Progress, stage_name


def _progress(**given: float) -> Progress:
    return Progress(clock=lambda: 100.0, age=lambda: given.get("age", 0.0), budget=given.get("budget"))


def test_stages_begin_and_end() -> None:
    progress = _progress()
    progress.take({"event": "stage", "name": "corpus", "done": False})
    assert progress.running() == "corpus"
    assert progress.seconds_in("corpus") == 0.0
    progress.take({"event": "stage", "name": "corpus", "done": True, "seconds": 2.5})
    assert progress.running() is None
    assert progress.seconds_in("corpus") == 2.5


def test_time_left_follows_the_time_that_was_named() -> None:
    progress = _progress(budget=60.0, age=45.0)
    assert progress.share_done() == 0.75
    assert progress.seconds_left() == 15.0
    assert _progress(budget=60.0, age=90.0).seconds_left() == 0.0


def test_time_left_follows_the_steps_of_this_try() -> None:
    now = [100.0]
    progress = Progress(clock=lambda: now[0])
    progress.take({"event": "stage", "name": "train", "done": False})
    progress.take({"event": "step", "step": 21, "last_step": 80})
    now[0] = 110.0
    progress.take({"event": "step", "step": 40, "last_step": 80, "loss": 3.0})
    assert progress.share_done() == 0.5
    assert progress.seconds_left() == 20.0


def test_a_run_that_tells_its_time_left_is_believed() -> None:
    now = [100.0]
    progress = Progress(clock=lambda: now[0], budget=60.0, age=lambda: 3.0)
    progress.take({"event": "step", "step": 9, "seconds": 40.0, "seconds_left": 20.0})
    now[0] = 110.0
    assert progress.seconds_left() == 10.0
    assert progress.share_done() == pytest.approx(50 / 60)


def test_the_next_stage_ends_the_one_before() -> None:
    progress = _progress()
    progress.take({"event": "stage", "name": "evaluate", "done": False})
    progress.take({"event": "corpus_read", "done": 3, "of": 12})
    assert progress.part == "3/12"
    progress.take({"event": "stage", "name": "references", "done": False})
    assert progress.running() == "references"
    assert progress.stages["evaluate"].seconds == 0.0
    assert progress.part == ""


def test_a_corpus_build_tells_its_time_left() -> None:
    now = [100.0]
    progress = Progress(clock=lambda: now[0])
    progress.take({"event": "corpus_files", "num_files": 3, "skipped": {}})
    assert progress.running() == "corpus"
    assert progress.share_done() is progress.seconds_left() is None
    now[0] = 110.0
    progress.take({"event": "corpus_read", "done": 1, "of": 3, "bytes_done": 25e6, "bytes_total": 100e6})
    assert progress.part == "25.0 MB / 100.0 MB"
    assert progress.share_done() == 0.25
    assert progress.seconds_left() == pytest.approx(30.0)
    progress.take({"event": "corpus_read", "done": 2, "of": 3})
    assert progress.share_done() == pytest.approx(2 / 3)
    progress.take({"event": "corpus_read", "done": 2, "of": 3, "seconds_left": 8.0})
    now[0] = 113.0
    assert progress.seconds_left() == pytest.approx(5.0)
    progress.finish()
    assert progress.running() is None
    assert progress.seconds_in("corpus") == 13.0


def test_a_run_with_a_time_keeps_to_it_while_it_builds_its_corpus() -> None:
    progress = _progress(budget=60.0, age=15.0)
    progress.take({"event": "stage", "name": "corpus", "done": False})
    progress.take({"event": "corpus_read", "done": 1, "of": 2})
    assert progress.share_done() == 0.25
    assert progress.seconds_left() == 45.0


@pytest.mark.parametrize(
    "event",
    [{}, {"event": 3}, {"event": "valid"}, {"event": "valid", "bits_per_byte": "nan"}, {"event": "stage"},
     {"event": "quote", "steps": "many"}, {"event": "step", "step": None}, {"event": "resumed"},
     {"event": "corpus_read"}, {"event": "corpus_read", "done": 0, "of": 0, "bytes_total": "many"}],
)  # fmt: skip
def test_odd_events_are_no_error(event: dict[str, object]) -> None:
    _progress().take(event)


def test_names_of_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "zh")
    assert stage_name("tokenizer") == "分词器"
    assert stage_name("a new one") == "a new one"
