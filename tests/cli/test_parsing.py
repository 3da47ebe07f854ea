"""From words to a call; every problem at once, with the nearest name."""

from pathlib import Path

import pytest

from danlu.cli.commands import ALL
from danlu.cli.parsing import parse, usage_line
from danlu.core.errors import UsageError


def test_sources_options_and_settings() -> None:
    call = parse(
        ["pretrain", "a.txt", "b/", "--for", "30m", "-o", "runs/x", "training.clip_norm=0.5", "--steps=64k", "--json"]
    )
    assert call.name == "pretrain"
    assert call.json
    assert call.values == {
        "sources": [Path("a.txt"), Path("b")],
        "duration": "30m",
        "out": Path("runs/x"),
        "steps": 64000,
        "overrides": ("training.clip_norm=0.5",),
    }


def test_short_names_of_settings_become_settings() -> None:
    call = parse(["tokenizer", "train", "c", "-o", "t", "--kind", "byte", "--vocab-size", "4k", "sample_bytes=10"])
    assert call.values["overrides"] == ("kind=byte", "vocab_size=4000", "sample_bytes=10")


def test_a_prompt_is_never_taken_for_a_setting() -> None:
    assert parse(["generate", "runs/x", "a=1", "seed=2"]).values == {
        "model_path": Path("runs/x"),
        "prompt": "a=1",
        "overrides": ("seed=2",),
    }
    assert parse(["generate", "runs/x", "--", "--json"]).values["prompt"] == "--json"


def test_a_file_with_an_equals_sign_is_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a=b").touch()
    call = parse(["pretrain", "a=b", "./c=d", "seed=1"])
    assert call.values["sources"] == [Path("a=b"), Path("c=d")]
    assert call.values["overrides"] == ("seed=1",)


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["corpus"], ["corpus", "--help"], ["plan", "x", "--help"]])
def test_help_is_asked_for_in_many_ways(words: list[str]) -> None:
    assert parse(words).help


def test_a_command_of_three_words() -> None:
    call = parse(["corpus", "quality", "train", "--good", "books", "--bad", "web", "-o", "q", "seed=1"])
    assert call.name == "corpus quality train"
    assert call.values == {"good": Path("books"), "bad": Path("web"), "out": Path("q"), "overrides": ("seed=1",)}
    assert parse(["corpus", "quality"]).help
    assert parse(["corpus", "quality"]).name == "corpus quality"
    assert parse(["corpus", "quality", "--help"]).help
    assert parse(["corpus", "quality", "train", "--help"]).name == "corpus quality train"
    assert "bad" not in parse(["corpus", "quality", "train", "--good", "books", "-o", "q"]).values
    with pytest.raises(UsageError, match="--good"):
        parse(["corpus", "quality", "train", "--bad", "books", "-o", "q"])
    for words in (["corpus", "quality", "trian"], ["corpus", "qualty", "train"]):
        with pytest.raises(UsageError) as refused:
            parse(words)
        assert "danlu" in refused.value.render("en") or "corpus quality" in refused.value.render("en")


def test_limits_are_settings_of_a_question() -> None:
    call = parse(["corpus", "what-if", "c", "num_units=20:", "limits.digits.most=0.5", "--preset", "minimal"])
    assert call.values == {
        "path": Path("c"),
        "preset": "minimal",
        "overrides": ("num_units=20:", "limits.digits.most=0.5"),
    }


def test_version() -> None:
    assert parse(["--version"]).version


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (["pretrian", "x"], "pretrain"),
        (["corpus", "biuld", "x"], "corpus build"),
        (["pretrain", "x", "--fro", "3m"], "--for"),
        (["pretrain", "x", "--sized=3"], "--size"),
        (["--hepl"], "--help"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(words: list[str], nearest: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(words)
    assert f"'{nearest}'" in refused.value.render("en").splitlines()[-1]
    assert refused.value.exit_code == 2
    assert len(refused.value.render("zh").splitlines()) == 4


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(UsageError) as refused:
        parse(["export", "--too", "--steps", "3"])
    message = refused.value.render("en")
    for part in (
        "unknown option '--too'",
        "unknown option '--steps'",
        "--to FORMAT is missing",
        "--out DIR is missing",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["pretrain"], "SOURCE is missing"),
        (["pretrain", "x", "--for"], "TIME behind --for is missing"),
        (["pretrain", "x", "--for", "--json"], "TIME behind --for is missing"),
        (["pretrain", "x", "--steps", "many"], "--steps was given wrongly: a count cannot be read"),
        (["extend", "runs/x"], "--for TIME is missing"),
        (["evaluate", "runs/x", "other.txt"], "'other.txt' is one argument too many"),
        (["doctor", "a=b"], "'a=b' is one argument too many"),
    ],
)
def test_wrong_lines_say_what_is_wrong(words: list[str], part: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(words)
    assert part in refused.value.render("en")


def test_usage_names_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    assert usage_line(ALL["export"]) == "danlu export RUN --to FORMAT -o DIR [options] [a.b=value ...]"
    monkeypatch.setenv("DANLU_LANG", "zh")
    assert usage_line(ALL["evaluate"]) == "danlu evaluate 训练目录 [选项] [a.b=值 ...]"
