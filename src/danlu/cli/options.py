"""Options and positionals that several commands share."""

from pathlib import Path

from danlu.cli.declaration import Option, Positional
from danlu.core.language import Text

SOURCES = Positional(
    metavar=Text("SOURCE", "来源"),
    key="sources",
    many=True,
    read=Path,
    help=Text(
        "raw text (files, folders, archives), or a corpus that `danlu corpus build` made",
        "原始文本（文件、目录、压缩包），或 `danlu corpus build` 生成的语料",
    ),
)
MODEL = Positional(
    metavar=Text("RUN", "训练目录"),
    key="model_path",
    read=Path,
    help=Text("a run, a finished model, or a Hugging Face folder", "训练目录、已完成的模型，或 Hugging Face 目录"),
)
CORPUS = Positional(
    metavar=Text("DIR", "语料目录"),
    key="path",
    read=Path,
    help=Text("a folder that `danlu corpus build` made", "`danlu corpus build` 生成的目录"),
)
JSON = Option(
    name="--json",
    key="json",
    help=Text("make the last line of standard output one JSON object", "标准输出的最后一行为一个 JSON 对象"),
)
SETTINGS = Option(
    name="--settings",
    key="settings_file",
    metavar=Text("FILE", "文件"),
    read=Path,
    help=Text(
        "settings in TOML; they win over the defaults, and `a.b=value` wins over them",
        "TOML 设置文件；优先于默认值，而 `a.b=value` 又优先于它",
    ),
)
SETTINGS_AS_FILE = Option(**{**SETTINGS.__dict__, "key": "file"})  # the name that stage recipes give it
DURATION = Option(
    name="--for",
    key="duration",
    metavar=Text("TIME", "时长"),
    help=Text("the time it may take, all in all: 90s, 30m, 1h30m", "总用时上限：90s、30m、1h30m"),
)
OUT = Option(
    name="--out",
    short="-o",
    key="out",
    metavar=Text("DIR", "目录"),
    read=Path,
    help=Text("where the result goes", "结果存放的目录"),
)


def required(option: Option) -> Option:
    """The same option, without which the command does not begin."""
    return Option(**{**option.__dict__, "required": True})
