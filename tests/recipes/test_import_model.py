"""Folders as they lie about: shards, old names, bare bodies, settings that danlu does not follow; and every command on them.

B batch, T positions.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import danlu
from danlu.core.artifacts import open_artifact
from danlu.core.errors import ArtifactError, DanluError, UsageError
from danlu.recipes.import_model import import_model
from danlu.recipes.load import load
from foreign_folders import open_theirs, write_model, write_tokenizer

transformers = pytest.importorskip("transformers")
QUICK = ("proof=false",)
IDS_BT = torch.randint(6, 90, (2, 30), generator=torch.Generator().manual_seed(2))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of each family, with the logits of transformers beside it; tests only read it."""
    made = {}
    for name in ("gpt", "gpt2", "llama", "bert", "mistral", "modernbert", "roberta"):
        folder = tmp_path_factory.mktemp(name) / name
        model = write_model(folder, name, write_tokenizer(folder, name))
        with torch.no_grad():
            torch.save(model(IDS_BT).logits, folder.parent / "logits")
        made[name] = folder
    return made


def _wanted(folder: Path) -> Tensor:
    found: Tensor = torch.load(folder.parent / "logits", weights_only=True)
    return found


def _copy(folder: Path, to: Path, *, config: dict[str, Any] | None = None) -> Path:
    shutil.copytree(folder, to)
    if config is not None:
        written = json.loads((to / "config.json").read_text())
        (to / "config.json").write_text(json.dumps({**written, **config}))
    return to


def _rename(folder: Path, change: Callable[[str], str], more: dict[str, Tensor] | None = None) -> None:
    weights = load_file(folder / "model.safetensors")
    renamed = {change(name): tensor for name, tensor in weights.items()}
    save_file({**renamed, **(more or {})}, folder / "model.safetensors", metadata={"format": "pt"})


def test_shards_are_read(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = _copy(folders["llama"], tmp_path / "sharded")
    (folder / "model.safetensors").unlink()
    model = transformers.AutoModelForCausalLM.from_pretrained(folders["llama"])
    model.save_pretrained(folder, max_shard_size="50KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    assert not (folder / "model.safetensors").exists()
    result = import_model(folder, tmp_path / "ours")
    torch.testing.assert_close(load(result.path).logits(IDS_BT), _wanted(folders["llama"]), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("name", "change", "more"),
    [
        ("gpt2", lambda name: name.removeprefix("transformer."), {"h.0.attn.bias": torch.ones(1, 1, 48, 48)}),
        ("llama", lambda name: name.removeprefix("model."), {"layers.0.self_attn.rotary_emb.inv_freq": torch.ones(8)}),
        (
            "bert",
            lambda name: name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
                "LayerNorm.bias", "LayerNorm.beta"
            ),
            {"bert.embeddings.position_ids": torch.arange(48)[None]},
        ),
        ("roberta", lambda name: name.replace("lm_head.bias", "lm_head.decoder.bias"), {}),
    ],
)
def test_weights_under_their_other_names_are_the_same_model(
    folders: dict[str, Path], tmp_path: Path, name: str, change: Callable[[str], str], more: dict[str, Tensor]
) -> None:
    folder = _copy(folders[name], tmp_path / "renamed")
    _rename(folder, change, more)
    torch.testing.assert_close(load(folder).logits(IDS_BT), _wanted(folders[name]), atol=1e-4, rtol=0)


def test_a_head_that_is_no_copy_and_a_weight_too_many_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = _copy(folders["gpt2"], tmp_path / "other")
    embedding = load_file(folder / "model.safetensors")["transformer.wte.weight"]
    _rename(folder, str, {"lm_head.weight": embedding.clone()})
    load(folder)
    _rename(folder, str, {"lm_head.weight": embedding + 1})
    with pytest.raises(ArtifactError, match=r"lm_head\.weight: not part"):
        load(folder)
    _rename(_copy(folders["gpt2"], tmp_path / "more"), str, {"transformer.adapter.weight": torch.ones(2)})
    with pytest.raises(ArtifactError, match=r"transformer\.adapter\.weight: not part"):
        import_model(tmp_path / "more", tmp_path / "out", overrides=QUICK)


def test_a_bare_body_gives_vectors_and_refuses_to_score(tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    body = write_model(folder, "bert", write_tokenizer(folder, "bert"), head=False)
    result = import_model(folder, tmp_path / "ours")
    assert not result.head
    assert result.left_out == ("pooler.dense.bias", "pooler.dense.weight")
    model, reader = load(result.path), open_theirs(folder)
    for text in ("The furnace is lit", "丹炉之中，火候最难。" * 20):
        batch = reader(text, return_tensors="pt", truncation=True, max_length=model.context_length)
        with torch.no_grad():
            wanted_1C = body(**batch).last_hidden_state.mean(dim=1)
        torch.testing.assert_close(model.vectors([text]), wanted_1C, atol=1e-4, rtol=0)
    assert model.vectors([]).shape == (0, body.config.hidden_size)
    for work in (lambda: model.logits(IDS_BT), lambda: list(danlu.generate(result.path, "The ___ is lit"))):
        with pytest.raises(UsageError, match="no head"):
            work()
    again = danlu.export(result.path, "huggingface", tmp_path / "again")
    assert [proof.program for proof in again.proofs] == ["danlu", "transformers"]
    assert type(transformers.AutoModel.from_pretrained(again.path)).__name__ == "BertModel"


@pytest.mark.parametrize(
    ("name", "config", "problem"),
    [
        ("llama", {"rope_parameters": {"rope_type": "yarn", "factor": 4.0}}, "rope_type 'yarn'"),
        ("llama", {"rope_parameters": None, "rope_scaling": {"type": "linear", "factor": 2.0}}, "rope_type 'linear'"),
        ("llama", {"partial_rotary_factor": 0.5}, "partial_rotary_factor 0.5"),
        ("llama", {"hidden_act": "gelu"}, "hidden_act 'gelu'"),
        ("llama", {"attention_bias": True}, "attention_bias"),
        ("gpt", {"layer_types": ["linear_attention"]}, "layer_types linear_attention"),
        ("gpt", {"quantization_config": {"quant_method": "gptq"}}, "quantization_config"),
        ("gpt2", {"activation_function": "relu"}, "activation_function 'relu'"),
        ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, "scaled otherwise"),
        ("gpt2", {"add_cross_attention": True}, "add_cross_attention"),
        ("bert", {"hidden_act": "gelu_new"}, "hidden_act 'gelu_new'"),
        ("bert", {"position_embedding_type": "relative_key"}, "position_embedding_type"),
        ("bert", {"is_decoder": True}, "is_decoder"),
        ("roberta", {"pad_token_id": 0}, "pad_token_id 0"),
        ("modernbert", {"classifier_activation": "relu"}, "classifier_activation 'relu'"),
        ("modernbert", {"hidden_activation": "silu"}, "hidden_activation 'silu'"),
        ("modernbert", {"decoder_bias": False}, "decoder_bias"),
        ("modernbert", {"layer_types": ["sliding_attention"] * 9}, "layer_types"),
        ("gpt", {"auto_map": {"AutoModel": "code.Model"}}, "auto_map"),
        ("gpt", {"model_type": "mamba"}, "mamba"),
    ],
)
def test_settings_that_change_the_results_are_refused_by_name(
    folders: dict[str, Path], tmp_path: Path, name: str, config: dict[str, Any], problem: str
) -> None:
    folder = _copy(folders[name], tmp_path / "other", config=config)
    for work in (lambda: load(folder), lambda: import_model(folder, tmp_path / "out")):
        with pytest.raises(ArtifactError, match=problem):
            work()
    assert not (tmp_path / "out").exists()


def test_a_window_that_slides_shortens_the_context_and_is_told(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = _copy(folders["mistral"], tmp_path / "sliding", config={"sliding_window": 16})
    result = import_model(folder, tmp_path / "ours")
    assert (result.context_length, result.max_positions) == (16, 48)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        wanted_BTV = model(IDS_BT[:, :16]).logits
    torch.testing.assert_close(load(result.path).logits(IDS_BT[:, :16]), wanted_BTV, atol=1e-4, rtol=0)
    with pytest.raises(UsageError, match="T from 1 to 16"):
        load(result.path).logits(IDS_BT)


@pytest.mark.parametrize("name", ["gpt", "bert"])
def test_every_command_reads_the_folder_itself(folders: dict[str, Path], tmp_path: Path, name: str) -> None:
    text = tmp_path / "text.txt"
    text.write_text("The furnace is lit at dawn; ÜBER 丹炉之中，火候最难。 \U0001f409\n" * 4, encoding="utf-8")
    ours = import_model(folders[name], tmp_path / "ours", overrides=QUICK).path
    scores = [danlu.evaluate(place, on=text) for place in (folders[name], ours)]
    assert scores[0].bits_per_byte == scores[1].bits_per_byte
    assert scores[0].num_bytes == len(text.read_bytes())
    lost = scores[0].round_trip
    assert lost is not None
    assert (lost.num_changed, lost.num_unknown_tokens > 0) == ((1, True) if name == "bert" else (0, False))
    prompt = "The ___ is lit" if name == "bert" else "The furnace"
    written = [list(danlu.generate(place, prompt, overrides=())) for place in (folders[name], ours)]
    assert written[0] == written[1]
    assert danlu.export(folders[name], "huggingface", tmp_path / "again").proofs[-1].program == "transformers"
    with pytest.raises(DanluError, match="not a finished run"):
        danlu.extend(ours, duration="10s")


def test_the_same_import_again_is_done_and_anything_else_is_kept(folders: dict[str, Path], tmp_path: Path) -> None:
    first = import_model(folders["gpt"], tmp_path / "ours", overrides=QUICK)
    before = {path: path.stat().st_mtime_ns for path in first.path.rglob("*")}
    assert import_model(folders["gpt"], tmp_path / "ours", overrides=QUICK).digest == first.digest
    assert {path: path.stat().st_mtime_ns for path in first.path.rglob("*")} == before
    assert open_artifact(first.path, "model", verify="hashes").facts["imported_from"] == "gpt"
    for other in (
        lambda: import_model(folders["llama"], tmp_path / "ours"),
        lambda: import_model(first.path, tmp_path / "b"),
    ):
        with pytest.raises(UsageError):
            other()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="something else"):
        import_model(folders["gpt"], tmp_path / "full", overrides=QUICK)


def test_weights_of_half_the_bytes_are_widened(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = _copy(folders["llama"], tmp_path / "half")
    halved = {name: tensor.bfloat16() for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file(halved, folder / "model.safetensors", metadata={"format": "pt"})
    assert load(folder).network.embed.weight.dtype == torch.float32
    small = import_model(folder, tmp_path / "small", overrides=["dtype=bfloat16", *QUICK])
    assert load_file(small.path / "model.safetensors")["model.norm.weight"].dtype == torch.bfloat16
    found, wanted = load(small.path).network.state_dict(), load(folder).network.state_dict()
    assert all(torch.equal(found[name].float(), wanted[name]) for name in wanted)
