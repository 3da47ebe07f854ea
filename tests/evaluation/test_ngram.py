"""The n-gram model against a plain one with dictionaries; probabilities sum to one; the known figure."""

import math
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danlu.evaluation import ngram
from danlu.evaluation.ngram import MAX_ORDER, Alphabet, NgramModel, choose_order

# One-byte, two-byte, three-byte and four-byte characters, and too few of them for chance to avoid repeats.
letters = st.text(alphabet="ab\u00e9\u4e2d\U0001f525\0", max_size=30)
texts = st.lists(letters, min_size=1, max_size=5)


class PlainModel:
    """The formulas of the docstring, one symbol at a time."""

    def __init__(self, texts: list[str], order: int, min_count: int) -> None:
        seen = Counter("".join(texts))
        self.known = {c for c, count in seen.items() if count >= min_count}
        self.order = order
        self.after: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for text in texts:
            line = self.symbols(text)
            for place in range(order - 1, len(line)):
                for length in range(order):
                    self.after[tuple(line[place - length : place])][line[place]] += 1

    def symbols(self, text: str) -> list[str]:
        line = ["pad"] * (self.order - 1)
        for c in text:
            line += [c] if c in self.known else [f"byte {b}" for b in c.encode()]
        return line

    def chance(self, context: tuple[str, ...], symbol: str) -> float:
        lower = self.chance(context[1:], symbol) if context else 1 / (256 + len(self.known))
        found = self.after.get(context)
        if not found:
            return lower
        return (found[symbol] + len(found) * lower) / (sum(found.values()) + len(found))

    def nats(self, texts: list[str], order: int) -> float:
        total = 0.0
        for text in texts:
            line = self.symbols(text)
            for place in range(self.order - 1, len(line)):
                total -= math.log(self.chance(tuple(line[place - order + 1 : place]), line[place]))
        return total


@given(training=texts, validation=texts, order=st.integers(1, MAX_ORDER), min_count=st.integers(1, 2))
def test_equals_the_plain_model(training: list[str], validation: list[str], order: int, min_count: int) -> None:
    found = NgramModel(training, order, min_count).nats(validation)
    plain = PlainModel(training, order, min_count)
    expected = [plain.nats(validation, k) for k in range(1, order + 1)]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=15)
@given(training=texts, validation=texts)
def test_wide_alphabets_take_another_way_to_the_same_counts(training: list[str], validation: list[str]) -> None:
    han = "".join(chr(code) for code in range(0x4E00, 0x4E00 + 3000))  # 12 bits a symbol: six do not fit into 63
    training = [*training, han * 2]
    wide = NgramModel(training, MAX_ORDER).nats(validation)
    plain = PlainModel(training, MAX_ORDER, ngram.MIN_COUNT)
    assert wide[-1] == pytest.approx(plain.nats(validation, MAX_ORDER), rel=1e-9)
    with pytest.MonkeyPatch.context() as patch:  # the ranking for texts too long to carry places in the low bits
        patch.setattr(ngram, "WORD_BITS", 0)
        np.testing.assert_array_equal(wide, NgramModel(training, MAX_ORDER).nats(validation))


@given(training=texts, context=letters)
def test_chances_sum_to_one(training: list[str], context: str) -> None:
    model = NgramModel(training, 3, 1)
    known = sorted(set("".join(training)))
    after_known = sum(float(model.chances([context + c])[-1]) for c in known)
    # A first byte from 0 to 255 stands for everything else; the model gives each the same leftover by symmetry.
    plain = PlainModel(training, 3, 1)
    line = plain.symbols(context)
    after_bytes = sum(plain.chance(tuple(line[len(line) - 2 :]), f"byte {b}") for b in range(256))
    assert after_known + after_bytes == pytest.approx(1.0)


@given(text=st.text(max_size=40), training=texts)
def test_any_text_has_a_finite_price_and_its_bytes_are_kept(text: str, training: list[str]) -> None:
    assert np.isfinite(NgramModel(training, 2).nats([text])).all()
    symbols = Alphabet([""]).symbols([text], 1)[1:-1]
    assert bytes((symbols - ngram.FIRST_BYTE).astype(np.uint8)) == text.encode()


def test_the_order_is_chosen_on_training_text() -> None:
    assert choose_order([""]) == 1
    assert choose_order(["x"]) == 1
    assert choose_order(["abcdefgh" * 200]) >= 2
    stream = np.random.default_rng(0)
    noise = ["".join(stream.choice(list("abcdefghij"), 400)) for _ in range(30)]
    assert choose_order(noise) <= 2  # nothing to learn from context


def test_the_known_figure(shared_data: Path) -> None:
    """Tiny Shakespeare, first 90 % of the characters against the rest: 2.41 bits per byte at order 5."""
    text = (shared_data / "pretrain" / "en_tinyshakespeare.txt").read_text(encoding="utf-8")
    cut = int(0.9 * len(text))
    order = choose_order([text[:cut]])
    nats = NgramModel([text[:cut]], order).nats([text[cut:]])[-1]
    assert order == 5
    assert nats / math.log(2) / len(text[cut:].encode()) == pytest.approx(2.408, abs=0.002)
