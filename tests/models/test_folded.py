"""The folded form computes what the modules compute, and is refused for what it does not know.

B texts, T positions, V vocabulary.
"""

import pytest
import torch
from torch import Tensor, nn

from danlu.models import ARCHITECTURES
from danlu.models.folded import fold
from danlu.models.layers.cache import KeyValueCache
from danlu.models.model import LanguageModel

FOLDED = ("gpt", "llama", "mistral", "qwen2")
CONTEXT, VOCABULARY = 12, 50


def model_of(name: str, *, num_heads: int = 4, num_key_heads: int = 4, tied: bool = True) -> LanguageModel:
    """A small model whose gains and biases are not those of a beginning."""
    row = ARCHITECTURES.load(name)
    shape = {"width": 32, "depth": 3, "num_heads": num_heads, "num_key_heads": num_key_heads, "head_width": 8}
    settings = row.settings.model_validate({**shape, "inner_width": 48, "context_length": CONTEXT, "tied": tied})
    model: LanguageModel = row.build(settings, VOCABULARY, seed=3)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 1:
                weight.add_(torch.rand(weight.shape, generator=generator) - 0.3)
    return model.eval()


def by_modules(model: LanguageModel, ids_BT: Tensor) -> Tensor:
    """Scores [B, T, V] of a whole window."""
    with torch.no_grad():
        return model.logits(model(ids_BT).hidden_BTC)


@pytest.mark.parametrize("name", FOLDED)
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("num_key_heads", [4, 2])
def test_a_step_gives_the_scores_of_a_whole_window(name: str, batch: int, num_key_heads: int) -> None:
    model = model_of(name, num_key_heads=num_key_heads, tied=batch == 1)
    ids_BT = torch.randint(0, VOCABULARY, (batch, CONTEXT), generator=torch.Generator().manual_seed(batch))
    folded, cache = fold(model), model.start_state(batch)
    assert folded is not None
    assert isinstance(cache, KeyValueCache)
    found = torch.stack([folded.scores(column_B, cache) for column_B in ids_BT.T], dim=1)
    torch.testing.assert_close(found, by_modules(model, ids_BT), atol=2e-5, rtol=1e-5)
    assert cache.length == CONTEXT


@pytest.mark.parametrize("name", FOLDED)
def test_it_goes_on_where_the_modules_stopped(name: str) -> None:
    model = model_of(name)
    ids_1T = torch.randint(0, VOCABULARY, (1, CONTEXT), generator=torch.Generator().manual_seed(5))
    folded, cache = fold(model), model.start_state(1)
    assert folded is not None
    assert isinstance(cache, KeyValueCache)
    with torch.no_grad():
        model(ids_1T[:, :7], cache)
    found = [folded.scores(ids_1T[:, place], cache) for place in range(7, CONTEXT)]
    torch.testing.assert_close(torch.stack(found, 1), by_modules(model, ids_1T)[:, 7:], atol=2e-5, rtol=1e-5)


def test_later_changes_of_the_weights_do_not_reach_it() -> None:
    model = model_of("gpt")
    folded = fold(model)
    assert folded is not None
    vectors = torch.randn(2, 32, generator=torch.Generator().manual_seed(1))
    before = folded.head(vectors)
    with torch.no_grad():
        model.body.get_submodule("norm").weight.mul_(2)
    assert torch.equal(folded.head(vectors), before)
    again = fold(model)
    assert again is not None
    torch.testing.assert_close(again.head(vectors), 2 * before)


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES.names() if name not in FOLDED])
def test_other_rows_have_no_folded_form(name: str) -> None:
    row = ARCHITECTURES.load(name)
    assert fold(row.build(row.sized(30_000, VOCABULARY, CONTEXT), VOCABULARY)) is None


def test_other_types_of_numbers_and_other_parts_have_none() -> None:
    assert fold(model_of("gpt").bfloat16()) is None
    model = model_of("llama")
    model.body.norm = nn.LayerNorm(32)
    assert fold(model) is None
