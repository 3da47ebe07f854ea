"""Environments of other systems, made on first use below benchmarks/.peers, each with the packages that it asks for."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PEERS = Path(__file__).parent / ".peers"


def run(command: Sequence[str]) -> str:
    """Runs a command to its end and gives what it printed; what else it says is shown only when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def python_of(name: str, packages: Sequence[str]) -> Path:
    """The interpreter of the environment `name`. One that was interrupted while it was made is made anew."""
    folder = PEERS / name
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        run([sys.executable, "-m", "venv", "--clear", str(folder)])
        run([str(python), "-m", "pip", "install", "-q", *packages])
        (folder / "ready").touch()
    return python
