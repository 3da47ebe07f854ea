"""Wikitext becomes plain text: what a reader of the page sees as running text, without templates, tables and references."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from danlu.corpus.readers.variants import resolve

# Sections that hold no running text once references and link lists are gone.
_LISTS_ONLY = frozenset(
    (
        *("references", "notes", "footnotes", "citations", "sources", "works cited", "external links"),
        *("further reading", "see also", "bibliography", "notes and references", "references and notes"),
        *("gallery", "参考文献", "参考资料", "参考来源", "参考", "注释", "脚注", "注解", "备注", "引用"),
        *("资料来源", "外部链接", "外部连结", "延伸阅读", "扩展阅读", "参见", "参看", "另见", "相关条目"),
        *("相关链接", "图集", "參考文獻", "參考資料", "參考來源", "參考", "注釋", "註釋", "腳註", "註解"),
        *("備註", "資料來源", "外部連結", "外部鏈接", "延伸閱讀", "擴展閱讀", "參見", "參看", "另見"),
        *("相關條目", "相關連結", "圖集"),
    )
)
_FILES = frozenset(
    (
        *("file", "image", "category", "media", "文件", "檔案", "档案", "图像", "圖像", "图片", "圖片"),
        *("分类", "分類", "媒体", "媒體", "datei", "kategorie", "fichier", "catégorie"),
    )
)
_LANGUAGE_LINK = re.compile(r"^[a-z]{2,3}(?:-[a-z]{2,10})?$")
_NO_TEXT = frozenset(
    (
        *("ref", "references", "table", "gallery", "timeline", "imagemap", "score", "graph"),
        *("templatedata", "templatestyles", "mapframe", "maplink", "hiero", "section", "includeonly"),
        *("indicator", "categorytree", "inputbox", "chem", "ce"),
    )
)
# A term and its explanation may stand on one line: the signs live until the text is tidied.
_TERM, _EXPLAINED = "\x01", "\x02"
_MARKS = {"li": "- ", "dt": _TERM, "dd": _EXPLAINED, "br": "\n", "hr": "\n"}
_TERM_LINE = re.compile(f"{_TERM}([^\n{_EXPLAINED}]*[^\\s{_EXPLAINED}])\\s*{_EXPLAINED}[ \t]*(?=\\S)")
# Few templates stand for words of the sentence around them: without these, sentences have holes. Which parameter says it:
_FIRST = frozenset(
    (
        *("nowrap", "nobr", "smaller", "small", "abbr", "as of", "angbr", "vanchor", "visible anchor", "nihongo"),
        *("sic", "ipa", "quote", "cquote", "blockquote", "ilh", "ruby", "zy"),
    )
)
_SECOND = frozenset(("lang",))
_LAST = frozenset(("transl", "link-en", "internal link helper/en", "le", "tsl"))
_ALL = frozenset(("frac", "linktext"))
_NO_UNIT = frozenset(("to", "-", "–", "and", "or", "by", "x", "+/-", "±", "and(-)", "to(-)"))
_STYLE = re.compile("'{2,5}")
_SWITCH = re.compile(r"__[A-Z]{3,20}__")
_BROKEN = re.compile(r"^\s*(?:\{\||\|\}|\|-|!|\|).*$|\{\{[^{}\n]{0,200}\}\}|\{\{|\}\}", re.MULTILINE)
_EMPTY_BRACKETS = re.compile(r"[ \u00a0]?\((?:[\s,;:/]|&nbsp;)*\)|（[\s，、；：;,]*）")
_OPENING = re.compile(r"([(（])[\s,;，、；]+")
_CLOSING = re.compile(r"[\s,;，、；]+([)）])")
_BEFORE_SIGN = re.compile(r" +([,.;:!?](?:\s|$))", re.MULTILINE)
_BLANKS = re.compile(r"[ \t\u00a0]{2,}")
_BULLETS = re.compile(r"^(?:- )+", re.MULTILINE)
_EMPTY_ITEM = re.compile(r"^[-*:;#\s]*$")
MOST_NESTING = 50


class _Section(NamedTuple):
    """A heading (level 0 and empty for the beginning of the page) and the text below it."""

    level: int
    heading: str
    text: str


def plain_text(wikitext: str, variant: str) -> str:
    """The running text: headings on lines of their own, lists with dashes, formulas between dollar signs.

    Sections that hold only references or links, and headings with nothing below them, are left out.
    """
    import mwparserfromhell

    parsed = mwparserfromhell.parse(resolve(wikitext, variant), skip_style_tags=True)
    sections = list(_sections(parsed))
    lines: list[str] = []
    hidden_below = 0
    for number, section in enumerate(sections):
        if hidden_below and section.level > hidden_below:
            continue
        hidden_below = 0
        if section.heading.casefold() in _LISTS_ONLY:
            hidden_below = section.level
            continue
        following = sections[number + 1] if number + 1 < len(sections) else None
        if section.level and not section.text and not (following and following.level > section.level):
            continue
        lines += filter(None, (section.heading, section.text))
    return "\n\n".join(lines)


def _sections(parsed: Any) -> Iterator[_Section]:
    level, heading, pieces = 0, "", list[str]()
    for node in parsed.nodes:
        if type(node).__name__ == "Heading":
            yield _Section(level, heading, _tidy("".join(pieces)))
            level, pieces = int(node.level), []
            heading = _tidy("".join(_texts(node.title, 1))).replace("\n", " ")
        else:
            pieces += _node(node, 0)
    yield _Section(level, heading, _tidy("".join(pieces)))


def _texts(code: Any, depth: int) -> Iterator[str]:
    if code is None or depth > MOST_NESTING:
        return
    for node in code.nodes:
        yield from _node(node, depth)


def _node(node: Any, depth: int) -> Iterator[str]:
    kind = type(node).__name__
    if kind == "Text":
        yield str(node.value).replace(_TERM, "").replace(_EXPLAINED, "")
    elif kind == "Wikilink":
        yield from _link(node, depth)
    elif kind == "ExternalLink":
        yield from _texts(node.title, depth + 1) if node.brackets else [str(node.url)]
    elif kind == "Tag":
        yield from _tag(node, depth)
    elif kind == "HTMLEntity":
        yield str(node.normalize())
    elif kind == "Heading":
        yield from _texts(node.title, depth + 1)
    elif kind == "Template":
        yield from _template(node, depth)


def _link(node: Any, depth: int) -> Iterator[str]:
    title = str(node.title).strip()
    prefix, colon, rest = title.partition(":")
    prefix = prefix.strip().casefold()
    if colon and prefix in _FILES:
        return
    if colon and node.text is None and rest and _LANGUAGE_LINK.match(prefix):
        return
    if node.text is None:
        yield from _texts(node.title, depth + 1)
    else:
        yield from _texts(node.text, depth + 1)


def _tag(node: Any, depth: int) -> Iterator[str]:
    name = str(node.tag).strip().lower()
    if name in _NO_TEXT:
        return
    if name in _MARKS:
        yield _MARKS[name]
        yield from _texts(node.contents, depth + 1)
    elif name == "math":
        yield "$" + " ".join(str(node.contents or "").split()) + "$"
    elif "display:none" in str(node).partition(">")[0].replace(" ", ""):
        return
    else:
        yield from _texts(node.contents, depth + 1)


def _template(node: Any, depth: int) -> Iterator[str]:
    name = str(node.name).strip().replace("_", " ").casefold()
    plain = [param.value for param in node.params if not param.showkey]
    if name in ("convert", "cvt"):
        yield from _measure(["".join(_texts(value, depth + 1)).strip() for value in plain])
    elif name.startswith("lang-") and plain:
        yield from _texts(plain[0], depth + 1)
    elif plain and name in _FIRST | _SECOND | _LAST | _ALL:
        chosen = (
            plain if name in _ALL else plain[:1] if name in _FIRST else plain[1:2] if name in _SECOND else plain[-1:]
        )
        yield " ".join("".join(_texts(value, depth + 1)).strip() for value in chosen)


def _measure(values: list[str]) -> Iterator[str]:
    """`{{convert|5|to|10|km}}` says `5 to 10 km`."""
    for number, value in enumerate(values):
        if number and value and not value[0].isdigit() and value not in _NO_UNIT:
            yield " ".join(values[: number + 1])
            return
    yield " ".join(values[:1])


def _tidy(text: str) -> str:
    text = _SWITCH.sub("", _STYLE.sub("", text.replace("\xa0", " ")))
    text = _TERM_LINE.sub(r"\1: ", text).replace(_TERM, "").replace(_EXPLAINED, "")
    text = _BROKEN.sub("", text)
    text = _EMPTY_BRACKETS.sub("", _CLOSING.sub(r"\1", _OPENING.sub(r"\1", text)))
    text = _BEFORE_SIGN.sub(r"\1", _BLANKS.sub(" ", text))
    text = _BULLETS.sub("- ", text)
    lines = ["" if _EMPTY_ITEM.match(line) else line.strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
