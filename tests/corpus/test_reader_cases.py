"""Nasty inputs for readers, one by one: each gives documents or a counted reason, never a traceback or a hang."""

import bz2
import gzip
import json
import lzma
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from danlu.core.errors import DataError, UsageError
from danlu.corpus.document import Document
from danlu.corpus.pipeline import CorpusRuntime, CorpusSettings, build_corpus
from danlu.corpus.settings import ReadingSettings
from danlu.corpus.store import open_corpus

ZH = "今天天气很好，我们一起去公园散步。他说：“这里的花开得真漂亮！”\n"
EN = "It was a bright cold day in April, and the clocks were striking thirteen.\n"


class Built:
    """A corpus made of some files, with what the tests ask of it."""

    def __init__(self, folder: Path, **reading: Any) -> None:
        out = folder.parent / f"{folder.name}-corpus"
        settings = CorpusSettings(valid_share=0.0, reading=ReadingSettings(**reading))
        self.artifact = build_corpus([folder], out, settings, CorpusRuntime())
        self.facts = self.artifact.facts
        self.corpus = open_corpus(out)
        self.documents: list[Document] = list(self.corpus.documents("train"))
        self.texts = [document.text for document in self.documents]
        assert self.facts["documents_in"] == self.facts["documents_kept"] + sum(self.facts["dropped"].values())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "texts"
    made.mkdir()
    (made / "zz-good.txt").write_text(EN)
    return made


def test_1_and_3_empty_and_blank_files_are_counted(folder: Path) -> None:
    (folder / "a.txt").write_bytes(b"")
    (folder / "b.txt").write_text(" \n\t\n\u3000\n")
    (folder / "c.jsonl").write_bytes(b"")
    assert Built(folder).facts["dropped"] == {"empty": 3}


def test_2_an_empty_folder_is_bad_data(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DataError) as caught:
        Built(tmp_path / "nothing")
    assert caught.value.exit_code == 3


def test_a_missing_source_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        build_corpus([tmp_path / "none"], tmp_path / "out", CorpusSettings(), CorpusRuntime())
    assert caught.value.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_4_no_line_end_at_the_end(folder: Path) -> None:
    (folder / "a.txt").write_text("no end")
    assert Built(folder).texts == ["no end", EN]


def test_5_one_very_long_line(folder: Path) -> None:
    text = "word " * 400_000
    (folder / "a.txt").write_text(text)
    (folder / "b.jsonl").write_text(json.dumps({"text": "x" * 5000}) + '\n{"text": "short"}\n')
    built = Built(folder, max_document_bytes=4096)
    long = [document.text for document in built.documents if document.source == "texts/a.txt"]
    # Equal segments of one repeated word are duplicates of each other; the kept ones are cut out of the text.
    assert all(piece in text for piece in long)
    assert built.facts["dropped"]["too_long"] == 1
    assert "short" in built.texts


def test_6_many_documents_of_one_byte(folder: Path) -> None:
    (folder / "a.jsonl").write_text('"a"\n"b"\n' * 5000)
    built = Built(folder)
    assert built.texts == ["a", "b", EN]
    assert built.facts["dropped"] == {"exact_duplicate": 9998}


@pytest.mark.parametrize(
    ("encoding", "bom"),
    [
        ("utf-8-sig", b""),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("gb18030", b""),
        ("gbk", b""),
        ("utf-32-le", b"\xff\xfe\0\0"),
    ],
)
def test_7_8_9_encodings(folder: Path, encoding: str, bom: bytes) -> None:
    text = ZH * 5
    (folder / "a.txt").write_bytes(bom + text.encode(encoding))
    assert Built(folder).texts[0] == text


def test_8_utf_16_english_without_a_mark(folder: Path) -> None:
    (folder / "a.txt").write_bytes(EN.upper().encode("utf-16-le"))
    assert Built(folder).texts[0] == EN.upper()


def test_9_more_legacy_encodings(folder: Path) -> None:
    samples = {
        "big5": "我們今天來討論這個問題，請大家發表意見。時間過得很快，現在開始。\n",
        "shift_jis": "これは日本語の文章です。今日はとても良い天気ですね。\n",
        "euc_kr": "이것은 한국어로 쓴 문장입니다. 오늘은 날씨가 좋습니다.\n",
        "cp1252": "Voilà un café où l’on mange très bien, à côté de l’hôtel.\n",
        "gb18030": "生僻字𠀀𠀁也要能读出来，这是四字节的编码。\n",
    }
    for encoding, text in samples.items():
        (folder / f"{encoding}.txt").write_bytes(text.encode(encoding))
    found = {document.source: document.text for document in Built(folder).documents}
    for encoding, text in samples.items():
        assert found[f"texts/{encoding}.txt"] == text


def test_10_mixed_encodings_in_one_file(folder: Path) -> None:
    other = "另外一段来自别处的文字，用的是国标编码。\n"
    (folder / "a.txt").write_bytes(ZH.encode() * 3 + other.encode("gb18030") + EN.encode())
    assert Built(folder).texts[0] == ZH * 3 + other + EN


@pytest.mark.parametrize("bad", [b"\xc3\x28", b"\xc0\x80", b"\xed\xa0\x80"])
def test_11_invalid_bytes_are_repaired_and_reported(folder: Path, bad: bytes) -> None:
    (folder / "a.txt").write_bytes(ZH.encode() * 5 + b"broken " + bad + b" here\n")
    built = Built(folder)
    assert built.texts[0].startswith(ZH)
    assert "\ufffd" in built.texts[0]
    built.texts[0].encode()
    assert built.corpus.sources()[0]["edits"] == {"repaired": 1}


def test_11_a_file_that_is_all_noise_is_undecodable_or_binary(folder: Path) -> None:
    (folder / "a.txt").write_bytes(bytes(range(128, 256)) * 20)
    (folder / "b.txt").write_bytes(bytes(range(256)) * 20)
    built = Built(folder)
    assert built.texts == [EN]
    assert built.facts["files_skipped"] == {"binary": 1}
    assert built.facts["dropped"] == {"undecodable": 1}


def test_12_characters_across_block_bounds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("danlu.corpus.readers.blocks.BLOCK_BYTES", 100)
    text = "漢字" * 400
    (folder / "a.txt").write_text(text)
    built = Built(folder)
    pieces = [document.text for document in built.documents if document.source.endswith("a.txt")]
    assert "\ufffd" not in "".join(pieces)
    assert set("".join(pieces)) == set(text)


def test_13_nul_bytes(folder: Path) -> None:
    (folder / "a.jsonl").write_text(json.dumps({"text": "a\0b and more text"}) + "\n")
    assert Built(folder).texts[0] == "a\0b and more text"


def test_14_line_ends(folder: Path) -> None:
    (folder / "a.txt").write_bytes("one\r\ntwo\rthree\u2028four\x85five\vsix\n".encode())
    built = Built(folder)
    assert built.texts[0] == "one\ntwo\nthree\u2028four\x85five\vsix\n"


def test_15_16_17_18_odd_text_is_left_alone(folder: Path) -> None:
    text = (
        "\u0301\u0301 Z\u0351\u036b\u0343 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u202egnirts \ufe0f \ue000 \U000e0001 "
        "e\u0301 Ａ１， \u2f08 \u3000 繁體简体 <|endoftext|> <s> [PAD] <|bos|>\n"
    )
    (folder / "a.txt").write_text(text)
    assert Built(folder).texts[0] == text


def test_19_json_lines(folder: Path) -> None:
    lines = [
        '\ufeff{"text": "first"}',
        '{"other": 1}',
        '{"text": null}',
        '{"text": 5}',
        '{"text": ["a"]}',
        '{"text": {"a": 1}}',
        '{"text": "kept", "text": "last one wins"}',
        '{"text": "with nan", "score": NaN, "big": 1e400, "inf": Infinity}',
        '{"text": "lone \\ud800 surrogate"}',
        "[" * 100_000 + "]" * 100_000,
        '{"text": "trailing comma",}',
        "",
        "   ",
        '{"text": "other keys", "title": "t", "n": {"a": [1]}}',
        '"a bare string"',
        '{"text": "torn',
    ]
    (folder / "a.jsonl").write_text("\n".join(lines))
    built = Built(folder)
    assert built.texts == [
        "first",
        "last one wins",
        "with nan",
        "lone \ufffd surrogate",
        "other keys",
        "a bare string",
        EN,
    ]
    assert built.facts["dropped"] == {"no_text_field": 1, "not_json": 3, "text_is_no_string": 4}
    problems = built.corpus.sources()[0]["examples"]
    assert [problem["line"] for problem in problems] == [2, 3, 4, 5, 6, 10, 11, 16]


def test_20_an_array_in_jsonl_and_lines_in_json(folder: Path) -> None:
    (folder / "a.jsonl").write_text(json.dumps([{"text": "in an array"}, {"no": 1}, "bare"], indent=1))
    (folder / "b.json").write_text('{"text": "a line"}\n{"text": "another line"}\n')
    (folder / "c.json").write_text('[{"text": "array on one line"}]')
    (folder / "d.json").write_text('{\n "text": "one object over lines"\n}')
    built = Built(folder)
    assert built.texts == [
        "in an array",
        "bare",
        "a line",
        "another line",
        "array on one line",
        "one object over lines",
        EN,
    ]


def test_21_csv(folder: Path) -> None:
    (folder / "a.csv").write_text('id;text\n1;"semi; colon"\n2;two\n3\n4;=1+1\n')
    (folder / "b.csv").write_text('text,id\n"un\nclosed, 1\n')
    (folder / "c.csv").write_text("text,id\n" + "x" * 1_000_000 + ",1\nnul\0here,2\n")
    (folder / "d.tsv").write_text("正文\tid\n中文内容\t1\n")
    (folder / "e.csv").write_text("a,b\n1,2\n")
    built = Built(folder)
    assert "semi; colon" in built.texts
    assert "=1+1" in built.texts
    assert "中文内容" in built.texts
    assert "nulhere" in built.texts
    del built.facts["dropped"]["exact_duplicate"]  # the segments of the large field are alike
    assert built.facts["dropped"] == {"no_text_field": 1, "ragged_row": 1}


def test_22_parquet(folder: Path) -> None:
    texts = ["plain", None, "last"]
    pq.write_table(pa.table({"text": pa.array(texts, pa.large_string())}), folder / "a.parquet")
    pq.write_table(pa.table({"text": pa.array([b"bytes", "中文。".encode("gb18030")])}), folder / "b.parquet")
    pq.write_table(pa.table({"text": pa.array(["dict"] * 2).dictionary_encode()}), folder / "c.parquet")
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), folder / "d.parquet")
    pq.write_table(pa.table({"text": pa.array([{"a": "nested"}])}), folder / "e.parquet")
    pq.write_table(pa.table({"other": ["x"], "more": [1]}), folder / "f.parquet")
    whole = (folder / "a.parquet").read_bytes()
    (folder / "g.parquet").write_bytes(whole[: len(whole) // 2])
    built = Built(folder)
    assert built.texts == ["plain", "last", "bytes", "中文。", "dict", EN]
    assert built.facts["dropped"] == {
        "damaged_parquet": 1,
        "empty": 1,
        "exact_duplicate": 1,
        "no_text_field": 1,
        "text_is_no_string": 2,
    }


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}


@pytest.mark.parametrize("ending", PACK)
def test_24_packed_files(folder: Path, ending: str) -> None:
    pack = PACK[ending]
    (folder / f"a.txt.{ending}").write_bytes(pack(ZH.encode()))
    (folder / f"b.jsonl.{ending}").write_bytes(pack(b'{"text": "one"}\n') + pack(b'{"text": "two"}\n'))
    (folder / "c.txt").write_bytes(pack(b"a lying ending"))
    (folder / f"d.txt.{ending}").write_bytes(b"not packed at all")
    noise = os.urandom(200_000).hex().encode()
    (folder / f"e.txt.{ending}").write_bytes(pack(noise)[:-4000])
    (folder / f"f.txt.{ending}").write_bytes(b"")
    built = Built(folder)
    assert [t for t in built.texts if len(t) < 1000] == [ZH, "one", "two", "a lying ending", "not packed at all", EN]
    assert built.facts["dropped"] == {"damaged_packing": 1, "empty": 1}


def test_24_a_bomb_is_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("danlu.corpus.opening.FREE_BYTES", 2_000_000)
    (folder / "a.txt.gz").write_bytes(gzip.compress(b" " * 8_000_000))
    (folder / "b.txt.zst").write_bytes(zstandard.compress(b"x" * 8_000_000))
    built = Built(folder, max_expansion=10)
    assert built.facts["dropped"]["unpacks_too_large"] == 2


def test_27_html(folder: Path) -> None:
    body = "<p>" + "这是一个关于丹炉的页面，正文写在这里，足够长。" * 5 + "</p>"
    page = f"<html><head><meta charset=gb2312><title>t</title></head><body>{body}</body></html>"
    (folder / "a.html").write_bytes(page.encode("gb18030"))
    (folder / "b.html").write_text(page)  # the charset it names is a lie
    (folder / "c.html").write_text("<div>" * 100_000 + "deep")
    (folder / "d.html").write_text("<script>" + "x = 1;" * 100_000 + "</script><p>short</p>")
    (folder / "e.html").write_text("")
    (folder / "f.html").write_bytes(b"<p>" + b"y" * 9_000_000)
    built = Built(folder)
    found = {document.source: document.text for document in built.documents}
    assert "丹炉的页面" in found["texts/a.html"]
    assert "short" in found["texts/d.html"]
    assert "x = 1" not in found["texts/d.html"]
    assert built.facts["dropped"]["exact_duplicate"] == 1  # b says the same as a
    assert built.facts["dropped"]["too_long"] == 1


def test_30_31_what_is_no_file_is_left_out(folder: Path) -> None:
    os.mkfifo(folder / "pipe.txt")
    (folder / "dir.txt").mkdir()
    (folder / "zero.txt").symlink_to("/dev/zero")
    (folder / "loop").symlink_to(folder)
    (folder / "self.txt").symlink_to(folder / "self.txt")
    (folder / "gone.txt").symlink_to(folder / "gone-target")
    (folder / ".hidden.txt").write_text("hidden")
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (folder / "picture.txt").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(range(256)) * 4)
    (folder / "program.exe").write_bytes(b"MZ\x90\0\3\0\0\0" * 100)
    (folder / "book.rtf").write_bytes(b"{\\rtf1 words}")
    with socket.socket(socket.AF_UNIX) as listening:
        try:
            listening.bind(str(folder / "socket.txt"))
        except OSError:  # the path is too long for a socket
            (folder / "socket.txt").symlink_to("/dev/null")
        built = Built(folder)
    assert built.texts == [EN]
    assert built.facts["files_skipped"] == {
        "binary": 2,
        "hidden": 3,
        "link_loop": 1,
        "no_reader": 1,
        "no_regular_file": 5,
    }


def test_32_odd_file_names(folder: Path) -> None:
    for name in ("new\nline.txt", "\U0001f600.txt", "空 格.txt", "n" * 250 + ".txt"):
        (folder / name).write_text(f"text of {name[:5]}")
    Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff.txt")).write_text("bad bytes in its name")
    built = Built(folder)
    assert len(built.texts) == 6
    assert "bad bytes in its name" in built.texts


def test_33_34_one_small_file_gives_both_splits(tmp_path: Path) -> None:
    path = tmp_path / "only.txt"
    text = "".join(f"Line {number} of a small text.\n" for number in range(40))
    path.write_text(text)
    build_corpus([path], tmp_path / "out", CorpusSettings(), CorpusRuntime())
    corpus = open_corpus(tmp_path / "out")
    train, valid = ("".join(d.text for d in corpus.documents(split)) for split in ("train", "valid"))
    assert train + valid == text
    assert 0.02 < len(valid) / len(text) < 0.1
    assert corpus.artifact.facts["documents_in"] == 2


def test_35_one_sentence_again_and_again(folder: Path) -> None:
    (folder / "a.jsonl").write_text('{"text": "the same"}\n' * 50)
    assert Built(folder).texts == ["the same", EN]


def test_37_nothing_left_names_the_reasons(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.jsonl").write_text('{"text": ""}\n' * 3 + "no json\n")
    with pytest.raises(DataError) as caught:
        Built(folder)
    assert "empty: 3" in str(caught.value)
    assert "not_json: 1" in str(caught.value)


def test_a_file_that_may_not_be_read(folder: Path) -> None:
    path = folder / "a.txt"
    path.write_text("secret")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert Built(folder).facts["files_skipped"] == {"unreadable_file": 1}
