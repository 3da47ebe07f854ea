"""Speed of the corpus engine on JSON lines: rules of web text, and near duplicates; with a peer, both in turn.

    python benchmarks/corpus.py FILE...                     two worker processes
    python benchmarks/corpus.py FILE... --peer datatrove    and datatrove 0.10.1 with two workers, and the ratio
    python benchmarks/corpus.py FILE... --runs 3            the median of three

Files may be packed (.zst, .gz); both sides get the same unpacked copies, and speed is their bytes by the wall clock of
whole processes, from start to end. `rules` is `danlu corpus build` with Gopher's repetition and quality, C4 without its
rule on ends of lines, and FineWeb; `near duplicates` is MinHash 14x8 with clustering. The peer's rules are the same;
of its near duplicates only the signatures are run. The last line is one JSON object. `agreement` is the share of
documents that both keep or both drop; --differences FILE writes the others down, one JSON line each.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from environments import python_of, run

from danlu.corpus.opening import compression_of, open_bytes
from danlu.corpus.settings import ReadingSettings
from danlu.corpus.store import open_corpus

HERE = Path(__file__).parent
# datatrove's own list of extras brings torch-sized things; these are what the steps here import.
DATATROVE = ("datatrove==0.10.1", "spacy", "nltk", "orjson", "xxhash<4", "regex", "ftfy", "fasteners", "tldextract")
DATATROVE_IMPORTS = (*DATATROVE, "tokenizers")
SHARDS = ("runtime.processes=2", "runtime.executor=processes")
# The peer's order begins behind the language filter.
RULES = (*SHARDS, "corpus.preset=fineweb", "corpus.duplicates.near=false", "corpus.limits.language=[0.0, 1.0]")
NEAR = (*SHARDS, "corpus.preset=minimal", "corpus.duplicates.near=true")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that is timed: a name and a run into a fresh folder."""

    name: str
    run: Callable[[Path], None]


def main() -> None:
    """Unpacks, times each case, and prints one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--peer", choices=["datatrove"])
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--differences", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        num_bytes = unpack(asked.files, folder / "in")
        facts: dict[str, object] = {"num_bytes": num_bytes, "runs": asked.runs}
        python = python_of("datatrove", DATATROVE_IMPORTS) if asked.peer else None
        for case in cases(folder / "in", python):
            seconds = []
            for _ in range(1 if "datatrove" in case.name else asked.runs):
                shutil.rmtree(folder / case.name, ignore_errors=True)
                began = time.perf_counter()
                case.run(folder / case.name)
                seconds.append(time.perf_counter() - began)
            facts[f"{case.name}_mb_per_s"] = round(num_bytes / 1e6 / statistics.median(seconds), 3)
            print(f"{case.name}: {facts[f'{case.name}_mb_per_s']} MB/s ({statistics.median(seconds):.2f} s)")
        if python:
            facts |= compare(folder, facts, asked.differences)
    print(json.dumps(facts))


def unpack(files: Sequence[Path], folder: Path) -> int:
    """Plain copies of the files, and how many bytes they have."""
    folder.mkdir()
    num_bytes = 0
    for path in files:
        with path.open("rb") as handle:
            compression = compression_of(handle.read(8))
        out = folder / (path.name.split(".")[0] + ".jsonl")
        with open_bytes(path, compression, ReadingSettings()) as source, out.open("wb") as target:
            shutil.copyfileobj(source, target)
        num_bytes += out.stat().st_size
    return num_bytes


def cases(source: Path, peer: Path | None) -> Iterator[Case]:
    """danlu's two, and those of the peer."""

    def build(settings: Sequence[str]) -> Callable[[Path], None]:
        command = [sys.executable, "-m", "danlu", "corpus", "build", str(source), *settings]
        return lambda out: run([*command, "-o", str(out)])

    yield Case(name="rules", run=build(RULES))
    yield Case(name="near_duplicates", run=build(NEAR))
    if peer is not None:
        script = [str(peer), str(HERE / "datatrove_rules.py")]
        yield Case(name="datatrove_rules", run=lambda out: run([*script, "rules", str(source), str(out)]))
        yield Case(name="datatrove_signatures", run=lambda out: run([*script, "signatures", str(source), str(out)]))


def compare(folder: Path, facts: dict[str, object], differences: Path | None) -> dict[str, object]:
    """How many times as fast, and on how many documents both decide alike."""
    ours = {}
    corpus = open_corpus(folder / "rules")
    for which in ("documents", "dropped"):
        for table in corpus.tables(which):
            for row in table.to_pylist():
                # An exact double is no matter of rules: the peer's steps here do not look for it.
                reason = row.get("reason")
                ours[Path(row["source"]).name, row["offset"]] = (
                    reason,
                    row.get("value"),
                    row.get("limit"),
                    row["text"],
                )
    theirs = peer_reasons(folder / "datatrove_rules")
    compared = agreed = same_text = both_kept = 0
    lines = []
    for path in sorted((folder / "in").glob("*.jsonl")):
        offset = 0
        with path.open("rb") as handle:
            for line in handle:
                reason, value, limit, text = ours[path.name, offset]
                offset += len(line)
                name = json.loads(line)["id"]
                peer_reason, peer_text = theirs[name]
                if reason == "exact_duplicate":
                    continue
                compared += 1
                if (reason is None) == (peer_reason is None):
                    agreed += 1
                    both_kept += reason is None
                    same_text += reason is None and text == peer_text
                else:
                    lines.append(
                        {"id": name, "danlu": reason, "value": value, "limit": limit, "datatrove": peer_reason}
                    )
    for difference in lines:
        print(json.dumps(difference))
    if differences:
        differences.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return {
        "rules_ratio": round(float(facts["rules_mb_per_s"]) / float(facts["datatrove_rules_mb_per_s"]), 1),  # type: ignore[arg-type]  # numbers
        "near_duplicates_ratio": round(
            float(facts["near_duplicates_mb_per_s"]) / float(facts["datatrove_signatures_mb_per_s"]),  # type: ignore[arg-type]  # numbers
            1,
        ),
        "compared": compared,
        "agreement": round(agreed / max(1, compared), 5),
        "same_text": round(same_text / max(1, both_kept), 5),
    }


def peer_reasons(folder: Path) -> dict[str, tuple[str | None, str]]:
    """For each document of the peer why it was dropped (None: kept), and its text at the end."""
    found = {}
    for path in folder.rglob("*.jsonl"):
        if "logs" in path.parts:
            continue
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line:
                row = json.loads(line)
                found[row["id"]] = (row["metadata"].get("filter_reason"), row["text"])
    return found


if __name__ == "__main__":
    main()
