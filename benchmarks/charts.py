"""Charts of the measurements."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.yardstick import Score


def quality_chart(curves: dict[str, list[tuple[float, Score]]], path: Path) -> None:
    """Loss, style error and content error over the time spent, one line an engine."""
    figure = Figure(figsize=(13, 4), layout="constrained")
    panels = figure.subplots(1, 3)
    for axes, name in zip(panels, ("loss", "style", "content"), strict=True):
        for engine, points in curves.items():
            times = [spent for spent, _ in points]
            marks = "*" if len(points) == 1 else "o-"
            axes.plot(times, [getattr(score, name) for _, score in points], marks, label=engine)
        label = "loss" if name == "loss" else f"{name} error"
        axes.set(xscale="log", yscale="log", xlabel="seconds", ylabel=label)
        axes.grid(alpha=0.3, which="both")
    panels[0].legend()
    figure.savefig(path, dpi=110)


def size_chart(
    steps: dict[int, tuple[float, float]], memory: dict[int, tuple[float, float]], path: Path
) -> None:
    """Seconds a step and peak memory over the size of the canvas."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, values, label in ((left, steps, "seconds a step"), (right, memory, "peak GB")):
        for number, engine in enumerate(("plain", "ours")):
            axes.plot(list(values), [pair[number] for pair in values.values()], "o-", label=engine)
        axes.set(xlabel="side, px", ylabel=label, ylim=(0, None))
        axes.grid(alpha=0.3)
    left.legend()
    figure.savefig(path, dpi=120)
