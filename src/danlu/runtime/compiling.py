"""Whether a run compiles its network: when the seconds that compiling costs come back within the run.

Measured on two cores (docs/log, compiled blocks): 22 to 25 s for a block of a GPT that was never compiled here, 2 to 4 s
when the compiler finds it in its cache; the step is then 1.15 to 1.25 times as fast from 1.7M to 10M parameters.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from danlu.core.language import Text
from danlu.runtime.machine import cache_folder, recall, remember, this_machine
from danlu.runtime.measure import find_compiler
from danlu.runtime.reasons import filled

CACHE_NAME = "compiled-1"
COLD_SECONDS = 30.0
GAIN = 1.15
WORTH = 1.05  # beside other programs compiling took up to 58 s, so a small gain is not worth its risk
# The compiler's cache: by default it lies in the folder for temporary files, which others may share.
CACHE_FOLDER = "compiled"
CACHE_VARIABLE = "TORCHINDUCTOR_CACHE_DIR"


@dataclass(frozen=True, kw_only=True)
class CompileChoice:
    """The choice, its reason with the numbers, and what compiling is expected to cost in seconds."""

    compile: bool
    reason: Text
    seconds: float


def choose_compile(wanted: str, *, shape: Mapping[str, Any], train_seconds: float, by_clock: bool) -> CompileChoice:
    """`wanted`: auto, on or off; `shape` names what is compiled, for the memory of what was compiled here before.

    Only runs by the clock may profit from that memory: those by steps or tokens must not depend on it, since compiled
    and plain steps differ in rounding.
    """
    if wanted != "auto":
        return CompileChoice(compile=wanted == "on", reason=Text("set by hand", "手动设置"), seconds=0.0)
    if find_compiler() is None:
        reason = Text("no C++ compiler is installed", "未安装 C++ 编译器")
        return CompileChoice(compile=False, reason=reason, seconds=0.0)
    known = _known().get(_key(shape)) if by_clock else None
    cost = COLD_SECONDS if known is None else 1.5 * float(known)
    worth = (train_seconds - cost) * GAIN > WORTH * train_seconds
    reason = filled(
        Text(
            "compiling takes about {cost:.0f} s and makes steps {gain:g} times as fast, in a training of {train:.0f} s",
            "编译约需 {cost:.0f} 秒，可使每步快 {gain:g} 倍；训练共 {train:.0f} 秒",
        ),
        cost=cost,
        gain=GAIN,
        train=train_seconds,
    )
    return CompileChoice(compile=worth, reason=reason, seconds=cost if worth else 0.0)


def compiled_shape(arch: str, model: Mapping[str, Any], *, micro_batch_tokens: int, dtype: str) -> dict[str, Any]:
    """What decides the compiled code, so that a run can tell whether the like was compiled on this machine before."""
    names = ("width", "num_heads", "num_key_heads", "head_width", "inner_width")
    shape = {name: model[name] for name in names if name in model}
    return {"arch": arch, **shape, "rows": micro_batch_tokens, "dtype": dtype, "dropout": bool(model.get("dropout"))}


def use_own_cache() -> None:
    """Lets the compiler keep what it made in danlu's cache folder, unless the user has chosen another."""
    os.environ.setdefault(CACHE_VARIABLE, str(cache_folder() / CACHE_FOLDER))


def remember_compiled(shape: Mapping[str, Any], seconds: float) -> None:
    """Keeps that `shape` was compiled here. After the first time the compiler's cache serves it: 5 s at most."""
    remember(CACHE_NAME, this_machine(), {**_known(), _key(shape): min(5.0, seconds)})


def _known() -> dict[str, Any]:
    if not (cache_folder() / CACHE_FOLDER).is_dir():
        return {}  # somebody emptied the cache
    return dict(recall(CACHE_NAME, this_machine()).values or {})


def _key(shape: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(dict(shape), sort_keys=True).encode()).hexdigest()[:16]
