"""Help pages, in the reader's language and at the width of the terminal."""

from collections.abc import Iterator

from danlu.cli.commands import ALL, GROUPS
from danlu.cli.declaration import Command, Option
from danlu.cli.layout import two_columns, wrap
from danlu.cli.parsing import options_of, usage_line
from danlu.core.language import Text, say

MOTTO = Text(
    "danlu: a folder of text becomes a language model of your own, on your own machine.",
    "丹炉 danlu：在自己的机器上，把一个文件夹的文本炼成自己的语言模型。",
)
FIRST = Text("Start here", "从这里开始")
FIRST_LINES = (
    ("danlu demo", Text("from text to model in a few minutes", "几分钟，从文本到模型")),
    ("danlu pretrain texts/ --for 10m", Text("your own texts", "用您自己的文本")),
)
MORE = Text("danlu COMMAND --help shows what a command takes.", "danlu 命令 --help 给出该命令的用法。")
LANGUAGE = Text("DANLU_LANG=zh shows everything in Chinese.", "DANLU_LANG=en 以英文显示。")
USAGE = Text("Usage", "用法")
ARGUMENTS = Text("Arguments", "参数")
OPTIONS = Text("Options", "选项")
EXAMPLES = Text("Examples", "示例")
OVERRIDES = Text("a.b=value", "a.b=值")
OVERRIDES_MEANING = Text(
    "any other setting by its name; a run's settings.toml lists them all with their meaning",
    "其余任何设置，按名称给出；训练目录中的 settings.toml 列出全部设置及其含义",
)
REQUIRED = Text("needed", "必需")


def help_page(name: str, *, width: int, bold: bool) -> str:
    """The page of a command, of a group (`corpus`), or of danlu itself (`""`)."""
    lines = _command(ALL[name], width, bold) if name in ALL else _overview(name, width, bold)
    return "\n".join(lines)


def _overview(group: str, width: int, bold: bool) -> Iterator[str]:
    if not group:
        yield from wrap(say(MOTTO), width)
        yield ""
        yield _heading(FIRST, bold)
        yield from two_columns([(line, say(meaning)) for line, meaning in FIRST_LINES], width)
        yield ""
    for title, commands in GROUPS:
        shown = [c for c in commands if not group or c.name.startswith(group + " ")]
        if shown:
            yield _heading(title, bold)
            yield from two_columns([(c.name, say(c.summary)) for c in shown], width)
            yield ""
    yield from wrap(say(MORE), width)
    if not group:
        yield from wrap(say(LANGUAGE), width)


def _command(command: Command, width: int, bold: bool) -> Iterator[str]:
    yield from wrap(f"{say(USAGE)}: {usage_line(command)}", width)
    yield ""
    yield from wrap(say(command.summary), width)
    rows = [(say(p.metavar) + ("..." if p.many else ""), say(p.help)) for p in command.positionals]
    if command.overrides:
        rows.append((say(OVERRIDES), say(OVERRIDES_MEANING)))
    if rows:
        yield ""
        yield _heading(ARGUMENTS, bold)
        yield from two_columns(rows, width)
    yield ""
    yield _heading(OPTIONS, bold)
    yield from two_columns([(_spelling(o), _meaning(o)) for o in options_of(command)], width)
    yield ""
    yield _heading(EXAMPLES, bold)
    yield from (f"  {example}" for example in command.examples)


def _spelling(option: Option) -> str:
    names = f"{option.short}, {option.name}" if option.short else option.name
    return f"{names} {say(option.metavar)}" if option.metavar else names


def _meaning(option: Option) -> str:
    return f"{say(option.help)} ({say(REQUIRED)})" if option.required else say(option.help)


def _heading(text: Text, bold: bool) -> str:
    return f"\x1b[1m{say(text)}\x1b[0m" if bold else say(text)
