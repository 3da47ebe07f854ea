"""What a finished corpus is asked: report, explain, check, what-if. Each gives a value; the command line prints it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from danlu.core.artifacts import is_finished, open_artifact
from danlu.core.errors import ArtifactError
from danlu.core.language import Text
from danlu.core.settings import resolve
from danlu.corpus.explain import Explanation, TokenRange, explain
from danlu.corpus.gate import GateReport, GateSettings, check_corpus
from danlu.corpus.store import Corpus, open_corpus
from danlu.corpus.what_if import WhatIf, what_if
from danlu.tokenizers.token_store import KIND as TOKENS
from danlu.tokenizers.token_store import SPLITS


def corpus_explain(folder: Path | str, document: str, *, run: Path | str | None = None) -> Explanation:
    """Why a document was kept, changed or dropped, and where its tokens are.

    `document` is an id or its beginning, FILE, FILE:OFFSET, FILE:OFFSET:PIECE or FILE#N. `run` holds the tokens; else
    they are looked for beside the corpus. Raises DataError, with the candidates, unless one document answers.
    """
    corpus = open_corpus(Path(folder))
    found = explain(corpus, document)
    tokens = _tokens_folder(corpus, None if run is None else Path(run))
    if tokens is None or not found.kept:
        return found
    return replace(found, tokens=_token_range(tokens, open_artifact(tokens, TOKENS).facts, found.id))


def corpus_check(folder: Path | str, *, overrides: Sequence[str] = ()) -> GateReport:
    """Volume, quality and diversity of a corpus beside their limits; `overrides` are `volume.least_bytes=...` strings."""
    return check_corpus(open_corpus(Path(folder)), resolve(GateSettings, overrides=overrides))


def corpus_what_if(folder: Path | str, *, preset: str | None = None, overrides: Sequence[str] = ()) -> WhatIf:
    """Which documents would enter or leave under other limits: `rule=least:most`, `rule=off`, `limits.rule.most=0.2`."""
    return what_if(open_corpus(Path(folder)), preset=preset, changes=overrides)


def _tokens_folder(corpus: Corpus, run: Path | None) -> Path | None:
    """The tokens of this corpus in `run`, beside it or in the run it lies in. Raises ArtifactError for those of another."""
    here = corpus.artifact.path.resolve()
    places = [here.parent / "tokens", here / "tokens"] if run is None else [run / "tokens", run]
    for place in places:
        if not is_finished(place, TOKENS):
            continue
        if open_artifact(place, TOKENS).inputs.get("corpus") == corpus.artifact.digest:
            return place
    if run is None:
        return None
    raise ArtifactError(
        Text("{run} holds no tokens of this corpus", "{run} 中没有这份语料的词元"),
        got=str(run),
        allowed=Text("a run that was trained on {corpus}", "用 {corpus} 训练的目录"),
        fix=Text("name that run with --run, or leave it out", "请用 --run 指定该训练目录，或省略"),
        run=run,
        corpus=corpus.artifact.path,
    )


def _token_range(tokens: Path, facts: Mapping[str, Any], document: str) -> TokenRange | None:
    for split in SPLITS:
        ids = pq.read_table(tokens / f"{split}.sources.parquet", columns=["id"]).column("id")
        number = pc.index(ids, document).as_py()
        if number >= 0:
            starts = np.load(tokens / f"{split}.documents.npy", mmap_mode="r", allow_pickle=False)
            path = os.path.relpath(tokens / f"{split}.ids")
            start, end = int(starts[number]), int(starts[number + 1])
            return TokenRange(file=path, split=split, number=number, start=start, end=end)
    return None
