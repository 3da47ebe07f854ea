"""The shard executors: order, marks, resuming, a worker that dies, and scripts without a `__main__` guard."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from danlu.core.errors import DataError, WorkerLostError
from danlu.core.language import Text
from danlu.runtime.shards import EXECUTORS, Workers, num_cpus, run_shards, session


def square(number: int) -> Mapping[str, Any]:
    return {"square": number * number}


def count_calls(task: tuple[str, int]) -> Mapping[str, Any]:
    folder, number = task
    with (Path(folder) / f"calls-{number}").open("a") as handle:
        handle.write("x")
    if number == 2 and not (Path(folder) / "mended").exists():
        raise ValueError("shard 2 is bad")
    return {"number": number}


def refuse(number: int) -> Mapping[str, Any]:
    raise DataError(
        Text("shard {number} is bad", "分片 {number} 有误"),
        got=number,
        allowed=Text("good ones", "正确的分片"),
        fix=Text("mend it", "请修复"),
        number=number,
    )


def die(number: int) -> Mapping[str, Any]:
    os._exit(9)


@pytest.mark.parametrize("executor", ["here", "processes"])
def test_results_come_in_the_order_of_the_shards(executor: str) -> None:
    found = list(run_shards(square, [3, 1, 2], Workers(executor=executor, count=2)))
    assert [result["square"] for result in found] == [9, 1, 4]


@pytest.mark.parametrize("executor", ["here", "processes"])
def test_an_interrupted_call_goes_on(executor: str, tmp_path: Path) -> None:
    tasks = [(str(tmp_path), number) for number in range(4)]
    marks = tmp_path / "marks"
    with pytest.raises(ValueError, match="shard 2 is bad"):
        list(run_shards(count_calls, tasks, Workers(executor=executor, count=1), marks=marks))
    (tmp_path / "mended").touch()
    found = list(run_shards(count_calls, tasks, Workers(executor=executor, count=1), marks=marks))
    assert [result["number"] for result in found] == [0, 1, 2, 3]
    assert (tmp_path / "calls-0").read_text() == "x"
    assert (tmp_path / "calls-2").read_text() == "xx"


def test_an_error_of_the_work_arrives_whole_from_another_process() -> None:
    with pytest.raises(DataError) as caught:
        list(run_shards(refuse, [7], Workers(executor="processes", count=1)))
    assert caught.value.render("zh").splitlines()[0] == "分片 7 有误"
    assert caught.value.render("en").splitlines()[1:] == ["  got: 7", "  allowed: good ones", "  try: mend it"]


def process_of(task: int) -> Mapping[str, Any]:
    return {"process": os.getpid()}


def test_a_session_keeps_its_processes_and_each_call_without_one_has_its_own() -> None:
    one = Workers(executor="processes", count=1)
    with session(one, __name__):
        found = {result["process"] for _ in range(2) for result in run_shards(process_of, [1, 2], one)}
    assert len(found) == 1
    assert found.isdisjoint({result["process"] for result in run_shards(process_of, [1], one)} | {os.getpid()})


def test_no_shards_is_no_work() -> None:
    assert list(run_shards(square, [], Workers(executor="processes", count=2))) == []


def test_a_lost_worker_is_an_error_with_its_own_exit_code() -> None:
    with pytest.raises(WorkerLostError) as caught:
        list(run_shards(die, [1, 2], Workers(executor="processes", count=1)))
    assert caught.value.exit_code == 8


def test_the_callers_script_needs_no_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from danlu.corpus.files import Shard\n"
        "from danlu.runtime.shards import Workers, run_shards\n"
        "import os.path\n"
        "print('began')\n"
        "print(list(run_shards(os.path.splitext, ['a.txt', 'b.md'], Workers(executor='processes', count=2))))\n"
    )
    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == ["began", "[('a', '.txt'), ('b', '.md')]"]


def test_an_executor_is_a_row() -> None:
    assert EXECUTORS.names()[:3] == ["here", "processes", "ray"]
    assert num_cpus() >= 1
