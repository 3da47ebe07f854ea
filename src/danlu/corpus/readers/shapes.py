"""Exports of social media and chats as JSON: where their texts stand, and which records make up one conversation.

Each row of SHAPES is a tuple of Shapes; an object is of the first one all of whose signs it has. Deleted posts and
messages without text are no documents.
"""

import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from typing import Any, NamedTuple

from danlu.corpus import SHAPES

PAUSE_SECONDS = 3600.0  # of silence, after which another conversation begins
MAX_NESTING = 20
DELETED = frozenset(("[deleted]", "[removed]", "[deleted by user]", "抱歉,此微博已被作者删除。", "该微博已被删除"))
_TAG = re.compile(r"<(?:a|span|img|br|i|b|em)\b[^<>]{0,2000}>|</(?:a|span|i|b|em)>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


class Shape(NamedTuple):
    """One kind of record.

    `texts` are joined by blank lines. `rows` leads to a list: of records (each judged by itself) or, with `joined`, of
    turns that make one text. `time` (seconds) says that records in a row belong together until there is a pause.
    `markup`: the texts hold marks and entities of HTML.
    """

    signs: tuple[str, ...]
    texts: tuple[str, ...] = ()
    rows: str = ""
    joined: tuple[str, ...] = ()
    time: str = ""
    domain: str = ""
    markup: bool = False
    over_text: bool = False

    def goes_before_text(self) -> bool:
        """Whether an object of this shape is read by it although it has a field that is simply called text."""
        return self.over_text or "text" in self.texts


class Record(NamedTuple):
    """The text of a record, None where it has none; `row` is its place in the list that holds it.

    `shapeless` is the record itself when no shape explains it.
    """

    text: str | None
    domain: str | None = None
    row: int = 0
    shapeless: Any = None


REDDIT = (
    Shape(("subreddit", "body"), ("body",), domain="subreddit", markup=True),
    Shape(("subreddit", "title"), ("title", "selftext"), domain="subreddit", markup=True),
    Shape(("data.subreddit", "data.body"), ("data.body",), domain="data.subreddit", markup=True),
    Shape(("data.subreddit", "data.title"), ("data.title", "data.selftext"), domain="data.subreddit", markup=True),
    Shape(("kind", "data.children"), rows="data.children"),
)
WEIBO = (
    Shape(("mblog.longText.longTextContent",), ("mblog.longText.longTextContent",), markup=True),
    Shape(("mblog.text",), ("mblog.text",), markup=True),
    Shape(("text_raw",), ("text_raw",), markup=True, over_text=True),
    Shape(("text", "reposts_count"), ("text",), markup=True),
    Shape(("text", "attitudes_count"), ("text",), markup=True),
    Shape(("data.cards",), rows="data.cards"),
)
TWITTER = (
    Shape(("full_text", "id_str"), ("full_text",), markup=True),
    Shape(("tweet.full_text",), ("tweet.full_text",), markup=True),
    Shape(("text", "edit_history_tweet_ids"), ("text",), markup=True),
    Shape(("text", "id_str", "retweet_count"), ("text",), markup=True),
)
TELEGRAM = (
    Shape(("chats.list",), rows="chats.list"),
    Shape(("messages", "name", "id"), rows="messages"),
    Shape(("date_unixtime", "text", "type"), ("text",), time="date_unixtime"),
)
WECHAT = (
    Shape(("StrContent", "CreateTime"), ("StrContent",), time="CreateTime"),
    Shape(("msg", "talker", "CreateTime"), ("msg",), time="CreateTime"),
    Shape(("content", "createTime", "talker"), ("content",), time="createTime"),
)
CHAT = (
    Shape(("messages",), rows="messages", joined=("role", "content")),
    Shape(("conversations",), rows="conversations", joined=("from", "value")),
    Shape(("conversation",), rows="conversation", joined=("role", "content")),
    Shape(("turns",), rows="turns", joined=("",)),
    Shape(("instruction", "output"), ("instruction", "input", "output")),
)
LINES: tuple[Shape, ...] = ()


def value_at(value: Any, path: str) -> Any:
    """What stands at `a.b` in nested objects, None where there is nothing; a key that has the dots itself goes first."""
    if not isinstance(value, dict):
        return None
    if path in value or "." not in path:
        return value.get(path)
    head, _, rest = path.partition(".")
    return value_at(value.get(head), rest)


def shape_of(value: Any, name: str) -> Shape | None:
    """The shape of an object: of the row `name`, or of any row when that is "auto"."""
    if not isinstance(value, dict) or _first_keys(name).isdisjoint(value):
        return None
    found = next((shape for shape in _shapes(name) if _fits(value, shape)), None)
    has_text = name == "auto" and isinstance(value.get("text"), str)
    return None if found is not None and has_text and not found.goes_before_text() else found


def records(value: Any, name: str) -> Iterator[Record] | None:
    """The records in a whole file: a list, or an object that holds one; None when no shape explains the value."""
    rows = value if isinstance(value, list) else _rows_below(value, name)
    if rows is None:
        return None
    if isinstance(value, list) and is_talk(value):
        return iter([Record(talk(value, ("role", "content")))])
    if not any(shape_of(row, name) for row in rows):
        return None
    return _conversations(rows, name)


def record(value: Any, shape: Shape, name: str) -> Record:
    """The text of one object of this shape; lists of records within it are put together."""
    if shape.joined:
        return Record(talk(value_at(value, shape.rows), shape.joined))
    if shape.rows:
        rows = _rows_below(value, name) or []
        texts = [found.text for found in _conversations(rows, name) if found.text]
        return Record("\n\n".join(texts) or None)
    pieces = [plain(value_at(value, path)) for path in shape.texts]
    text = "\n\n".join(piece for piece in pieces if piece and piece.strip() not in DELETED)
    if shape.markup:
        text = unescape(_TAG.sub("", _BREAK.sub("\n", text)))
    domain = value_at(value, shape.domain) if shape.domain else None
    return Record(text or None, domain if isinstance(domain, str) else None)


def is_talk(rows: Any) -> bool:
    """Whether a list holds the turns of one chat: each with a role and a content."""
    return (
        isinstance(rows, list)
        and bool(rows)
        and all(isinstance(r, dict) and r.keys() >= {"role", "content"} for r in rows)
    )


def talk(rows: Any, fields: tuple[str, ...]) -> str | None:
    """The contents of the turns, one after another on lines of their own; who speaks is not part of the text."""
    if not isinstance(rows, list):
        return None
    turns = [plain(row if isinstance(row, str) or not fields[-1] else value_at(row, fields[-1])) for row in rows]
    return "\n".join(turn for turn in turns if turn) or None


def plain(value: Any) -> str | None:
    """A text, or the texts of a list of pieces, as Telegram and chat exports write those with links or pictures."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        pieces = [piece if isinstance(piece, str) else value_at(piece, "text") for piece in value]
        return "".join(piece for piece in pieces if isinstance(piece, str))
    return None


def _conversations(rows: list[Any], name: str) -> Iterator[Record]:
    """One record for each row, but one for each conversation where rows carry the time."""
    lines: list[str] = []
    start, last = 0, 0.0
    for number, row in enumerate(rows):
        shape = shape_of(row, name)
        found = record(row, shape, name) if shape else Record(None, shapeless=row)
        time = _seconds(value_at(row, shape.time)) if shape and shape.time else None
        if time is None or time - last > PAUSE_SECONDS:
            if lines:
                yield Record("\n".join(lines), row=start)
            lines, start = [], number
        if time is None:
            yield found._replace(row=number)
            continue
        last = time
        lines += [found.text] if found.text else []
    if lines:
        yield Record("\n".join(lines), row=start)


def _rows_below(value: Any, name: str, depth: int = 0) -> list[Any] | None:
    """The records in an object, lists within lists opened."""
    shape = shape_of(value, name)
    if shape is None or shape.joined or not shape.rows:
        return None
    found = value_at(value, shape.rows)
    if not isinstance(found, list) or depth > MAX_NESTING:
        return None
    rows: list[Any] = []
    for row in found:
        below = _rows_below(row, name, depth + 1)
        rows += [row] if below is None else below
    return rows


def _fits(value: dict[str, Any], shape: Shape) -> bool:
    if any(value_at(value, sign) is None for sign in shape.signs):
        return False
    if not shape.rows:
        return True
    rows = value_at(value, shape.rows)
    if not isinstance(rows, list):
        return False
    return not shape.joined or all(_is_turn(row, shape.joined) for row in rows)


def _is_turn(row: Any, fields: tuple[str, ...]) -> bool:
    return isinstance(row, str) if fields == ("",) else isinstance(row, dict) and row.keys() >= set(fields)


def _seconds(value: Any) -> float | None:
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found / 1000 if found > 1e11 else found  # some exports count milliseconds


@cache
def _shapes(name: str) -> tuple[Shape, ...]:
    names = SHAPES.names() if name == "auto" else [name]
    return tuple(shape for row in names for shape in SHAPES.load(row))


@cache
def _first_keys(name: str) -> frozenset[str]:
    return frozenset(sign.partition(".")[0] for shape in _shapes(name) for sign in shape.signs[:1])
