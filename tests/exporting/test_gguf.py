"""GGUF files hold every tensor and the tokenizer as llama.cpp wants them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from danlu.core.errors import ArtifactError, UsageError
from danlu.exporting import gguf as format_gguf
from danlu.exporting.source import open_source
from danlu.recipes.export import export

gguf = pytest.importorskip("gguf")
ROWS = sorted(format_gguf.KINDS)


def read(folder: Path) -> dict[str, np.ndarray]:
    reader = gguf.GGUFReader(str(folder / format_gguf.FILE))
    return {
        tensor.name: np.asarray(tensor.data).reshape(tuple(int(size) for size in reversed(tensor.shape)))
        for tensor in reader.tensors
        if tensor.tensor_type == gguf.GGMLQuantizationType.F32
    }


@pytest.mark.parametrize("arch", ROWS)
def test_every_row_is_written_and_read_back(make_run: Callable[..., Path], tmp_path: Path, arch: str) -> None:
    run = make_run(arch)
    done = export(run, "gguf", tmp_path / "out")
    model = open_source(run).model
    tensors = read(done.path)
    assert sum(values.size for values in tensors.values()) == sum(p.numel() for p in model.parameters())
    np.testing.assert_array_equal(tensors["token_embd.weight"], model.embed.weight.detach().numpy())
    reader = gguf.GGUFReader(str(done.path / format_gguf.FILE))
    assert reader.get_field("general.architecture").contents() == format_gguf.KINDS[arch].architecture
    assert reader.get_field("tokenizer.ggml.pre").contents() == "qwen2"
    assert done.proofs[0].program == "gguf"


def test_tokens_merges_and_control_tokens_are_those_of_the_tokenizer(gpt_run: Path, tmp_path: Path) -> None:
    export(gpt_run, "gguf", tmp_path / "out")
    tokenizer = open_source(gpt_run).tokenizer
    reader = gguf.GGUFReader(str(tmp_path / "out" / format_gguf.FILE))
    model = json.loads(tokenizer.library.to_str())["model"]
    tokens = reader.get_field("tokenizer.ggml.tokens").contents()
    assert {token: number for number, token in enumerate(tokens) if token in model["vocab"]} == model["vocab"]
    types = reader.get_field("tokenizer.ggml.token_type").contents()
    controls = {number for number, kind in enumerate(types) if kind == format_gguf.CONTROL}
    assert controls == tokenizer.control_ids()
    assert len(reader.get_field("tokenizer.ggml.merges").contents()) == len(model["merges"])


def test_rows_of_llama_are_interleaved_back_to_the_same_scores() -> None:
    class Shape:
        num_heads, num_key_heads, head_width = 2, 1, 4

    values = np.arange(8 * 3, dtype=np.float32).reshape(8, 3)
    laid = format_gguf.KINDS["llama"].lay("model.layers.0.self_attn.q_proj.weight", values, Shape)
    assert laid[:, 0].tolist() == values[[0, 2, 1, 3, 4, 6, 5, 7], 0].tolist()
    same = format_gguf.KINDS["llama"].lay("model.layers.0.self_attn.v_proj.weight", values, Shape)
    assert same is values


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_smaller_numbers_are_rounded_matrices_and_whole_gains(gpt_run: Path, tmp_path: Path, dtype: str) -> None:
    whole = export(gpt_run, "gguf", tmp_path / "whole")
    half = export(gpt_run, "gguf", tmp_path / "half", overrides=[f"dtype={dtype}"])
    assert half.num_bytes < 0.75 * whole.num_bytes
    assert "output_norm.weight" in read(half.path)  # gains are still float32
    assert "token_embd.weight" not in read(half.path)


def test_what_llama_cpp_does_not_know_is_refused(make_run: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lstm"):
        export(make_run("lstm"), "gguf", tmp_path / "a")
    with pytest.raises(UsageError, match="char"):
        export(make_run("gpt", "char"), "gguf", tmp_path / "b")
    assert not list(tmp_path.iterdir())


def test_a_file_that_differs_is_not_kept(gpt_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = format_gguf._tensors
    calls = []

    def other(source: object) -> dict[str, np.ndarray]:
        found = real(source)  # type: ignore[arg-type]
        calls.append(1)
        return found if len(calls) == 1 else {name: values + 1 for name, values in found.items()}

    monkeypatch.setattr(format_gguf, "_tensors", other)
    with pytest.raises(ArtifactError):
        export(gpt_run, "gguf", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_equal_models_give_equal_files(gpt_run: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    first, second = (export(gpt_run, "gguf", tmp_path / name) for name in ("a", "b"))
    assert (first.path / format_gguf.FILE).read_bytes() == (second.path / format_gguf.FILE).read_bytes()
