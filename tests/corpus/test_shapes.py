"""Exports of social media and chats: each shape gives its texts, by its fields and when it is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from danlu.corpus import SHAPES
from danlu.corpus.document import FilePart, Found, Refused, SourceFile
from danlu.corpus.reading import read_part
from danlu.corpus.settings import ReadingSettings

REDDIT_LISTING = {
    "kind": "Listing",
    "data": {
        "children": [
            {"kind": "t1", "data": {"subreddit": "tea", "body": "Green &amp; black"}},
            {"kind": "t1", "data": {"subreddit": "tea", "body": "[deleted]"}},
            {"kind": "t3", "data": {"subreddit": "tea", "title": "Oolong", "selftext": "How long?"}},
        ]
    },
}
TELEGRAM_CHAT = {
    "name": "家",
    "id": 1,
    "messages": [
        {"id": 1, "type": "service", "date_unixtime": "100", "text": ""},
        {"id": 2, "type": "message", "date_unixtime": "110", "text": "今晚吃什么"},
        {"id": 3, "type": "message", "date_unixtime": "150", "text": ["看 ", {"type": "link", "text": "菜单"}, "吧"]},
        {"id": 4, "type": "message", "date_unixtime": "9000", "text": "早"},
    ],
}
EXPORTS: dict[str, list[tuple[Any, list[str]]]] = {
    "reddit": [
        (REDDIT_LISTING, ["Green & black", "Oolong\n\nHow long?"]),
        ([{"subreddit": "a", "body": "one"}, {"subreddit": "a", "title": "t", "selftext": ""}], ["one", "t"]),
    ],
    "twitter": [
        ([{"id_str": "1", "full_text": "a &lt; b"}], ["a < b"]),
        ([{"tweet": {"full_text": "hello"}}], ["hello"]),
        ([{"text": "v2 &amp; on", "edit_history_tweet_ids": ["1"]}], ["v2 & on"]),
    ],
    "weibo": [
        ({"data": {"cards": [{"mblog": {"text": '今天<a href="/n/x">@小明</a><br />很好'}}]}}, ["今天@小明\n很好"]),
        ([{"text_raw": "原文", "text": "<i>原文</i>", "mid": "1"}], ["原文"]),
        ([{"text": "转发<span class='url-icon'><img src=x></span>", "reposts_count": 1}], ["转发"]),
    ],
    "telegram": [
        (TELEGRAM_CHAT, ["今晚吃什么\n看 菜单吧", "早"]),
        ({"chats": {"list": [TELEGRAM_CHAT]}}, ["今晚吃什么\n看 菜单吧", "早"]),
    ],
    "wechat": [
        (
            [
                {"StrContent": text, "StrTalker": "x", "CreateTime": at}
                for text, at in (("在吗", 1), ("在", 60), ("嗯", 9e9))
            ],
            ["在吗\n在", "嗯"],
        )
    ],
    "chat": [
        ([{"role": "user", "content": "你好"}, {"role": "assistant", "content": "你好!"}], ["你好\n你好!"]),
        ([{"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}], ["hi"]),
        ([{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}], ["a\nb"]),
        ([{"turns": ["什么是ai", "一门科学"], "lang": "chinese"}], ["什么是ai\n一门科学"]),
        ([{"instruction": "Add", "input": "1, 2", "output": "3"}], ["Add\n\n1, 2\n\n3"]),
    ],
}
CASES = [(name, value, texts) for name, exports in EXPORTS.items() for value, texts in exports]


def read(path: Path, data: str, **settings: Any) -> list[Found | Refused]:
    path.write_text(data, encoding="utf-8")
    reader = "txt" if path.suffix == ".txt" else "json"
    size = path.stat().st_size
    file = SourceFile(
        path=str(path), name=path.name, domain="d", reader=reader, compression="", num_bytes=size, modified=0
    )
    return list(read_part(FilePart(file=file), ReadingSettings(**settings)))


def texts_of(items: list[Found | Refused]) -> list[str]:
    assert len({item.offset for item in items}) == len(items)  # ids stay different
    return [item.text for item in items if isinstance(item, Found)]


@pytest.mark.parametrize(("name", "value", "texts"), CASES)
@pytest.mark.parametrize("indent", [None, 1])
def test_a_shape_gives_its_texts(name: str, value: Any, texts: list[str], indent: int | None, tmp_path: Path) -> None:
    data = json.dumps(value, ensure_ascii=False, indent=indent)
    for shape in ("auto", name):
        assert texts_of(read(tmp_path / "a.json", data, shape=shape)) == texts


def test_records_on_lines_are_documents_of_their_own(tmp_path: Path) -> None:
    lines = [{"subreddit": "a", "body": "one"}, {"subreddit": "a", "body": "[removed]"}, {"turns": ["x", "y"]}]
    items = read(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lines)))
    assert texts_of(items) == ["one", "x\ny"]
    assert [item.reason for item in items if isinstance(item, Refused)] == ["empty"]
    assert isinstance(items[0], Found)
    assert items[0].domain == "a"


def test_a_plain_text_field_goes_first(tmp_path: Path) -> None:
    value = {"text": "the text", "messages": [{"role": "user", "content": "no"}], "subreddit": "x", "body": "no"}
    assert texts_of(read(tmp_path / "a.json", json.dumps([value]))) == ["the text"]
    assert texts_of(read(tmp_path / "a.jsonl", json.dumps(value))) == ["the text"]


def test_fields_of_the_user(tmp_path: Path) -> None:
    value = {"result": {"posts": [{"head": "H", "body": {"main": "B"}}, {"head": "only"}, {"other": 1}]}}
    items = read(tmp_path / "a.json", json.dumps(value), rows_field="result.posts", text_field="head+body.main")
    assert texts_of(items) == ["H\n\nB", "only"]
    assert [item.reason for item in items if isinstance(item, Refused)] == ["no_text_field"]
    missing = read(tmp_path / "a.json", json.dumps(value), rows_field="nowhere")
    assert [item.reason for item in missing if isinstance(item, Refused)] == ["no_text_field"]


def test_one_comment_for_each_line(tmp_path: Path) -> None:
    items = read(tmp_path / "a.txt", "first comment\n\n第二条评论\r\nlast", shape="lines")
    assert texts_of(items) == ["first comment", "第二条评论", "last"]
    assert [item.offset for item in items] == [0, 15, 32]


def test_every_shape_is_tested() -> None:
    assert set(SHAPES.names()) == {*EXPORTS, "lines"}


def test_comments_as_they_were_crawled(shared_data: Path) -> None:
    path = shared_data / "raw" / "social" / "youtube_comments.txt.gz"
    file = SourceFile(
        path=str(path), name="c", domain="d", reader="txt", compression="gz", num_bytes=path.stat().st_size, modified=0
    )
    items = list(read_part(FilePart(file=file), ReadingSettings(shape="lines")))
    assert len(items) == 58_357
    assert all(isinstance(item, Found) and "\n" not in item.text for item in items)
