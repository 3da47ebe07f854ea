"""Weights in safetensors files, one or several (shards with their index). Files that run code when read are refused."""

import json
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor

from danlu.core.disk import read_json
from danlu.core.errors import ArtifactError
from danlu.core.language import Text

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
UNSAFE = ("*.bin", "*.bin.index.json", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack")


def read_weights(folder: Path) -> dict[str, Tensor]:
    """All tensors of `folder`, as stored. Raises ArtifactError when they are missing, damaged or not safetensors."""
    if (folder / WEIGHTS).is_file():
        return _read_file(folder / WEIGHTS)
    if not (folder / INDEX).is_file():
        _refuse_unsafe(folder)
        raise damaged(folder / WEIGHTS, "missing")
    weights: dict[str, Tensor] = {}
    places = _read_index(folder / INDEX)
    for name in sorted(set(places.values())):
        weights.update(_read_file(folder / name))
    missing = sorted(set(places) - set(weights))
    if missing:
        raise damaged(folder / INDEX, f"in none of the files: {', '.join(missing[:5])}")
    return weights


def weight_files(folder: Path) -> list[Path]:
    """The files that `read_weights` reads, index included."""
    if (folder / WEIGHTS).is_file() or not (folder / INDEX).is_file():
        return [folder / WEIGHTS]
    return [folder / INDEX, *(folder / name for name in sorted(set(_read_index(folder / INDEX).values())))]


def _read_index(path: Path) -> dict[str, str]:
    """Tensor name -> file name. A file elsewhere than beside the index is refused."""
    try:
        places = read_json(path)["weight_map"]
        if not all(isinstance(name, str) for pair in places.items() for name in pair):
            raise ValueError("weight_map holds something other than names")
    except (ValueError, KeyError, TypeError, AttributeError, json.JSONDecodeError) as problem:
        raise damaged(path, f"{type(problem).__name__}: {problem}") from problem
    outside = [name for name in places.values() if Path(name).name != name or not name.endswith(".safetensors")]
    if outside:
        raise damaged(path, f"names {outside[0]!r}, which is no safetensors file beside it")
    return dict(places)


def _read_file(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise damaged(path, "missing")
    try:
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, ValueError, RuntimeError) as problem:
        raise damaged(path, str(problem)) from problem


def _refuse_unsafe(folder: Path) -> None:
    found = [path for pattern in UNSAFE for path in sorted(folder.glob(pattern)) if path.name != "training_args.bin"]
    if not found:
        return
    raise ArtifactError(
        Text("the weights in {folder} are in a file that can run code", "{folder} 中的权重文件可能执行代码"),
        got=found[0].name,
        allowed=Text("safetensors: model.safetensors, or its shards and index", "safetensors 权重（单个或分片加索引）"),
        fix=Text(
            "if you trust where it came from: danlu convert {file} --i-trust-this-file -o {out}",
            "若信任其来源：danlu convert {file} --i-trust-this-file -o {out}",
        ),
        folder=folder,
        file=found[0],
        out=folder.with_name(f"{folder.resolve().name}-safe"),
    )


def damaged(path: Path, problem: str) -> ArtifactError:
    """The error for a file that cannot be a part of a model."""
    return ArtifactError(
        Text("{path} is not a usable part of a model", "{path} 不是可用的模型文件"),
        got=problem,
        allowed=Text(
            "model.safetensors and config.json that belong together", "相互匹配的 model.safetensors 与 config.json"
        ),
        fix=Text(
            "copy the folder again from where it came, or train the model again", "请重新复制该目录，或重新训练模型"
        ),
        path=path,
    )
