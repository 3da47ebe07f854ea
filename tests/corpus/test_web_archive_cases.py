"""Web archives: pages come out, everything else is counted, and damage costs one record and no more."""

import gzip
from pathlib import Path

import pytest

from danlu.corpus.document import Found
from made_files import PACKERS, html, response, warc_record
from reading_files import read_file

TEXT = "A page with a sentence that is long enough to be its main text, and another one."
ZH = "这是一个网页,正文写在这里,足够长,可以被当作主要内容来读取。"


def page(number: int) -> bytes:
    return warc_record("response", response(html(f"{TEXT} Page {number}.")), address=f"http://site{number}.org/x")


def test_pages_and_what_is_none(tmp_path: Path) -> None:
    records = [
        warc_record("warcinfo", b"software: x"),
        page(1),
        warc_record("request", b"GET / HTTP/1.1\r\n\r\n"),
        warc_record("response", response(b"{}", kind="application/json"), address="http://a.org/j"),
        warc_record("response", response(html(TEXT), status="404 Not Found"), address="http://a.org/n"),
        warc_record("response", response(b"plain text of a server", kind="text/plain"), address="http://b.org/p"),
        warc_record("conversion", ZH.encode(), address="https://www.例子.cn/y"),
        warc_record("resource", html(ZH), address="http://c.org/z"),
    ]
    found = read_file(tmp_path / "a.warc", b"".join(records))
    assert found.texts == [f"{TEXT} Page 1.", "plain text of a server", ZH, ZH]
    assert found.reasons == ["no_page"] * 4
    assert [item.domain for item in found.items if isinstance(item, Found)] == [
        "site1.org",
        "b.org",
        "www.例子.cn",
        "c.org",
    ]
    offsets = [item.offset for item in found.items]
    assert offsets == [sum(map(len, records[:number])) for number in range(len(records))]


@pytest.mark.parametrize("packing", PACKERS)
def test_packed_as_a_whole_and_by_record(packing: str, tmp_path: Path) -> None:
    pack = PACKERS[packing]
    records = [page(1), page(2)]
    for number, data in enumerate((pack(b"".join(records)), b"".join(map(pack, records)))):
        found = read_file(tmp_path / f"{number}.warc.{packing}", data)
        assert found.texts == [f"{TEXT} Page 1.", f"{TEXT} Page 2."]


def test_packed_and_chunked_bodies(tmp_path: Path) -> None:
    body = html(TEXT)
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    records = [
        warc_record("response", response(gzip.compress(body), more="Content-Encoding: gzip\r\n")),
        warc_record("response", response(chunked, more="Transfer-Encoding: chunked\r\n")),
        warc_record("response", response(body, more="Transfer-Encoding: chunked\r\n")),  # a lie
        warc_record("response", response(html(ZH).replace(b"utf-8", b"gbk").decode().encode("gbk"))),
        warc_record("response", response(ZH.encode("gb18030"), kind="text/html; charset=gb2312")),
    ]
    assert read_file(tmp_path / "a.warc", b"".join(records)).texts == [TEXT, TEXT, TEXT, ZH, ZH]


def test_29_a_length_that_is_too_large_costs_one_record(tmp_path: Path) -> None:
    body = response(html(TEXT))
    bad = warc_record("response", body, length=len(body) + 400)
    found = read_file(tmp_path / "a.warc", page(1) + bad + page(2) + page(3))
    assert found.texts == [f"{TEXT} Page {number}." for number in (1, 2, 3)]
    assert found.reasons == ["damaged_record"]
    assert found.refused[0].offset == len(page(1))


def test_29_a_length_that_is_too_small_costs_one_record_at_most(tmp_path: Path) -> None:
    body = response(html(TEXT))
    found = read_file(tmp_path / "a.warc", page(1) + warc_record("response", body, length=len(body) - 20) + page(2))
    assert f"{TEXT} Page 1." in found.texts
    assert f"{TEXT} Page 2." in found.texts
    assert found.reasons == ["damaged_record"]


@pytest.mark.parametrize("length", [b"-5", b"abc", b"", b"99999999999999999999999"])
def test_29_a_length_that_is_none(length: bytes, tmp_path: Path) -> None:
    bad = warc_record("response", response(html(TEXT)), length=7777).replace(b"7777", length)
    found = read_file(tmp_path / "a.warc", page(1) + bad + page(2))
    assert [text for text in found.texts if "Page" in text] == [f"{TEXT} Page 1.", f"{TEXT} Page 2."]
    assert found.reasons.count("damaged_record") >= 1


def test_29_cut_off_in_every_place(tmp_path: Path) -> None:
    whole = page(1) + page(2)
    for cut in range(len(page(1)) + 1, len(whole) - 4, 37):
        found = read_file(tmp_path / "a.warc", whole[:cut])
        assert found.texts == [f"{TEXT} Page 1."]
        assert found.reasons == ["damaged_record"]


def test_29_many_damages_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("danlu.corpus.readers.warc.MAX_DAMAGES", 5)
    found = read_file(tmp_path / "a.warc", page(1) + b"WARC/1.0\r\nnonsense\r\n\r\n\r\n" * 50)
    assert len(found.texts) == 1
    assert found.reasons == ["damaged_record"] * 6


def test_arc(tmp_path: Path) -> None:
    body = response(html(TEXT))
    version = b"1 0 Some Archive\nURL IP-address Archive-date Content-type Archive-length\n\n"
    head = b"filedesc://a.arc 0.0.0.0 20140216050221 text/plain %d\n%s\n" % (len(version), version)
    one = b"http://example.com/a b 93.184.216.119 20140216050221 text/html %d\n%s\n" % (len(body), body)
    found = read_file(tmp_path / "a.arc", head + one + b"not a header\nnor this\n" + one + one[:-200])
    assert found.texts == [TEXT, TEXT]
    assert found.reasons == ["no_page", "damaged_record", "damaged_record"]
    assert found.refused[1].offset == len(head + one)
    assert read_file(tmp_path / "a.arc.gz", gzip.compress(head + one)).texts == [TEXT]


def test_real_web_archives(shared_data: Path) -> None:
    folder = shared_data / "raw" / "warc"
    counts = {}
    for path in sorted(folder.rglob("*.*")):
        found = read_file(path)
        assert found.items, path.name
        counts[path.name] = (len(found.texts), sorted({reason for reason in found.reasons if reason != "no_page"}))
    assert counts["example.warc"] == counts["example.warc.gz"] == counts["example-bad-non-chunked.warc.gz"] == (1, [])
    assert counts["warcfile.warc.gz"] == counts["warcfile.warc.lz4"] == (16, [])
    assert counts["whirlwind.warc.wet"] == counts["whirlwind.warc.wet.gz"] == (1, [])
    assert counts["example-trunc.warc"] == (1, ["damaged_record"])
    assert counts["bad.arc"][1] == ["damaged_record"]
    assert counts["example-wrong-chunks.warc.gz"] == (1, [])
