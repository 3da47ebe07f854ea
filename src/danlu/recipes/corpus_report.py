"""`danlu corpus report`: the report as a value, as a page, and as a data card."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from danlu.corpus.card import write_card
from danlu.corpus.report import CorpusReport, TokenCount, report
from danlu.corpus.sampling import sample_rows
from danlu.corpus.store import Corpus, open_corpus
from danlu.corpus.tallies import Tally
from danlu.evaluation.corpus_report import write_corpus_report
from danlu.tokenizers.expected_width import expected_bytes_per_token
from danlu.tokenizers.tokenizer import open_tokenizer

PAGE = "report.html"
ENTRIES = 4096  # vocabulary of the estimate


def corpus_report(
    folder: Path | str, *, out: Path | str | None = None, tokenizer: Path | str | None = None, card: bool = False
) -> CorpusReport:
    """The report of a corpus, also as a page in both languages: in `out`, else as report.html in the corpus.

    A corpus that cannot be written to gets no page unless `out` names one. With `tokenizer`, tokens per character are
    counted on a sample, else estimated. `card` also writes the data card, README.md in the corpus.
    """
    corpus = open_corpus(Path(folder))
    found = report(corpus)
    if tokenizer is None:
        found = replace(found, tokens=tuple(_estimated(found.language_tallies)))
    else:
        tokens = _counted(corpus, found.language_tallies, Path(tokenizer))
        found = replace(found, tokens=tuple(tokens), tokens_from=Path(tokenizer).name)
    path = Path(out) if out is not None else Path(folder) / PAGE if os.access(folder, os.W_OK) else None
    return replace(
        found,
        page=None if path is None else write_corpus_report(found, Path(folder), path),
        card=write_card(corpus, found) if card else None,
    )


def _estimated(languages: Sequence[Tally]) -> Iterable[TokenCount]:
    for row in languages:
        if row.num_characters and row.num_bytes:
            han_share = min(1.0, 3 * row.num_han / row.num_bytes)
            yield _count(row, expected_bytes_per_token("bpe", ENTRIES, han_share))


def _counted(corpus: Corpus, languages: Sequence[Tally], folder: Path) -> Iterable[TokenCount]:
    """Encodes a sample; a language that is not in it keeps no count."""
    tokenizer = open_tokenizer(folder)
    rows: list[dict[str, Any]] = sample_rows(corpus, ("language",))
    for row in languages:
        texts = [str(found["text"]) for found in rows if found["language"] == row.name]
        num_tokens = sum(len(ids) for ids in tokenizer.encode_batch(texts))
        if num_tokens:
            yield _count(row, sum(len(text.encode()) for text in texts) / num_tokens)


def _count(row: Tally, width: float) -> TokenCount:
    num_tokens = row.num_bytes / width
    return TokenCount(
        language=row.name,
        tokens_per_character=round(num_tokens / max(1, row.num_characters), 4),
        bytes_per_token=round(width, 4),
        num_tokens=round(num_tokens),
    )
