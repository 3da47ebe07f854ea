"""Does pretraining pay? What a masked model foretells against guesses by counting, and what its vectors are worth.

    python benchmarks/pretraining_pays.py RUN --train FILE --test FILE [--tokens 20000]

RUN: a finished run of a network that reads both ways. Of its held-out tokens, 15 % of each window are hidden; the share that
is foretold right stands beside three guesses counted on the run's training tokens, at the same places: the commonest
token, the commonest after the two tokens before it (falling back to one, then none), and the commonest between its two
neighbours (falling back likewise). Guesses see neighbours that are hidden from the model, so they have it easier.

FILES (JSON lines with `text` and `label`, packed or not): the linear probe of `danlu evaluate`, beside that of random weights
and the commonest label. Intervals are 95 % (Wilson). Prints one line of JSON.
"""

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

import danlu
from danlu.cli.results import plain_values
from danlu.evaluation.probes import wilson
from danlu.recipes.load import LoadedModel
from danlu.recipes.probes import ProbeSettings, probe, read_questions
from danlu.tokenizers.token_store import open_tokens

HIDDEN = 0.15
Ids = np.ndarray[Any, Any]


class Guess:
    """The commonest token behind (or between) what is around it, counted on training tokens."""

    def __init__(self, ids: Ids) -> None:
        self.single = Counter(ids.tolist()).most_common(1)[0][0]
        self.after_one = _commonest(ids[:-1].astype(np.int64), ids[1:])
        self.after_two = _commonest(_pair(ids[:-2], ids[1:-1]), ids[2:])
        self.between = _commonest(_pair(ids[:-2], ids[2:]), ids[1:-1])

    def before(self, ids: Ids, place: int) -> int:
        """By the two tokens before `place`."""
        found = self.after_two.get(int(_pair(ids[place - 2], ids[place - 1])))
        return self.after_one.get(int(ids[place - 1]), self.single) if found is None else found

    def around(self, ids: Ids, place: int) -> int:
        """By the tokens on both sides of `place`."""
        found = self.between.get(int(_pair(ids[place - 1], ids[place + 1])))
        return self.after_one.get(int(ids[place - 1]), self.single) if found is None else found


def _pair(first: Any, second: Any) -> Any:
    return (np.asarray(first, np.int64) << 32) | np.asarray(second, np.int64)


def _commonest(keys: Ids, values: Ids) -> dict[int, int]:
    """For each key the value that stands with it most often, the smallest of equal ones."""
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for key, value in zip(keys.tolist(), values.tolist(), strict=True):
        counts[key][value] += 1
    return {key: min(found, key=lambda value: (-found[value], value)) for key, found in counts.items()}


@torch.no_grad()
def foretold(model: LoadedModel, guess: Guess, ids: Ids, seed: int = 0) -> dict[str, Any]:
    """Shares of hidden tokens that are foretold right."""
    random = np.random.default_rng(seed)
    window, mask = model.context_length, model.tokenizer.mask_id
    assert mask is not None, "a model without a mask foretells nothing that is hidden"
    controls = model.tokenizer.control_ids()
    right: Counter[str] = Counter()
    total = 0
    for start in range(0, len(ids) - window + 1, window):
        true_T = ids[start : start + window].astype(np.int64)
        places = [p for p in range(2, window - 1) if int(true_T[p]) not in controls]
        chosen = sorted(random.choice(places, max(1, round(HIDDEN * window)), replace=False).tolist())
        shown_T = true_T.copy()
        shown_T[chosen] = mask
        found_T = model.logits(torch.from_numpy(shown_T)[None])[0].argmax(-1).numpy()
        total += len(chosen)
        for place in chosen:
            wanted = int(true_T[place])
            right["model"] += int(found_T[place]) == wanted
            right["commonest"] += guess.single == wanted
            right["two_before"] += guess.before(true_T, place) == wanted
            right["both_sides"] += guess.around(true_T, place) == wanted
    names = ("model", "commonest", "two_before", "both_sides")
    return {"hidden_tokens": total} | {name: share(right[name], total) for name in names}


def share(right: int, total: int) -> dict[str, float]:
    """A share and its 95 % interval (Wilson 1927)."""
    interval = wilson(right, total)
    return {"share": round(right / total, 4), "from": round(interval.low, 4), "to": round(interval.high, 4)}


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=20_000)
    asked = parser.parse_args()
    model = danlu.load(asked.run)
    train_ids = np.asarray(open_tokens(asked.run / "tokens", "train").ids)
    valid_ids = np.asarray(open_tokens(asked.run / "tokens", "valid").ids)[: asked.tokens]
    result: dict[str, Any] = {"benchmark": "pretraining_pays", "foretold": foretold(model, Guess(train_ids), valid_ids)}
    settings = ProbeSettings(labelled=str(asked.train), labelled_test=str(asked.test))
    result["labels"] = plain_values(probe(model, settings, [], read_questions(settings)).labels)
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
