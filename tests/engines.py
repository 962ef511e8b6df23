"""A painter for tests, which workers in other processes can import: quick, and fails on demand."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nst.errors import UserError

if TYPE_CHECKING:
    from nst.paint.progress import Progress

# What a job asks for by its seed.
FALLS_APART, BREAKS, DIES, WAITS, EATS_MEMORY = 101, 102, 103, 104, 105


@dataclass(frozen=True)
class FakeEngine:
    """Inverts the photo; keeps in `folder` what it has painted, a line each."""

    folder: str
    weights: str = "fake"

    def checksum(self):
        return ""

    def open(self, threads=None):
        folder = Path(self.folder)

        def paint(prepared, settings):
            with open(folder / "painted", "a") as file:
                file.write(f"{os.getpid()} {threads} {settings.seed}\n")
            from nst.pictures import tensors  # here, as a worker has begun by now

            image = 1 - tensors.to_tensor(prepared.content)
            yield progress(image, 3)
            yield from _misbehave(settings.seed, folder, image)
            yield progress(image, 6)

        return FakePainter(paint)


@dataclass(frozen=True)
class FakePainter:
    """Paints with this generator function."""

    paint: Callable[..., Iterator[Progress]]


def progress(image, iteration, total=6, /, **changes):
    """Where a painting stands that looks like this, (1, 3, H, W); `changes` go before the rest."""
    from nst.paint.progress import Progress

    usual = {
        "iteration": iteration,
        "total": total,
        "scale": max(image.shape),
        "scales": (max(image.shape),),
        "content_loss": 1.0,
        "style_loss": 0.5,
        "tv_loss": 0.25,
        "total_loss": 2.5,
        "seconds": float(iteration),
        "fraction": iteration / total,
        "image": image,
        "snapshot": lambda: image,
    }
    return Progress(**usual | changes)


def painted(folder):
    """Process, threads and seed of every painting begun so far."""
    file = Path(folder) / "painted"
    lines = file.read_text().splitlines() if file.exists() else []
    return [tuple(int(part) if part != "None" else None for part in s.split()) for s in lines]


def _misbehave(seed, folder, image):
    if seed == FALLS_APART:
        raise UserError("The painting fell apart.")
    if seed == BREAKS:
        raise FileNotFoundError("nobody has foreseen this")
    if seed == DIES:
        os.kill(os.getpid(), signal.SIGKILL)
    first = sum(other == seed for _, _, other in painted(folder)) == 1
    if seed == WAITS and first:  # to be killed from outside, or released
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (folder / "go_on").exists():
            yield progress(image, 3)
            time.sleep(0.01)
    if seed == EATS_MEMORY and first:
        eaten = [bytes([number]) * 50_000_000 for number in range(40)]
        time.sleep(60)
        del eaten
