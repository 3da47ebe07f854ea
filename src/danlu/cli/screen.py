"""The live view on a terminal: stages, measurements, the latest sample; drawn in place, tidy at 40 columns."""

from collections.abc import Iterator, Mapping
from typing import Any, final

from rich.console import Console
from rich.live import Live
from rich.text import Text as Styled

from danlu.cli.layout import cut, display_width, pad, wrap
from danlu.cli.progress import Progress, stage_name
from danlu.cli.terminal import Terminal, printable
from danlu.cli.wording import flow, left_words, measure_words, notice, quote_lines, valid_words
from danlu.core.language import Text, say
from danlu.core.quantities import format_duration

DRAWINGS_PER_SECOND = 2.0  # one drawing costs 1.6 ms of a core (measured)
SAMPLE = Text("sample: {text}", "样例：{text}")
NUM_SAMPLE_LINES = 4
NUM_SPARKS = 24
_SPARKS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"


@final
class Screen:
    """Draws `progress` at the bottom of the terminal while a recipe works, and leaves the list of stages behind."""

    def __init__(self, terminal: Terminal, progress: Progress) -> None:
        self._terminal, self._progress = terminal, progress
        self._fancy = terminal.speaks("\u2713\u2501\u2588\u25cf\u00b7")
        # legacy_windows and the colour system are left to rich; the file is ours, so that no write can raise
        self._console = Console(file=terminal, force_terminal=True, width=None, highlight=False, markup=False)  # type: ignore[arg-type]
        self._live = Live(
            console=self._console,
            get_renderable=self.drawing,
            refresh_per_second=DRAWINGS_PER_SECOND,
            transient=True,
            vertical_overflow="crop",
        )

    def __enter__(self) -> "Screen":
        self._live.__enter__()
        return self

    def __exit__(self, *problem: Any) -> None:
        self._live.__exit__(*problem)
        if problem[0] is None:
            self._progress.finish()
        for line in self._stage_lines(running=False):
            self._console.print(line, soft_wrap=True)

    def __call__(self, event: Mapping[str, Any], /) -> None:
        self._progress.take(event)
        if event.get("event") == "quote":
            for line in quote_lines(event, self._width()):
                self._console.print(Styled(line), soft_wrap=True)
        elif notice(event):
            self._console.print(Styled(notice(event)))

    def _width(self) -> int:
        return self._terminal.width() - 1  # some terminals wrap a line that fills the last column

    def drawing(self) -> Styled:
        """The view as it is now."""
        lines = [*self._stage_lines(running=True), *self._bar(), *self._measures(), *self._sample()]
        return Styled("\n", no_wrap=True, overflow="crop").join(lines)

    def _stage_lines(self, running: bool) -> Iterator[Styled]:
        progress = self._progress
        names = [*progress.expected, *(name for name in progress.stages if name not in progress.expected)]
        longest = max(10, *(display_width(stage_name(name)) for name in names)) if names else 10
        for name in names:
            stage = progress.stages.get(name)
            if stage is None:
                if running:
                    yield Styled(f"{self._mark('.')} {stage_name(name)}", style="dim")
                continue
            mark, style = ("v", "green") if stage.seconds is not None else ("*", "bold")
            seconds = format_duration(progress.seconds_in(name))
            part = f"  {progress.part}" if name == progress.running() else ""
            shown = cut(stage_name(name), self._width() - 12)
            yield Styled.assemble((f"{self._mark(mark)} ", style), pad(shown, longest + 2), (seconds + part, "dim"))

    def _mark(self, plain: str) -> str:
        return {".": "\u00b7", "v": "\u2713", "*": "\u25cf"}[plain] if self._fancy else plain

    def _bar(self) -> Iterator[Styled]:
        share = self._progress.share_done()
        if share is None:
            return
        left = left_words(self._progress)
        figure = f" {share:4.0%}" + (f"  {left}" if left else "")
        room = max(4, min(60, self._width() - display_width(figure)))
        full = round(share * room)
        done, open_ = ("\u2501", "\u2500") if self._fancy else ("=", "-")
        yield Styled("")
        yield Styled.assemble((done * full, "green"), (open_ * (room - full), "dim"), figure)

    def _measures(self) -> Iterator[Styled]:
        if not self._progress.measures:
            return
        for line in flow(measure_words(self._progress), self._width()):
            yield Styled(line)
        words = valid_words(self._progress)
        if words:
            yield Styled.assemble(words, "  ", (self._sparks(), "cyan"))

    def _sparks(self) -> str:
        """Bits per byte at each look, from the worst to the best one."""
        values = [value for _, value in self._progress.valid][-NUM_SPARKS:]
        if len(values) < 2 or not self._fancy:
            return ""
        low, high = min(values), max(values)
        return "".join(_SPARKS[round((value - low) / ((high - low) or 1.0) * 7)] for value in values)

    def _sample(self) -> Iterator[Styled]:
        if not self._progress.sample:
            return
        text = " ".join(printable(self._progress.sample).split())
        yield Styled("")
        lines = wrap(say(SAMPLE, text=text), self._width())
        for number, line in enumerate(lines[:NUM_SAMPLE_LINES]):
            last = number == NUM_SAMPLE_LINES - 1 and len(lines) > NUM_SAMPLE_LINES
            yield Styled(cut(line + "...", self._width()) if last else line, style="italic dim")
