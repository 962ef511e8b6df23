"""What a command tells: a bar on a terminal, lines in a file or pipe, JSON lines, or nothing."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

    from nst.paint.transfer import Progress

BAR = "{percentage:3.0f}% |{bar}| {desc}"  # tqdm's own estimate of the rest is a worse one
NUMBERS = ("iteration", "total", "scale", "content_loss", "style_loss", "tv_loss", "total_loss")


class Report:
    """Tells how a command gets on. Standard output has JSON lines and plans, all else is on
    standard error. Methods may be called from several threads.
    """

    def __init__(self, *, quiet: bool = False, json_lines: bool = False) -> None:
        self.json, self.quiet = json_lines, quiet or json_lines
        self.terminal = sys.stderr.isatty()
        self._bar: tqdm[Any] | None = None
        self._one_at_a_time = threading.RLock()

    def say(self, text: str) -> None:
        """A line for the reader."""
        if not self.quiet:
            self._print(text)

    def warn(self, text: str) -> None:
        """One sentence, whatever the flags."""
        self._print(f"nst: {text}")

    def error(self, text: str) -> None:
        """One sentence that ends the command, whatever the flags; in JSON, too."""
        self.warn(text)
        self.emit({"event": "error", "message": text})

    def emit(self, record: dict[str, Any]) -> None:
        """A JSON line, if those are wanted."""
        if not self.json:
            return
        try:
            print(json.dumps(record), flush=True)
        except BrokenPipeError:
            # Whoever read it has gone; the painting goes on, and Python would complain at its end.
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115

    def advance(self, fraction: float, text: str, *, line: bool) -> None:
        """How much of all is done, 0..1: on a terminal the bar, elsewhere a line if it is time."""
        if self.quiet:
            return
        with self._one_at_a_time:
            if not self.terminal:
                if line:
                    print(text, file=sys.stderr, flush=True)
                return
            if self._bar is None:
                from tqdm import tqdm

                self._bar = tqdm(total=1.0, bar_format=BAR, dynamic_ncols=True, file=sys.stderr)
            self._bar.n = min(1.0, fraction)
            self._bar.set_description_str(text)

    def close(self) -> None:
        """Leave the bar as it is, and go on below it."""
        with self._one_at_a_time:
            if self._bar is not None:
                self._bar.close()
                self._bar = None

    def _print(self, text: str) -> None:
        with self._one_at_a_time:
            self.close()
            print(text, file=sys.stderr, flush=True)


class Iterations:
    """A watcher that tells of each iteration: the terminal sees all, else one a refresh is told."""

    def __init__(self, report: Report) -> None:
        self._report, self._tile = report, 0

    def __call__(self, progress: Progress) -> None:
        """Tell of another one."""
        report, refreshed = self._report, progress.image is not None
        if progress.tile not in (0, self._tile):
            report.say(f"To fit into the memory it is painted in pieces of {progress.tile} px.")
        self._tile = progress.tile
        if refreshed:
            report.emit({"event": "progress", **numbers(progress)})
        text = (
            f"{progress.iteration}/{progress.total} at {progress.scale} px  "
            f"content {progress.content_loss:.3f}  style {progress.style_loss:.5f}  "
            f"{duration(progress.seconds_left)} left"
        )
        report.advance(progress.fraction, text, line=refreshed)


def numbers(progress: Progress) -> dict[str, Any]:
    """The numbers of an iteration, as a JSON line has them."""
    record = {name: getattr(progress, name) for name in NUMBERS}
    return record | {
        "seconds": round(progress.seconds, 3),
        "seconds_left": round(progress.seconds_left, 3),
    }


def duration(seconds: float) -> str:
    """A length of time in words: 40 s, 12 min or 3 h 5 min."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
