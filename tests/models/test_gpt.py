"""The default GPT is Qwen3ForCausalLM, number for number."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from danlu.core.errors import UsageError
from danlu.core.settings import resolve
from danlu.models.gpt import ARCHITECTURE
from danlu.models.model import LanguageModel
from danlu.models.rotary_decoder import GPTSettings
from danlu.models.store import save_model
from danlu.models.stored import to_theirs

SHAPES: dict[str, dict[str, object]] = {
    "tied": {},
    "grouped": {"num_key_heads": 2},
    "untied": {"tied": False, "rotary_base": 500.0, "epsilon": 1e-5},
}


def small(**changes: object) -> LanguageModel:
    """A model of three layers, gains moved off one."""
    plain = {"width": 64, "depth": 3, "num_heads": 4, "num_key_heads": 4, "head_width": 16, "inner_width": 96}
    model = ARCHITECTURE.build(GPTSettings.model_validate({**plain, "context_length": 40, **changes}), 90)
    with torch.no_grad():
        for number, weight in enumerate(model.parameters()):
            if weight.ndim == 1:
                weight.add_(0.2 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(number)))
    return model


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("shape", SHAPES)
def test_logits_and_gradients_equal_those_of_transformers(shape: str, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    model = small(**SHAPES[shape])
    save_model(model, tmp_path)
    theirs, report = transformers.Qwen3ForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report.values())
    ids_BT = torch.randint(0, 90, (3, 40), generator=torch.Generator().manual_seed(1))
    ours_BTV, theirs_BTV = model.logits(model(ids_BT).hidden_BTC), theirs(ids_BT).logits
    torch.testing.assert_close(ours_BTV, theirs_BTV, atol=1e-4, rtol=0)
    for logits_BTV in (ours_BTV, theirs_BTV):
        functional.cross_entropy(logits_BTV.flatten(0, 1), ids_BT.roll(3).flatten()).backward()
    assert ARCHITECTURE.layout is not None
    stored = ARCHITECTURE.layout.tensors(GPTSettings.model_validate(dict(model.blueprint.settings)))
    ours = to_theirs(
        stored, {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    )
    gradients = {name: weight.grad for name, weight in theirs.named_parameters()}
    assert ours.keys() == gradients.keys()
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, gradients[name], atol=1e-5, rtol=1e-3)


def test_residual_matrices_start_smaller_in_deep_networks() -> None:
    deep = GPTSettings(width=128, depth=16, num_heads=2, num_key_heads=2, inner_width=352)
    model = ARCHITECTURE.build(deep, 500)
    block = model.body.get_submodule("blocks.0")
    query, output = block.get_parameter("attention.query"), block.get_parameter("attention.output")
    depth = len(model.body.get_submodule("blocks"))  # type: ignore[arg-type]
    assert float(query.detach().std()) == pytest.approx(query.shape[1] ** -0.5, rel=0.05)
    assert float(output.detach().std()) == pytest.approx((depth / 4 * output.shape[1]) ** -0.5, rel=0.05)


def test_heads_must_divide() -> None:
    with pytest.raises(UsageError, match="num_key_heads"):
        resolve(GPTSettings, overrides=["num_heads=4", "num_key_heads=3"])


@pytest.mark.parametrize(("size", "vocab_size", "depths"), [(1_000_000, 1000, (3, 6)), (5_000_000, 2000, (4, 7))])
def test_sizes_have_sensible_shapes(size: int, vocab_size: int, depths: tuple[int, int]) -> None:
    settings = ARCHITECTURE.sized(size, vocab_size, 256)
    assert depths[0] <= settings.depth <= depths[1]
    assert settings.width % 32 == 0
    assert settings.head_width in (32, 64)
    assert settings.num_heads * settings.head_width == settings.width
    assert 2.2 * settings.width < settings.inner_width < 3.2 * settings.width


def test_a_vocabulary_that_fills_the_budget_still_gives_a_model() -> None:
    settings = ARCHITECTURE.sized(50_000, 16_000, 64)
    assert ARCHITECTURE.count(settings, 16_000).total > 0
    assert settings.depth == 1


def test_flops_are_two_for_each_weight_and_the_attention() -> None:
    settings = ARCHITECTURE.sized(1_000_000, 1000, 256)
    number = ARCHITECTURE.count(settings, 1000)
    scores = 2 * settings.depth * settings.width * 257
    assert number.flops_per_token_forward == 2 * (number.matrices + number.embedding) + scores
    assert number.flops_per_token == 3 * number.flops_per_token_forward
