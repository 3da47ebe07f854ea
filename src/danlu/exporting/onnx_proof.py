"""Whether graphs of ONNX compute what the model does: at two lengths and two sizes of batch, with padding, and with the
memory that one pass hands to the next.

B batch, T positions, V vocabulary, C width.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer as LibraryTokenizer
from torch import Tensor

from danlu.exporting.format import Proof
from danlu.exporting.onnx_graphs import HIDDEN, IDS, LOGITS, MASK, SEGMENTS, Graph
from danlu.exporting.onnx_tracing import graphs_of
from danlu.exporting.parity import check_ids, check_logits, parity_ids, parity_texts
from danlu.exporting.source import ExportSource
from danlu.models.heads import MissingHead
from danlu.models.model import LanguageModel
from danlu.tokenizers.tokenizer import Tokenizer

Array = NDArray[Any]
PROGRAM = "onnxruntime"
SHORT, LONG = 7, 40  # positions
READ_MASK = "encoder_attention_mask"


def prove_graphs(source: ExportSource, folder: Path) -> Proof:
    """Runs the files of `folder`; raises ArtifactError at other ids, or at logits that differ."""
    texts = parity_texts()
    library = LibraryTokenizer.from_file(str(folder / "tokenizer.json"))
    copy = Tokenizer(library, source.tokenizer.kind, source.tokenizer.facts)
    check_ids(source.tokenizer, copy.encode, "tokenizers", texts)
    graphs = [RunningGraph(folder, graph) for graph in graphs_of(source.model)]
    model = source.model.eval()
    compare = {"left-to-right": _compare_writer, "bidirectional": _compare_reader, "encoder-decoder": _compare_pair}
    batches = [_texts(source, 1, SHORT), _texts(source, 3, LONG)]
    with torch.no_grad():
        differences = [compare[model.direction](model, graphs, rows) for rows in batches]
    return Proof(program=PROGRAM, largest_difference=max(differences), num_texts=len(texts))


class RunningGraph:
    """A file of ONNX in onnxruntime, on two threads at most."""

    def __init__(self, folder: Path, graph: Graph) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(2, torch.get_num_threads())
        options.log_severity_level = 3
        self.graph = graph
        self._session = onnxruntime.InferenceSession(str(folder / graph.file), options, ["CPUExecutionProvider"])

    def run(self, feed: Mapping[str, Array]) -> dict[str, Array]:
        """Every output by its name."""
        found = self._session.run(list(self.graph.outputs), dict(feed))
        return dict(zip(self.graph.outputs, found, strict=True))

    def empty_memory(self, batch: int) -> dict[str, Array]:
        """What the first pass remembers: nothing, or zeros where the memory does not grow."""
        known = {"batch": batch}
        return {
            name: np.zeros(
                [size if isinstance(size, int) else known.get(size, 0) for size in self.graph.sizes(name)], np.float32
            )
            for name in self.graph.memory.values()
        }

    def in_steps(self, steps: Sequence[Array], feed: Mapping[str, Array], real_BT: Array) -> Array:
        """Logits [B, T, V] of ids that come in pieces, each after what the passes before it remember."""
        memory, found, end = self.empty_memory(len(real_BT)), [], 0
        for ids_BT in steps:
            end += ids_BT.shape[1]
            masks = {MASK: real_BT[:, :end]} if MASK in self.graph.inputs else {}
            out = self.run({IDS: ids_BT, **masks, **feed, **memory})
            memory = {name: out[output] for output, name in self.graph.memory.items()}
            found.append(out[LOGITS])
        return np.concatenate(found, axis=1)


def _texts(source: ExportSource, batch: int, length: int) -> list[Tensor]:
    """Ids of `batch` texts, each shorter than the one before it."""
    length = min(length, source.model.context_length)
    ids_BT = parity_ids(source.model.vocab_size, length, source.tokenizer.bos_id, num_rows=batch)
    return [ids_T[: max(1, length - 3 * number)] for number, ids_T in enumerate(ids_BT)]


def _padded(rows: Sequence[Tensor]) -> tuple[Array, Array]:
    """Ids [B, T] with zeros behind each text, and which of them are real."""
    ids_BT = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    lengths_B = torch.tensor([len(row) for row in rows])
    return ids_BT.numpy(), (torch.arange(ids_BT.shape[1]) < lengths_B[:, None]).long().numpy()


def _check(rows: Sequence[Tensor], wanted: Sequence[Tensor], found_BTV: Array) -> float:
    """The largest difference over the real positions of each text."""
    pairs = zip(rows, wanted, found_BTV, strict=True)
    return max(check_logits(want, torch.from_numpy(found[: len(row)]), PROGRAM) for row, want, found in pairs)


def _compare_writer(model: LanguageModel, graphs: Sequence[RunningGraph], rows: Sequence[Tensor]) -> float:
    wanted = [model.logits(model(row[None]).hidden_BTC)[0] for row in rows]
    ids_BT, real_BT = _padded(rows)
    cut = max(1, ids_BT.shape[1] // 2)
    pieces = [[ids_BT], [ids_BT[:, :cut], *np.split(ids_BT[:, cut:], max(1, ids_BT.shape[1] - cut), axis=1)]]
    return max(_check(rows, wanted, graphs[0].in_steps(steps, {}, real_BT)) for steps in pieces)


def _compare_reader(model: LanguageModel, graphs: Sequence[RunningGraph], rows: Sequence[Tensor]) -> float:
    graph = graphs[0]
    ids_BT, real_BT = _padded(rows)
    feed = {IDS: ids_BT, MASK: real_BT} | ({SEGMENTS: np.zeros_like(ids_BT)} if SEGMENTS in graph.graph.inputs else {})
    out = graph.run(feed)
    hidden = [model(row[None]).hidden_BTC for row in rows]
    found = _check(rows, [vectors[0].float() for vectors in hidden], out[HIDDEN])
    if isinstance(model.head, MissingHead):
        return found
    return max(found, _check(rows, [model.logits(vectors)[0] for vectors in hidden], out[LOGITS]))


def _compare_pair(model: LanguageModel, graphs: Sequence[RunningGraph], rows: Sequence[Tensor]) -> float:
    """The texts are read, and written backwards."""
    reader, writer = graphs
    written = [model.begun(row.flip(0)[None, :-1]) for row in rows]
    wanted = [
        model.logits(model(ids, source=model.encode(row[None])).hidden_BTC)[0]
        for row, ids in zip(rows, written, strict=True)
    ]
    read_BS, real_BS = _padded(rows)
    out = reader.run({IDS: read_BS, MASK: real_BS})
    kept = {name: out[output] for output, name in reader.graph.memory.items()} | {READ_MASK: real_BS}
    ids_BT, real_BT = _padded([ids[0] for ids in written])
    pieces = [[ids_BT], np.split(ids_BT, ids_BT.shape[1], axis=1)]
    return max(_check(rows, wanted, writer.in_steps(steps, kept, real_BT)) for steps in pieces)
