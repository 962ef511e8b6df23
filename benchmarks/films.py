"""How steady a painted film is, how near to its artwork, and how long it takes.

    python -m benchmarks.films                      about half an hour, on a quiet machine
    python -m benchmarks.films --sizes 256 --frames 8 --clips crossing --dry
    python -m benchmarks.films --keep FOLDER        keeps the films

The clips are made of the sample pictures (`benchmarks.clips`), so that it is known where each place
was in the frame before. The table goes into benchmarks/RESULTS.md.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks import clips, judges
from benchmarks.__main__ import replace_section
from benchmarks.clips import Frame
from nst import samples
from nst.film import flow
from nst.film.painter import FramePainter
from nst.pictures import reading, timelapse
from nst.settings import Settings
from nst.studio.engine import VGGEngine, VGGPainter
from nst.studio.order import Pictures

TITLE = "## Films"
RATE = 12  # frames a second
LONG = 10 * RATE  # frames of the film whose time is told


def sample(kind: str, name: str) -> Image.Image:
    """A sample picture."""
    return reading.open_picture(samples.folder(kind) / f"{name}.jpg")


def made(size: tuple[int, int], count: int) -> dict[str, list[Frame]]:
    """The clips that are measured."""
    cat, coffee = sample("content", "cat"), sample("content", "coffee")
    return {
        "camera": [*clips.camera(cat, size, count)],
        "crossing": [*clips.crossing(coffee, cat, size, count)],
        "cut": [
            *clips.cut(clips.camera(coffee, size, count // 2), clips.camera(cat, size, count // 2))
        ],
    }


def flicker(paintings: Sequence[Image.Image], frames: Sequence[Frame]) -> float:
    """The mean over all frames but those after a cut."""
    found = []
    for (before, after), frame in zip(itertools.pairwise(paintings), frames[1:], strict=True):
        if frame.seen.any():
            here = flow.moved(np.asarray(before, np.float32), frame.back)
            apart = np.abs(here - np.asarray(after, np.float32)).mean(2)
            found.append(float((apart * frame.seen).sum() / frame.seen.sum()))
    return statistics.fmean(found)


def sharpness(painting: Image.Image) -> float:
    """The mean magnitude of the Laplacian of a painting's light and dark."""
    grey = np.asarray(painting.convert("L"))
    return float(np.abs(cv2.Laplacian(grey, cv2.CV_32F)).mean())


@dataclass(frozen=True)
class Measured:
    """A film beside frames that are painted each for itself."""

    clip: str
    style: str
    size: tuple[int, int]
    frames: int
    flicker: float
    flicker_alone: float
    patch: float
    patch_alone: float
    sharpness: tuple[float, float]  # of the first frame and of the last
    seconds: tuple[float, float]  # of the first frame, and the median of the others


def measure(
    clip: str, frames: Sequence[Frame], style: str, painter: VGGPainter, settings: Settings
) -> tuple[Measured, list[Image.Image]]:
    """Paint a clip both ways; what was measured, and the film."""
    art = sample("styles", style)
    pictures = [Image.fromarray(frame.picture) for frame in frames]

    def new() -> FramePainter:
        return FramePainter(painter, Pictures(pictures[0], [art]), settings)

    film, seconds, followed = [], [], new()
    for picture in pictures:
        began = time.perf_counter()
        film.append(followed.paint(picture))
        seconds.append(time.perf_counter() - began)
    firsts = [0, len(frames) - 2]
    alone = [[new().paint(pictures[first + step]) for step in (0, 1)] for first in firsts]
    apart = [
        flicker(pair, frames[first : first + 2]) for first, pair in zip(firsts, alone, strict=True)
    ]
    # The same frames are judged both ways.
    numbers = [first + step for first in firsts for step in (0, 1) if first + step]
    singles = {
        first + step: pair[step]
        for first, pair in zip(firsts, alone, strict=True)
        for step in (0, 1)
    }
    near = statistics.fmean(judges.patch(film[number], art) for number in numbers)
    near_alone = statistics.fmean(judges.patch(singles[number], art) for number in numbers)
    return Measured(
        clip,
        style,
        film[0].size,
        len(film),
        flicker(film, frames),
        statistics.fmean(apart),
        near,
        near_alone,
        (sharpness(film[0]), sharpness(film[-1])),
        (seconds[0], statistics.median(seconds[1:])),
    ), film


def section(rows: Sequence[Measured]) -> str:
    """The table."""
    lines = [
        f"{TITLE}\n",
        "Clips whose motion is known, painted as films, and some of their frames each for itself "
        "(alone). Flicker: the mean difference, of 255, between a frame and the moved frame before "
        "it, where that shows the same place. Patch: the distance of `benchmarks.judges`, over the "
        "same frames. Sharpness: the mean Laplacian of the first frame and of the last.\n",
        "| clip | style | canvas | frames | flicker | alone | of it | patch | alone | sharpness "
        "| first frame | each other | 10 s at 12 a second |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        first, other = row.seconds
        lines.append(
            f"| {row.clip} | {row.style.replace('_', ' ')} | {row.size[0]} x {row.size[1]} px "
            f"| {row.frames} | {row.flicker:.1f} | {row.flicker_alone:.1f} "
            f"| {row.flicker / row.flicker_alone:.2f} | {row.patch:.4f} | {row.patch_alone:.4f} "
            f"| {row.sharpness[0]:.1f}, {row.sharpness[1]:.1f} | {first:.1f} s | {other:.2f} s "
            f"| {(first + (LONG - 1) * other) / 60:.1f} min |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Measure painted films.")
    parser.add_argument("--frames", type=int, default=24, help="of each clip")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 384], metavar="PX")
    parser.add_argument("--styles", nargs="+", default=["night_sky", "woodblock_wave"])
    parser.add_argument("--clips", nargs="+", default=["camera", "crossing", "cut"])
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="for the films, as WebP")
    parser.add_argument("--dry", action="store_true", help="print the table, and write nothing")
    options = parser.parse_args()
    painter, rows = VGGEngine().open(), []
    for side in options.sizes:
        known = made((side, side * 11 // 16 // 16 * 16), options.frames)
        for clip, style in itertools.product(options.clips, options.styles):
            settings = Settings(resolution=side)
            row, film = measure(clip, known[clip], style, painter, settings)
            rows.append(row)
            if options.keep:
                keep(film, options.keep / f"{clip}-{style}-{side}.webp")
    if options.dry:
        print(section(rows))
    else:
        replace_section(section(rows))


def keep(film: Sequence[Image.Image], path: Path) -> None:
    """Save a film to be looked at."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(timelapse.animated(film, [1 / RATE] * len(film), "WEBP"))


if __name__ == "__main__":
    main()
