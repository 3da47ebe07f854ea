"""Files of JSON lines with more than text: labelled texts and scored pairs. Packed with zst, gz, bz2, xz or lz4 or not."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from danlu.core.errors import DataError, UsageError
from danlu.core.language import Text
from danlu.corpus.opening import UnpackError, compression_of, is_regular, open_bytes
from danlu.corpus.settings import ReadingSettings

T = TypeVar("T")
LONGEST_LINE = 16 * 2**20
SHOWN = 80


@dataclass(frozen=True, kw_only=True)
class LabelledTexts:
    """Texts and the label of each."""

    texts: list[str]
    labels: list[str]


@dataclass(frozen=True, kw_only=True)
class ScoredPairs:
    """Pairs of texts and how alike people found them."""

    first: list[str]
    second: list[str]
    scores: list[float]


def read_labelled(path: Path, *, text: str = "text", label: str = "label") -> LabelledTexts:
    """The lines of `path`; `text` and `label` name the fields. Labels may be strings, whole numbers, true and false.

    Raises UsageError when there is no such file, DataError (with the line) for what cannot be read.
    """

    def row(value: dict[str, Any]) -> tuple[str, str]:
        return _text(value, text), _label(value, label)

    rows = list(_rows(path, row, f'{{"{text}": "...", "{label}": "..."}}'))
    return LabelledTexts(texts=[one for one, _ in rows], labels=[one for _, one in rows])


def read_pairs(path: Path, *, first: str = "a", second: str = "b", score: str = "score") -> ScoredPairs:
    """The lines of `path`; the names are those of the fields. Raises as `read_labelled`."""

    def row(value: dict[str, Any]) -> tuple[str, str, float]:
        return _text(value, first), _text(value, second), _number(value, score)

    rows = list(_rows(path, row, f'{{"{first}": "...", "{second}": "...", "{score}": 3.5}}'))
    return ScoredPairs(first=[r[0] for r in rows], second=[r[1] for r in rows], scores=[r[2] for r in rows])


def _rows(path: Path, row: Callable[[dict[str, Any]], T], shape: str) -> Iterator[T]:
    """What `row` makes of each object; it raises ValueError with the reason for one that will not do."""
    if not is_regular(path):
        raise UsageError(
            Text("there is no file {path}", "没有文件 {path}"),
            got=str(path),
            allowed=Text("a file of JSON lines, packed or not", "JSON 行文件（可压缩）"),
            fix=Text("check the spelling; the working folder is {here}", "请检查拼写；当前目录为 {here}"),
            path=path,
            here=Path.cwd(),
        )
    number = 1
    try:
        for line in _lines(path):
            if line.strip():
                yield row(_object(line))
            number += 1
    except (ValueError, UnpackError, OSError) as problem:
        raise DataError(
            Text("line {number} of {path} cannot be read", "{path} 的第 {number} 行无法读取"),
            got=str(problem)[: 2 * SHOWN],
            allowed=Text("one object a line: {shape}", "每行一个对象：{shape}"),
            fix=Text(
                "mend the line, or name the fields that the file has (danlu evaluate --help)",
                "请修正该行，或指定文件中的字段名（见 danlu evaluate --help）",
            ),
            number=number,
            path=path,
            shape=shape,
        ) from problem


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        compression = compression_of(handle.read(8))
    with open_bytes(path, compression, ReadingSettings()) as stream:
        while line := stream.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise ValueError(f"a line of more than {LONGEST_LINE >> 20} MB")
            yield line


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except RecursionError as problem:
        raise ValueError("nested too deeply") from problem
    if not isinstance(value, dict):
        raise ValueError(line[:SHOWN].decode("utf-8", "replace").strip())
    return value


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str):
        raise ValueError(_lacks(value, name))
    return found


def _label(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str | int):
        raise ValueError(_lacks(value, name))
    return str(found)


def _number(value: dict[str, Any], name: str) -> float:
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise ValueError(_lacks(value, name))
    return float(found)


def _lacks(value: dict[str, Any], name: str) -> str:
    return f"{name}: {json.dumps(value.get(name), ensure_ascii=False)[:SHOWN]}; {', '.join(value)}"[: 2 * SHOWN]
