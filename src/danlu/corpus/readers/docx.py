"""DOCX: one file is one document: paragraphs as lines, rows of tables as lines with tabs (ECMA-376 part 1, section 17)."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.opening import UnpackError, plain_file
from danlu.corpus.readers.hardened_xml import DamagedXmlError, elements, local_name, tree
from danlu.corpus.readers.packaged import Package
from danlu.corpus.settings import ReadingSettings

DAMAGED = "damaged_docx"
OLE_BEGINNING = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # an encrypted docx, or an old .doc, is a file of this kind
MAX_NESTING = 100
_RELATIONS = "_rels/.rels"
_BODY = "word/document.xml"
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
# Text that was deleted, codes of fields, the second form of a drawing, and properties.
_NO_TEXT = frozenset(
    ("del", "moveFrom", "instrText", "delText", "Fallback", "rPr", "pPr", "tblPr", "tblGrid", "sectPr")
)


def read(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields the text of the body; headers, footers, notes and comments are left out."""
    try:
        with plain_file(Path(part.file.path), part.file.compression, settings) as path:
            with path.open("rb") as handle:
                if handle.read(8) == OLE_BEGINNING:
                    yield Refused(offset=0, reason="encrypted", got="an encrypted or old Word document")
                    return
            with Package(path, settings, DAMAGED) as package:
                data = package.part(_body_name(package))
        text = "\n".join(_body(data)).strip("\n")
    except UnpackError as problem:
        yield Refused(offset=0, reason=problem.reason, got=problem.got)
        return
    except DamagedXmlError as problem:
        yield Refused(offset=0, reason=DAMAGED, got=str(problem))
        return
    if text.strip():
        yield Found(offset=0, text=text + "\n", edits=("docx:body",))
    else:
        yield Refused(offset=0, reason="empty", got="no paragraph has text")


def _body_name(package: Package) -> str:
    """The part that the package calls its document; nearly always word/document.xml."""
    if _BODY in package or _RELATIONS not in package:
        return _BODY
    for relation in tree(package.part(_RELATIONS)).iterfind("{*}Relationship"):
        if relation.get("Type", "").endswith("/officeDocument") and relation.get("TargetMode") != "External":
            return str(relation.get("Target", _BODY)).lstrip("/")
    return _BODY


def _body(data: bytes) -> Iterator[str]:
    for body in elements(io.BytesIO(data), "body"):
        yield from _blocks(body, 0)


def _blocks(parent: Any, depth: int) -> Iterator[str]:
    """One line for each paragraph and each row of a table."""
    if depth > MAX_NESTING:
        return
    for child in parent:
        name = local_name(child)
        if name == "p":
            yield _paragraph(child, depth + 1)
        elif name == "tr":
            cells = [cell for cell in child.iter("{*}tc") if _nearest_row(cell) is child]
            yield "\t".join(
                " ".join(filter(None, (" ".join(line.split()) for line in _blocks(c, depth + 1)))) for c in cells
            )
        elif name not in _NO_TEXT:
            yield from _blocks(child, depth + 1)


def _nearest_row(cell: Any) -> Any:
    return next((above for above in cell.iterancestors() if local_name(above) == "tr"), None)


def _paragraph(parent: Any, depth: int) -> str:
    return "".join(_runs(parent, depth))


def _runs(parent: Any, depth: int) -> Iterator[str]:
    if depth > MAX_NESTING:
        return
    for child in parent:
        name = local_name(child)
        if name == "t":
            yield child.text or ""
        elif name in _SIGNS:
            yield _SIGNS[name]
        elif name == "p":  # of a text box within the paragraph
            yield "\n" + _paragraph(child, depth + 1)
        elif name not in _NO_TEXT:
            yield from _runs(child, depth + 1)


READER = Reader(endings=(".docx", ".docm"), read=read, binary=True)
