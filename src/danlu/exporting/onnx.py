"""Format `onnx`: graphs that onnxruntime and other programs run without torch, for every architecture.

`model.onnx`, or `encoder_model.onnx` and `decoder_model.onnx` where a text is read before another is written; sizes of
batch, text and memory vary. `graphs.json` says what goes in and comes out.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, final

from danlu.core.disk import write_durably, write_json
from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.exporting.card import CardSettings, model_card
from danlu.exporting.format import ExportFormat, Proof
from danlu.exporting.huggingface import write_tokenizer
from danlu.exporting.source import ExportSource

GRAPHS = "graphs.json"
PACKAGES = ("onnx", "onnxscript", "onnxruntime")
MOST_PARAMETERS = 500_000_000  # a file is one message of protobuf, which holds 2 GiB


@final
class OnnxSettings(CardSettings):
    """What the card says; weights are float32."""


def check(source: ExportSource, settings: OnnxSettings) -> None:
    """Raises UsageError without the packages, or for a model that does not fit into one file."""
    del settings
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise UsageError(
            Text("the export needs packages that are missing", "该导出缺少所需的软件包"),
            got=", ".join(missing),
            allowed=Text("{packages} installed", "已安装 {packages}"),
            fix=Text("pip install 'danlu[export]'", "请执行 pip install 'danlu[export]'"),
            packages=", ".join(PACKAGES),
        )
    if source.num_parameters > MOST_PARAMETERS:
        raise UsageError(
            Text("the model is too large for one ONNX file", "模型过大，无法存入一个 ONNX 文件"),
            got=Text("{count} parameters", "{count} 个参数"),
            allowed=Text("at most {most}", "最多 {most}"),
            fix=Text("export with --to huggingface", "请用 --to huggingface 导出"),
            count=source.num_parameters,
            most=MOST_PARAMETERS,
        )


def write(source: ExportSource, out: Path, settings: OnnxSettings) -> None:
    """Writes the graphs, what describes them, the tokenizer and a card into `out`; equal models give equal bytes."""
    from danlu.exporting.onnx_tracing import graphs_of, write_graph

    graphs = graphs_of(source.model)
    for graph in graphs:
        write_graph(graph, out)
    tokenizer, model = source.tokenizer, source.model
    facts: dict[str, Any] = {
        "architecture": source.architecture.name,
        "direction": model.direction,
        "vocab_size": model.vocab_size,
        "context_length": model.context_length,
        "bos_token_id": tokenizer.bos_id,
        "eos_token_ids": source.end_ids,
    }
    controls: Mapping[str, int | None] = {"pad_token_id": tokenizer.pad_id, "mask_token_id": tokenizer.mask_id}
    facts |= {name: number for name, number in controls.items() if number is not None}
    if model.direction == "encoder-decoder":
        facts |= {"decoder_start_token_id": model.start_id, "objective": model.objective}
    facts["graphs"] = {
        graph.file: {
            "inputs": {name: graph.sizes(name) for name in graph.inputs},
            "outputs": list(graph.outputs),
            "memory": dict(graph.memory),
        }
        for graph in graphs
    }
    write_json(out / GRAPHS, facts)
    write_tokenizer(source, out)
    use = _USES[model.direction]
    card = model_card(source, license_name=settings.license, languages=settings.languages, use=use, library="onnx")
    write_durably(out / "README.md", card.encode())


def prove(source: ExportSource, out: Path, settings: OnnxSettings) -> list[Proof]:
    """Runs the files with onnxruntime and compares; raises ArtifactError at a difference."""
    del settings
    from danlu.exporting.onnx_proof import prove_graphs

    return [prove_graphs(source, out)]


_START = """`graphs.json` names every input and output, and what of a pass goes into the next (`memory`).
`graphs.json` 列出所有输入与输出，以及一次运行的哪些输出是下一次的输入（`memory`）。

```python
import json
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

facts = json.loads(Path("graphs.json").read_text(encoding="utf-8"))
tokenizer = Tokenizer.from_file("tokenizer.json")
"""

_WRITES = (
    _START
    + """session = onnxruntime.InferenceSession("model.onnx")
graph = facts["graphs"]["model.onnx"]
memory = {name: np.zeros([size if isinstance(size, int) else {"batch": 1}.get(size, 0) for size in graph["inputs"][name]],
          np.float32) for name in graph["memory"].values()}
ids = new = [facts["bos_token_id"], *tokenizer.encode("Once upon a time", add_special_tokens=False).ids]
while len(ids) < min(40, facts["context_length"]):
    feed = {"input_ids": np.array([new]), **memory}
    if "attention_mask" in graph["inputs"]:
        feed["attention_mask"] = np.ones((1, len(ids)), np.int64)
    found = dict(zip(graph["outputs"], session.run(graph["outputs"], feed)))
    memory = {name: found[output] for output, name in graph["memory"].items()}
    new = [int(found["logits"][0, -1].argmax())]
    ids = [*ids, *new]
print(tokenizer.decode(ids[1:]))
```
"""
)

_READS = (
    _START
    + """session = onnxruntime.InferenceSession("model.onnx")
ids = [facts["bos_token_id"], *tokenizer.encode("Once upon a", add_special_tokens=False).ids]
ids = ids + [facts["mask_token_id"]] if "mask_token_id" in facts else ids
feed = {name: np.array([ids]) if name == "input_ids" else np.full((1, len(ids)), int(name == "attention_mask"), np.int64)
        for name in facts["graphs"]["model.onnx"]["inputs"]}
found = dict(zip(facts["graphs"]["model.onnx"]["outputs"], session.run(None, feed)))
print(found["last_hidden_state"].mean(axis=1).shape)
if "logits" in found:
    print(tokenizer.decode([int(found["logits"][0, -1].argmax())]))
```
"""
)

_READS_AND_WRITES = (
    _START
    + """reader, writer = (onnxruntime.InferenceSession(f"{part}_model.onnx") for part in ("encoder", "decoder"))
graph, read = facts["graphs"]["decoder_model.onnx"], facts["graphs"]["encoder_model.onnx"]
ids = np.array([[facts["bos_token_id"], *tokenizer.encode("Once upon a time", add_special_tokens=False).ids]])
found = dict(zip(read["outputs"], reader.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})))
kept = {name: found[output] for output, name in read["memory"].items()} | {"encoder_attention_mask": np.ones_like(ids)}
memory = {name: np.zeros([size if isinstance(size, int) else {"batch": 1}.get(size, 0) for size in graph["inputs"][name]],
          np.float32) for name in graph["memory"].values()}
written = [facts["decoder_start_token_id"]]
while len(written) < 40:
    feed = {"input_ids": np.array([written[-1:]]), **kept, **memory}
    found = dict(zip(graph["outputs"], writer.run(None, feed)))
    memory = {name: found[output] for output, name in graph["memory"].items()}
    written.append(int(found["logits"][0, -1].argmax()))
print(tokenizer.decode(written[1:]))
```
"""
)

_USES = {
    "left-to-right": _WRITES,
    "bidirectional": _READS,
    "encoder-decoder": _READS_AND_WRITES,
}

FORMAT = ExportFormat(name="onnx", settings=OnnxSettings, check=check, write=write, prove=prove)
