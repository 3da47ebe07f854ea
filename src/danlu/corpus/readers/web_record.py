"""One record of a web archive: the HTTP message is taken apart, and its page becomes a text."""

from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from danlu.corpus.document import Found, Refused
from danlu.corpus.encoding import looks_binary
from danlu.corpus.readers.html import from_page
from danlu.corpus.readers.plain import found_text
from danlu.corpus.settings import ReadingSettings

MAX_RECORD_BYTES = 64 * 2**20
_HTML = ("text/html", "application/xhtml+xml")
_SUCCESS = 200


class Payload(NamedTuple):
    """What a record carries: the address, the kind of content (empty: not said), its charset (same) and its bytes."""

    address: str
    kind: str
    charset: str
    body: bytes


def payload_of_response(address: str, message: bytes, offset: int) -> Payload | Refused:
    """The body of an HTTP response, unpacked; a refusal for errors, redirects and messages that cannot be parsed.

    Crawlers store bodies unchunked under headers that still say chunked, so what cannot be decoded as it says is taken
    as it is. A body that unpacks beyond MAX_RECORD_BYTES is refused.
    """
    problem = ""
    for decoding in ("all", "content", "none"):
        try:
            record, body = _parsed(message, decoding)
        except (OSError, ValueError) as found:
            problem = problem or str(found)
            continue
        headers: Any = record.http_headers  # None where the message has no status line
        status = None if headers is None else headers.status_code
        if status != _SUCCESS:
            return Refused(offset=offset, reason="no_page", got=f"status {status}: {address}"[:200])
        if len(body) > MAX_RECORD_BYTES:
            return Refused(offset=offset, reason="unpacks_too_large", got=address[:200])
        if decoding == "none" and looks_binary(body[:4096]):
            break
        if body or decoding == "none":
            kind = (record.http_content_type or "").strip().lower()
            return Payload(address, kind, record.http_charset or "", body)
    return Refused(offset=offset, reason="damaged_record", got=f"{address}: {problem or 'its body is packed'}"[:200])


def _parsed(message: bytes, decoding: str) -> "tuple[Any, bytes]":
    from fastwarc.warc import WarcRecord, WarcRecordType

    record: Any = WarcRecord()
    record.init_headers(WarcRecordType.response)
    record.set_bytes_content(message)
    record.is_http = True
    record.parse_http(auto_decode=decoding, quirks_mode=True)
    return record, record.reader.read(MAX_RECORD_BYTES + 1)


def text_of(payload: Payload, offset: int, settings: ReadingSettings) -> Found | Refused:
    """The document in a payload: HTML by its main text, plain text as it is, anything else is no page."""
    kind = payload.kind.partition(";")[0].strip().lower()
    if kind in _HTML or (not kind and payload.body.lstrip()[:1] == b"<"):
        found = from_page(payload.body, offset, settings, payload.charset)
    elif kind == "text/plain" and not payload.address.startswith(("metadata:", "urn:")):
        found = found_text(payload.body, settings, offset=offset)
    else:
        return Refused(offset=offset, reason="no_page", got=f"{kind or 'no type'}: {payload.address}"[:200])
    if isinstance(found, Refused):
        return replace(found, got=f"{payload.address} {found.got}".strip()[:200])
    return replace(found, domain=host_of(payload.address))


def host_of(address: str) -> str | None:
    """The host that an address names, as the domain of its page."""
    try:
        return urlsplit(address.strip("<> ")).hostname
    except ValueError:
        return None
