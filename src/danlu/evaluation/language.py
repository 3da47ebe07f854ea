"""Scoring of language models: bits per byte of raw text, perplexity, accuracy, calibration, per domain.

Of models that read both ways the bits are a pseudo-likelihood, and `pseudo` says so (evaluation/reading.py).

B windows of a batch, T positions, C width of the model, V vocabulary, W windows, D documents, K bins of confidence,
N scored tokens.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from danlu.evaluation import metrics
from danlu.evaluation.metrics import FloatArray, Interval
from danlu.evaluation.reading import Reading, reading_for, window_context
from danlu.evaluation.windows import IntArray, Stream, Windows, cut_windows
from danlu.models.model import LanguageModel

BINS = 15  # Guo et al. 2017, section 2
# Positions of one forward pass. 111K characters under 60K parameters took 1.9 s of CPU with 1K positions, 1.1 s with 4K
# and 1.0 s with 16K; memory grows with it.
BATCH_TOKENS = 8192
# Logits at one time, in bytes: 4 MB stays in the cache of the cores, so the three passes over them are quick.
LOGITS_BYTES = 4 << 20
# Fewer documents than this say little about spread; windows are resampled instead, and the interval says so.
MIN_DOCUMENTS = 20


@dataclass(frozen=True, kw_only=True)
class WindowScores:
    """Sums per window, in the order of the windows; bins of confidence over all scored tokens."""

    nats_W: FloatArray
    num_correct_W: FloatArray
    num_tokens_W: IntArray
    bytes_W: IntArray
    documents_W: IntArray
    num_K: FloatArray
    confidence_K: FloatArray
    correct_K: FloatArray
    share: float = 1.0
    """Share of the tokens that were asked for; below 1 the other figures are estimated from these."""

    @property
    def nats(self) -> float:
        """Cross-entropy summed over the scored tokens."""
        return float(self.nats_W.sum())

    @property
    def num_tokens(self) -> int:
        """Scored tokens."""
        return int(self.num_tokens_W.sum())

    @property
    def bits_per_byte(self) -> float:
        """Bits per UTF-8 byte of the tokens that were scored."""
        return metrics.bits_per_byte(self.nats, int(self.bytes_W.sum()))

    @property
    def loss(self) -> float:
        """Nats per token."""
        return self.nats / max(1, self.num_tokens)

    @property
    def accuracy(self) -> float:
        """Share of tokens that the model thought likeliest."""
        return metrics.accuracy(float(self.num_correct_W.sum()), self.num_tokens)


@dataclass(frozen=True, kw_only=True)
class DocumentSet:
    """Tokenized documents with what is known of each: UTF-8 bytes of the raw text [D] and a domain each."""

    stream: Stream
    bytes_D: IntArray
    domains: tuple[str, ...]

    @property
    def num_documents(self) -> int:
        """Documents, empty ones included."""
        return len(self.bytes_D)


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """One bin of the reliability table: tokens whose confidence lies in (`low`, `high`], and how often they hit."""

    low: float
    high: float
    num_tokens: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Expected calibration error (0 to 1, lower is better) and the table behind it."""

    expected_calibration_error: float
    bins: tuple[Reliability, ...]


@dataclass(frozen=True, kw_only=True)
class DomainScore:
    """Scores of the documents of one domain; `interval` belongs to `bits_per_byte`."""

    domain: str
    bits_per_byte: float
    perplexity: float
    accuracy: float
    num_documents: int
    num_bytes: int
    num_tokens: int
    interval: Interval | None


@dataclass(frozen=True, kw_only=True)
class LanguageScore:
    """Scores of a model on whole documents. `bits_per_byte` is over the raw bytes of all of them."""

    bits_per_byte: float
    perplexity: float
    accuracy: float
    loss: float
    num_documents: int
    num_bytes: int
    num_tokens: int
    interval: Interval | None
    calibration: Calibration
    domains: tuple[DomainScore, ...]
    windows: WindowScores
    pseudo: bool = False
    kind: str = "code"
    """How the tokens were asked for (`Reading.kind`)."""


def score_windows(
    model: LanguageModel,
    windows: Windows,
    *,
    autocast: torch.dtype | None = None,
    batch_tokens: int = BATCH_TOKENS,
    mask_id: int | None = None,
    sentinel_ids: Sequence[int] = (),
    passes: int | None = None,
) -> WindowScores:
    """Scores `windows` with the model in evaluation mode, and puts back the mode each module was in.

    `autocast`: dtype of matrix products (None: as the weights are). Losses are summed in float64, logits are float32.
    Windows of similar length share a batch, so the work is that of the tokens; give the model before torch.compile, as
    shapes differ. `mask_id` hides tokens from a model that fills in, `sentinel_ids` stand for spans of them; UsageError
    where it needs them. Such a model is asked in several passes (`Reading.stripes`); fewer `passes` ask for a sample.
    """
    reading = reading_for(model, mask_id, sentinel_ids)
    sums = _Sums(len(windows))
    device = next(model.parameters()).device
    with _evaluating(model), torch.no_grad(), _autocast(device, autocast):
        for chosen_B in _batches(windows, batch_tokens):
            _score_batch(model, windows, chosen_B, sums, device, reading, passes)
    share = float(sums.num_K.sum()) / max(1, int(windows.num_tokens_W.sum()))
    return WindowScores(
        nats_W=sums.nats_W / (share or 1.0),
        num_correct_W=sums.correct_W / (share or 1.0),
        num_tokens_W=windows.num_tokens_W,
        bytes_W=windows.bytes_W,
        documents_W=windows.documents_W,
        num_K=sums.num_K,
        confidence_K=sums.confidence_K,
        correct_K=sums.correct_K,
        share=share,
    )


def score_documents(
    model: LanguageModel,
    documents: DocumentSet,
    *,
    lengths_V: IntArray,
    stride: int | None = None,
    autocast: torch.dtype | None = None,
    mask_id: int | None = None,
    sentinel_ids: Sequence[int] = (),
    passes: int | None = None,
) -> LanguageScore:
    """Scores whole documents, each on its own behind the separator; `stride` as in `cut_windows`, `mask_id`,
    `sentinel_ids` and `passes` as above.

    `lengths_V`: bytes of each token (`token_byte_lengths`). Raises DataError when there is nothing to score.
    """
    windows = cut_windows(
        documents.stream.ids,
        documents.stream.starts,
        context=window_context(model),
        lengths_V=lengths_V,
        stride=stride,
    )
    if not len(windows) or not documents.bytes_D.sum():
        raise metrics.nothing_to_score()
    scores = score_windows(model, windows, autocast=autocast, mask_id=mask_id, sentinel_ids=sentinel_ids, passes=passes)
    score = summarise(scores, documents)
    reading = reading_for(model, mask_id, sentinel_ids)
    return replace(score, pseudo=reading.pseudo, kind=reading.kind)


def summarise(scores: WindowScores, documents: DocumentSet) -> LanguageScore:
    """The scores of whole documents from those of all their windows."""
    num_documents = documents.num_documents
    nats_D = _summed(scores.documents_W, scores.nats_W, num_documents)
    whole = _domain_score("", scores, documents, np.ones(num_documents, dtype=bool), nats_D)
    return LanguageScore(
        bits_per_byte=whole.bits_per_byte,
        perplexity=whole.perplexity,
        accuracy=whole.accuracy,
        loss=scores.loss,
        num_documents=num_documents,
        num_bytes=whole.num_bytes,
        num_tokens=whole.num_tokens,
        interval=whole.interval,
        calibration=calibration_of(scores),
        domains=score_groups(scores, documents, documents.domains),
        windows=scores,
    )


def score_groups(scores: WindowScores, documents: DocumentSet, names: Sequence[str]) -> tuple[DomainScore, ...]:
    """The scores of each group of documents; `names` has the group of each document. Groups without text are left out."""
    nats_D = _summed(scores.documents_W, scores.nats_W, documents.num_documents)
    kinds_D = np.array(names, dtype=object)
    return tuple(
        _domain_score(name, scores, documents, kinds_D == name, nats_D)
        for name in sorted(set(names))
        if documents.bytes_D[kinds_D == name].any()
    )


def calibration_of(scores: WindowScores) -> Calibration:
    """The reliability table over BINS equal bins of confidence; bins without a token are left out."""
    edges = np.linspace(0, 1, BINS + 1)
    rows = [
        Reliability(
            low=float(edges[k]),
            high=float(edges[k + 1]),
            num_tokens=int(scores.num_K[k]),
            confidence=float(scores.confidence_K[k] / scores.num_K[k]),
            accuracy=float(scores.correct_K[k] / scores.num_K[k]),
        )
        for k in range(BINS)
        if scores.num_K[k]
    ]
    error = metrics.expected_calibration_error(scores.num_K, scores.confidence_K, scores.correct_K)
    return Calibration(expected_calibration_error=error, bins=tuple(rows))


def _domain_score(
    name: str, scores: WindowScores, documents: DocumentSet, inside_D: NDArray[np.bool_], nats_D: FloatArray
) -> DomainScore:
    inside_W = inside_D[scores.documents_W]
    nats, num_bytes = float(nats_D[inside_D].sum()), int(documents.bytes_D[inside_D].sum())
    num_tokens = max(1, int(scores.num_tokens_W[inside_W].sum()))
    if int(inside_D.sum()) >= MIN_DOCUMENTS:
        nats_W, bytes_W, unit = nats_D[inside_D], documents.bytes_D[inside_D].astype(float), "documents"
    else:
        # tokens of an imported tokenizer spell fewer or more bytes than the raw text has; of danlu's own the factor is 1
        factor = num_bytes / max(1, int(scores.bytes_W[inside_W].sum()))
        nats_W, bytes_W, unit = scores.nats_W[inside_W], scores.bytes_W[inside_W] * factor, "windows"
    return DomainScore(
        domain=name,
        bits_per_byte=metrics.bits_per_byte(nats, num_bytes),
        perplexity=metrics.perplexity(nats, num_tokens),
        accuracy=metrics.accuracy(float(scores.num_correct_W[inside_W].sum()), num_tokens),
        num_documents=int(inside_D.sum()),
        num_bytes=num_bytes,
        num_tokens=num_tokens,
        interval=metrics.ratio_interval(nats_W / np.log(2), bytes_W, unit=unit),
    )


@final
class _Sums:
    """What a pass over the windows adds up."""

    def __init__(self, num_windows: int) -> None:
        self.nats_W = np.zeros(num_windows)
        self.correct_W = np.zeros(num_windows)
        self.num_K, self.confidence_K, self.correct_K = np.zeros(BINS), np.zeros(BINS), np.zeros(BINS)

    def add(self, windows_N: IntArray, nats_N: FloatArray, confidence_N: FloatArray, correct_N: FloatArray) -> None:
        """Adds N tokens, each of the window `windows_N`."""
        size = len(self.nats_W)
        self.nats_W += np.bincount(windows_N, weights=nats_N, minlength=size)
        self.correct_W += np.bincount(windows_N, weights=correct_N, minlength=size)
        bins_N = np.clip(np.ceil(confidence_N * BINS).astype(np.int64) - 1, 0, BINS - 1)
        self.num_K += np.bincount(bins_N, minlength=BINS)
        self.confidence_K += np.bincount(bins_N, weights=confidence_N, minlength=BINS)
        self.correct_K += np.bincount(bins_N, weights=correct_N, minlength=BINS)


def _batches(windows: Windows, batch_tokens: int) -> Iterator[IntArray]:
    """Positions of windows, the longest first: at most `batch_tokens` positions each, padding included."""
    order = np.argsort(-windows.lengths_W, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, batch_tokens // int(windows.lengths_W[order[start]]))
        yield order[start : start + size]
        start += size


def _score_batch(
    model: LanguageModel,
    windows: Windows,
    chosen_B: IntArray,
    sums: _Sums,
    device: torch.device,
    reading: Reading,
    most: int | None,
) -> None:
    lengths_B = windows.lengths_W[chosen_B]
    place_T = np.arange(int(lengths_B.max()) + 1)
    where_BT = windows.starts_W[chosen_B][:, None] + np.minimum(place_T[None, :], lengths_B[:, None])
    ids_BT = torch.from_numpy(windows.ids[where_BT].astype(np.int64)).to(device)
    skips_B = windows.skips_W[chosen_B]
    scored_BT = (place_T[None, :-1] < lengths_B[:, None]) & (place_T[None, :-1] >= skips_B[:, None])
    real_B = torch.from_numpy(lengths_B).to(device)
    rows = max(1, LOGITS_BYTES // (4 * model.vocab_size))
    for asked in reading.passes(model, ids_BT, real_B, torch.from_numpy(scored_BT).to(device), most):
        windows_N = chosen_B[asked.rows_N.cpu().numpy()]
        for begin in range(0, len(asked.targets_N), rows):
            part = slice(begin, begin + rows)
            logits_NV, targets_N = model.logits(asked.hidden_NC[part]), asked.targets_N[part]
            best = logits_NV.max(dim=-1)
            lse_N = logits_NV.logsumexp(dim=-1)
            nats_N = lse_N - logits_NV.gather(-1, targets_N[:, None]).squeeze(-1)
            sure_N = (best.values - lse_N).exp()
            sums.add(windows_N[part], _numpy(nats_N), _numpy(sure_N), _numpy(best.indices == targets_N))


def _summed(places: IntArray, values: FloatArray, size: int) -> FloatArray:
    return np.asarray(np.bincount(places, weights=values, minlength=size), dtype=np.float64)


def _numpy(values: torch.Tensor) -> FloatArray:
    return np.asarray(values.double().cpu().numpy(), dtype=np.float64)


def _autocast(device: torch.device, dtype: torch.dtype | None) -> AbstractContextManager[Any]:
    if dtype is None or dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=dtype)


@contextmanager
def _evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Evaluation mode inside; afterwards each module is back in the mode it was in."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
