"""What `--plan` says beside what is then measured, into a section of RESULTS.md.

    python -m benchmarks.plans                        about half an hour
    python -m benchmarks.plans --sizes 128 256 512    these sizes, px

Each size is planned and painted in a process of its own with the default settings, small ones
`ROUNDS` times; beyond `LARGEST_RUN` one iteration, which shows the same at less cost. A plan is of
the most that a painting may take: its sizes may end a little earlier.
"""

from __future__ import annotations

import argparse
import json

from benchmarks.__main__ import replace_section, run_child

SIZES = (128, 256, 384, 512, 768, 1024, 2048, 4096)
LARGEST_RUN = 1024  # px
ROUNDS, LARGEST_REPEATED = 3, 512  # px
TITLE = "## The plan and what came of it"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Compare plans with what they are plans of.")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="PX")
    replace_section(section([measure(side) for side in parser.parse_args().sizes]))


def measure(side: int) -> dict[str, float]:
    """What a child process has planned and measured, the median of several by the time's ratio."""
    iterations = () if side <= LARGEST_RUN else ("1",)
    rounds = ROUNDS if side <= LARGEST_REPEATED else 1
    found: list[dict[str, float]] = [
        json.loads(run_child("plan", str(side), *iterations)) for _ in range(rounds)
    ]
    return sorted(found, key=lambda each: each["planned"] / each["seconds"])[rounds // 2]


def section(rows: list[dict[str, float]]) -> str:
    """The table."""
    lines = [
        f"{TITLE}\n",
        "Whole processes; memory as the system counts it, the painting's time without loading; up "
        f"to {LARGEST_REPEATED} px the median of {ROUNDS}.\n",
        "| canvas | iterations | pieces | memory: plan | measured | of it | time: plan | measured "
        "| of it |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        memory, seconds = row["memory"] / row["peak"], row["planned"] / row["seconds"]
        lines.append(
            f"| {row['width']} x {row['height']} px | {row['iterations']} | {row['pieces']} "
            f"| {row['memory'] / 1e9:.2f} GB | {row['peak'] / 1e9:.2f} GB | {memory:.2f} "
            f"| {row['planned']:.0f} s | {row['seconds']:.0f} s | {seconds:.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
