"""Small files of every format that danlu reads, made from texts: what readers' tests feed them."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from html import escape

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
    "lz4": lambda data: through_arrow(data, "lz4"),
}


def through_arrow(data: bytes, name: str) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, name) as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def html(text: str) -> bytes:
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in text.split("\n") if line)
    return f"<html><head><meta charset=utf-8><title>t</title></head><body><article>{paragraphs}</article></body></html>".encode()


def zip_of(members: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            # An epub's first member stands as it is, so that its kind shows in the first bytes.
            archive.writestr(name, data, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def tar_of(members: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def epub(chapters: Sequence[str], **more: bytes) -> bytes:
    """The chapters stand in the zip in reverse order, so that only the spine tells the right one."""
    numbers = range(len(chapters))
    items = "".join(f'<item id="c{n}" href="text/c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in numbers)
    spine = "".join(f'<itemref idref="c{n}"/>' for n in numbers)
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{items}</manifest><spine>{spine}</spine></package>'
    )
    container = '<container><rootfiles><rootfile full-path="OEBPS/content.opf"/></rootfiles></container>'
    members = {"mimetype": b"application/epub+zip", "META-INF/container.xml": container.encode()}
    members |= {"OEBPS/content.opf": package.encode()}
    members |= {f"OEBPS/text/c{n}.xhtml": html(chapters[n]) for n in reversed(numbers)}
    return zip_of(members | more)


WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def docx(paragraphs: Sequence[str], *, body: str = "") -> bytes:
    runs = "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in paragraphs)
    document = f'<?xml version="1.0"?><w:document xmlns:w="{WORD}"><w:body>{runs}{body}</w:body></w:document>'
    return zip_of({"[Content_Types].xml": b"<Types/>", "word/document.xml": document.encode()})


def pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """One string for each printed line. No font is in the file; a table tells which character each code stands for."""
    characters = sorted({sign for page in pages for line in page for sign in line})
    codes = {sign: number for number, sign in enumerate(characters, start=0x100)}
    mapped = [f"<{codes[c]:04x}> <{c.encode('utf-16-be').hex()}>" for c in characters]
    blocks = [mapped[n : n + 100] for n in range(0, len(mapped), 100)]
    table = "".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks)
    cmap = f"begincmap\n1 begincodespacerange <0000> <ffff> endcodespacerange\n{table}endcmap".encode()
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", *_FONT, _stream(cmap)]
    kids = []
    for page in pages:
        lines = " ".join(f"<{''.join(f'{codes[c]:04x}' for c in line)}> Tj 0 -16 Td" for line in page)
        objects.append(_stream(f"BT /F 12 Tf 40 800 Td {lines} ET".encode()))
        resources = f"/Resources<</Font<</F 3 0 R>>>>/MediaBox[0 0 600 850]/Contents {len(objects)} 0 R"
        objects.append(f"<</Type/Page/Parent 2 0 R{resources}>>".encode())
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(kids)}]>>".encode()
    return _file(objects)


_FONT = (
    b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 6 0 R>>",
    b"<</Type/Font/Subtype/CIDFontType2/BaseFont/X/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
    b"/DW 600/FontDescriptor 5 0 R>>",
    b"<</Type/FontDescriptor/FontName/X/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0/Ascent 800/Descent -200"
    b"/CapHeight 700/StemV 80>>",
)


def _stream(data: bytes) -> bytes:
    return f"<</Length {len(data)}>>\nstream\n".encode() + data + b"\nendstream"


def _file(objects: Sequence[bytes]) -> bytes:
    data, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    return data + f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n".encode()


def warc_record(kind: str, content: bytes, *, address: str = "http://example.org/", length: int | None = None) -> bytes:
    mime = {"response": "application/http; msgtype=response", "conversion": "text/plain"}.get(kind, "text/html")
    stated = len(content) if length is None else length
    lines = [
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:12345678-0000-0000-0000-000000000000>",
        f"WARC-Date: 2020-01-01T00:00:00Z\r\nWARC-Target-URI: {address}\r\nContent-Type: {mime}",
        f"Content-Length: {stated}\r\n\r\n",
    ]
    return "\r\n".join(lines).encode() + content + b"\r\n\r\n"


def response(body: bytes, *, status: str = "200 OK", kind: str = "text/html", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}\r\n".encode() + body


def wiki_page(title: str, text: str, *, namespace: int = 0, redirect: str = "") -> str:
    target = f'<redirect title="{escape(redirect)}" />' if redirect else ""
    revision = f"<revision><model>wikitext</model><text>{escape(text)}</text></revision>"
    return f"<page><title>{escape(title)}</title><ns>{namespace}</ns><id>1</id>{target}{revision}</page>"


def wiki_dump(*pages: str) -> bytes:
    head = '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/" version="0.10"><siteinfo/>'
    return (head + "".join(pages) + "</mediawiki>").encode()


def parquet(texts: Sequence[str]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": list(texts)}), sink)
    return sink.getvalue()


def arrow(texts: Sequence[str], *, stream: bool = False) -> bytes:
    sink = io.BytesIO()
    table = pa.table({"text": list(texts)})
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def of_format(reader: str, text: str) -> bytes:
    """A file for a row of READERS that holds `text` (one line) as its only document."""
    makers: dict[str, Callable[[], bytes]] = {
        "jsonl": lambda: json.dumps({"text": text}).encode() + b"\n",
        "json": lambda: json.dumps([{"text": text}], ensure_ascii=False).encode(),
        "csv": lambda: f'text\n"{text}"\n'.encode(),
        "tsv": lambda: f"text\tid\n{text}\t1\n".encode(),
        "html": lambda: html(text),
        "parquet": lambda: parquet([text]),
        "arrow": lambda: arrow([text]),
        "warc": lambda: warc_record("conversion", text.encode()),
        "wikipedia": lambda: wiki_dump(wiki_page("T", f"'''{text}'''")),
        "epub": lambda: epub([text]),
        "docx": lambda: docx([text]),
        "pdf": lambda: pdf([[text]]),
        "zip": lambda: zip_of({"one.txt": text.encode()}),
        "tar": lambda: tar_of({"one.txt": text.encode()}),
    }
    return makers[reader]() if reader in makers else text.encode()
