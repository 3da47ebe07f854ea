"""TensorBoard as an extra: the numbers of metrics.jsonl once more, in its files. Never able to stop a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from danlu.core.errors import UsageError
from danlu.core.events import Watcher
from danlu.core.language import Text

MOST_FAILURES = 3
SHOWN = {
    "step": ("loss", "bits_per_byte", "lr", "grad_norm", "tokens_per_second", "share_of_peak"),
    "valid": ("loss", "bits_per_byte", "accuracy"),
}


@final
class TensorBoard:
    """A watcher that writes scalars and samples to `folder` and passes every event on to `watch`.

    After three failures (a full disk, say) it goes quiet. Raises UsageError when the package is not installed.
    """

    def __init__(self, folder: Path, watch: Watcher) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as missing:
            raise UsageError(
                Text("TensorBoard is not installed", "未安装 TensorBoard"),
                got=str(missing),
                allowed=Text("the extra 'tensorboard' of danlu", "danlu 的附加包 'tensorboard'"),
                fix=Text(
                    "pip install 'danlu[tensorboard]', or leave out watching.tensorboard=true",
                    "运行 pip install 'danlu[tensorboard]'，或去掉 watching.tensorboard=true",
                ),
            ) from missing
        self._writer: Any = SummaryWriter(str(folder))
        self._watch, self._failures = watch, 0

    def __call__(self, event: Mapping[str, Any], /) -> None:
        """Writes what it knows how to show."""
        self._watch(event)
        if self._failures >= MOST_FAILURES:
            return
        try:
            self._write(event)
        except OSError:
            self._failures += 1

    def _write(self, event: Mapping[str, Any]) -> None:
        kind = event["event"]
        for name in SHOWN.get(kind, ()):
            if isinstance(event.get(name), int | float):
                self._writer.add_scalar(f"{'train' if kind == 'step' else kind}/{name}", event[name], event["step"])
        if kind == "sample":
            self._writer.add_text(f"sample/{event['prompt'][:40]}", event["text"], event["step"])
        if kind == "finished":
            self._writer.close()
