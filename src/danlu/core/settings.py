"""Settings: defaults <- TOML file <- `a.b=value`. Unknown names are refused with the nearest one, all problems at once.

A settings class stands beside what it sets. Each field is declared with `setting(default, meaning_en, meaning_zh)`;
bounds (`ge`, `le`, ...) go into the same call. The only file of core that imports pydantic.
"""

import copy
import hashlib
import json
import os
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

# Plugins of pydantic would run code of any installed package, and looking for them takes 20 ms.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from danlu.core.errors import UsageError, nearest
from danlu.core.language import Text, language

S = TypeVar("S", bound="Settings")


class Settings(BaseModel):
    """Base of all settings: frozen, and no unknown name gets in."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, protected_namespaces=(), allow_inf_nan=False
    )


def setting(default: Any, en: str, zh: str, **bounds: Any) -> Any:
    """A field with its meaning (unit and range included) in both languages; `bounds` are pydantic's `ge`, `lt`, ..."""
    extra: dict[str, Any] = {"zh": zh}
    if isinstance(default, type) and issubclass(default, Settings):
        return Field(default_factory=default, description=en, json_schema_extra=extra)
    return Field(default=default, description=en, json_schema_extra=extra, **bounds)


def resolve(
    kind: type[S],
    *,
    file: Path | None = None,
    values: Mapping[str, Any] | None = None,
    overrides: Sequence[str] = (),
) -> S:
    """Settings of `kind` from a TOML file, then nested `values`, then `a.b=value` strings, each over the one before.

    Raises UsageError that lists every problem: unreadable file, unknown name (with the nearest), wrong value.
    """
    return build(kind, gather(file=file, values=values, overrides=overrides))


def gather(
    *, file: Path | None = None, values: Mapping[str, Any] | None = None, overrides: Sequence[str] = ()
) -> dict[str, Any]:
    """The nested tree of everything that was set, not yet checked; raises UsageError for an override without `=`."""
    tree: dict[str, Any] = {}
    if file is not None:
        merge(tree, _read_toml(file))
    merge(tree, values or {})
    problems = [
        _word("{0!r} is not name=value", "{0!r} 不是 名称=值 的形式").format(o)
        for o in overrides
        if not o.partition("=")[1] or not o.partition("=")[0].strip()
    ]
    if problems:
        raise settings_error(problems)
    for override in overrides:
        name, _, text = override.partition("=")
        merge(tree, _nested(name.strip().split("."), _value(text.strip())))
    return tree


def build(kind: type[S], tree: Mapping[str, Any]) -> S:
    """Checked settings from a nested tree. Raises UsageError that lists every problem."""
    try:
        return kind.model_validate(tree)
    except ValidationError as refused:
        raise settings_error([_problem(kind, dict(error)) for error in refused.errors()]) from None


def settings_error(problems: Sequence[str]) -> UsageError:
    """The error that lists all `problems` of settings, one line each."""
    listed = "\n    ".join(problems)
    return UsageError(
        Text("{count} problem(s) in the settings", "设置中有 {count} 处问题"),
        got="\n    " + listed,
        allowed=Text("the names and ranges listed in settings.toml", "settings.toml 中列出的名称与范围"),
        fix=Text("mend each line above, then run the command again", "请逐条修正后重新运行"),
        count=len(problems),
    )


def plain(settings: Settings) -> dict[str, Any]:
    """Nested plain values (JSON-ready), in declared order."""
    return settings.model_dump(mode="json")


def digest(values: Mapping[str, Any]) -> str:
    """SHA-256 of plain values: equal settings, equal digest."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def differences(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> list[str]:
    """One line `a.b: old -> new` for each leaf that differs."""
    lines: list[str] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            lines += differences(old, new, f"{prefix}{name}.")
        elif old != new:
            lines.append(f"{prefix}{name}: {_shown(old)} -> {_shown(new)}")
    return lines


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def to_toml(settings: Settings) -> str:
    """Commented TOML: each setting with its meaning; reading it back gives equal settings (unset ones are comments)."""
    return "\n".join(_toml_lines(settings, ())) + "\n"


def _toml_lines(settings: Settings, path: tuple[str, ...]) -> Iterator[str]:
    tables: list[tuple[str, Settings]] = []
    for name, info in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, Settings):
            tables.append((name, value))
            continue
        if info.description:
            yield f"# {_meaning(info)}"
        written = value if isinstance(value, (dict, list)) else settings.model_dump(mode="json")[name]
        yield f"# {name} =" if written is None else f"{name} = {_toml_value(written)}"
    for name, value in tables:
        yield ""
        info = type(settings).model_fields[name]
        if info.description:
            yield f"# {_meaning(info)}"
        yield f"[{'.'.join((*path, name))}]"
        yield from _toml_lines(value, (*path, name))


def _meaning(info: Any) -> str:
    extra = info.json_schema_extra
    chosen = extra.get("zh") if language() == "zh" and isinstance(extra, dict) else info.description
    return str(chosen).replace("\n", " ")


def _toml_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml_value(str(k))} = {_toml_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml_value(v) for v in value) + "]"
    # JSON leaves DEL as it is, TOML wants it escaped
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise UsageError(
            Text("the settings file {file} cannot be read", "无法读取设置文件 {file}"),
            got=str(problem),
            allowed=Text("a TOML file in UTF-8", "UTF-8 编码的 TOML 文件"),
            fix=Text("mend the file at the place named above", "请修正上述位置"),
            file=file,
        ) from problem


def _value(text: str) -> Any:
    """A TOML value where it is one (`3e-4`, `true`, `[1, 2]`), else the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _nested(names: Sequence[str], value: Any) -> dict[str, Any]:
    return {names[0]: value if len(names) == 1 else _nested(names[1:], value)}


def merge(tree: dict[str, Any], added: Mapping[str, Any]) -> None:
    """Puts `added` over `tree`, in place; nested tables are merged, everything else is replaced."""
    for name, value in added.items():
        if isinstance(value, Mapping) and isinstance(tree.get(name), dict):
            merge(tree[name], value)
        else:
            tree[name] = copy.deepcopy(value)


def _word(en: str, zh: str) -> str:
    return zh if language() == "zh" else en


def _problem(kind: type[Settings], error: Mapping[str, Any]) -> str:
    """One line for one problem that pydantic found."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] != "extra_forbidden":
        got = _word("got {0!r}", "得到 {0!r}").format(error["input"])
        return f"{where}: {_complaint(error)} ({got})"
    owner = _owner(kind, error["loc"][:-1])
    known = list(owner.model_fields) if owner else []
    close = nearest(str(error["loc"][-1]), known)
    line = _word("unknown setting '{0}'", "未知的设置 '{0}'").format(where)
    if close:
        line += _word(". Did you mean '{0}'?", "。是否指 '{0}'?").format(close)
    else:
        line += _word(".", "。")
    return line + _word(" Known: {0}", " 可用：{0}").format(", ".join(known))


# pydantic speaks English; these are its commonest complaints, by its names for them.
_IN_CHINESE = {
    "greater_than": "须大于 {gt}",
    "greater_than_equal": "须不小于 {ge}",
    "less_than": "须小于 {lt}",
    "less_than_equal": "须不大于 {le}",
    "multiple_of": "须为 {multiple_of} 的倍数",
    "literal_error": "只能是 {expected}",
    "int_type": "须为整数",
    "int_parsing": "须为整数",
    "int_from_float": "须为整数",
    "float_type": "须为数",
    "float_parsing": "须为数",
    "finite_number": "须为有限的数",
    "bool_type": "须为 true 或 false",
    "bool_parsing": "须为 true 或 false",
    "string_type": "须为文本",
    "list_type": "须为列表",
    "tuple_type": "须为列表",
    "dict_type": "须为表",
    "model_type": "须为表",
    "missing": "缺少此项",
    "none_required": "须为空",
}


def _complaint(error: Mapping[str, Any]) -> str:
    """What is wrong with a value, in the reader's language."""
    zh = _IN_CHINESE.get(error["type"])
    return str(error["msg"]) if zh is None else _word(str(error["msg"]), zh.format(**error.get("ctx", {})))


def _owner(kind: type[Settings], path: Sequence[Any]) -> type[Settings] | None:
    """The settings class at `path` below `kind`."""
    for name in path:
        if str(name) not in kind.model_fields:
            return None
        annotation: Any = kind.model_fields[str(name)].annotation
        options = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
        nested = [o for o in options if isinstance(o, type) and issubclass(o, Settings)]
        if not nested:
            return None
        kind = nested[0]
    return kind
