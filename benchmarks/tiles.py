"""Memory and time of painting in tiles, into a section of RESULTS.md.

    python -m benchmarks.tiles                     about half an hour
    python -m benchmarks.tiles --sizes 512 1024    these sizes, px

Each size is painted in a process of its own, in tiles and, up to `LARGEST_WHOLE`, at once.
"""

from __future__ import annotations

import argparse
import json

from benchmarks.__main__ import replace_section, run_child
from nst.paint import memory
from nst.settings import Settings

TILE = 512  # px
LARGEST_WHOLE = 2048
SIZES = (512, 1024, 2048, 4096)
TITLE = "## Painting in tiles"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Measure memory and time of painting in tiles.")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="PX")
    sizes = parser.parse_args().sizes
    replace_section(section({side: (paint(side, TILE), whole(side)) for side in sizes}))


def paint(side: int, tile: int) -> dict[str, float]:
    """What a child process has measured."""
    found: dict[str, float] = json.loads(run_child("tiles", str(side), str(tile)))
    return found


def whole(side: int) -> dict[str, float] | None:
    """The same without tiles, where there is memory for it."""
    return paint(side, memory.WHOLE) if side <= LARGEST_WHOLE else None


def section(measured: dict[int, tuple[dict[str, float], dict[str, float] | None]]) -> str:
    """Tables of what was measured and of what grows with the picture."""
    rows = [
        f"{TITLE}\n",
        f"One iteration with the default settings, in tiles of at most {TILE} px and at once: peak "
        "memory of the whole process as the system counts it, what `--plan` says of it, and the "
        "time of a step.\n",
        "| size | memory | estimate | step | a megapixel | at once: memory | estimate | step "
        "| tiles, of the time |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for side, (tiles, once) in measured.items():
        row = (
            f"| {side} x {side} | {tiles['peak'] / 1e9:.2f} GB | {tiles['model'] / 1e9:.2f} GB "
            f"| {tiles['seconds']:.1f} s | {tiles['seconds'] / side**2 * 1e6:.1f} s "
        )
        if once is not None:
            row += (
                f"| {once['peak'] / 1e9:.2f} GB | {once['model'] / 1e9:.2f} GB "
                f"| {once['seconds']:.1f} s | {tiles['seconds'] / once['seconds']:.2f} |"
            )
        rows.append(row if once is not None else f"{row}| | | | |")
    rows += ["\nWhat that memory is for, by the model (MB):\n"]
    parts = {side: memory.parts(memory.Workload(side, side, Settings()), TILE) for side in measured}
    names = list(dict.fromkeys(name for part in parts.values() for name in part))
    rows += [f"| size | {' | '.join(names)} |", "| --- |" + " --- |" * len(names)]
    for side, part in parts.items():
        sizes = " | ".join(f"{part[name] / 1e6:.0f}" for name in names)
        rows.append(f"| {side} x {side} | {sizes} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
