"""Near duplicates found among planted pairs, beside datasketch with the same parameters.

    python benchmarks/near_duplicates.py                10,000 pairs of each script, about a minute
    python benchmarks/near_duplicates.py --pairs 100    for each similarity

Pairs have a Jaccard of 0.5 to 0.95; those from the set similarity on are true twins. `bands` are pairs that share a
band (14 x 8), `similar` those whose signatures are alike enough besides. Percent; the last line is one JSON object.
"""

import argparse
import json
import sys
from pathlib import Path

from danlu.corpus.settings import DuplicateSettings

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from planted_pairs import TONGUES, found_by_datasketch, found_here, planted_pairs, quality


def main() -> None:
    """Prints a table and the facts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1000, help="for each similarity and script")
    asked = parser.parse_args()
    settings = DuplicateSettings()
    facts: dict[str, float] = {}
    print(f"{'script':8}{'stage':10}{'by':12}{'recall':>8}{'precision':>11}")
    for tongue in TONGUES:
        pairs = planted_pairs(tongue, asked.pairs)
        for stage, similarity in (("bands", 1e-9), ("similar", settings.similarity)):
            for name, found in (
                ("danlu", found_here(pairs, settings, similarity)),
                ("datasketch", found_by_datasketch(pairs, tongue, settings, similarity)),
            ):
                result = quality(found, pairs, settings.similarity)
                facts[f"{tongue}_{stage}_{name}_recall"] = round(result.recall, 2)
                facts[f"{tongue}_{stage}_{name}_precision"] = round(result.precision, 2)
                print(f"{tongue:8}{stage:10}{name:12}{result.recall:8.2f}{result.precision:11.2f}", flush=True)
    print(json.dumps({"pairs": asked.pairs, **facts}))


if __name__ == "__main__":
    main()
