"""The documents as data: their fenced blocks, headings and links."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md")
    for path in ROOT.glob(pattern)
)
ENGLISH = [
    page
    for page in PAGES
    if (ROOT / page).with_name(Path(page).stem + ".zh-CN.md").exists() and not page.endswith(".zh-CN.md")
]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language and its text."""

    language: str
    text: str

    def lines(self) -> list[str]:
        """Lines without comments; a command that goes on behind a backslash is one line."""
        joined = self.text.replace("\\\n", " ")
        return [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def read(page: str) -> str:
    """The text of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def chinese(page: str) -> str:
    """The Chinese page beside an English one."""
    return page.removesuffix(".md") + ".zh-CN.md"


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [Block(language, text) for language, text in _BLOCK.findall(read(page))]


def commands(page: str) -> list[str]:
    """Every line of the `sh` blocks of a page."""
    return [line for block in blocks(page) if block.language == "sh" for line in block.lines()]


def headings(page: str) -> list[int]:
    """The levels of a page's headings, in order."""
    without_blocks = _BLOCK.sub("", read(page))
    return [len(marks) for marks in re.findall(r"^(#+) ", without_blocks, re.MULTILINE)]


def links(page: str) -> list[str]:
    """Relative links of a page, without anchors."""
    found = re.findall(r"\]\(([^)#\s]+)", _BLOCK.sub("", read(page)))
    return [link for link in found if "://" not in link]


# Tutorial pages that show what their programs print; test_tutorial.py runs them.
CALCULATED = [
    page
    for page in ENGLISH
    if page.startswith("docs/tutorial/") and any(block.language == "text" for block in blocks(page))
]
