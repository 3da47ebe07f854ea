"""Does pretraining pay? What a masked model foretells against guesses by counting, and what its vectors are worth.

    python benchmarks/pretraining_pays.py RUN --train FILE --test FILE [--tokens 20000]

RUN: a finished run of a network that reads both ways. Of its held-out tokens, 15 % of each window are hidden; the share that
is foretold right stands beside three guesses counted on the run's training tokens, at the same places: the commonest
token, the commonest after the two tokens before it (falling back to one, then none), and the commonest between its two
neighbours (falling back likewise). Guesses see neighbours that are hidden from the model, so they have it easier.

FILES (JSON lines with `text` and `label`, packed or not): a logistic regression learns labels from `danlu.load(RUN).vectors` of
the training file, with a strength chosen on a fifth of that file, and is asked about the test file; the same with the
network before training (random weights), and the commonest label. Intervals are 95 % (Wilson). Prints one line of JSON.
"""

import argparse
import io
import json
import math
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import zstandard
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import danlu
from danlu.models import ARCHITECTURES
from danlu.recipes.load import LoadedModel
from danlu.tokenizers.token_store import open_tokens

HIDDEN = 0.15
STRENGTHS = (0.001, 0.01, 0.1, 1.0)
Ids = np.ndarray[Any, Any]


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines, packed with zstandard or not."""
    with path.open("rb") as handle:
        source = zstandard.ZstdDecompressor().stream_reader(handle) if path.suffix == ".zst" else handle
        return [json.loads(line) for line in io.TextIOWrapper(source, "utf-8") if line.strip()]


def random_twin(model: LoadedModel) -> LoadedModel:
    """The same shape and tokenizer with initial weights."""
    blueprint = model.network.blueprint
    row = ARCHITECTURES.load(blueprint.architecture)
    settings = row.settings.model_validate(dict(blueprint.settings))
    return LoadedModel(model.path, row.build(settings, blueprint.vocab_size, seed=0).eval(), model.tokenizer)


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
    z, p = 1.96, right / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return {"share": round(p, 4), "from": round(middle - half, 4), "to": round(middle + half, 4)}


def probe(model: LoadedModel, train: Sequence[dict[str, Any]], test: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Accuracy and macro F1 of a logistic regression on the model's vectors."""
    x, y = vectors(model, train), [row["label"] for row in train]
    inner_x, held_x, inner_y, held_y = train_test_split(x, y, test_size=0.2, random_state=0, stratify=y)
    scores = {c: fitted(inner_x, inner_y, c)(held_x) for c in STRENGTHS}
    best = max(STRENGTHS, key=lambda c: np.mean([a == b for a, b in zip(scores[c], held_y, strict=True)]))
    wanted = [row["label"] for row in test]
    found = fitted(x, y, best)(vectors(model, test))
    right = sum(a == b for a, b in zip(found, wanted, strict=True))
    macro = f1_score(wanted, found, average="macro")
    return {"accuracy": share(right, len(wanted)), "macro_f1": round(float(macro), 4), "strength": best}


def vectors(model: LoadedModel, rows: Iterable[dict[str, Any]]) -> Ids:
    """One vector for each text."""
    return model.vectors([row["text"] for row in rows]).numpy()


def fitted(x: Ids, y: Sequence[str], strength: float) -> Any:
    """What tells the labels of vectors, learnt from `x` and `y`."""
    scaler = StandardScaler().fit(x)
    learner = LogisticRegression(C=strength, max_iter=300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        learner.fit(scaler.transform(x), y)
    return lambda more: learner.predict(scaler.transform(more)).tolist()


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
    train, test = lines_of(asked.train), lines_of(asked.test)
    commonest = Counter(row["label"] for row in train).most_common(1)[0][0]
    result["labels"] = {
        "trained": probe(model, train, test),
        "random_weights": probe(random_twin(model), train, test),
        "commonest": share(sum(row["label"] == commonest for row in test), len(test)),
        "train": len(train),
        "test": len(test),
        "kinds": len({row["label"] for row in train}),
    }
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
