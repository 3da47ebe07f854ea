"""The lines of `danlu corpus quality train`: what was learned, how well it tells good from bad, what a limit would do."""

from collections.abc import Iterator, Mapping
from typing import Any

from danlu.cli.layout import wrap
from danlu.cli.results import plain_values
from danlu.cli.terminal import printable
from danlu.cli.wording import COMMA, table
from danlu.core.language import Text, say
from danlu.core.quantities import format_bytes, format_duration

FINISHED = Text("{path} is a finished score.", "{path} 中的评分已完成。")
GOOD = Text("good text", "好文本")
BAD = Text("bad text", "坏文本")
READ = Text(
    "{size} in {documents} documents, {pieces} pieces, {held} of them held out",
    "{size}，{documents} 篇文档，{pieces} 段，其中留出 {held} 段",
)
SCRIPTS = {
    "all": Text("told apart", "区分能力"),
    "han": Text("  in Han characters", "  汉字文本"),
    "other": Text("  in other scripts", "  其他文字"),
}
AUC = Text(
    "a good piece scores higher than a bad one {auc:.1%} of the time ({low:.1%} to {high:.1%}); {accuracy:.1%} on the right side",
    "好段落得分高于坏段落的概率为 {auc:.1%}（{low:.1%} 至 {high:.1%}）；{accuracy:.1%} 判断正确",
)
LIMITS = Text("held-out text that a limit drops:", "各界限会丢弃的留出文本：")
LIMIT = Text("good {good:.1%}, bad {bad:.1%}", "好 {good:.1%}，坏 {bad:.1%}")
FOR = Text("speaks for", "有利")
AGAINST = Text("speaks against", "不利")
NOTE = Text("note", "注意")
TIME = Text("time", "用时")
NEXT = Text("next", "接下来")


def quality_lines(result: Any, width: int) -> Iterator[str]:
    """The score in figures, its limits as a choice, and the command that uses it."""
    plain: Mapping[str, Any] = plain_values(result)
    yield from wrap(say(FINISHED, path=plain["path"]), width)
    rows = [(say(name), _read(plain[key])) for name, key in ((GOOD, "good"), (BAD, "bad")) if plain[key]]
    rows += [
        (say(SCRIPTS[name]), _separation(found))
        for name, found in plain["separation"].items()
        if found["auc"] is not None
    ]
    rows += [
        (say(name), printable(say(COMMA).join(plain[key])))
        for name, key in ((FOR, "speaks_for"), (AGAINST, "speaks_against"))
        if plain[key]
    ]
    rows += [(say(NOTE), note) for note in plain["notes"]]
    rows.append((say(TIME), format_duration(plain["seconds"])))
    yield from table(rows, width)
    if plain["bad_dropped"]:
        yield ""
        yield from wrap(say(LIMITS), width)
        lines = plain["bad_dropped"].items()
        yield from table([(f"quality={limit}:", say(LIMIT, good=float(limit), bad=bad)) for limit, bad in lines], width)
    yield ""
    yield from table([(say(NEXT), f"danlu corpus build SOURCE -o DIR corpus.quality_model={plain['path']}")], width)


def _read(side: Mapping[str, Any]) -> str:
    return say(
        READ,
        size=format_bytes(side["num_bytes"]),
        documents=f"{side['num_documents']:,}",
        pieces=f"{side['num_pieces']:,}",
        held=f"{side['num_held_out']:,}",
    )


def _separation(found: Mapping[str, Any]) -> str:
    return say(AUC, auc=found["auc"], low=found["auc_low"], high=found["auc_high"], accuracy=found["accuracy"])
