"""Archives: what is in them is read under its name, and nothing in them can do harm."""

import io
import json
import os
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.errors import DataError
from danlu.corpus.document import Found
from danlu.corpus.readers.members import member_name
from made_files import PACKERS, epub, html, of_format, parquet, tar_of, zip_of
from reading_files import read_file

EN = "It was a bright cold day in April.\n"
ZH = "今天天气很好,我们一起去公园散步。\n"
MEMBERS = {
    "a.txt": EN.encode(),
    "诗/b.txt": ZH.encode("gb18030"),
    "诗/c.jsonl": json.dumps({"text": "one"}).encode() + b"\n" + json.dumps({"text": "two"}).encode(),
    "d.parquet": parquet(["three", "four"]),
    "e.html": html("The text of a page that is long enough."),
    "f.epub": epub(["A chapter."]),
    "g.txt.gz": PACKERS["gz"](b"packed within"),
}
TEXTS = [
    EN,
    ZH,
    "one",
    "two",
    "three",
    "four",
    "The text of a page that is long enough.",
    "A chapter.\n",
    "packed within",
]
NAMES = ["a.txt", "诗/b.txt", *["诗/c.jsonl"] * 2, *["d.parquet"] * 2, "e.html", "f.epub", "g.txt.gz"]


@pytest.mark.parametrize("ending", ["zip", "tar", *(f"tar.{name}" for name in PACKERS), "tgz", "zip.gz"])
def test_25_members_are_documents_under_their_names(ending: str, tmp_path: Path) -> None:
    data = zip_of(MEMBERS) if ending.startswith("zip") else tar_of(MEMBERS)
    packing = "gz" if ending == "tgz" else ending.partition(".")[2]
    found = read_file(tmp_path / f"x.{ending}", PACKERS[packing](data) if packing else data)
    assert found.texts == TEXTS
    assert found.names == NAMES
    assert not found.refused
    domains = [item.domain for item in found.items if isinstance(item, Found)]
    own = f"x.{ending}".partition(".tar")[0].removesuffix(f".{ending}").removesuffix(".zip.gz")
    assert [name if name != own else "x" for name in domains] == ["x", "诗", "c", "c", "d", "d", "x", "x", "x"]


def test_25_names_outside_and_hidden_ones_are_refused(tmp_path: Path) -> None:
    members = dict.fromkeys(("../up.txt", "/etc/absolute.txt", "a/../../b.txt", "..\\w.txt", "C:\\x.txt"), EN.encode())
    members |= dict.fromkeys(("__MACOSX/a.txt", ".DS_Store", "a/._b.txt"), EN.encode())
    members["picture.jpg"] = b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(range(256))
    members["table.xlsx"] = zip_of({"[Content_Types].xml": b""})
    members["good.txt"] = ZH.encode()
    for path, data in ((tmp_path / "a.zip", zip_of(members)), (tmp_path / "a.tar", tar_of(members))):
        found = read_file(path, data)
        assert found.texts == [ZH]
        assert found.reasons == [*["unsafe_name"] * 5, *["hidden"] * 3, "binary", "no_reader"]
    assert sorted(os.listdir(tmp_path)) == ["a.tar", "a.zip"]


def test_25_links_and_devices_are_refused(tmp_path: Path) -> None:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name, kind in (
            ("s", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("c", tarfile.CHRTYPE),
            ("p", tarfile.FIFOTYPE),
        ):
            info = tarfile.TarInfo(f"{name}.txt")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("dir"))
    found = read_file(tmp_path / "a.tar", sink.getvalue())
    assert found.reasons == [*["no_regular_file"] * 4, "empty"]
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as zipped:
        link = zipfile.ZipInfo("link.txt")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        zipped.writestr(link, "/etc/passwd")
    assert read_file(tmp_path / "a.zip", sink.getvalue()).reasons == ["no_regular_file"]


def test_25_archives_within_archives_are_refused(tmp_path: Path) -> None:
    inner = zip_of({"a.txt": EN.encode()})
    members = {"in.zip": inner, "in.tar.gz": PACKERS["gz"](tar_of({"a.txt": b"x"})), "b.txt": ZH.encode()}
    for path, data in ((tmp_path / "a.zip", zip_of(members)), (tmp_path / "a.tar", tar_of(members))):
        found = read_file(path, data)
        assert found.texts == [ZH]
        assert found.reasons == ["nested_archive", "nested_archive"]


def test_25_same_names_stay_two_documents(tmp_path: Path) -> None:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for text in (b"first", b"second"):
            info = tarfile.TarInfo("a.txt")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
    found = read_file(tmp_path / "a.tar", sink.getvalue())
    assert list(zip(found.names, found.texts, strict=True)) == [("a.txt", "first"), ("a.txt~2", "second")]


def test_25_too_many_members(tmp_path: Path) -> None:
    members = {f"{number}.txt": f"text {number}".encode() for number in range(30)}
    for path, data in ((tmp_path / "a.zip", zip_of(members)), (tmp_path / "a.tar", tar_of(members))):
        found = read_file(path, data, max_members=20)
        assert len(found.texts) == 20
        assert found.reasons == ["too_many_members"]


def test_25_encrypted_members_are_refused(tmp_path: Path) -> None:
    data = bytearray(zip_of({"a.txt": EN.encode(), "b.txt": ZH.encode()}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag in the member's header and in the directory
        at = data.index(mark) + place
        data[at] |= 1
    found = read_file(tmp_path / "a.zip", bytes(data))
    assert found.reasons == ["encrypted"]
    assert found.texts == [ZH]


def test_25_bombs_are_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("danlu.corpus.opening.FREE_BYTES", 1_000_000)
    zeros = b" " * 3_000_000
    many = {f"{number}.txt": zeros[:400_000] for number in range(10)}
    packed = {f"{number}.txt.gz": PACKERS["gz"](zeros[:400_000]) for number in range(10)}
    for number, data in enumerate((zip_of({"a.txt": zeros}), zip_of(many), zip_of(packed))):
        found = read_file(tmp_path / f"{number}.zip", data, max_expansion=5)
        assert found.reasons[-1] == "unpacks_too_large"
        assert sum(map(len, found.texts)) <= 1_000_000
    found = read_file(tmp_path / "a.tar.gz", PACKERS["gz"](tar_of(many)), max_expansion=5)
    assert found.reasons[-1] == "unpacks_too_large"


def test_25_a_size_that_lies(tmp_path: Path) -> None:
    data = bytearray(zip_of({"a.txt": EN.encode() * 50, "b.txt": ZH.encode()}))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", 10)  # the directory states 10 bytes
    found = read_file(tmp_path / "a.zip", bytes(data))
    assert found.texts == [ZH]
    assert found.reasons == ["damaged_archive"]
    assert found.refused[0].inside == "a.txt"


def test_25_names_of_other_alphabets(tmp_path: Path) -> None:
    data = bytearray(zip_of({"xxxx.txt": EN.encode()}))
    found = read_file(tmp_path / "a.zip", bytes(data).replace(b"xxxx", "古诗".encode("gbk")))
    assert found.names == ["古诗.txt"]
    assert member_name("春晓".encode()) == "春晓"
    assert member_name("résumé".encode("cp437")) == "résumé"


def test_25_a_hundred_thousand_members(tmp_path: Path) -> None:
    """The order of magnitude at a twentieth of the size: the time for one member does not grow with their number."""
    members = {f"{number}.txt": str(number).encode() for number in range(5_000)}
    assert len(read_file(tmp_path / "a.tar", tar_of(members)).texts) == 5_000


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_truncated_archives_tell_where(make: object, tmp_path: Path) -> None:
    noise = {f"{number}.txt": os.urandom(3000).hex().encode() for number in range(5)}
    whole = make(noise)  # type: ignore[operator]
    for cut in (len(whole) // 2, 512 * 3, 700):
        found = read_file(tmp_path / f"a.{'zip' if make is zip_of else 'tar'}", whole[:cut])
        assert found.reasons == ["damaged_archive"]
        assert found.texts == ([] if make is zip_of else [d.decode() for d in list(noise.values())[: len(found.texts)]])


def test_a_damaged_header_in_a_tar_is_told(tmp_path: Path) -> None:
    whole = bytearray(tar_of({"a.txt": b"first", "b.txt": b"second"}))
    whole[1024 + 10] ^= 1  # the header of b.txt
    found = read_file(tmp_path / "a.tar", bytes(whole))
    assert found.texts == ["first"]
    assert found.reasons == ["damaged_archive"]


def test_damage_can_end_the_build(tmp_path: Path) -> None:
    whole = zip_of({"a.txt": EN.encode(), "b.txt": ZH.encode()})
    damaged = bytearray(whole)
    damaged[60] ^= 0xFF  # within the first member's data
    assert read_file(tmp_path / "b.zip", bytes(damaged)).reasons == ["damaged_archive"]
    with pytest.raises(DataError) as caught:
        read_file(tmp_path / "b.zip", on_damage="refuse")
    assert caught.value.exit_code == 3
    assert "b.zip/a.txt" in str(caught.value)


@given(
    st.dictionaries(
        st.text("abc诗词", min_size=1, max_size=5), st.text("xyz内容 ", min_size=1, max_size=50), max_size=5
    )
)
def test_what_goes_in_comes_out(tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str]) -> None:
    path = tmp_path_factory.mktemp("archive")
    members = {f"{name}.txt": text.encode() for name, text in texts.items()}
    for file, data in ((path / "a.zip", zip_of(members)), (path / "a.tar", tar_of(members))):
        found = read_file(file, data)
        assert dict(zip(found.names, found.texts, strict=True)) == {f"{name}.txt": text for name, text in texts.items()}


@pytest.mark.parametrize("name", ["warc", "wikipedia", "pdf", "docx", "arrow", "tsv"])
def test_every_format_within_an_archive(name: str, tmp_path: Path) -> None:
    data = of_format(name, "A sentence that is long enough to be found in a file of any format.")
    ending = {"wikipedia": "xml"}.get(name, name)
    for path, packed in (
        (tmp_path / "a.zip", zip_of({f"m.{ending}": data})),
        (tmp_path / "a.tar", tar_of({f"m.{ending}": data})),
    ):
        found = read_file(path, packed)
        assert len(found.texts) == 1
        assert "long enough" in found.texts[0]
