"""Whether torch.compile works on this machine and what it costs: tried in a process of its own, tens of seconds.

T, C   tokens, channels
"""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

from danlu.core.language import Text
from danlu.runtime.measure import find_compiler
from danlu.runtime.reasons import filled

TIMEOUT_SECONDS = 240.0
TOKENS, CHANNELS, HIDDEN = 2048, 256, 768  # one MLP of a small GPT


@dataclass(frozen=True, kw_only=True)
class CompileMeasure:
    """A training step of one small MLP: eager and compiled seconds, and the seconds before the first compiled step."""

    works: bool
    compile_seconds: float
    eager_seconds: float
    compiled_seconds: float
    reason: Text

    @property
    def speed_up(self) -> float:
        """Eager over compiled time; 0.0 when it does not work."""
        return self.eager_seconds / self.compiled_seconds if self.works else 0.0


def measure_compile(*, timeout_seconds: float = TIMEOUT_SECONDS) -> CompileMeasure:
    """Compiles and times one forward and backward pass in a fresh process, so that a crash or a hang stays there."""
    compiler = find_compiler()
    if compiler is None:
        return _failed(Text("no C++ compiler is installed", "未安装 C++ 编译器"))
    pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
    try:
        return pool.submit(_try).result(timeout=timeout_seconds)
    except TimeoutError:
        for process in list(pool._processes.values()):
            process.terminate()
        return _failed(filled(Text("not done after {limit:.0f} s", "{limit:.0f} 秒内未完成"), limit=timeout_seconds))
    except BrokenProcessPool:
        return _failed(Text("the process died", "进程异常退出"))
    finally:
        pool.shutdown(cancel_futures=True)


def _failed(reason: Text) -> CompileMeasure:
    return CompileMeasure(works=False, compile_seconds=0.0, eager_seconds=0.0, compiled_seconds=0.0, reason=reason)


def _try() -> CompileMeasure:
    """Runs in the process of its own."""
    import torch
    from torch import nn

    model = nn.Sequential(nn.Linear(CHANNELS, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, CHANNELS))
    x_TC = torch.randn(TOKENS, CHANNELS)

    def seconds(function: Callable[[torch.Tensor], torch.Tensor]) -> float:
        start = time.perf_counter()
        function(x_TC).square().mean().backward()  # type: ignore[no-untyped-call]
        return time.perf_counter() - start

    seconds(model)
    eager = min(seconds(model) for _ in range(5))
    try:
        compiled = torch.compile(model)
        first = seconds(compiled)
    except Exception as problem:  # whatever the compiler chain throws, the answer is: it does not work here
        line = str(problem).strip().split("\n", 1)[0][:200]
        return _failed(filled(Text("{kind}: {line}", "{kind}:{line}"), kind=type(problem).__name__, line=line))
    best = min(seconds(compiled) for _ in range(5))
    text = Text("{gain:.2f} times as fast after {first:.0f} s", "编译 {first:.0f} 秒后速度为 {gain:.2f} 倍")
    reason = filled(text, gain=eager / best, first=first)
    return CompileMeasure(works=True, compile_seconds=first, eager_seconds=eager, compiled_seconds=best, reason=reason)
