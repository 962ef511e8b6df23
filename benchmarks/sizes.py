"""Time and memory over the size of the canvas, an older version beside this one, into RESULTS.md.

    python -m benchmarks.sizes                           from 128 to 4096 px, about ten minutes
    python -m benchmarks.sizes --sizes 128 256           these sizes, px
    python -m benchmarks.sizes --old COMMIT              beside that version

Whole processes with the default settings, loading left out of the time (`benchmarks.child plan`,
each version its own). The two take turns, and up to `LARGEST_REPEATED` px the median of `ROUNDS`
counts.
Canvases from `child.TILED_FROM` px on are painted in tiles, and of those beyond `LARGEST_RUN` only
one iteration: its time is multiplied by what the whole painting costs beside it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.__main__ import HERE, replace_section
from benchmarks.plans import LARGEST_REPEATED, LARGEST_RUN, ROUNDS
from nst.paint import schedule
from nst.settings import Settings

TITLE = "## Over the size of the canvas, the last version beside this one"
OLD = "ff86300f1f3392e8459c73b1bf09fddab6567ac1"  # of 26 November 2026, 01:25
SIZES = (128, 256, 384, 512, 1024, 2048, 4096)  # px


class Run(NamedTuple):
    """What a process took."""

    width: int  # px
    height: int
    seconds: float
    peak: int  # bytes


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Compare two versions over the canvas' size.")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="PX")
    parser.add_argument("--old", default=OLD, metavar="COMMIT")
    options = parser.parse_args()
    with checked_out(options.old) as folder:
        rows = [compare(side, folder) for side in options.sizes]
    replace_section(section(rows, options.old))


@contextlib.contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """A folder with the sources of that commit."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "old"
        git = ["git", "-C", str(HERE.parent), "worktree"]
        subprocess.run([*git, "add", "--detach", "--quiet", str(folder), commit], check=True)
        try:
            yield folder
        finally:
            subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def compare(side: int, old: Path) -> tuple[Run, Run]:
    """The old version and this one, taking turns."""
    rounds = ROUNDS if side <= LARGEST_REPEATED else 1
    turns = [(paint(side, old), paint(side, HERE.parent)) for _ in range(rounds)]
    before, after = (median(runs) for runs in zip(*turns, strict=True))
    return before, after


def median(runs: Sequence[Run]) -> Run:
    """The medians of time and memory."""
    seconds, peak = (
        statistics.median(getattr(run, name) for run in runs) for name in ("seconds", "peak")
    )
    return runs[0]._replace(seconds=seconds, peak=round(peak))


def paint(side: int, sources: Path) -> Run:
    """Paint in a process of its own, with the version in that folder."""
    iterations = [] if side <= LARGEST_RUN else ["1"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.child", "plan", str(side), *iterations],
        cwd=sources,
        env={**os.environ, "PYTHONPATH": str(sources)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    width, height = found["width"], found["height"]
    times = 1.0 if side <= LARGEST_RUN else share(side, height, width)
    return Run(width, height, times * found["seconds"], found["peak"])


def share(side: int, height: int, width: int) -> float:
    """How many times the cost of one iteration on the whole canvas a painting costs."""
    whole = Settings(resolution=side)
    one = Settings(resolution=side, iterations=1)
    costs = [
        sum(
            schedule.cost(stage, settings) * stage.iterations
            for stage in schedule.plan(settings, height, width)
        )
        for settings in (whole, one)
    ]
    return costs[0] / costs[1]


def section(rows: Sequence[tuple[Run, Run]], old: str) -> str:
    """The table."""
    lines = [
        f"{TITLE}\n",
        f"`old` is commit {old[:7]}. Whole processes with the default settings; memory as the "
        "system counts it, the painting's time without loading, the versions taking turns; up to "
        f"{LARGEST_REPEATED} px the medians of {ROUNDS}. Beyond {LARGEST_RUN} px in tiles, and "
        "the time is that of one iteration, times what a painting costs beside it.\n",
        "| canvas | time: old | new | new, of it | memory: old | new | new, of it |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for before, after in rows:
        lines.append(
            f"| {after.width} x {after.height} px | {before.seconds:.1f} s | {after.seconds:.1f} s "
            f"| {after.seconds / before.seconds:.2f} | {before.peak / 1e9:.2f} GB "
            f"| {after.peak / 1e9:.2f} GB | {after.peak / before.peak:.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
