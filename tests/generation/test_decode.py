"""The decoding loop: the same tokens as full passes, text that is never broken, an end where it was asked.

V vocabulary.
"""

from collections.abc import Iterator, Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from danlu.core.errors import UsageError
from danlu.generation import reading
from danlu.generation.decode import generate_batch, generate_ids, generate_text, generate_texts, until_stop
from danlu.generation.reading import KEPT_SHARE, PositionReader
from danlu.generation.sampling import SamplingSettings
from danlu.models import ARCHITECTURES
from danlu.models.model import LanguageModel
from danlu.tokenizers.byte import train
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings

CONTEXT = 16
LEFT_TO_RIGHT = [name for name in ARCHITECTURES.names() if ARCHITECTURES.load(name).direction == "left-to-right"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """One id for each byte."""
    return train(lambda: iter(["text"]), TokenizerSettings(kind="byte"))


def model_of(name: str, vocab_size: int = 60) -> LanguageModel:
    """A small random model of the row `name`, far from uniform."""
    row = ARCHITECTURES.load(name)
    model: LanguageModel = row.build(row.sized(60_000, vocab_size, CONTEXT), vocab_size)
    with torch.no_grad():
        model.embed.weight.mul_(20)
    return model


def prefer(model: LanguageModel, ids: Sequence[int]) -> None:
    """Makes greedy decoding of `model` repeat `ids` for ever; of a row that decoding leaves to its modules."""
    order = dict(zip(ids, [*ids[1:], ids[0]], strict=True))

    def logits(hidden: Tensor) -> Tensor:
        scores_V = torch.zeros(model.vocab_size)
        scores_V[order.get(prefer.last, ids[0])] = 9.0  # type: ignore[attr-defined]
        prefer.last = int(scores_V.argmax())  # type: ignore[attr-defined]
        return scores_V[None]

    prefer.last = -1  # type: ignore[attr-defined]
    model.logits = logits  # type: ignore[method-assign]


def by_full_passes(model: LanguageModel, prompt: list[int], num_tokens: int) -> list[int]:
    """Greedy ids, each from one pass over the whole text; the window moves as the decoder says it does."""
    text, begin = list(prompt), 0
    with torch.no_grad():
        for _ in range(num_tokens):
            if len(text) - begin > CONTEXT and model.start_state(1).capacity is not None:
                begin = len(text) - int(KEPT_SHARE * CONTEXT)
            hidden_BTC = model(torch.tensor([text[begin:]])).hidden_BTC
            text.append(int(model.logits(hidden_BTC[0, -1]).argmax()))
    return text[len(prompt) :]


@pytest.mark.parametrize("name", LEFT_TO_RIGHT)
@pytest.mark.parametrize("length", [1, 5, 16, 40])
def test_greedy_decoding_equals_full_passes(name: str, length: int) -> None:
    model = model_of(name).eval()
    prompt = torch.randint(0, 60, (length,), generator=torch.Generator().manual_seed(length)).tolist()
    ids = list(generate_ids(model, prompt, SamplingSettings(temperature=0.0, max_tokens=40)))
    assert ids == by_full_passes(model, prompt, 40)


@pytest.mark.parametrize("name", LEFT_TO_RIGHT)
@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_a_batch_gives_what_each_text_gives_alone(name: str, temperature: float) -> None:
    model = model_of(name).eval()
    prompts = [[1], [5, 6, 7, 8, 9], [2, 3]]
    settings = SamplingSettings(temperature=temperature, max_tokens=CONTEXT - 5, seed=4)
    limits = {"stop_ids": frozenset({11}), "banned_ids": frozenset({12, 13})}
    alone = [
        list(generate_ids(model, prompt, settings.model_copy(update={"seed": 4 + row}), **limits))
        for row, prompt in enumerate(prompts)
    ]
    assert generate_batch(model, prompts, settings, **limits) == alone


def test_a_batch_of_equally_long_texts_moves_its_window_as_one_alone() -> None:
    model = model_of("gpt").eval()
    settings = SamplingSettings(temperature=0.0, max_tokens=3 * CONTEXT)
    alone = [list(generate_ids(model, [first, 2], settings)) for first in (1, 3)]
    assert generate_batch(model, [[1, 2], [3, 2]], settings) == alone
    assert len(alone[0]) == 3 * CONTEXT


def test_an_encoder_decoder_goes_on_with_several_texts() -> None:
    row = ARCHITECTURES.load("t5")
    model = row.build(row.sized(60_000, 60, CONTEXT).model_copy(update={"objective": "prefix"}), 60).eval()
    settings = SamplingSettings(max_tokens=6)
    found = generate_batch(model, [[1, 2], [3, 4, 5]], settings)
    assert found[1] == list(generate_ids(model, [3, 4, 5], settings.model_copy(update={"seed": 1})))


def test_an_empty_batch_and_no_tokens_give_nothing() -> None:
    model = model_of("gpt")
    assert generate_batch(model, [], SamplingSettings()) == []
    assert generate_batch(model, [[1], [2, 3]], SamplingSettings(max_tokens=0)) == [[], []]
    with pytest.raises(UsageError):
        generate_batch(model, [[1], []], SamplingSettings())


def test_texts_of_a_batch_stop_where_each_alone_stops(tokenizer: Tokenizer) -> None:
    model = model_of("lstm", tokenizer.vocab_size)
    settings = SamplingSettings(max_tokens=40, stop=("e",), seed=2)
    found = generate_texts(model, tokenizer, ["一", "two"], settings)
    alone = [
        "".join(generate_text(model, tokenizer, text, settings.model_copy(update={"seed": 2 + row})))
        for row, text in enumerate(["一", "two"])
    ]
    assert found == alone


def test_equal_seeds_give_equal_ids_and_others_do_not() -> None:
    model = model_of("gpt")
    first, again, other = (
        list(generate_ids(model, [1], SamplingSettings(seed=seed, temperature=2.0, max_tokens=30)))
        for seed in (1, 1, 2)
    )
    assert first == again != other
    assert len(first) == 30


def test_the_global_random_stream_and_the_mode_are_left_alone() -> None:
    model = model_of("lstm").train()
    before = torch.get_rng_state()
    list(generate_ids(model, [1], SamplingSettings(max_tokens=5)))
    assert torch.equal(torch.get_rng_state(), before)
    assert model.training


@pytest.mark.parametrize(
    ("name", "dtype"), [*((name, "bfloat16") for name in LEFT_TO_RIGHT), ("gpt", "int8"), ("qwen2", "int8")]
)
def test_narrow_numbers_change_scores_a_little(name: str, dtype: str) -> None:
    model = model_of(name).eval()
    text = [3, 1, 4, 1, 5, 9, 2, 6]
    scores = []
    for kept in ("float32", dtype):
        reader = PositionReader(model, 1, 100, kept)
        reader.read([text[:4]], [text[:4]])
        scores.append(torch.stack([reader.read([[text[n]]], [text[: n + 1]])[0] for n in range(4, 8)]))
    exact, narrow = scores
    assert not torch.equal(exact, narrow)
    torch.testing.assert_close(narrow, exact, atol=0.03 * float(exact.abs().max()), rtol=0)


def test_a_model_too_large_to_be_copied_is_decoded_by_its_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of("gpt").eval()
    settings = SamplingSettings(temperature=0.0, max_tokens=30)
    folded = list(generate_ids(model, [1], settings))
    monkeypatch.setattr(reading, "FOLD_UP_TO", 1000)
    monkeypatch.setattr(reading, "fold", None)
    assert list(generate_ids(model, [1], settings)) == folded


def test_eight_bits_are_refused_where_modules_decode() -> None:
    with pytest.raises(UsageError):
        list(generate_ids(model_of("lstm"), [1], SamplingSettings(dtype="int8")))


def test_stop_ids_end_and_banned_ids_never_come() -> None:
    model = model_of("gpt")
    settings = SamplingSettings(temperature=5.0, max_tokens=300)
    ids = list(generate_ids(model, [1], settings, stop_ids=frozenset({3}), banned_ids=frozenset(range(10, 60))))
    assert 0 < len(ids) < 300
    assert set(ids) <= set(range(10)) - {3}


@pytest.mark.parametrize("prompt", [[], [60], [-1]])
def test_prompts_outside_the_vocabulary_are_refused(prompt: list[int]) -> None:
    with pytest.raises(UsageError):
        list(generate_ids(model_of("gpt"), prompt, SamplingSettings()))


def test_a_text_streams_whole_characters(tokenizer: Tokenizer) -> None:
    model = model_of("gru", tokenizer.vocab_size)
    prefer(model, tokenizer.encode("汉a字é"))
    settings = SamplingSettings(temperature=0.0, max_tokens=18)
    pieces = list(generate_text(model, tokenizer, "go", settings))
    # 18 bytes: the nine of one round twice.
    assert "".join(pieces) == "汉a字é汉a字é"
    assert all(piece.strip("\ufffd") == piece for piece in pieces)


def test_a_character_cut_by_the_end_is_left_out(tokenizer: Tokenizer) -> None:
    model = model_of("gru", tokenizer.vocab_size)
    prefer(model, tokenizer.encode("ab汉"))
    assert "".join(generate_text(model, tokenizer, "", SamplingSettings(temperature=0.0, max_tokens=4))) == "ab"


def test_the_separator_ends_the_text_and_is_no_part_of_it(tokenizer: Tokenizer) -> None:
    model = model_of("gru", tokenizer.vocab_size)
    prefer(model, [*tokenizer.encode("end"), tokenizer.bos_id])
    assert "".join(generate_text(model, tokenizer, "x", SamplingSettings(temperature=0.0))) == "end"


def test_a_stop_string_may_span_tokens(tokenizer: Tokenizer) -> None:
    model = model_of("gru", tokenizer.vocab_size)
    prefer(model, tokenizer.encode("one, t"))
    settings = SamplingSettings(temperature=0.0, stop=(", t",))
    assert "".join(generate_text(model, tokenizer, "x", settings)) == "one"


@given(st.text("abn", max_size=30), st.lists(st.text("abn", min_size=1, max_size=4), max_size=3), st.integers(1, 4))
def test_until_stop_cuts_as_if_the_text_were_whole(text: str, stop: list[str], step: int) -> None:
    def pieces() -> Iterator[str]:
        yield from (text[begin : begin + step] for begin in range(0, len(text), step))

    shown = "".join(until_stop(pieces(), stop))
    ends = [text.index(end) + len(end) for end in stop if end in text]
    if not ends:
        assert shown == text
    else:
        assert text.startswith(shown)
        assert not any(end in shown for end in stop)
        assert any(text.startswith(end, len(shown)) for end in stop)
