"""`danlu evaluate`: how well a finished model foresees its held-out text, or any other text."""

import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from danlu.core.errors import UsageError
from danlu.core.events import Watcher, ignore
from danlu.core.language import Text
from danlu.core.settings import Settings, resolve, setting
from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.measures.language import measure
from danlu.evaluation.language import (
    Calibration,
    DocumentSet,
    DomainScore,
    LanguageScore,
    WindowScores,
    score_documents,
    score_groups,
)
from danlu.evaluation.metrics import Interval
from danlu.evaluation.references import MAX_NGRAM_BYTES, ReferenceLine, measure_references, xz_after_training
from danlu.evaluation.windows import token_byte_lengths
from danlu.recipes.load import LoadedModel, load
from danlu.recipes.probes import Probes, ProbeSettings, probe, read_questions
from danlu.recipes.scored_text import RoundTrip, check_exists, held_out_text, run_folder, text_of, training_texts
from danlu.recipes.stages import stage

TEXTS_AT_ONCE = 256  # whose language is told together


class EvaluateSettings(Settings):
    """How a model is scored."""

    stride: int | None = setting(
        None,
        "new tokens per window; smaller than the context gives each token more context and takes longer",
        "每个窗口的新词元数；小于上下文长度时每个词元有更多上文，但更慢",
        ge=1,
    )
    dtype: Literal["auto", "float32", "bfloat16"] = setting(
        "auto", "number type of matrix products; auto: that of the run", "矩阵运算的数值类型；auto 与训练时相同"
    )
    ngram_bytes: int = setting(
        MAX_NGRAM_BYTES,
        "training text for the n-gram line, in bytes; 0 leaves it out",
        "n 元模型使用的训练文本字节数；0 则省略",
        ge=0,
    )
    xz_after_training: bool = setting(
        False, "also xz after the training text (slow, shown only)", "同时给出先压缩训练文本后的 xz（较慢，仅供参考）"
    )
    probes: ProbeSettings = setting(
        ProbeSettings, "what the model's vectors are worth, with nothing trained but a line", "冻结模型向量的质量"
    )


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How a model does on a text. `reference_lines`: bits per byte of gzip, xz and ngram on the same text.

    `tokens_per_second` is the speed of scoring. `xz_after_training` is shown, not raced.
    """

    bits_per_byte: float
    interval: Interval | None
    perplexity: float
    accuracy: float
    tokens_per_second: float
    seconds: float
    parameters: int
    num_documents: int
    num_bytes: int
    num_tokens: int
    reference_lines: Mapping[str, float]
    references: Mapping[str, ReferenceLine]
    xz_after_training: float | None
    calibration: Calibration
    domains: tuple[DomainScore, ...]
    languages: tuple[DomainScore, ...]
    """The same by the language of each document, as corpus build tells it."""
    round_trip: RoundTrip | None
    """What the tokenizer of an imported model loses of the text; None for danlu's own, which lose nothing."""
    pseudo: bool
    """Whether the bits are a pseudo-likelihood (models that read both ways); JSON calls them `pseudo_bits_per_byte`."""
    probes: Probes | None
    """What the vectors are worth, where `probes` settings ask."""


def evaluate(
    model_path: Path | str, *, on: Path | str | None = None, overrides: Sequence[str] = (), watch: Watcher = ignore
) -> Evaluation:
    """Scores the model of a run (or a finished model) on its own held-out text, or on the file `on`.

    A text file is one document, scored whole and unchanged; a folder or a file of many documents (jsonl, parquet, zst,
    ...) is read as corpus build reads it, without any rule. Raises UsageError, DataError (nothing to score) and
    ArtifactError (no model, damaged, or another tokenizer).
    """
    began = time.perf_counter()
    settings = resolve(EvaluateSettings, overrides=overrides)
    given = Path(on) if on is not None else None
    if given is not None:
        check_exists(given)
    model = load(model_path)
    _check_stride(settings, model)
    questions = read_questions(settings.probes)
    run = run_folder(Path(model_path))
    text = text_of(given, model, watch) if given is not None else held_out_text(run, model)
    with stage("evaluate", watch):
        score_began = time.perf_counter()
        score = score_text(model, text.documents, settings, run)
        seconds = time.perf_counter() - score_began
    found = None
    if settings.probes.ask:
        with stage("probes", watch):
            found = probe(model, settings.probes, text.texts, questions)
    with stage("references", watch):
        training = training_texts(run)
        lines = measure_references(training, text.texts, max_ngram_bytes=settings.ngram_bytes)
        after = xz_after_training(training, text.texts) if settings.xz_after_training else None
    return Evaluation(
        **_figures_of(score),
        tokens_per_second=score.num_tokens / max(seconds, 1e-9),
        seconds=time.perf_counter() - began,
        parameters=sum(weight.numel() for weight in model.network.parameters()),
        reference_lines={name: line.bits_per_byte for name, line in lines.items()},
        references=lines,
        xz_after_training=after.bits_per_byte if after else None,
        languages=by_language(score.windows, text.documents, text.texts),
        round_trip=text.round_trip,
        probes=found,
    )


def _figures_of(score: LanguageScore) -> dict[str, Any]:
    """What an evaluation takes over from the score of the documents."""
    names = (
        "bits_per_byte",
        "interval",
        "perplexity",
        "accuracy",
        "num_documents",
        "num_bytes",
        "num_tokens",
        "calibration",
        "domains",
        "pseudo",
    )
    return {name: getattr(score, name) for name in names}


def score_text(
    model: LoadedModel,
    documents: DocumentSet,
    settings: EvaluateSettings,
    run: Path | None,
    *,
    passes: int | None = None,
) -> LanguageScore:
    """Scores `documents` with the number type of the run, so that the figure is the one that training reported.

    `passes`: of a model that fills in, fewer than all of them for a sample of the tokens.
    """
    wanted = settings.dtype if settings.dtype != "auto" else _dtype_of(run)
    return score_documents(
        model.network,
        documents,
        lengths_V=token_byte_lengths(model.tokenizer),
        stride=settings.stride,
        autocast=torch.bfloat16 if wanted == "bfloat16" else None,
        mask_id=model.tokenizer.mask_id,
        sentinel_ids=model.tokenizer.sentinel_ids,
        passes=passes,
    )


def by_language(scores: WindowScores, documents: DocumentSet, texts: Sequence[str]) -> tuple[DomainScore, ...]:
    """The scores of documents that are in one language, by its code (`und`: no letters); the name is the `domain`."""
    names: list[str] = []
    for begin in range(0, len(texts), TEXTS_AT_ONCE):
        names += measure(TextBatch(texts[begin : begin + TEXTS_AT_ONCE]))["language"].tolist()
    return score_groups(scores, documents, names)


def _check_stride(settings: EvaluateSettings, model: LoadedModel) -> None:
    if settings.stride is not None and settings.stride > model.context_length:
        raise UsageError(
            Text("stride is larger than the model's context", "stride 大于模型的上下文长度"),
            got=settings.stride,
            allowed=Text("1 to {context}", "1 到 {context}"),
            fix=Text("write for example stride={half}", "例如写 stride={half}"),
            context=model.context_length,
            half=max(1, model.context_length // 2),
        )


def _dtype_of(run: Path | None) -> str:
    """The number type that the run was frozen with; float32 for a model that stands alone."""
    file = run / "settings.toml" if run is not None else None
    if file is None or not file.is_file():
        return "float32"
    settings = tomllib.loads(file.read_text(encoding="utf-8"))
    return str(settings.get("runtime", {}).get("device", {}).get("dtype", "float32"))
