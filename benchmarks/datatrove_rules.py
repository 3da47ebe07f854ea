"""Runs datatrove's rules, or its signatures, on a folder of JSON lines with two workers; for `corpus.py --peer datatrove`.

    benchmarks/.peers/datatrove/bin/python benchmarks/datatrove_rules.py rules|signatures IN OUT

Runs in the peer's own environment, so it imports nothing of danlu. `rules` is the order of FineWeb (examples/fineweb.py
of datatrove 0.10.1) without address, extraction and language: Gopher repetition, Gopher quality, C4 without the rule on
ends of lines, FineWeb. What is left goes to OUT/kept, what each filter took out to OUT/dropped/FILTER with its reason.
"""

import sys
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter


def rules(out: Path) -> list:
    """The filters in the order of FineWeb."""

    def excluded(name: str) -> JsonlWriter:
        return JsonlWriter(str(out / "dropped" / name), compression=None)

    return [
        GopherRepetitionFilter(exclusion_writer=excluded("gopher_repetition")),
        GopherQualityFilter(exclusion_writer=excluded("gopher_quality")),
        C4QualityFilter(filter_no_terminal_punct=False, exclusion_writer=excluded("c4")),
        FineWebQualityFilter(exclusion_writer=excluded("fineweb")),
        JsonlWriter(str(out / "kept"), compression=None),
    ]


def signatures(out: Path) -> list:
    """MinHash, 14 bands of 8, over 5-grams of words: its first stage alone."""
    config = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)
    return [MinhashDedupSignature(output_folder=str(out / "signatures"), config=config)]


def main() -> None:
    """One run over all files of the folder, a task for each file."""
    kind, source, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    steps = {"rules": rules, "signatures": signatures}[kind](out)
    tasks = len(list(source.glob("*.jsonl")))
    LocalPipelineExecutor(
        [JsonlReader(str(source)), *steps], tasks=tasks, workers=2, logging_dir=str(out / "logs")
    ).run()


if __name__ == "__main__":
    main()
