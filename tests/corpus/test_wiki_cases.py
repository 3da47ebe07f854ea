"""MediaWiki dumps and wikitext: running text comes out, marks do not."""

import bz2
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus.readers.variants import FALLBACKS, resolve
from danlu.corpus.readers.wikitext import plain_text
from made_files import wiki_dump, wiki_page
from reading_files import read_file


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        ("'''Bold''' and ''italic'' and '''''both'''''.", "Bold and italic and both."),
        ("A [[link]], [[page|shown]], [[page#part|one]]s.", "A link, shown, ones."),
        ("[http://x.org site] and [http://x.org] end", "site and end"),
        ("One{{cite|a}} two<ref>no</ref> three<ref name=x/>.<!-- no -->", "One two three."),
        ("[[File:a.jpg|thumb|a [[nested]] caption]]Text.[[Category:X]] [[分类:甲]][[文件:乙.png]]", "Text."),
        ("A\n{| class=x\n! h\n|-\n| cell || cell\n|}\nB", "A\n\nB"),
        ("== Head ==\nText\n=== Sub ===\nMore", "Head\n\nText\n\nSub\n\nMore"),
        ("Text\n== References ==\n{{reflist}}\n== Next ==\nMore", "Text\n\nNext\n\nMore"),
        ("正文\n== 参考文献 ==\n* 甲\n=== 乙 ===\n丙\n== 後記 ==\n丁", "正文\n\n後記\n\n丁"),
        ("== Empty ==\n{{x}}\n== Full ==\nyes", "Full\n\nyes"),
        ("* one\n** two\n# three\n; term : said", "- one\n- two\n- three\nterm: said"),
        ("It is {{convert|5|to|10|km|mi}} wide, {{lang|fr|oui}}, {{nowrap|a b}}.", "It is 5 to 10 km wide, oui, a b."),
        ("Name ({{lang-de|Namen}}; {{IPA|x}}) is", "Name (Namen; x) is"),
        ("Name ({{audio|a.ogg}}; ) is,名字（{{audio}}）的", "Name is,名字的"),
        ("x<sup>2</sup> &amp; y&nbsp;z<br/>next", "x2 & y z\nnext"),
        ("The sum <math>a^2 + \n b</math> is", "The sum $a^2 + b$ is"),
        ("__NOTOC__Text <nowiki>[[kept]]</nowiki>", "Text [[kept]]"),
        ("{{broken\nText", "broken\nText"),
        ('<span style="display:none">no</span>yes <span style="color:red">red</span>', "yes red"),
        ("[[fr:Page]][[:fr:Page]] [[w:en:Page|x]]", ":fr:Page x"),
    ],
)
def test_wikitext(wikitext: str, text: str) -> None:
    assert plain_text(wikitext, "zh-hans") == text


RULE = "zh-hans:信息;zh-hant:資訊"


@pytest.mark.parametrize(
    ("wikitext", "hans", "hant"),
    [
        (f"一-{{{RULE}}}-二", "一信息二", "一資訊二"),
        ("-{zh-cn:甲;zh-tw:乙;zh-hk:丙}-", "甲", "乙"),
        ("-{zh:甲}-", "甲", "甲"),
        ("-{原样}- -{R|zh-hans:x}-", "原样 zh-hans:x", "原样 zh-hans:x"),
        ("-{T|zh-hans:题;zh-hant:題}-正文", "正文", "正文"),
        ("資訊,信息,-{H|zh-hans:信息;zh-hant:資訊}-資訊,信息", "資訊,信息,信息,信息", "資訊,信息,資訊,資訊"),
        ("-{A|zh-hans:信息;zh-hant:資訊}-和資訊,信息", "信息和信息,信息", "資訊和資訊,資訊"),
        (f"-{{H|{RULE}}}-資訊-{{-|{RULE}}}-資訊", "信息資訊", "資訊資訊"),
        ("-{zh-hans:<b>a; b</b>;zh-hant:c;}-", "<b>a; b</b>", "c"),
        ("-{zh-hans:外-{zh-hans:内;zh-hant:內}-;zh-hant:外面}-", "外内", "外面"),
        ("-{D|zh-hans:甲;zh-hant:乙}--{N|zh-cn}-末", "末", "末"),
        ("-{unclosed 文 }- and -{{template}}- -{ open", "unclosed 文  and -{{template}}- -{ open", None),
        ("-{电脑=>zh-hant:電腦;}-", "電腦", "電腦"),
        ("-{zh-hans;zh-hant|文}-", "文", "文"),
    ],
)
def test_variants(wikitext: str, hans: str, hant: str | None) -> None:
    assert resolve(wikitext, "zh-hans") == hans
    assert resolve(wikitext, "zh-hant") == (hans if hant is None else hant)


@given(st.text("-{}|;:ATHzh-hansx信息=>\n", max_size=60), st.sampled_from(sorted(FALLBACKS)))
def test_any_marks_give_a_text(text: str, variant: str) -> None:
    resolved = resolve(text, variant)
    assert set(resolved) <= set(text)
    if "-{" not in text:
        assert resolved == text


def test_dumps(tmp_path: Path) -> None:
    pages = (
        wiki_page("甲", f"'''甲'''是-{{{RULE}}}-。"),
        wiki_page("乙", "#REDIRECT [[甲]]", redirect="甲"),
        wiki_page("Talk:甲", "hello", namespace=1),
        wiki_page("丙", "#重定向 [[甲]]"),
        wiki_page("空", "{{stub}}"),
        wiki_page("A & B", "Text of <code>A &amp; B</code>."),
    )
    data = wiki_dump(*pages)
    for name, packed in (("a.xml", data), ("a.xml.bz2", bz2.compress(data)), ("a.txt", data)):
        found = read_file(tmp_path / name, packed)
        assert found.texts == ["甲\n\n甲是信息。\n", "A & B\n\nText of A & B.\n"]
        assert found.reasons == ["redirect", "other_namespace", "redirect", "empty"]
        assert found.refused[0].got == "乙 -> 甲"
        assert [item.offset for item in found.items] == list(range(6))
    assert read_file(tmp_path / "a.xml", wiki_variant="zh-tw").texts[0] == "甲\n\n甲是資訊。\n"


def test_only_the_last_revision_counts(tmp_path: Path) -> None:
    page = wiki_page("A", "The last one.").replace(
        "<revision>", "<revision><text>The first.</text></revision><revision>"
    )
    assert read_file(tmp_path / "a.xml", wiki_dump(page)).texts == ["A\n\nThe last one.\n"]


def test_26_truncated_dumps_keep_what_came_before(tmp_path: Path) -> None:
    data = wiki_dump(*(wiki_page(f"P{number}", f"Text number {number}. " * 20) for number in range(20)))
    found = read_file(tmp_path / "a.xml", data[: len(data) * 3 // 4])
    assert 12 <= len(found.texts) <= 15
    assert found.reasons == ["damaged_xml"]
    packed = bz2.compress(data)
    found = read_file(tmp_path / "a.xml.bz2", packed[: len(packed) - 20])
    assert found.reasons == ["damaged_packing"]


def test_26_document_types_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    for declared, used in (
        (f'<!ENTITY e0 "bomb">{entities}', "&e9;"),
        (f'<!ENTITY x SYSTEM "file://{secret}">', "&x;"),
    ):
        data = f"<!DOCTYPE mediawiki [{declared}]>".encode() + wiki_dump(wiki_page("A", "Text HERE."))
        found = read_file(tmp_path / "a.xml", data.replace(b"HERE", used.encode()))
        assert found.texts == []
        assert found.reasons == ["damaged_xml"]


def test_other_xml_is_left_out(tmp_path: Path) -> None:
    assert read_file(tmp_path / "a.xml", b"<?xml version='1.0'?><rss/>").skipped == {"no_reader": 1}


def test_a_real_dump(shared_data: Path) -> None:
    (path,) = (shared_data / "raw" / "mediawiki").iterdir()
    found = read_file(path)
    assert len(found.texts) == 106
    assert {reason: found.reasons.count(reason) for reason in found.reasons} == {"redirect": 99, "other_namespace": 1}
    whole = "".join(found.texts)
    for mark in ("[[", "]]", "{{", "}}", "<ref", "'''", "thumb|", "Category:", "&nbsp;"):
        assert whole.count(mark) <= 3, mark
    assert "Anarchism is a political philosophy" in found.texts[0]
