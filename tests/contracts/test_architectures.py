"""What every row of ARCHITECTURES must keep.

B batch, T positions, C width, V vocabulary.
"""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from danlu.core.settings import Settings, plain
from danlu.models import ARCHITECTURES
from danlu.models.architecture import Architecture
from danlu.models.model import LanguageModel
from danlu.models.plan import ParameterCount
from danlu.models.store import load_model, save_model

VOCAB_SIZE = 50
CONTEXT = 24
ROWS = ARCHITECTURES.names()
TIEABLE = [name for name in ROWS if "tied" in ARCHITECTURES.load(name).settings.model_fields]
LEFT_TO_RIGHT = [name for name in ROWS if ARCHITECTURES.load(name).direction == "left-to-right"]
BOTH_WAYS = [name for name in ROWS if ARCHITECTURES.load(name).direction == "bidirectional"]
PAIRS = [name for name in ROWS if ARCHITECTURES.load(name).direction == "encoder-decoder"]
WRITES = [*LEFT_TO_RIGHT, *PAIRS]


def row_of(name: str) -> Architecture:
    """The row called `name`."""
    row: Architecture = ARCHITECTURES.load(name)
    return row


def settings_of(name: str, **changes: object) -> Settings:
    """A very small model's settings."""
    row = row_of(name)
    return row.settings.model_validate({**plain(row.sized(60_000, VOCAB_SIZE, CONTEXT)), **changes})


def tiny(name: str, **changes: object) -> LanguageModel:
    """A very small model whose every weight matters: gains and biases are moved off their start."""
    model = row_of(name).build(settings_of(name, **changes), VOCAB_SIZE, seed=3).eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 1:
                weight.add_(0.3 * torch.randn(weight.shape, generator=generator))
    return model


def some_ids(batch: int = 3, length: int = CONTEXT) -> Tensor:
    """Random ids [batch, length]."""
    return torch.randint(0, VOCAB_SIZE, (batch, length), generator=torch.Generator().manual_seed(1))


def scores(model: LanguageModel, ids_BT: Tensor) -> Tensor:
    """Logits [B, T, V] of one full pass."""
    return model.logits(model(ids_BT).hidden_BTC)


def scores_of_a_pair(model: LanguageModel, ids_BT: Tensor, num_read: int = 9) -> Tensor:
    """Logits [B, T, V] after an encoder-decoder read the first ids; as `scores` for the others."""
    if model.direction != "encoder-decoder":
        return scores(model, ids_BT)
    return model.logits(model(ids_BT, source=model.encode(ids_BT[:, :num_read])).hidden_BTC)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("size", [30_000, 1_000_000, 20_000_000])
def test_the_count_equals_the_built_model(name: str, size: int) -> None:
    row = row_of(name)
    settings = row.sized(size, 300, 64)
    with torch.device("meta"):
        model = row.assemble(settings, 300)
    count: ParameterCount = row.count(settings, 300)
    parameters = dict(model.named_parameters())
    embedding = sum(p.numel() for n, p in parameters.items() if p.ndim == 2 and n.startswith(("embed.", "head.matrix")))
    assert count.total == sum(p.numel() for p in parameters.values())
    assert count.embedding == embedding
    assert count.matrices == sum(p.numel() for p in parameters.values() if p.ndim == 2) - embedding
    # an encoder-decoder works on a token on one side, or on both
    assert count.flops_per_token_forward >= (0.5 if name in PAIRS else 2) * count.matrices


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("size", [200_000, 1_000_000, 3_000_000, 10_000_000, 100_000_000, 1_000_000_000])
def test_the_size_dial_comes_near(name: str, size: int) -> None:
    row = row_of(name)
    vocab_size = 1024 if size < 1_000_000 else 4096
    total = row.count(row.sized(size, vocab_size, 256), vocab_size).total
    assert abs(total - size) < 0.2 * size


@pytest.mark.parametrize("name", TIEABLE)
def test_untied_heads_count_and_build(name: str) -> None:
    model = tiny(name, tied=False)
    count = row_of(name).count(settings_of(name, tied=False), VOCAB_SIZE)
    assert sum(p.numel() for p in model.parameters()) == count.total
    assert model.head.weight is not model.embed.weight
    tied = tiny(name)
    assert tied.head.weight is tied.embed.weight


@pytest.mark.parametrize("name", WRITES)
def test_no_look_ahead(name: str) -> None:
    model, ids_BT = tiny(name), some_ids()
    changed_BT = ids_BT.clone()
    changed_BT[:, 15:] = (changed_BT[:, 15:] + 7) % VOCAB_SIZE
    with torch.no_grad():
        before, after = scores(model, ids_BT), scores(model, changed_BT)
    torch.testing.assert_close(before[:, :15], after[:, :15], atol=1e-6, rtol=0)
    assert (before[:, 15:] - after[:, 15:]).abs().amax() > 1e-3


@pytest.mark.parametrize("name", LEFT_TO_RIGHT)
def test_every_earlier_position_is_seen(name: str) -> None:
    model, ids_BT = tiny(name), some_ids(1)
    hidden = model.embed(ids_BT).detach().requires_grad_()
    out_BTC = model.body(hidden)
    (grad,) = torch.autograd.grad(out_BTC[0, -1].square().sum(), hidden)
    assert (grad[0].norm(dim=-1) > 0).all()


@pytest.mark.parametrize("name", ROWS)
def test_every_parameter_gets_a_gradient(name: str) -> None:
    model, ids_BT = tiny(name).train(), some_ids()
    logits_BTV = scores_of_a_pair(model, ids_BT)
    functional.cross_entropy(logits_BTV.flatten(0, 1), ids_BT.roll(-1, 1).flatten()).backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert not silent


@pytest.mark.parametrize("name", ROWS)
def test_one_batch_is_learnt(name: str) -> None:
    model, ids_BT = row_of(name).build(settings_of(name), VOCAB_SIZE).train(), some_ids(2, 12)
    targets_N = some_ids(2, 13)[:, 1:].flatten()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        optimizer.zero_grad()
        loss = functional.cross_entropy(scores(model, ids_BT).flatten(0, 1), targets_N)
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.2


@pytest.mark.parametrize("name", ROWS)
def test_rows_of_a_batch_are_independent(name: str) -> None:
    model, ids_BT = tiny(name), some_ids(5)
    with torch.no_grad():
        together = scores(model, ids_BT)
        alone = torch.cat([scores(model, ids_BT[row : row + 1]) for row in range(5)])
    torch.testing.assert_close(together, alone, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ROWS)
def test_padding_changes_nothing(name: str) -> None:
    model, ids_BT = tiny(name), some_ids(4)
    lengths_B = torch.tensor([24, 9, 1, 17])
    with torch.no_grad():
        padded = model.logits(model(ids_BT, lengths_B=lengths_B).hidden_BTC)
        for row, length in enumerate(lengths_B.tolist()):
            alone = scores(model, ids_BT[row : row + 1, :length])
            torch.testing.assert_close(padded[row : row + 1, :length], alone, atol=5e-6, rtol=1e-5)


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_both_sides_are_seen(name: str) -> None:
    model, ids_BT = tiny(name), some_ids(1)
    hidden = model.embed(ids_BT).detach().requires_grad_()
    (grad,) = torch.autograd.grad(model.body(hidden)[0, 7].square().sum(), hidden)
    assert (grad[0].norm(dim=-1) > 0).all()


@pytest.mark.parametrize("name", PAIRS)
def test_what_was_read_is_seen_everywhere_and_its_padding_nowhere(name: str) -> None:
    model, ids_BT, read_BS = tiny(name), some_ids(2, 9), some_ids(2, 15)
    read = model.embed.source(read_BS).detach().requires_grad_()  # type: ignore[operator]
    lengths_B = torch.tensor([15, 6])
    written = model.embed(model.begun(ids_BT))
    out_BTC = model.body(written, None, None, model.body.encode(read, lengths_B))  # type: ignore[operator]
    for position in (0, 9):
        (grad,) = torch.autograd.grad(out_BTC[:, position].square().sum(), read, retain_graph=True)
        assert (grad[0].norm(dim=-1) > 0).all()
        assert (grad[1, :6].norm(dim=-1) > 0).all()
        assert not grad[1, 6:].any()


@pytest.mark.parametrize("name", PAIRS)
def test_cached_writing_after_a_read_text_equals_the_full_pass(name: str) -> None:
    model, ids_BT = tiny(name), some_ids()
    with torch.no_grad():
        source = model.encode(some_ids(3, 11), torch.tensor([11, 4, 7]))
        full = model(model.begun(ids_BT[:, 1:]), source=source).hidden_BTC
        state, parts = model.start_state(3), []
        for part_BT in model.begun(ids_BT[:, 1:]).split([1, 5, 18], dim=1):
            parts.append(model(part_BT, state, source=source if state.length == 0 else None).hidden_BTC)
    torch.testing.assert_close(torch.cat(parts, 1), full, atol=5e-6, rtol=1e-5)


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("steps", [[24], [1] * 24, [7, 1, 1, 9, 6], [23, 1]])
def test_cached_decoding_equals_the_full_pass(name: str, steps: list[int]) -> None:
    model, ids_BT = tiny(name), some_ids()
    with torch.no_grad():
        full = scores(model, ids_BT)
        state = model.start_state(3, 24)
        parts = []
        for part_BT in ids_BT.split(steps, dim=1):
            output = model(part_BT, state)
            assert output.state is state
            parts.append(model.logits(output.hidden_BTC))
    assert state.length == 24
    torch.testing.assert_close(torch.cat(parts, 1), full, atol=5e-6, rtol=1e-5)


@pytest.mark.parametrize("name", WRITES)
def test_a_cleared_state_is_an_empty_one(name: str) -> None:
    model, ids_BT = tiny(name), some_ids()
    with torch.no_grad():
        state = model.start_state(3)
        first = model(ids_BT, state).hidden_BTC
        state.clear()
        assert state.length == 0
        assert torch.equal(model(ids_BT, state).hidden_BTC, first)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (name, changes)
        for name in ROWS
        for changes in ({}, {"tied": False}, {"dropout": 0.1})
        if name in TIEABLE or "tied" not in changes
    ],
)
def test_saved_and_loaded_bit_equal(name: str, changes: dict[str, object], tmp_path: Path) -> None:
    model, ids_BT = tiny(name, **changes), some_ids()
    save_model(model, tmp_path / "a")
    again = load_model(tmp_path / "a")
    assert again.blueprint == model.blueprint
    assert again.context_length == model.context_length
    with torch.no_grad():
        assert torch.equal(scores(again, ids_BT), scores(model, ids_BT))
    save_model(again, tmp_path / "b")
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


@pytest.mark.parametrize("name", ROWS)
def test_initial_weights_follow_the_seed_alone(name: str) -> None:
    row, settings = row_of(name), settings_of(name)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = row.build(settings, VOCAB_SIZE, seed=3).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    again, other = (row.build(settings, VOCAB_SIZE, seed=seed).state_dict() for seed in (3, 4))
    assert all(torch.equal(first[n], again[n]) for n in first)
    assert any(not torch.equal(first[n], other[n]) for n in first)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("autocast", [False, True])
def test_bfloat16_runs_finite_and_near(name: str, autocast: bool) -> None:
    exact, model, ids_BT = tiny(name).train(), tiny(name).train(), some_ids()
    if not autocast:
        model = model.to(torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        logits = scores(model, ids_BT)
        loss = functional.cross_entropy(logits.flatten(0, 1), ids_BT.flatten())
    loss.backward()
    assert logits.dtype == torch.float32
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())
    reference = scores(exact, ids_BT)
    assert (logits - reference).norm() < 0.05 * reference.norm()


@pytest.mark.parametrize("name", ROWS)
def test_dropout_acts_in_training_only(name: str) -> None:
    model, ids_BT = tiny(name, dropout=0.5), some_ids()
    with torch.no_grad():
        quiet = scores(model, ids_BT)
        assert torch.equal(quiet, scores(model, ids_BT))
        torch.testing.assert_close(quiet, scores(tiny(name), ids_BT))
        model.train()
        assert not torch.equal(scores(model, ids_BT), scores(model, ids_BT))


@pytest.mark.parametrize("name", ROWS)
def test_memory_of_activations_is_near_the_plan(name: str) -> None:
    row = row_of(name)
    settings = row.sized(300_000, 300, 32)
    model, kept = row.build(settings, 300).train(), {}
    known = {p.data_ptr() for p in model.parameters()}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        hidden_BTC = model(torch.zeros(16, 32, dtype=torch.long)).hidden_BTC
    expected = row.count(settings, 300).kept_per_token * 16 * 32 * 4
    assert hidden_BTC.requires_grad
    assert 0.5 * expected < sum(kept.values()) < 2 * expected
