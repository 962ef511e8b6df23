"""One large picture on two workers of one thread each, beside one process of one thread.

    python -m benchmarks.spread [--side PX] [--rounds N]

Steps of a square canvas in tiles, with the default settings, by turns; then how long as much as a
step moves takes to move alone. For a bound on what more workers gain, and docs/scaling-out.md.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nst.batch import team
from nst.batch.team import DaskTeam
from nst.paint import transfer
from nst.paint.loop import Loop
from nst.paint.schedule import Stage
from nst.paint.spread import Team
from nst.pictures import reading, tensors
from nst.settings import Settings
from nst.studio.engine import VGGEngine
from nst.vgg import network

RESOURCES = Path(__file__).parent.parent / "Resources"
TILE = 512  # px


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    trunk = network.load(device="cpu")
    with team.gather(VGGEngine("original", "cpu"), workers=2) as workers:
        painters = [_painter(options.side, trunk, who) for who in (None, workers)]
        took: list[list[float]] = [[], []]
        for _ in range(options.rounds):
            for painter, found in zip(painters, took, strict=True):
                began = time.perf_counter()
                painter.step(painter.settings.learning_rate)
                found.append(time.perf_counter() - began)
        alone, spread = (statistics.median(found) for found in took)
        one, other = (painter.moment().image() for painter in painters)
        difference = 255 * (one - other).abs()
        print(f"a step alone {alone:.1f} s, on the workers {spread:.1f} s: {alone / spread:.2f}")
        print(
            f"the pictures differ by {float(difference.mean()):.4f} of 255 in the mean, "
            f"{float(difference.max()):.1f} at most"
        )
        _move(workers, options.side)


def _painter(side: int, trunk: network.VGG19, who: Team | None) -> Loop:
    """Ready for its first step."""
    content, style = (
        tensors.to_tensor(reading.open_picture(RESOURCES / name).resize((side, side)))
        for name in ("content/rocket.jpg", "styles/night_sky.jpg")
    )
    settings = Settings(resolution=side)
    inputs = transfer.Canvas(content, [style])
    painter = Loop(trunk, settings, inputs, transfer.Options(tile=TILE, team=who))
    painter.begin(Stage(side, side, 1, brushwork=True), last=True)
    return painter


def _move(workers: DaskTeam, side: int) -> None:
    """How long pixels take there, and a gradient of the same size back."""
    part = np.zeros((3, side, side // len(workers)), np.float32)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        held = workers.give([part] * len(workers))
        for _ in workers.fetch(_return, held):
            pass
        took.append(time.perf_counter() - began)
    seconds, size = statistics.median(took), 2 * part.nbytes * len(workers) / 1e6
    print(f"moving {size:.0f} MB there and back: {seconds:.2f} s, {size / seconds:.0f} MB/s")


def _return(trunk: network.VGG19, part: Any) -> Any:
    return part


if __name__ == "__main__":
    main()
