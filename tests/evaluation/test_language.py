"""Scoring against a plain loop over tokens; evaluation mode comes and goes."""

import math

import numpy as np
import pytest
import torch

from danlu.core.errors import DataError
from danlu.evaluation import language
from danlu.evaluation.language import DocumentSet, score_documents, score_windows
from danlu.evaluation.windows import cut_windows, join_documents
from danlu.models.gpt import ARCHITECTURE
from danlu.models.model import LanguageModel
from danlu.models.rotary_decoder import GPTSettings

VOCAB_SIZE, CONTEXT = 23, 12
LENGTHS_V = np.concatenate([[0], np.ones(VOCAB_SIZE - 1, dtype=np.int64)])


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    settings = GPTSettings(
        width=32,
        depth=2,
        num_heads=2,
        num_key_heads=2,
        head_width=16,
        inner_width=64,
        context_length=CONTEXT,
        dropout=0.3,
    )
    torch.manual_seed(0)
    network = ARCHITECTURE.build(settings, VOCAB_SIZE, seed=1)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(3.0)  # far from uniform, so that hits and confidences differ
    return network


def _documents(sizes: list[int]) -> tuple[DocumentSet, list[np.ndarray]]:
    stream = np.random.default_rng(7)
    texts = [stream.integers(1, VOCAB_SIZE, size).astype(np.uint32) for size in sizes]
    domains = tuple("even" if i % 2 == 0 else "odd" for i in range(len(sizes)))
    bytes_D = np.array(sizes, dtype=np.int64)
    return DocumentSet(stream=join_documents(texts, 0), bytes_D=bytes_D, domains=domains), texts


def _plain_nats(model: LanguageModel, texts: list[np.ndarray], stride: int) -> list[float]:
    """Token by token: the context is the part of the window that the token falls into."""
    sums = []
    model.eval()
    for text in texts:
        line, total = [0, *text.tolist()], 0.0
        for place in range(1, len(line)):
            window = 0 if place <= CONTEXT else math.ceil((place - CONTEXT) / stride)
            inputs = torch.tensor([line[window * stride : place]])
            with torch.no_grad():
                scores = model.logits(model(inputs).hidden_BTC[:, -1]).log_softmax(-1)
            total -= float(scores[0, line[place]])
        sums.append(total)
    return sums


@pytest.mark.parametrize("stride", [CONTEXT, 5, 1])
def test_scores_equal_a_loop_over_tokens(model: LanguageModel, stride: int) -> None:
    documents, texts = _documents([0, 1, 11, 12, 13, 40])
    score = score_documents(model, documents, lengths_V=LENGTHS_V, stride=stride)
    expected = sum(_plain_nats(model, texts, stride))
    assert score.bits_per_byte == pytest.approx(expected / math.log(2) / 77, rel=1e-5)
    assert score.perplexity == pytest.approx(math.exp(expected / 77), rel=1e-5)
    assert score.num_tokens == score.num_bytes == 77
    assert sum(row.num_tokens for row in score.calibration.bins) == 77


def test_batches_and_chunks_change_nothing(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    documents, _ = _documents([3, 40, 25, 7])
    windows = cut_windows(documents.stream.ids, documents.stream.starts, context=CONTEXT, lengths_V=LENGTHS_V)
    whole = score_windows(model, windows)
    monkeypatch.setattr(language, "LOGITS_BYTES", 4 * VOCAB_SIZE * 3)
    parts = score_windows(model, windows, batch_tokens=13)
    np.testing.assert_allclose(parts.nats_W, whole.nats_W, rtol=1e-5)
    assert parts.num_correct_W.tolist() == whole.num_correct_W.tolist()
    assert parts.num_K.tolist() == whole.num_K.tolist()


def test_domains_add_up(model: LanguageModel) -> None:
    documents, _ = _documents([30, 20, 10, 44])
    score = score_documents(model, documents, lengths_V=LENGTHS_V)
    assert [row.domain for row in score.domains] == ["even", "odd"]
    total = sum(row.bits_per_byte * row.num_bytes for row in score.domains)
    assert total == pytest.approx(score.bits_per_byte * score.num_bytes)
    assert score.interval is not None
    assert score.interval.unit == "windows"  # four documents say too little


def test_many_documents_are_the_unit_of_the_interval(model: LanguageModel) -> None:
    documents, _ = _documents([6] * 30)
    score = score_documents(model, documents, lengths_V=LENGTHS_V)
    assert score.interval is not None
    assert (score.interval.unit, score.interval.num_units) == ("documents", 30)


def test_modes_are_put_back_as_they_were(model: LanguageModel) -> None:
    documents, _ = _documents([9])
    model.train()
    model.body.eval()
    before = [module.training for module in model.modules()]
    first = score_documents(model, documents, lengths_V=LENGTHS_V)
    assert [module.training for module in model.modules()] == before
    again = score_documents(model, documents, lengths_V=LENGTHS_V)
    assert first.bits_per_byte == again.bits_per_byte  # dropout is off inside
    loss = model.logits(model(torch.tensor([[0, 1, 2]])).hidden_BTC).sum()
    torch.autograd.grad(loss, model.embed.weight)  # scoring leaves nothing behind that training could not use


def test_no_text_is_refused(model: LanguageModel) -> None:
    documents, _ = _documents([0, 0])
    with pytest.raises(DataError):
        score_documents(model, documents, lengths_V=LENGTHS_V)
