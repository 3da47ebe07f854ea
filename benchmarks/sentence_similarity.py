"""How well the vectors of a model order pairs of sentences, without any training.

    python benchmarks/sentence_similarity.py MODEL FILE     one JSON object

MODEL: a run, a model of danlu, or a Hugging Face folder. FILE: lines of JSON with `a`, `b` and a `score` by people.
`spearman`: rank correlation of the cosine of the two vectors (`danlu.load(MODEL).vectors`, the mean over positions) with the
scores; `random_spearman`: the same body with random weights. Where transformers is installed and reads MODEL,
`largest_difference` is that of its vectors from danlu's, both of length 1.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import torch
from scipy.stats import spearmanr
from torch import Tensor
from torch.nn import functional

import danlu
from danlu.models import ARCHITECTURES
from danlu.recipes.load import LoadedModel


def similarity(model: LoadedModel, pairs: list[tuple[str, str]]) -> tuple[Tensor, Tensor]:
    """Cosines [N] of all pairs, and the vectors [2 N, C] of length 1."""
    vectors = functional.normalize(model.vectors([text for pair in pairs for text in pair]), dim=-1)
    return (vectors[0::2] * vectors[1::2]).sum(dim=-1), vectors


def random_twin(model: LoadedModel) -> LoadedModel:
    """The same shape and tokenizer with initial weights."""
    blueprint = model.network.blueprint
    row = ARCHITECTURES.load(blueprint.architecture)
    settings = row.settings.model_validate(dict(blueprint.settings))
    return LoadedModel(model.path, row.build(settings, blueprint.vocab_size, seed=0).eval(), model.tokenizer)


@torch.no_grad()
def vectors_of_transformers(folder: Path, texts: list[str]) -> Tensor | None:
    """The same vectors from transformers; None where it is not installed or does not read the folder."""
    try:
        from transformers import AutoModel, AutoTokenizer

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
            body = AutoModel.from_pretrained(str(folder), local_files_only=True, dtype=torch.float32).eval()
    except (ImportError, OSError, ValueError):
        return None
    longest = body.config.max_position_embeddings
    found = [body(**reader(text, return_tensors="pt", truncation=True, max_length=longest)) for text in texts]
    return functional.normalize(torch.cat([one.last_hidden_state.mean(dim=1) for one in found]), dim=-1)


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.file.read_text(encoding="utf-8").splitlines() if line.strip()]
    pairs, scores = [(row["a"], row["b"]) for row in rows], [float(row["score"]) for row in rows]
    model = danlu.load(arguments.model)
    began = time.perf_counter()
    cosines, vectors = similarity(model, pairs)
    seconds = time.perf_counter() - began
    theirs = vectors_of_transformers(arguments.model, [text for pair in pairs for text in pair])
    result = {
        "spearman": round(float(spearmanr(cosines, scores).statistic), 4),
        "random_spearman": round(float(spearmanr(similarity(random_twin(model), pairs)[0], scores).statistic), 4),
        "pairs": len(pairs),
        "sentences_per_second": round(2 * len(pairs) / seconds, 1),
        "largest_difference": None if theirs is None else float((vectors - theirs).abs().max()),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
