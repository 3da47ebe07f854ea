"""The quality artifact: its one reader and writer, and scoring with it. Safetensors and JSON, nothing that runs.

Weights are whole numbers of 1 / 65536 and are added as such, so that a score has the same bits in any batch and order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from danlu.core.artifacts import Artifact, finish_artifact, open_artifact
from danlu.core.disk import disk_errors
from danlu.core.errors import ArtifactError
from danlu.core.language import Text
from danlu.core.settings import plain
from danlu.corpus.measures.batch import Array, TextBatch
from danlu.corpus.quality.grams import hashed_grams, is_han_D
from danlu.corpus.quality.settings import QualityTrainSettings

KIND = "quality"
FILE = "quality.safetensors"
SCALE = 65536
NAMES = ("weights", "good_han", "good_other")
STEPS = 1000  # of the scale from 0 to 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """For each text the raw score (mean weight of its n-grams; 0 without any) and its place among good text, 0 to 1."""

    raw_D: Array
    quality_D: Array


@final
class QualityModel:
    """A learned score. `scale_han` and `scale_other`: raw scores of held-out good text at 0, 1/STEPS, ... 1 of them."""

    def __init__(self, weights_B: Array, scale_han: Array, scale_other: Array) -> None:
        self.weights_B, self.scale_han, self.scale_other = weights_B, scale_han, scale_other
        self.bits = int(weights_B.size).bit_length() - 1

    def score(self, batch: TextBatch) -> Scores:
        """Scores of each text of a batch."""
        raw_D = raw_scores(self.weights_B, self.bits, batch)
        places = np.linspace(0, 1, STEPS + 1)
        quality_D = np.where(
            is_han_D(batch), np.interp(raw_D, self.scale_han, places), np.interp(raw_D, self.scale_other, places)
        )
        return Scores(raw_D=raw_D.astype(np.float32), quality_D=quality_D.astype(np.float32))


def raw_scores(weights_B: Array, bits: int, batch: TextBatch) -> Array:
    """The mean weight of the n-grams of each text, float64."""
    grams = hashed_grams(batch, bits)
    num_texts = len(batch.texts)
    # Sums of whole numbers below 2 ** 53 are exact in floats.
    sums_D = np.bincount(grams.documents_G, weights_B[grams.buckets_G].astype(np.float64), minlength=num_texts)
    counts_D = np.bincount(grams.documents_G, minlength=num_texts)
    return sums_D / np.maximum(1, counts_D) / SCALE


def whole_weights(weights_B: Array) -> Array:
    """Learned weights as the whole numbers that are stored."""
    return np.clip(np.round(weights_B * SCALE), -(2**31) + 1, 2**31 - 1).astype(np.int32)


def scale_of(raw_D: Array) -> Array:
    """The scale from the raw scores of good text."""
    return np.quantile(raw_D, np.linspace(0, 1, STEPS + 1)) if raw_D.size else np.zeros(0)


def save_quality(
    model: QualityModel,
    out: Path,
    settings: QualityTrainSettings,
    *,
    inputs: Mapping[str, str],
    facts: Mapping[str, Any],
) -> Artifact:
    """Writes the finished artifact `out`."""
    tensors = dict(zip(NAMES, (model.weights_B, model.scale_han, model.scale_other), strict=True))
    with disk_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        save_file({name: np.ascontiguousarray(values) for name, values in tensors.items()}, out / FILE)
    return finish_artifact(out, KIND, settings=plain(settings), inputs=inputs, facts=facts)


def quality_digest(path: Path | str) -> str:
    """The digest of the artifact `path`; raises ArtifactError unless it is a finished quality score."""
    return open_artifact(Path(path), KIND).digest


def open_quality(path: Path | str) -> QualityModel:
    """Opens a finished score; raises ArtifactError when it is unfinished, damaged or of another kind."""
    return _opened(str(path), quality_digest(path))


@lru_cache(maxsize=4)
def _opened(path: str, digest: str) -> QualityModel:
    """Read once for each content: a build asks for every batch."""
    try:
        found = load_file(Path(path) / FILE)
        weights, han, other = (found[name] for name in NAMES)
    except (SafetensorError, KeyError, OSError) as problem:
        raise _damaged(path, str(problem)) from problem
    bits = int(weights.size).bit_length() - 1
    if weights.dtype != np.int32 or weights.shape != (2**bits,) or {han.shape, other.shape} != {(STEPS + 1,)}:
        raise _damaged(path, f"{weights.dtype} {weights.shape}, {han.shape}, {other.shape}")
    if not all(np.isfinite(scale).all() and (np.diff(scale) >= 0).all() for scale in (han, other)):
        raise _damaged(path, "a scale that does not rise")
    return QualityModel(weights, han, other)


def _damaged(path: str, problem: str) -> ArtifactError:
    return ArtifactError(
        Text("the quality score in {path} is damaged", "{path} 中的质量评分已损坏"),
        got=problem,
        allowed=Text("the tables that `danlu corpus quality train` writes", "`danlu corpus quality train` 写出的表"),
        fix=Text("delete the folder and train it again", "请删除该目录并重新训练"),
        path=path,
    )
