"""The lines of `danlu doctor`: what the machine can do, and what danlu chose because of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from danlu.cli.layout import pad, wrap
from danlu.cli.results import plain_values
from danlu.cli.wording import COMMA, table
from danlu.core.language import Text, say
from danlu.core.quantities import format_bytes

PROCESSOR = Text("processor", "处理器")
CORES = Text("{cores} cores", "{cores} 个核心")
MEMORY = Text("memory", "内存")
FREE_OF = Text("{free} free of {all}, read at {speed:.1f} GB/s", "共 {all}，可用 {free}，读取 {speed:.1f} GB/秒")
DISK = Text("disk", "磁盘")
FREE = Text("{free} free, written at {speed:.0f} MB/s", "可用 {free}，写入 {speed:.0f} MB/秒")
COMPILE = Text("compile", "编译")
VERSIONS = Text("versions", "版本")
SPEEDS = Text("Matrix products, GFLOP/s measured:", "矩阵乘法，实测 GFLOP/秒：")
ROW = Text("{mode}, threads {threads}", "{mode}，线程 {threads}")
CHOSEN = Text("<- training uses this", "<- 训练使用")
WHY = Text("Why:", "理由：")
BUSY = Text(
    "Other programs were busy while danlu measured: the figures are too low. Run `danlu doctor --fresh` when it is quiet.",
    "测量时有其他程序在忙，数字偏低。请在空闲时运行 `danlu doctor --fresh`。",
)


def machine_lines(result: Any, width: int) -> Iterator[str]:
    """`result`: the Diagnosis of the recipe."""
    plain: Mapping[str, Any] = plain_values(result)
    cores = [plain["cpu"], say(CORES, cores=plain["cores"]), " ".join(plain["flags"])]
    memory = {"free": plain["memory_available_bytes"], "all": plain["memory_limit_bytes"]}
    yield from table(
        [
            (say(PROCESSOR), say(COMMA).join(part for part in cores if part)),
            (say(MEMORY), say(FREE_OF, **_sizes(memory), speed=plain["memory_gb_per_s"])),
            (say(DISK), say(FREE, free=format_bytes(plain["disk_free_bytes"]), speed=plain["disk_mb_per_s"])),
            (say(COMPILE), plain["compile"]),
            (say(VERSIONS), say(COMMA).join(f"{name} {number}" for name, number in plain["versions"].items())),
        ],
        width,
    )
    yield ""
    yield from wrap(say(SPEEDS), width)
    for row in plain["table"]:
        shown = f"  {row['gflops']:8.1f}  {say(ROW, mode=row['mode'], threads=row['threads'])}"
        yield f"{pad(shown, 38)}  {say(CHOSEN)}" if row["chosen"] and width >= 64 else shown + " <-" * row["chosen"]
    yield ""
    yield from wrap(say(WHY), width)
    yield from table(plain["reasons"].items(), width)
    if plain["busy"]:
        yield ""
        yield from wrap(say(BUSY), width)


def _sizes(values: Mapping[str, float]) -> dict[str, str]:
    return {name: format_bytes(value) for name, value in values.items()}
