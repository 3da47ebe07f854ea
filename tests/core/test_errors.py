"""Every error has its four parts in both languages, and an exit code of its own."""

import pytest

from danlu.core import errors
from danlu.core.errors import DanluError, DataError, InterruptedRun, UsageError, nearest, unknown_name
from danlu.core.language import Text

NOUN = Text("architecture", "架构")
CODES = {
    "UsageError": 2,
    "DataError": 3,
    "ArtifactError": 4,
    "DiskError": 5,
    "OutOfMemoryError": 6,
    "FolderInUseError": 7,
    "WorkerLostError": 8,
    "DivergedError": 20,
}


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_exit_codes_are_promises(name: str, code: int) -> None:
    assert getattr(errors, name).exit_code == code


@pytest.mark.parametrize(("signal_number", "code"), [(2, 130), (15, 143)])
def test_an_interrupted_run_ends_as_the_shell_expects(signal_number: int, code: int) -> None:
    assert InterruptedRun(signal_number, saved="step-5").exit_code == code


def _example(got: object = 7) -> DanluError:
    return DataError(
        Text("{path} is short", "{path} 过短"),
        got=got,
        allowed=Text("at least {needed}", "至少 {needed}"),
        fix=Text("add text", "增加文本"),
        path="a{b}.txt",
        needed=9,
    )


def test_four_parts_in_english_and_chinese() -> None:
    assert _example().render("en") == "a{b}.txt is short\n  got: 7\n  allowed: at least 9\n  try: add text"
    assert _example().render("zh") == "a{b}.txt 过短\n  实际: 7\n  允许: 至少 9\n  建议: 增加文本"


def test_a_brace_in_a_value_is_no_placeholder() -> None:
    assert "got: {needed}" in _example("{needed}").render("en")
    assert "got: 9 x" in _example(Text("{needed} x", "{needed} 个")).render("en")


def test_the_message_follows_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    error = _example()
    assert str(error).startswith("a{b}.txt is short")
    monkeypatch.setenv("DANLU_LANG", "zh")
    assert str(error).startswith("a{b}.txt 过短")


def test_nearest() -> None:
    assert nearest("lerning_rate", ["learning_rate", "rate"]) == "learning_rate"
    assert nearest("zzz", ["learning_rate"]) is None
    assert nearest("x", []) is None


def test_an_unknown_name_shows_the_nearest_and_all() -> None:
    error = unknown_name(NOUN, "gtp", ["gpt", "lstm"])
    assert isinstance(error, UsageError)
    assert error.render("en").splitlines()[0] == "unknown architecture 'gtp'"
    assert "one of: gpt, lstm" in error.render("en")
    assert "'gpt'" in error.render("en").splitlines()[-1]
    assert "未知的架构 'gtp'" in error.render("zh")


def test_an_unknown_name_without_any_near_one() -> None:
    error = unknown_name(NOUN, "{odd}", [], kind=DataError)
    assert isinstance(error, DataError)
    assert "one of: -" in error.render("en")
    assert "{odd}" in error.render("zh")
