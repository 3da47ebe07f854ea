"""The process behind `danlu convert`: reads one foreign file of weights and writes safetensors, and does nothing else.

torch reads with `weights_only`, which builds tensors and plain containers and refuses whatever would run code. That it runs in
a process of its own, without the caller's memory and files open, is the second wall.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

INSIDE = ("state_dict", "model_state_dict", "model", "module")  # under which trainers put the weights


def tensors_of(found: Any) -> dict[str, Tensor]:
    """The named tensors of what a file holds. Raises ValueError where it holds anything but weights."""
    for name in INSIDE:
        if isinstance(found, dict) and isinstance(found.get(name), dict):
            found = found[name]
    if not isinstance(found, dict) or not found:
        raise ValueError(f"a {type(found).__name__}, not names with tensors")
    others = [str(name) for name, value in found.items() if not isinstance(value, Tensor)]
    if others:
        raise ValueError(f"more than tensors: {', '.join(others[:5])}")
    # tied tensors share their memory, which safetensors does not store: each becomes one of its own
    return {str(name): value.detach().clone().contiguous() for name, value in found.items()}


def convert(files: list[Path], out: Path) -> dict[str, Any]:
    """Writes the tensors of all `files` into the safetensors file `out`; what went wrong comes back as `problem`."""
    tensors: dict[str, Tensor] = {}
    for path in files:
        try:
            tensors.update(tensors_of(torch.load(path, map_location="cpu", weights_only=True, mmap=False)))
        except Exception as problem:  # a foreign file may break the reader in any way; it is told
            return {"problem": f"{path.name}: {type(problem).__name__}: {problem}"[:400]}
    safetensors.torch.save_file(tensors, out, metadata={"format": "pt"})
    return {"tensors": len(tensors), "parameters": sum(tensor.numel() for tensor in tensors.values())}


def main() -> None:
    """`python -m danlu.models.converting OUT FILE...`; the answer is one line of JSON."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer = convert([Path(name) for name in sys.argv[2:]], Path(sys.argv[1]))
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
