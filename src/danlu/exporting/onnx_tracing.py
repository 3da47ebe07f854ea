"""From a graph of torch to a file of ONNX: traced once, named, and freed of everything that differs between machines.

The exporter is torch's own (torch.onnx.export, pytorch.org/docs/stable/onnx_export.html); operators are those of opset 18.
"""

import inspect
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnx
import torch

from danlu.core.disk import write_durably
from danlu.exporting.onnx_graphs import Graph, reader_graph, source_graph, target_graph, writer_graph
from danlu.exporting.onnx_recurrent import both_ways_graph, recurrent_graph
from danlu.models.layers.bidirectional import BidirectionalStack
from danlu.models.layers.recurrent import RecurrentStack
from danlu.models.model import LanguageModel

OPSET = 18


def graphs_of(model: LanguageModel) -> list[Graph]:
    """The graphs of a model: one, or those of encoder and decoder."""
    if isinstance(model.body, RecurrentStack):
        return [recurrent_graph(model)]
    if isinstance(model.body, BidirectionalStack):
        return [both_ways_graph(model)]
    if model.direction == "encoder-decoder":
        return [source_graph(model), target_graph(model)]
    return [writer_graph(model) if model.direction == "left-to-right" else reader_graph(model)]


def traced(graph: Graph) -> Any:
    """The model of `graph` (onnx.ModelProto), equal for equal weights, with the names of `graph`."""
    with _quiet():
        program = torch.export.export(
            graph.module.eval(),
            tuple(graph.inputs.values()),
            dynamic_shapes=_varying(graph),
            strict=False,
            prefer_deferred_runtime_asserts_over_guards=True,
        )
        converted = torch.onnx.export(
            program,
            dynamo=True,
            opset_version=OPSET,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            verbose=False,
        )
    assert converted is not None
    model = converted.model_proto
    _forget(model)
    _name_axes(model, graph.axes)
    onnx.checker.check_model(model, full_check=False)
    return model


def write_graph(graph: Graph, folder: Path) -> None:
    """Writes the file of `graph` into `folder`."""
    write_durably(folder / graph.file, traced(graph).SerializeToString(deterministic=True))


def _varying(graph: Graph) -> tuple[Any, ...]:
    """Which sizes vary, in the form that torch asks for; what comes as `*past` is a tuple of its own."""
    auto = torch.export.Dim.AUTO
    shapes = [dict.fromkeys(graph.axes.get(name, {}), auto) for name in graph.inputs]
    parameters = inspect.signature(graph.module.forward).parameters.values()
    named = [p for p in parameters if p.kind is not inspect.Parameter.VAR_POSITIONAL]
    if len(named) == len(parameters):
        return tuple(shapes)
    return (*shapes[: len(named)], tuple(shapes[len(named) :]))


def _forget(model: Any) -> None:
    """Takes out names of files, call stacks and versions that the exporter notes."""
    model.producer_name, model.producer_version, model.doc_string = "danlu", "", ""
    model.graph.doc_string, model.graph.name = "", "model"
    del model.metadata_props[:]
    noted = [model.graph, *model.functions]
    for holder in noted:
        del holder.metadata_props[:]
        for node in holder.node:
            node.doc_string = ""
            del node.metadata_props[:]
        for value in [*getattr(holder, "input", ()), *holder.value_info]:
            if not isinstance(value, str):
                value.doc_string = ""
                del value.metadata_props[:]
    for value in model.graph.output:
        value.doc_string = ""
        del value.metadata_props[:]
    for tensor in model.graph.initializer:
        tensor.doc_string = ""
        del tensor.metadata_props[:]
    del model.graph.value_info[:]  # shapes between nodes, with the exporter's own names of sizes


def _name_axes(model: Any, axes: Mapping[str, Mapping[int, str]]) -> None:
    for value in [*model.graph.input, *model.graph.output]:
        for axis, name in axes.get(value.name, {}).items():
            value.type.tensor_type.shape.dim[axis].dim_param = name


@contextmanager
def _quiet() -> Iterator[None]:
    """torch's exporter tells of packages that it would use if they were there; those lines help no one here."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
