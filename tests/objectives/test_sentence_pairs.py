"""Pairs of texts: what is true, what is not, and that a network learns to tell."""

import pytest
import torch

from danlu.batches.batch import TokenBatch
from danlu.models import ARCHITECTURES
from danlu.models.model import LanguageModel
from danlu.objectives.objective import Vocabulary
from danlu.objectives.sentence_pairs import MaskedNextSentence, MaskedSentenceOrder, SentencePairs

NAMES = ("<|bos|>", "<|pad|>", "<|mask|>", "<|true|>", "<|false|>")
VOCABULARY = Vocabulary(size=200, num_control=5, controls={name: number for number, name in enumerate(NAMES)})
LENGTH = 22


def windows(rows: int = 64, seed: int = 0) -> torch.Tensor:
    """[rows, LENGTH]: each window counts upwards from a place of its own, so that order and source can be seen."""
    begins = torch.randint(5, 200 - LENGTH, (rows, 1), generator=torch.Generator().manual_seed(seed))
    return begins + torch.arange(LENGTH)


def halves(pair: list[int]) -> tuple[list[int], list[int]]:
    """Both texts of a pair."""
    assert pair[0] == 0
    middle = pair.index(0, 1)
    return pair[1:middle], pair[middle + 1 :]


def test_next_sentences_are_half_true_and_the_others_come_from_the_neighbour() -> None:
    ids_BT = windows()
    pairs = MaskedNextSentence(VOCABULARY).pairs(ids_BT)
    assert 20 <= int(pairs.true_B.sum()) <= 44
    for row, pair in enumerate(pairs.ids_BT.tolist()):
        first, second = halves(pair)
        assert first == ids_BT[row, : len(first)].tolist()
        source = ids_BT[row if pairs.true_B[row] else row - 1].tolist()
        assert second == source[len(first) : LENGTH - 2]
        assert 5 <= len(first) <= 15
        assert pairs.segments_BT[row].tolist() == [0] * (len(first) + 1) + [1] * (len(second) + 1)


def test_a_window_without_neighbours_makes_a_true_pair() -> None:
    for _ in range(5):
        assert MaskedNextSentence(VOCABULARY).pairs(windows(1)).true_B.all()


def test_swapped_pairs_hold_the_same_two_texts() -> None:
    ids_BT = windows()
    pairs = MaskedSentenceOrder(VOCABULARY).pairs(ids_BT)
    assert 20 <= int(pairs.true_B.sum()) <= 44
    for row, pair in enumerate(pairs.ids_BT.tolist()):
        first, second = halves(pair)
        assert (first + second if pairs.true_B[row] else second + first) == ids_BT[row, : LENGTH - 2].tolist()
        assert pairs.segments_BT[row].tolist() == [0] * (len(first) + 1) + [1] * (len(second) + 1)


def network(name: str) -> LanguageModel:
    """A small network."""
    row = ARCHITECTURES.load(name)
    model: LanguageModel = row.build(row.sized(40_000, 200, LENGTH), 200, seed=1)
    return model


@pytest.mark.parametrize("kind", [MaskedNextSentence, MaskedSentenceOrder])
def test_the_loss_is_the_sum_of_two_means(kind: type[SentencePairs]) -> None:
    torch.manual_seed(5)
    loss = kind(VOCABULARY).loss(network("bert"), TokenBatch(inputs_BT=windows(8), targets_BT=windows(8)))
    tokens, pairs = loss.parts
    assert tokens.num_targets == loss.num_targets == 8 * round(0.3 * LENGTH)
    assert pairs.num_targets == 8
    means = tokens.nats / tokens.num_targets + pairs.nats / pairs.num_targets
    assert float(loss.nats.detach()) / loss.num_targets == pytest.approx(means, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "kind", "rate"), [("bert", MaskedNextSentence, 0.001), ("bilstm", MaskedSentenceOrder, 0.005)]
)
def test_the_verdict_is_learnt(name: str, kind: type[SentencePairs], rate: float) -> None:
    model, objective = network(name), kind(VOCABULARY, share=0.15)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    found = []
    for step in range(300 if name == "bert" else 120):
        torch.manual_seed(step)
        batch = windows(32, seed=step)
        loss = objective.loss(model, TokenBatch(inputs_BT=batch, targets_BT=batch))
        (loss.nats / loss.num_targets).backward()
        optimizer.step()
        optimizer.zero_grad()
        found.append(loss.parts[1].nats / loss.parts[1].num_targets)
    assert sum(found[:10]) / 10 > 0.6
    assert sum(found[-10:]) / 10 < 0.4
