"""Foreign XML: no document type, no entities, no network, no trees beyond libxml2's limits; read as a stream."""

from collections.abc import Iterator
from typing import Any, BinaryIO


class DamagedXmlError(Exception):
    """The XML is cut off, malformed, or has a document type (which could hold entity bombs and outside references)."""


def elements(stream: BinaryIO, name: str, *, only_last: str = "") -> Iterator[Any]:
    """Each element of this name (without namespace) when it is complete; it is emptied after its turn.

    Of children called `only_last` the earlier ones are dropped at once. Raises DamagedXmlError; what `stream` raises
    passes through.
    """
    from lxml import etree

    found = etree.iterparse(
        stream,
        events=("end",),
        tag=[f"{{*}}{wanted}" for wanted in (name, only_last) if wanted],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for number, (_, element) in enumerate(found):
            if number == 0 and element.getroottree().docinfo.doctype:
                raise DamagedXmlError("it has a DOCTYPE")
            if only_last and local_name(element) == only_last:
                _drop_earlier(element)
                continue
            yield element
            element.clear(keep_tail=False)
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as problem:
        raise DamagedXmlError(str(problem)[:200]) from problem


def tree(data: bytes) -> Any:
    """The root of a small document; raises DamagedXmlError."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise DamagedXmlError(str(problem)[:200]) from problem
    if root.getroottree().docinfo.internalDTD is not None and root.getroottree().docinfo.internalDTD.entities():
        raise DamagedXmlError("its DOCTYPE declares entities")
    return root


def _drop_earlier(element: Any) -> None:
    before = element.getprevious()
    if before is not None and before.tag == element.tag:
        element.getparent().remove(before)


def local_name(element: Any) -> str:
    """The name of an element without its namespace; empty for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
