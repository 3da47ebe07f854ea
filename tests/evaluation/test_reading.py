"""Models that read both ways are scored by hiding each token once."""

import numpy as np
import pytest
import torch

from danlu.core.errors import UsageError
from danlu.evaluation.language import DocumentSet, score_documents, score_windows
from danlu.evaluation.reading import FillIn, LeftToRight, SpansTaken, TwoParts, reading_for, window_context
from danlu.evaluation.windows import Windows, cut_windows, join_documents
from danlu.models import ARCHITECTURES
from danlu.models.model import LanguageModel

VOCABULARY, CONTEXT, MASK = 30, 12, 2
SENTINELS = (29, 27, 28, 26)  # in no order that could be counted up from the mask


def model_of(name: str) -> LanguageModel:
    row = ARCHITECTURES.load(name)
    model: LanguageModel = row.build(row.sized(20_000, VOCABULARY, CONTEXT), VOCABULARY, seed=1)
    return model.eval()


def windows_of(model: LanguageModel) -> Windows:
    random = np.random.default_rng(0)
    stream = join_documents([random.integers(3, VOCABULARY, size=n) for n in (30, 4, 11)], 0)
    lengths_V = np.ones(VOCABULARY, np.int64)
    return cut_windows(stream.ids, stream.starts, context=window_context(model), lengths_V=lengths_V)


def test_the_way_to_ask_follows_the_direction() -> None:
    assert isinstance(reading_for(model_of("gpt2"), None), LeftToRight)
    assert isinstance(reading_for(model_of("bert"), MASK), FillIn)
    with pytest.raises(UsageError, match="hiding"):
        reading_for(model_of("bert"), None)


@pytest.mark.parametrize("name", ["bert", "modernbert"])
def test_with_a_stripe_for_each_token_it_is_one_hidden_at_a_time(name: str) -> None:
    model = model_of(name)
    windows = windows_of(model)
    ids = torch.from_numpy(windows.ids.astype(np.int64))
    nats = 0.0
    for start, length in zip(windows.starts_W.tolist(), windows.lengths_W.tolist(), strict=True):
        for place in range(start + 1, start + length + 1):
            shown = ids[start : start + length + 1].clone()
            shown[place - start] = MASK
            with torch.no_grad():
                logits = model.logits(model(shown[None]).hidden_BTC)[0, place - start]
            nats -= float(torch.log_softmax(logits, -1)[ids[place]])
    found = 0.0
    rows = torch.from_numpy(windows.lengths_W)
    for row in range(len(windows)):
        start, length = int(windows.starts_W[row]), int(windows.lengths_W[row])
        given = ids[None, start : start + length + 1]
        scored = torch.ones(1, length, dtype=torch.bool)
        for asked in FillIn(MASK, stripes=length).passes(model, given, rows[row : row + 1], scored):
            logits = model.logits(asked.hidden_NC).detach()
            found -= float(torch.log_softmax(logits, -1).gather(1, asked.targets_N[:, None]).sum())
    assert found == pytest.approx(nats, rel=1e-5)


def test_every_token_is_scored_once_and_windows_do_not_touch_each_other() -> None:
    model = model_of("bert")
    windows = windows_of(model)
    scores = score_windows(model, windows, mask_id=MASK)
    assert scores.num_tokens == 45
    alone = [score_windows(model, windows.take(np.array([w])), mask_id=MASK).nats for w in range(len(windows))]
    np.testing.assert_allclose(scores.nats_W, alone, rtol=1e-5)


@pytest.mark.parametrize(("name", "stripes"), [("bert", 10), ("t5", 7), ("bart", 3)])
def test_some_of_the_passes_ask_for_a_sample_of_the_tokens(name: str, stripes: int) -> None:
    model = model_of(name)
    random = np.random.default_rng(1)
    stream = join_documents([random.integers(3, 26, size=20 * (CONTEXT - 1)) for _ in range(20)], 0)
    windows = cut_windows(
        stream.ids, stream.starts, context=window_context(model), lengths_V=np.ones(VOCABULARY, np.int64)
    )
    asked = {"mask_id": MASK, "sentinel_ids": SENTINELS}
    whole = score_windows(model, windows, **asked)
    every = score_windows(model, windows, passes=reading_for(model, MASK, SENTINELS).stripes, **asked)
    assert whole.share == 1
    assert every.nats_W.tolist() == whole.nats_W.tolist()
    sample = score_windows(model, windows, passes=1, **asked)
    assert sample.num_tokens == whole.num_tokens
    assert sample.share == pytest.approx(1 / stripes, rel=0.15)
    assert sample.bits_per_byte == pytest.approx(whole.bits_per_byte, rel=0.05)
    assert 0 <= sample.accuracy <= 1


def test_the_score_of_documents_says_that_it_is_pseudo() -> None:
    random = np.random.default_rng(0)
    stream = join_documents([random.integers(3, VOCABULARY, size=20) for _ in range(3)], 0)
    documents = DocumentSet(stream=stream, bytes_D=np.full(3, 20), domains=("a", "a", "b"))
    lengths_V = np.ones(VOCABULARY, np.int64)
    assert score_documents(model_of("bert"), documents, lengths_V=lengths_V, mask_id=MASK).pseudo
    assert not score_documents(model_of("gpt2"), documents, lengths_V=lengths_V).pseudo


def test_the_way_to_ask_an_encoder_decoder_follows_what_it_learnt() -> None:
    assert isinstance(reading_for(model_of("transformer"), None), TwoParts)
    assert isinstance(reading_for(model_of("bart"), MASK), SpansTaken)
    assert isinstance(reading_for(model_of("t5"), None, SENTINELS), SpansTaken)
    for name, mask_id, sentinel_ids in (("bart", None, SENTINELS), ("t5", MASK, ())):
        with pytest.raises(UsageError, match="hiding"):
            reading_for(model_of(name), mask_id, sentinel_ids)


@pytest.mark.parametrize("name", ["transformer", "bart", "t5"])
def test_encoder_decoders_are_asked_for_every_token_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(name)
    ids_BT = torch.randint(3, 26, (2, 11), generator=torch.Generator().manual_seed(3))
    lengths_B, scored_BT = torch.tensor([10, 6]), torch.arange(10) < torch.tensor([[10], [6]])
    read: list[torch.Tensor] = []
    encode = model.encode

    def seen(source_BS: torch.Tensor, lengths_B: torch.Tensor | None = None) -> object:
        read.append(source_BS)
        return encode(source_BS, lengths_B)

    monkeypatch.setattr(model, "encode", seen)
    asked = list(reading_for(model, MASK, SENTINELS).passes(model, ids_BT, lengths_B, scored_BT))
    for row in range(2):
        found = torch.cat([one.targets_N[one.rows_N == row] for one in asked])
        assert sorted(found.tolist()) == sorted(ids_BT[row, 1:][scored_BT[row]].tolist())
    assert all(len(one.hidden_NC) == len(one.targets_N) for one in asked)
    signs = {"transformer": set(), "bart": {MASK}, "t5": {SENTINELS[0]}}[name]
    controls = {MASK, *SENTINELS}
    assert {number for one in read for number in one.flatten().tolist()} & controls == signs
