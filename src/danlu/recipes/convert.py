"""Recipe of `danlu convert`: a foreign file of weights (.bin, .pt) becomes safetensors, in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from danlu.core.disk import read_json, sync_file
from danlu.core.errors import DataError, UsageError
from danlu.core.events import Watcher, ignore
from danlu.core.language import Text
from danlu.models.weight_files import WEIGHTS
from danlu.recipes.beside import written_beside

# What lies beside the weights of a model and is text, or a tokenizer that is read without running code.
COMPANIONS = ("*.json", "*.txt", "*.model", "README.md", "LICENSE*")


@dataclass(frozen=True, kw_only=True)
class ConvertResult:
    """The folder with `model.safetensors` and copies of what lay beside the file, ready for `danlu import`."""

    path: Path
    tensors: int
    parameters: int
    copied: tuple[str, ...]


def convert(file: Path | str, out: Path | str, *, trusted: bool = False, watch: Watcher = ignore) -> ConvertResult:
    """Converts `file`, or all shards that it names when it is a `.bin.index.json`, into the new folder `out`.

    Such files can hold more than weights, so the caller says that the file is trusted; even so, torch refuses whatever is not
    a tensor, in a process of its own. Raises UsageError without `trusted` and for an `out` that is there already, DataError
    for a file that holds anything else.
    """
    path, target = Path(file), Path(out)
    _check(path, target, trusted)
    with written_beside(target) as part:
        answer = _converted(_shards(path), part / WEIGHTS, path)
        watch({"event": "converted", **answer})
        copied = _copy_companions(path.parent, part)
        sync_file(part / WEIGHTS)
    return ConvertResult(path=target, tensors=answer["tensors"], parameters=answer["parameters"], copied=copied)


def _check(path: Path, target: Path, trusted: bool) -> None:
    if not path.is_file():
        raise UsageError(
            Text("there is no file {path}", "没有文件 {path}"),
            got=str(path),
            allowed=Text("a file of weights (.bin, .pt, .pth)", "权重文件（.bin、.pt、.pth）"),
            fix=Text("check the spelling", "请检查拼写"),
            path=path,
        )
    if not trusted:
        raise UsageError(
            Text("{path} can hold code that runs when it is read", "{path} 可能含有读取时会执行的代码"),
            got=Text("no word that you trust it", "未声明信任该文件"),
            allowed=Text("files whose origin you trust", "来源可信的文件"),
            fix=Text(
                "if you do: danlu convert {path} --i-trust-this-file -o {out}",
                "若信任：danlu convert {path} --i-trust-this-file -o {out}",
            ),
            path=path,
            out=target,
        )
    if target.exists() and (target.is_file() or any(target.iterdir())):
        raise UsageError(
            Text("{path} holds something else", "{path} 中已有其他内容"),
            got=str(target),
            allowed=Text("a new folder", "新目录"),
            fix=Text("choose another folder with -o", "请用 -o 选择其他目录"),
            path=target,
        )


def _shards(path: Path) -> list[Path]:
    """The files to read: the one given, or those that an index names (all beside it)."""
    if not path.name.endswith(".index.json"):
        return [path]
    try:
        names = sorted(set(read_json(path)["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise _not_weights(path, f"{type(problem).__name__}: {problem}") from problem
    wrong = [name for name in names if Path(name).name != name or not (path.parent / name).is_file()]
    if wrong:
        raise _not_weights(path, f"names {wrong[0]!r}, which does not lie beside it")
    return [path.parent / name for name in names]


def _converted(files: list[Path], out: Path, path: Path) -> dict[str, Any]:
    """Runs the process and returns its answer."""
    places = os.pathsep.join(entry for entry in sys.path if entry)
    environment: Mapping[str, str] = {**os.environ, "PYTHONPATH": places, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "danlu.models.converting", str(out.resolve()), *(str(f.resolve()) for f in files)]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=out.parent, check=False)
    lines = ran.stdout.splitlines()
    try:
        answer: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError):
        raise _not_weights(path, f"the process ended with {ran.returncode}: {ran.stderr[-300:]}") from None
    if "problem" in answer:
        raise _not_weights(path, answer["problem"])
    return answer


def _copy_companions(folder: Path, out: Path) -> tuple[str, ...]:
    """Copies what lies beside the weights; an index of the old files and anything that is code stays behind."""
    found = {path for pattern in COMPANIONS for path in folder.glob(pattern) if path.is_file()}
    kept = sorted(path for path in found if not path.name.endswith(".index.json") and path.name != "manifest.json")
    for path in kept:
        shutil.copyfile(path, out / path.name)
    return tuple(path.name for path in kept)


def _not_weights(path: Path, problem: str) -> DataError:
    return DataError(
        Text("{path} holds something other than weights; nothing was converted", "{path} 含有权重以外的内容；未转换"),
        got=problem,
        allowed=Text("named tensors, which torch reads with weights_only", "可由 torch 以 weights_only 读取的具名张量"),
        fix=Text(
            "ask its author for safetensors, or save the state_dict alone",
            "请向作者索取 safetensors，或只保存 state_dict",
        ),
        path=path,
    )
