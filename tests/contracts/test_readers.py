"""What holds for every row of READERS: it reads its own format, and takes whatever else it is given."""

import json
import random
from pathlib import Path

import pytest

from danlu.corpus import READERS
from danlu.corpus.document import FilePart, Found, Reader, Refused, SourceFile
from danlu.corpus.reading import read_part
from danlu.corpus.recognising import HEAD_BYTES, recognise
from danlu.corpus.settings import ReadingSettings
from made_files import of_format

TEXT = "第一篇文档写在这里，内容是关于炼丹炉的，长度足够用来读取。The second sentence is English, and long enough."
ROWS = READERS.names()


def read(reader: Reader, name: str, path: Path, *, start: int = 0, valid: bool = False) -> list[Found | Refused]:
    file = SourceFile(
        path=str(path),
        name=path.name,
        domain="d",
        reader=name,
        compression="",
        num_bytes=path.stat().st_size,
        modified=0,
        valid=valid,
    )
    return list(read_part(FilePart(file=file, start=start), ReadingSettings()))


@pytest.mark.parametrize("name", ROWS)
def test_a_reader_finds_the_text(name: str, tmp_path: Path) -> None:
    reader: Reader = READERS.load(name)
    path = tmp_path / f"a{reader.endings[0]}"
    path.write_bytes(of_format(name, TEXT))
    for valid in (False, True):
        (found,) = read(reader, name, path, valid=valid)
        assert isinstance(found, Found)
        # An article begins with its title; a PDF has lines of any length, and this one is joined from nothing.
        assert found.text.removeprefix("T\n\n").strip() == TEXT
        assert found.offset == 0


@pytest.mark.parametrize("name", ROWS)
def test_a_reader_takes_anything(name: str, tmp_path: Path) -> None:
    reader: Reader = READERS.load(name)
    path = tmp_path / f"a{reader.endings[0]}"
    path.write_bytes(of_format(name, TEXT))
    whole = path.read_bytes()
    stream = random.Random(7)
    hostile = [
        b"",
        b"\n",
        b"\0" * 100,
        b"[" * 10_000,
        b'"' * 1001,
        bytes(range(256)) * 8,
        whole[: len(whole) // 2],
        whole[1:],
        *(bytes(b ^ (1 << stream.randrange(8)) if stream.random() < 0.02 else b for b in whole) for _ in range(5)),
        *(stream.randbytes(2000) for _ in range(5)),
    ]
    for data in hostile:
        path.write_bytes(data)
        for item in read(reader, name, path):
            text = item.text if isinstance(item, Found) else item.reason + item.got
            text.encode()
            assert item.offset >= 0


@pytest.mark.parametrize("name", ROWS)
def test_endings_belong_to_one_reader(name: str) -> None:
    reader: Reader = READERS.load(name)
    others = [ending for other in ROWS if other != name for ending in READERS.load(other).endings]
    assert reader.endings
    assert all(ending.startswith(".") and ending not in others for ending in reader.endings)


@pytest.mark.parametrize("name", [name for name in ROWS if READERS.load(name).ranges])
def test_ranges_share_nothing_and_lose_nothing(name: str, tmp_path: Path) -> None:
    reader: Reader = READERS.load(name)
    path = tmp_path / f"a{reader.endings[0]}"
    lines = [f"line {number} 的内容" for number in range(300)]
    text = "".join((json.dumps(line) if name.startswith("json") else line) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")
    file = SourceFile(
        path=str(path), name="a", domain="d", reader=name, compression="", num_bytes=path.stat().st_size, modified=0
    )
    for step in (7, 64, 1000):
        starts = list(range(0, file.num_bytes, step))
        found: list[str] = []
        for start, stop in zip(starts, [*starts[1:], None], strict=True):
            part = FilePart(file=file, start=start, stop=stop)
            found += [item.text for item in reader.read(part, ReadingSettings()) if isinstance(item, Found)]
        joined = "\n".join(found) + "\n" if name.startswith("json") else "".join(found)
        assert joined == "".join(line + "\n" for line in lines)


@pytest.mark.parametrize("name", ROWS)
def test_the_bytes_tell_the_reader(name: str) -> None:
    reader: Reader = READERS.load(name)
    data = of_format(name, TEXT)
    assert recognise(f"a{reader.endings[0]}", data[:HEAD_BYTES]).reader == name
    if reader.binary and name not in ("docx",):
        assert recognise("a.txt", data[:HEAD_BYTES]).reader == name
