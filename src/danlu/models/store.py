"""A model on disk: `model.safetensors` and `config.json`. The only reader and writer of both.

Architectures with a Hugging Face class are stored in its layout and names, so that other programs load them. The others
have our own names and a `danlu.json` with the architecture's settings. No pickle and no code is ever loaded.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from pydantic import ValidationError
from torch import Tensor

from danlu.core.disk import read_json, write_durably, write_json
from danlu.core.errors import ArtifactError
from danlu.core.language import Text
from danlu.core.settings import Settings, plain
from danlu.models import ARCHITECTURES
from danlu.models.architecture import Architecture
from danlu.models.heads import MissingHead
from danlu.models.model import Blueprint, LanguageModel
from danlu.models.stored import Stored, to_ours, to_theirs
from danlu.models.weight_files import WEIGHTS, damaged, read_weights, weight_files
from danlu.models.weight_names import Matched, match_names

CONFIG = "config.json"
OWN = "danlu.json"


def save_model(model: LanguageModel, folder: Path, *, bos_id: int = 0, eos_id: int | None = None) -> None:
    """Writes `folder`/model.safetensors and the settings beside it, durably; equal models give equal bytes.

    `bos_id`: the document separator, which ends a text for other programs too unless `eos_id` does. Raises DiskError.
    """
    blueprint = model.blueprint
    row: Architecture = ARCHITECTURES.load(blueprint.architecture)
    settings = row.settings.model_validate(dict(blueprint.settings))
    weights = {name: weight.detach().cpu() for name, weight in model.named_parameters()}
    stored = _stored(row, settings, weights)
    bare = isinstance(model.head, MissingHead)
    theirs = to_theirs(_without_head(stored) if bare else stored, weights)
    ready = {name: weight.contiguous() for name, weight in theirs.items()}
    write_durably(folder / WEIGHTS, safetensors.torch.save(ready, metadata={"format": "pt"}))
    if row.layout is None:
        own = {"architecture": row.name, "settings": plain(settings), "vocab_size": model.vocab_size}
        write_json(folder / OWN, own)
        write_json(folder / CONFIG, {"model_type": f"danlu_{row.name}", "vocab_size": model.vocab_size})
        return
    dtype = str(next(model.parameters()).dtype).removeprefix("torch.")
    config = {
        "pad_token_id": None,
        **row.layout.config(settings, model.vocab_size),
        "architectures": [row.layout.bare_class if bare else row.layout.class_name],
        "model_type": row.layout.model_type,
        "bos_token_id": bos_id,
        "eos_token_id": bos_id if eos_id is None else eos_id,
        "dtype": dtype,
        "torch_dtype": dtype,  # the name that transformers 4 reads
    }
    write_json(folder / CONFIG, config)


@dataclass(frozen=True, kw_only=True)
class LoadedWeights:
    """A model from a folder, and the names of weights in it that the model does not use (heads of other tasks)."""

    model: LanguageModel
    left_out: tuple[str, ...]


def load_model(folder: Path, *, dtype: torch.dtype | None = None, device: torch.device | str = "cpu") -> LanguageModel:
    """The model of `folder` in evaluation mode, with the stored dtype unless `dtype` is given.

    Raises ArtifactError when a file is missing, damaged, of an unknown architecture, asks for code of its own
    (`auto_map`) or for what its architecture here does not compute, or when a weight's name or shape is not the one that
    the settings call for. A folder without the weights of a head (a bare body) gives a model whose head refuses to work.
    """
    return load_weights(folder, dtype=dtype, device=device).model


def load_weights(
    folder: Path, *, dtype: torch.dtype | None = None, device: torch.device | str = "cpu"
) -> LoadedWeights:
    """As `load_model`, with the names of what was left out."""
    blueprint = read_blueprint(folder)
    row: Architecture = ARCHITECTURES.load(blueprint.architecture)
    settings = row.settings.model_validate(dict(blueprint.settings))
    with torch.device("meta"):
        model: LanguageModel = row.assemble(settings, blueprint.vocab_size)
    like: dict[str, Tensor] = dict(model.named_parameters())
    stored = _stored(row, settings, like)
    found = Matched(weights=read_weights(folder), left_out=())
    if row.layout is not None:
        found = match_names(found.weights, {one.theirs for one in stored})
        if _is_bare(stored, found.weights):
            model.head = MissingHead(row.name)
            like = dict(model.named_parameters())
            stored = _without_head(stored)
    expected = {name: tuple(weight.shape) for name, weight in to_theirs(stored, like).items()}
    _check_weights(weight_files(folder)[0], found.weights, expected)
    ours = to_ours(stored, found.weights, like)
    ready = {name: weight.contiguous().to(device=device, dtype=dtype) for name, weight in ours.items()}
    model.load_state_dict(ready, assign=True)
    return LoadedWeights(model=model.requires_grad_(True).eval(), left_out=found.left_out)


def _is_bare(stored: Iterable[Stored], weights: Mapping[str, Tensor]) -> bool:
    """Whether the network has a head with weights of its own and the file has none of them."""
    head = [one.theirs for one in stored if one.ours[0].startswith("head.")]
    return bool(head) and not any(name in weights for name in head)


def _without_head(stored: Iterable[Stored]) -> tuple[Stored, ...]:
    return tuple(one for one in stored if not one.ours[0].startswith("head."))


def _stored(row: Architecture, settings: Settings, weights: Mapping[str, Tensor]) -> tuple[Stored, ...]:
    """How every weight stands in the file: in the layout of others, or under its own name."""
    return row.layout.tensors(settings) if row.layout else tuple(Stored(name, (name,)) for name in weights)


def read_blueprint(folder: Path) -> Blueprint:
    """Architecture, settings and vocabulary of the model in `folder`. Raises ArtifactError as `load_model` does."""
    config = _read_object(folder / CONFIG)
    if "auto_map" in config:
        raise ArtifactError(
            Text("{path} asks to run code of its own", "{path} 要求运行自带代码"),
            got=f"auto_map = {config['auto_map']!r}"[:200],
            allowed=Text("a model of an architecture that danlu has: {known}", "danlu 已有架构的模型：{known}"),
            fix=Text(
                "use a model without auto_map; danlu runs no code from a model",
                "请使用不含 auto_map 的模型；danlu 不运行模型自带的代码",
            ),
            path=folder / CONFIG,
            known=", ".join(ARCHITECTURES.names()),
        )
    try:
        if (folder / OWN).is_file():
            own = _read_object(folder / OWN)
            row: Architecture = ARCHITECTURES.load(own["architecture"])
            settings = row.settings.model_validate(own["settings"])
            return Blueprint(architecture=row.name, settings=plain(settings), vocab_size=int(own["vocab_size"]))
        row = _row_of(folder / CONFIG, config)
        assert row.layout is not None
        _refuse_in_general(config)
        settings = row.layout.settings(config)
        return Blueprint(architecture=row.name, settings=plain(settings), vocab_size=int(config["vocab_size"]))
    except (KeyError, ValidationError, TypeError) as problem:
        raise damaged(folder / CONFIG, f"{type(problem).__name__}: {problem}") from problem
    except ValueError as problem:
        raise _unsupported(folder / CONFIG, str(problem)) from problem


def _unsupported(path: Path, problem: str) -> ArtifactError:
    return ArtifactError(
        Text("{path} asks for something that danlu does not compute", "{path} 中的设置 danlu 不支持"),
        got=problem,
        allowed=Text("a config.json whose fields danlu follows exactly", "danlu 能够完全遵循的 config.json"),
        fix=Text(
            "choose a model without it; nothing that changes the results is passed over",
            "请选择没有此项设置的模型；影响结果的设置不会被忽略",
        ),
        path=path,
    )


def _refuse_in_general(config: Mapping[str, Any]) -> None:
    """ValueError for what changes the results in any architecture."""
    asked = [name for name in ("quantization_config", "pruned_heads", "add_cross_attention") if config.get(name)]
    if asked:
        raise ValueError(f"{', '.join(asked)}: not supported")


def _row_of(path: Path, config: Mapping[str, Any]) -> Architecture:
    """The row whose Hugging Face layout has the `model_type` of `config`."""
    rows = [ARCHITECTURES.load(name) for name in ARCHITECTURES.names()]
    known: dict[str, Architecture] = {row.layout.model_type: row for row in rows if row.layout}
    found = known.get(str(config.get("model_type")))
    if found is None:
        raise ArtifactError(
            Text("{path} names an architecture that danlu does not have", "{path} 的架构 danlu 尚不支持"),
            got=repr(config.get("model_type")),
            allowed=Text("model_type: {known}", "model_type 应为：{known}"),
            fix=Text("choose a model of one of these", "请选择上述架构的模型"),
            path=path,
            known=", ".join(sorted(known)),
        )
    return found


def _read_object(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise damaged(path, "missing")
    try:
        value = read_json(path)
    except (ValueError, json.JSONDecodeError) as problem:
        raise damaged(path, f"not JSON: {problem}") from problem
    if not isinstance(value, dict):
        raise damaged(path, "not a JSON object")
    return value


def _check_weights(path: Path, weights: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]]) -> None:
    """Raises ArtifactError unless names and shapes are exactly the expected ones."""
    problems = [f"{name}: missing" for name in expected if name not in weights]
    problems += [f"{name}: not part of this architecture" for name in weights if name not in expected]
    problems += [
        f"{name}: {list(weights[name].shape)} instead of {list(shape)}"
        for name, shape in expected.items()
        if name in weights and tuple(weights[name].shape) != shape
    ]
    if problems:
        shown = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
        raise damaged(path, shown)
