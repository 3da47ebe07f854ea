"""Graphs of ONNX for every architecture: the same scores in onnxruntime, whatever the sizes."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from danlu.core.errors import ArtifactError
from danlu.exporting import onnx_tracing
from danlu.exporting.onnx import GRAPHS
from danlu.exporting.source import open_source
from danlu.models import ARCHITECTURES
from danlu.recipes.export import export
from danlu.recipes.load import load
from measured import MEASURED

onnxruntime = pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")


@pytest.mark.parametrize("arch", ARCHITECTURES.names())
def test_every_row_gives_the_same_scores_in_onnxruntime(
    make_run: Callable[..., Path], tmp_path: Path, arch: str, record_property: Callable[[str, object], None]
) -> None:
    run = make_run(arch, "bpe" if arch != "lstm" else "char")
    done = export(run, "onnx", tmp_path / "out")
    (proof,) = done.proofs
    assert proof.program == "onnxruntime"
    assert proof.largest_difference < 1e-4
    record_property(MEASURED, (f"onnx {arch}", proof.largest_difference))
    facts = json.loads((done.path / GRAPHS).read_text())
    for file, graph in facts["graphs"].items():
        model = onnx.load(str(done.path / file))
        assert {value.name for value in model.graph.input} == set(graph["inputs"])
        shapes = {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in model.graph.input}
        assert shapes == graph["inputs"]
        assert str(Path.home()).encode() not in (done.path / file).read_bytes()
        assert b".py" not in (done.path / file).read_bytes()
    out = subprocess.run([sys.executable, "-c", _example(done.path)], cwd=done.path, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    assert out.stdout.strip() or arch == "t5"  # whose random weights write control tokens alone


def _example(folder: Path) -> str:
    """The program that the card shows."""
    return (folder / "README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]


@pytest.fixture(scope="module")
def gpt_graphs(gpt_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported `gpt_run`; tests only read it."""
    return export(gpt_run, "onnx", tmp_path_factory.mktemp("gpt") / "out").path


def test_greedy_text_is_what_danlu_writes(gpt_run: Path, gpt_graphs: Path) -> None:
    told = subprocess.run([sys.executable, "-c", _example(gpt_graphs)], cwd=gpt_graphs, capture_output=True, text=True)
    model = load(gpt_run)
    prompt = "Once upon a time"
    room = 40 - 1 - len(model.encode(prompt))
    assert told.stdout.removesuffix("\n") == prompt + model.generate(prompt, temperature=0.0, max_tokens=room)


def test_padding_before_a_text_changes_nothing(gpt_run: Path, gpt_graphs: Path) -> None:
    source = open_source(gpt_run)
    ids = source.tokenizer.encode("炉开而丹成 the fire")
    with torch.no_grad():
        wanted = source.model.logits(source.model(torch.tensor([ids])).hidden_BTC)[0].numpy()
    session = onnxruntime.InferenceSession(str(gpt_graphs / "model.onnx"))
    graph = json.loads((gpt_graphs / GRAPHS).read_text())["graphs"]["model.onnx"]
    sizes = {"batch": 1, "past_length": 0}
    memory = {
        name: np.zeros([sizes.get(size, size) for size in graph["inputs"][name]], np.float32)
        for name in graph["memory"].values()
    }
    mask = np.array([[0, 0, 0] + [1] * len(ids)])
    (logits,) = session.run(["logits"], {"input_ids": np.array([[7, 7, 7, *ids]]), "attention_mask": mask, **memory})
    np.testing.assert_allclose(logits[0, 3:], wanted, atol=1e-4)


def test_equal_models_give_equal_files(make_run: Callable[..., Path], tmp_path: Path) -> None:
    run = make_run("gru")
    files = [(export(run, "onnx", tmp_path / name).path / "model.onnx").read_bytes() for name in ("one", "two")]
    assert files[0] == files[1]


def test_a_damaged_graph_is_noticed_and_nothing_is_kept(
    make_run: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(graph: object, folder: Path) -> None:
        model = traced(graph)
        name = next(t for t in model.graph.initializer if len(t.dims) == 2)
        values = onnx.numpy_helper.to_array(name) * 1.01
        name.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float32), name.name))
        (folder / "model.onnx").write_bytes(model.SerializeToString())

    traced = onnx_tracing.traced
    monkeypatch.setattr(onnx_tracing, "write_graph", damaged)
    with pytest.raises(ArtifactError, match="does not equal the original"):
        export(make_run("rnn"), "onnx", tmp_path / "out")
    assert not (tmp_path / "out").exists()
