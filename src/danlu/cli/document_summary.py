"""The lines of `danlu corpus explain`: the fate of a document, its twin side by side, and what each rule measured."""

from collections.abc import Iterator, Mapping
from typing import Any

from danlu.cli.layout import cut, pad, wrap
from danlu.cli.results import plain_values
from danlu.cli.terminal import printable
from danlu.cli.wording import COMMA, table
from danlu.core.language import Text, say

IS_KEPT = Text("kept, in the split '{split}'", "保留，划入 '{split}'")
IS_DROPPED = Text("dropped: {reason}", "丢弃：{reason}")
DROPPED_AT = Text("dropped: {reason}, {value} (limit {limit})", "丢弃：{reason}，{value}（界限 {limit}）")
FATE = Text("fate", "去留")
WHY = Text("why", "原因")
TWIN = Text("twin", "孪生文档")
EDITS = Text("edits", "修改")
LANGUAGE = Text("language", "语言")
DOMAIN = Text("domain", "领域")
CLUSTER = Text("cluster", "重复簇")
CLUSTER_OF = Text("{name}, {count} documents", "{name}，{count} 篇文档")
DOUBLES = Text("doubles", "副本")
DOUBLES_OF = Text("{count} dropped: {names}", "丢弃 {count} 篇：{names}")
TOKENS = Text("tokens", "词元")
TOKENS_OF = Text(
    "{start} to {end} of {file} ({count} with the separator), document {number}",
    "{file} 的第 {start} 至 {end} 个（含分隔符共 {count} 个），第 {number} 篇文档",
)
BEGINNING = Text("begins", "开头")
RULES = Text("Rules, with what was measured and what is allowed:", "各条规则、测得的值与允许的范围：")
MEASURES = Text("Measured besides:", "其余度量：")
SIDE_BY_SIDE = Text("This document | its twin, where they differ:", "本文档 | 孪生文档，不同之处：")
SAME = Text("This document and its twin hold the same text.", "本文档与孪生文档文本相同。")
NOTHING = Text("(nothing)", "（无）")
RANGE = Text("{least} to {most}", "{least} 至 {most}")
AT_LEAST = Text("at least {least}", "至少 {least}")
AT_MOST = Text("at most {most}", "至多 {most}")
LEAST_COLUMN = 24  # columns of text that one of two sides needs; narrower terminals show them one below the other
MOST_LINES = 4
LEAKS = Text("evaluation", "评测题目")
LEAK_OF = Text("{share} of {file}:{offset}: {text}", "含 {file}:{offset} 的 {share}：{text}")


def explanation_lines(result: Any, width: int) -> Iterator[str]:
    """`corpus explain`: where it lay, what became of it and why."""
    plain: Mapping[str, Any] = plain_values(result)
    rows = [
        (plain["id"], printable(f"{plain['source']}:{plain['offset']}" + _piece(plain))),
        (say(FATE), _fate(plain)),
        (say(WHY), plain["reason_meaning"] or ""),
        (say(TWIN), printable(f"{plain['twin']} ({plain['twin_source']})") if plain["twin"] else ""),
        (say(EDITS), say(COMMA).join(plain["edit_meanings"])),
        (say(LANGUAGE), plain["language"]),
        (say(DOMAIN), printable(plain["domain"])),
        (say(CLUSTER), _cluster(plain)),
        (say(DOUBLES), _doubles(plain)),
        *((say(LEAKS), _leak(found)) for found in plain["leaks"][:MOST_LINES]),
        (say(TOKENS), _tokens(plain["tokens"])),
        (say(BEGINNING), cut(" ".join(printable(plain["text"][:400]).split()), 2 * width)),
    ]
    yield from table([(name, value) for name, value in rows if value], width)
    if plain["twin_text"] is not None:
        yield ""
        yield from _beside(plain, width)
    yield from _measured(plain, width)


def _piece(plain: Mapping[str, Any]) -> str:
    return f":{plain['piece']}" if plain["piece"] else ""


def _fate(plain: Mapping[str, Any]) -> str:
    if plain["kept"]:
        return say(IS_KEPT, split=plain["split"])
    if plain["value"] is None:
        return say(IS_DROPPED, reason=plain["reason"])
    return say(DROPPED_AT, reason=plain["reason"], value=figure(plain["value"]), limit=figure(plain["limit"]))


def _cluster(plain: Mapping[str, Any]) -> str:
    if plain["num_in_cluster"] < 2:
        return ""
    return say(CLUSTER_OF, name=plain["cluster"], count=plain["num_in_cluster"])


def _leak(found: Mapping[str, Any]) -> str:
    text = cut(" ".join(printable(found["text"]).split()), 60)
    return say(LEAK_OF, share=f"{found['share']:.1%}", file=printable(found["file"]), offset=found["offset"], text=text)


def _doubles(plain: Mapping[str, Any]) -> str:
    if not plain["num_doubles"]:
        return ""
    names = say(COMMA).join(plain["doubles"]) + (" ..." if plain["num_doubles"] > len(plain["doubles"]) else "")
    return say(DOUBLES_OF, count=plain["num_doubles"], names=names)


def _tokens(found: Mapping[str, Any] | None) -> str:
    return "" if found is None else say(TOKENS_OF, count=found["end"] - found["start"], **found)


def _beside(plain: Mapping[str, Any], width: int) -> Iterator[str]:
    """Each stretch that differs in two columns, or one below the other where the terminal is narrow."""
    if not plain["differences"]:
        yield from wrap(say(SAME), width)
        return
    yield from wrap(say(SIDE_BY_SIDE), width)
    column = (width - 5) // 2
    for found in plain["differences"]:
        here, there = (_shown(found, side) for side in ("here", "there"))
        if column < LEAST_COLUMN:
            yield from (f"  - {line}" for line in _lines(here, width - 4))
            yield from (f"  + {line}" for line in _lines(there, width - 4))
            continue
        left, right = _lines(here, column), _lines(there, column)
        for number in range(max(len(left), len(right))):
            one, other = ("".join(side[number : number + 1]) for side in (left, right))
            yield f"  {pad(one, column)} | {other}".rstrip()
        if found is not plain["differences"][-1]:
            yield ""


def _shown(found: Mapping[str, Any], side: str) -> str:
    middle = " ".join(printable(found[side]).split()) or say(NOTHING)
    around = ("before", "after") if side == "here" else ("twin_before", "twin_after")
    before, after = (" ".join(printable(found[name]).split()) for name in around)
    return f"{before[-24:]} [{middle}] {after[:24]}".strip()


def _lines(text: str, width: int) -> list[str]:
    return wrap(cut(text, MOST_LINES * width - width // 2), width)


def _measured(plain: Mapping[str, Any], width: int) -> Iterator[str]:
    if plain["judgements"]:
        yield ""
        yield from wrap(say(RULES), width)
        yield from table([_judgement(row) for row in plain["judgements"]], width, indent=0)
    others = {name: value for name, value in plain["measures"].items() if isinstance(value, (int, float))}
    if others:
        yield ""
        yield from wrap(say(MEASURES), width)
        words = say(COMMA).join(f"{name} {figure(value)}" for name, value in others.items())
        yield from ("  " + line for line in wrap(words, width - 2))


def _judgement(row: Mapping[str, Any]) -> tuple[str, str]:
    """The rule's name, marked where it was broken; the value, the limits, what they mean."""
    return ("  " if row["passed"] else "! ") + row["rule"], f"{figure(row['value'])} ({limits(row)}) {row['meaning']}"


def limits(row: Mapping[str, Any]) -> str:
    """`at least 0.1`, `0.1 to 0.5`, or nothing where both sides are open."""
    least, most = row["least"], row["most"]
    if least is None and most is None:
        return ""
    words = RANGE if None not in (least, most) else AT_LEAST if most is None else AT_MOST
    return say(words, least=figure(least), most=figure(most))


def figure(value: Any) -> str:
    """Four digits of a number, whole ones in full; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.4g}"
