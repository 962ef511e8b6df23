"""Painting beside other programs and on a share of the cores, into a section of RESULTS.md.

    python -m benchmarks.sharing                 about half an hour
    python -m benchmarks.sharing --rounds 1 --side 96

Three things happen on a machine with two cores or more: a painting alone, one beside a process that
is always busy, and two paintings at once, each as the package waits for its threads and as OpenMP
waits when it is left alone. Then a painting runs in a control group that grants half a core, one
core, and one and a half, with one thread, with two, and with as many as the package takes by
itself. Control groups need root on Linux; without them that part is left out, and the section says
so. All variants take turns, and each figure is the median over the rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.__main__ import replace_section

TITLE = "## Beside other programs"
ROUNDS, SIDE = 3, 192
# What GCC's OpenMP does by itself: its threads spin so many rounds before they sleep.
SPINNING = {"GOMP_SPINCOUNT": "300000"}
POLITE: dict[str, str] = {}
QUOTAS = (0.5, 1.0, 1.5)  # cores
THREADS = ("1", "2", None)  # None: as the package chooses
PERIOD = 100_000  # microseconds, in which a share of a core is counted
BUSY = "while True: pass"
GROUPS = Path("/sys/fs/cgroup")


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Measure paintings beside other programs.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--side", type=int, default=SIDE, metavar="PX")
    options = parser.parse_args()
    beside = beside_others(options.side, options.rounds)
    granted = on_a_share(options.side, options.rounds)
    replace_section(section(options.side, beside, granted))


def beside_others(side: int, rounds: int) -> dict[str, dict[str, float]]:
    """How it is painted -> how threads wait -> seconds."""
    found: dict[str, dict[str, list[float]]] = {}
    for _ in range(rounds):
        for way, environment in (("polite", POLITE), ("spinning", SPINNING)):
            taken = {
                "alone": max(paint(side, [environment])),
                "beside a busy process": _beside_busy(side, environment),
                "two at once": max(paint(side, [environment] * 2)),
            }
            for name, seconds in taken.items():
                found.setdefault(name, {}).setdefault(way, []).append(seconds)
    return {
        name: {way: statistics.median(taken) for way, taken in ways.items()}
        for name, ways in found.items()
    }


def _beside_busy(side: int, environment: dict[str, str]) -> float:
    busy = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        return max(paint(side, [environment]))
    finally:
        busy.kill()
        busy.wait()


def on_a_share(side: int, rounds: int) -> dict[float, dict[str | None, float]]:
    """Cores granted -> threads -> seconds; empty where no control group can be made."""
    found: dict[float, dict[str | None, list[float]]] = {}
    for _, quota, threads in itertools.product(range(rounds), QUOTAS, THREADS):
        environment = {} if threads is None else {"OMP_NUM_THREADS": threads}
        try:
            with control_group(quota) as members:
                taken = max(paint(side, [environment], members))
        except OSError as error:
            print(f"No control group can be made: {error}")
            return {}
        found.setdefault(quota, {}).setdefault(threads, []).append(taken)
    return {
        quota: {threads: statistics.median(taken) for threads, taken in each.items()}
        for quota, each in found.items()
    }


@contextlib.contextmanager
def control_group(quota: float) -> Iterator[Path]:
    """A control group that grants so many cores; the file that takes in processes."""
    name, share = f"nst-benchmark-{os.getpid()}", f"{round(quota * PERIOD)}"
    second = (GROUPS / "cgroup.controllers").exists()
    group = (GROUPS if second else GROUPS / "cpu") / name
    group.mkdir()
    try:
        if second:
            (group / "cpu.max").write_text(f"{share} {PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD))
            (group / "cpu.cfs_quota_us").write_text(share)
        yield group / "cgroup.procs"
    finally:
        group.rmdir()


def paint(
    side: int, environments: Iterable[dict[str, str]], members: Path | None = None
) -> list[float]:
    """Seconds of paintings that begin at once, one an environment, in a process each."""
    command = [sys.executable, "-m", "benchmarks.child", "paint", str(side)]
    if members is not None:
        # The shell enters the group and becomes the painter, which so counts its cores in it.
        command = ["sh", "-c", f'echo $$ > "{members}" && exec "$@"', "sh", *command]
    # Importing the package has told this process' OpenMP how to wait, which its children inherit.
    told = ("OMP_", "GOMP_", "KMP_")
    base = {name: value for name, value in os.environ.items() if not name.startswith(told)}
    running = [
        subprocess.Popen(command, env=base | each, stdout=subprocess.PIPE, text=True)
        for each in environments
    ]
    found = []
    for process in running:
        printed, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"A painting ended with code {process.returncode}.")
        found.append(float(printed))
    return found


def section(
    side: int,
    beside: dict[str, dict[str, float]],
    granted: dict[float, dict[str | None, float]],
) -> str:
    """The tables."""
    alone = beside["alone"]
    lines = [
        f"{TITLE}\n",
        f"The default painting at {side} px, in processes of their own, loading left out. "
        "`polite` is how the package lets OpenMP's threads wait, `spinning` how they wait by "
        "themselves; in brackets, times the painting alone.\n",
        "| painted | polite | spinning |",
        "| --- | --- | --- |",
    ]
    for name, ways in beside.items():
        cells = [f"{ways[way]:.1f} s ({ways[way] / alone[way]:.2f})" for way in alone]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    if not granted:
        return "\n".join([*lines, "", "No control group could be made: no shares were measured."])
    lines += [
        "",
        "The same in a control group that grants a share of the cores; the last column is the "
        "package's own choice over the best.\n",
        "| cores granted | one thread | two threads | by itself | of the best |",
        "| --- | --- | --- | --- | --- |",
    ]
    for quota, each in granted.items():
        cells = [f"{each[threads]:.1f} s" for threads in THREADS]
        ratio = each[None] / min(each.values())
        lines.append(f"| {quota} | {' | '.join(cells)} | {ratio:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
