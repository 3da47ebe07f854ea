"""How well the main text of web pages is found: danlu's reader and trafilatura with its own defaults, on marked pages.

    python benchmarks/extraction.py FOLDER [--pages FOLDER]

FOLDER holds pages (gzip) and `annotations.jsonl`: for each page the strings that a good extraction has (`with`) and
those that it has not (`without`). A string that is found and wanted is a hit, as in trafilatura's own evaluation:
precision = hits / found, recall = hits / wanted. `--pages` names a folder of further pages without marks, for which the
share of lines of prose (25 characters or more, with Chinese punctuation) that is found is told. Prints one line of JSON.
"""

import argparse
import gzip
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import trafilatura

from danlu.corpus.encoding import decode
from danlu.corpus.readers.html_text import page_text, visible_text

Extractor = Callable[[bytes], str]
PROSE = re.compile("[。，；]")
PROSE_LENGTH = 25


def by_danlu(data: bytes) -> str:
    """The text as a build takes it, without the process in between."""
    return page_text(decode(data).text).text


def by_trafilatura(data: bytes) -> str:
    """The text as the library gives it when nothing is set."""
    return trafilatura.extract(data) or ""


def rate(extractor: Extractor, folder: Path) -> dict[str, float]:
    """Precision, recall and F over all marked strings."""
    hits = missed = wrong = right = 0
    started = time.perf_counter()
    for line in (folder / "annotations.jsonl").read_text(encoding="utf-8").splitlines():
        marks = json.loads(line)
        text = extractor(gzip.decompress((folder / marks["file"]).read_bytes()))
        found = sum(string in text for string in marks["with"])
        unwanted = sum(string in text for string in marks["without"])
        hits, missed = hits + found, missed + len(marks["with"]) - found
        wrong, right = wrong + unwanted, right + len(marks["without"]) - unwanted
    precision, recall = hits / (hits + wrong), hits / (hits + missed)
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f": round(2 * precision * recall / (precision + recall), 4),
        "accuracy": round((hits + right) / (hits + right + missed + wrong), 4),
        "seconds": round(time.perf_counter() - started, 2),
    }


def prose_found(extractor: Extractor, pages: list[Path]) -> float:
    """Share of the visible lines of prose that the extraction has, blanks aside."""
    found = total = 0
    for path in pages:
        data = gzip.decompress(path.read_bytes())
        text = re.sub(r"\s", "", extractor(data))
        lines = [line for line in visible_text(decode(data).text).split("\n") if PROSE.search(line)]
        lines = [re.sub(r"\s", "", line) for line in lines if len(line) >= PROSE_LENGTH]
        total += len(lines)
        found += sum(line in text for line in lines)
    return round(found / max(1, total), 4)


def main() -> None:
    """Reads the command line and prints the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=Path)
    arguments = parser.parse_args()
    pages = sorted(arguments.pages.glob("*.html.gz")) if arguments.pages else []
    result: dict[str, dict[str, float]] = {}
    for name, extractor in {"danlu": by_danlu, "trafilatura": by_trafilatura}.items():
        result[name] = rate(extractor, arguments.folder)
        if pages:
            result[name]["prose_found"] = prose_found(extractor, pages)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
