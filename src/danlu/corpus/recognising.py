"""Which reader takes a file: what its first bytes show goes before its ending, which may lie."""

import os
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from danlu.corpus import READERS
from danlu.corpus.document import Reader
from danlu.corpus.encoding import looks_binary
from danlu.corpus.opening import ENDINGS

HEAD_BYTES = 4096
# Formats that hold text, but for which there is no reader: named so that nobody wonders where they went.
UNREAD = (
    *(".doc", ".odt", ".rtf", ".xls", ".xlsx", ".ods", ".ppt", ".pptx", ".odp", ".mobi", ".azw3", ".djvu", ".ps"),
    *(".7z", ".rar", ".db", ".sqlite", ".sqlite3", ".svg", ".ipynb"),
)
HIDDEN = ("Thumbs.db", "desktop.ini", "__MACOSX")
_TAR_MAGIC, _TAR_AT = b"ustar", 257
_BEGINNINGS = (
    (b"%PDF-", "pdf"),
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"FEA1", "arrow"),
    (b"WARC/", "warc"),
    (b"filedesc://", "warc"),
    (b"<mediawiki", "wikipedia"),
    (b"<!DOCTYPE mediawiki", "wikipedia"),  # dumps have none; the reader says so
)
_ZIP_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")


class Recognised(NamedTuple):
    """The reader of a file and its name without endings; `reader` None with the reason why it is left out."""

    stem: str
    reader: str | None
    reason: str = ""


@cache
def readers() -> Mapping[str, Reader]:
    """Every row of READERS, loaded."""
    return {name: READERS.load(name) for name in READERS.names()}


def is_hidden(name: str) -> bool:
    """Whether a file or folder name is one that file managers hide."""
    return name.startswith((".", "~$")) or name in HIDDEN


def recognise(name: str, head: bytes) -> Recognised:
    """The reader for a file called `name` whose unpacked bytes begin with `head` (HEAD_BYTES of it)."""
    stem, ending = os.path.splitext(name)
    if ending.lower() in ENDINGS:
        stem, ending = os.path.splitext(stem)
    ending = ending.lower()
    shown = _shown_by(head)
    if shown == "zip":
        return _of_zip(stem, ending, head)
    if shown is not None:
        return Recognised(stem, shown)
    named = next((key for key, row in readers().items() if ending in row.endings), None)
    if named is not None and readers()[named].binary:
        # The ending says so, the bytes do not: empty, cut off or lying. Its reader tells which, unless it is plain text.
        return Recognised(stem, named) if looks_binary(head) or not head else Recognised(stem, "txt")
    if ending in UNREAD or (named == "wikipedia" and head):
        return Recognised(stem, None, "no_reader")
    if looks_binary(head):
        return Recognised(stem, None, "binary")
    return Recognised(stem, named or "txt")


def _shown_by(head: bytes) -> str | None:
    if head.startswith(_ZIP_BEGINNINGS):
        return "zip"
    if head[_TAR_AT : _TAR_AT + len(_TAR_MAGIC)] == _TAR_MAGIC:
        return "tar"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<?xml"):
        start = start.partition(b"?>")[2].lstrip()
    return next((reader for beginning, reader in _BEGINNINGS if start.startswith(beginning)), None)


def _of_zip(stem: str, ending: str, head: bytes) -> Recognised:
    """epub, docx and others are zip archives: an epub says so in its first member, for the rest the ending counts."""
    if ending in (".epub", ".docx", ".docm"):
        return Recognised(stem, ending[1:5])
    if b"mimetypeapplication/epub+zip" in head[:128]:
        return Recognised(stem, "epub")
    if ending in UNREAD or b"mimetypeapplication/vnd.oasis" in head[:128]:
        return Recognised(stem, None, "no_reader")
    if b"[Content_Types].xml" in head and ending != ".zip":
        return Recognised(stem, "docx" if b"word/" in head else None, "no_reader")
    if ending in (".jar", ".apk", ".whl", ".npz"):
        return Recognised(stem, None, "binary")
    return Recognised(stem, "zip")
