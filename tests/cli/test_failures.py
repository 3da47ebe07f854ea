"""Each kind of exception ends with its exit code and four parts."""

import errno
import re
from pathlib import Path

import pytest

from danlu.cli.failures import Terminated, as_danlu_error, exit_code, parts_of, request_to_stop
from danlu.core.errors import ArtifactError, DanluError, DiskError, InterruptedRun, OutOfMemoryError, UsageError
from danlu.core.language import Text


def _artifact_error() -> DanluError:
    return ArtifactError(Text("{a} broke", "{a} 坏了"), got="x", allowed=Text("y", "可"), fix=Text("z", "改"), a="it")


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (_artifact_error(), 4),
        (InterruptedRun(15, saved="step 3"), 143),
        (KeyboardInterrupt(), 130),
        (Terminated(), 143),
        (ValueError("ours"), 1),
    ],
)
def test_exit_codes(problem: BaseException, code: int) -> None:
    assert exit_code(problem) == code


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (MemoryError(), OutOfMemoryError),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried ..."), OutOfMemoryError),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), DiskError),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), DiskError),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "typo.txt"), UsageError),
        (ModuleNotFoundError("No module named 'onnx'", name="onnx"), UsageError),
    ],
)
def test_what_is_not_a_bug_of_ours(problem: BaseException, kind: type[DanluError]) -> None:
    shown = as_danlu_error(problem, ["pretrain", "typo.txt"])
    assert type(shown) is kind
    for tongue in ("en", "zh"):
        assert len(shown.render(tongue).splitlines()) == 4  # type: ignore[arg-type]


def test_a_bug_of_ours_names_the_file_with_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    try:
        raise KeyError("lost")
    except KeyError as problem:
        shown = as_danlu_error(problem, ["pretrain", "my texts", "--for", "3s"])
    assert shown.exit_code == 1
    named = re.search(r"\S+danlu-crash-\S+\.txt", shown.render("en"))
    assert named is not None
    saved = Path(named[0]).read_text()
    assert "KeyError: 'lost'" in saved
    assert "danlu pretrain 'my texts' --for 3s" in saved


def test_an_internal_path_that_is_missing_is_a_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    problem = FileNotFoundError(errno.ENOENT, "No such file or directory", "internal.json")
    assert as_danlu_error(problem, ["doctor"]).exit_code == 1


def test_no_place_for_the_traceback_is_no_second_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert as_danlu_error(KeyError("lost"), []).values["file"] == "-"


def test_the_parts_as_plain_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "zh")
    assert parts_of(_artifact_error()) == {
        "error": "ArtifactError",
        "exit_code": 4,
        "what": "it 坏了",
        "got": "x",
        "allowed": "可",
        "fix": "改",
    }


@pytest.mark.parametrize("asked", [KeyboardInterrupt(), Terminated(15)])
def test_a_clean_up_that_fails_behind_a_signal_is_still_the_signal(asked: BaseException) -> None:
    def closing() -> None:
        try:
            raise asked
        finally:
            raise OSError(errno.EBADF, "Bad file descriptor")

    with pytest.raises(OSError, match="Bad file") as found:
        closing()
    assert request_to_stop(found.value) is asked
    assert request_to_stop(asked) is asked
    assert request_to_stop(OSError(errno.EBADF, "Bad file descriptor")) is None
