"""What the user asked of a run: flags, a settings file and `a.b=value` as one tree, and sources that exist."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.core.quantities import parse_count, parse_duration
from danlu.core.settings import gather, merge


def requested_tree(
    *,
    duration: str | None,
    settings_file: str | Path | None,
    overrides: Sequence[str],
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """What the user set, from the file, the flags and `a.b=value`, as one nested tree."""
    tree = _named(gather(file=Path(settings_file) if settings_file else None))
    flags: dict[str, Any] = {n: options[n] for n in ("arch", "objective", "seed") if options.get(n) is not None}
    if options.get("size") is not None:
        flags["size"] = str(options["size"])
    budget = {"seconds": parse_duration(duration)} if duration else {}
    budget |= {n: parse_count(options[n]) for n in ("steps", "tokens") if options.get(n) is not None}
    if budget:
        tree.pop("budget", None)  # a settings file may hold another kind of budget
        flags["budget"] = budget
    kind = options.get("tokenizer")
    if kind is not None and (Path(str(kind)) / "manifest.json").exists():
        flags["tokenizer_folder"] = str(kind)
    elif kind is not None:
        flags["tokenizer"] = {"kind": str(kind)}
    merge(tree, _named(flags))
    merge(tree, _named(gather(overrides=overrides)))
    if not tree.get("budget"):
        tree["budget"] = {"seconds": 600.0}
    return tree


def _named(tree: dict[str, Any]) -> dict[str, Any]:
    """`tree` with an objective that is given by its name alone as the table that it stands for."""
    if isinstance(tree.get("objective"), str):
        tree["objective"] = {"name": tree["objective"]}
    return tree


def check_sources(paths: Sequence[Path]) -> None:
    """Raises UsageError for the first path that does not exist, and when there is none at all."""
    if not paths:
        raise UsageError(
            Text("no text was named", "未指定文本"),
            got=Text("nothing", "无"),
            allowed=Text("files, folders, or a finished corpus", "文件、目录或已完成的语料"),
            fix=Text("name the text: danlu pretrain texts/", "请指定文本：danlu pretrain texts/"),
        )
    for path in paths:
        if not path.exists():
            raise UsageError(
                Text("there is no file or folder {path}", "没有文件或目录 {path}"),
                got=str(path),
                allowed=Text("an existing file or folder", "存在的文件或目录"),
                fix=Text("check the spelling; the working folder is {here}", "请检查拼写；当前目录为 {here}"),
                path=path,
                here=Path.cwd(),
            )


def check_folder(folder: Path, sources: Sequence[Path]) -> None:
    """Raises UsageError when the run's folder lies inside its text: each try would then read the one before as text."""
    inside = folder.resolve()
    for source in sources:
        whole = source.resolve()
        if whole.is_dir() and whole in (inside, *inside.parents):
            raise UsageError(
                Text("the folder of the run lies inside the text {source}", "运行目录位于文本目录 {source} 之内"),
                got=str(folder),
                allowed=Text("a folder outside the text", "文本目录之外的目录"),
                fix=Text(
                    "choose another folder with -o, or start in another one", "请用 -o 选择其他目录，或在其他目录中运行"
                ),
                source=source,
            )
