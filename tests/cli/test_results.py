"""The JSON line."""

import io
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from danlu.cli.results import json_line, plain_values
from danlu.cli.terminal import Terminal


@dataclass(frozen=True)
class _Inner:
    path: Path
    value: float


def test_plain_values() -> None:
    found = plain_values({"run": _Inner(Path("a/b"), math.nan), "n": np.int64(3), "many": (1, {2.5}), 7: None})
    assert found == {"run": {"path": "a/b", "value": "nan"}, "n": 3, "many": [1, [2.5]], "7": None}


def test_the_line_is_one_object_in_any_encoding() -> None:
    ascii_only = Terminal(io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    for out in (Terminal(io.StringIO()), ascii_only):
        line = json_line({"text": "丹\n炉", "bits": math.inf}, out)
        assert "\n" not in line
        assert json.loads(line) == {"text": "丹\n炉", "bits": "inf"}
    assert json.loads(json_line([1, 2], ascii_only)) == {"result": [1, 2]}
