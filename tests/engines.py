"""A painter for tests, which workers in other processes can import: quick, and fails on demand."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from nst.batch.batch import Painted
from nst.errors import UserError

# What a job asks for by its seed.
FALLS_APART, BREAKS, DIES, WAITS, EATS_MEMORY = 101, 102, 103, 104, 105


@dataclass(frozen=True)
class FakeEngine:
    """Inverts the photo; keeps in `folder` what it has painted, a line each."""

    folder: str
    weights: str = "fake"

    def checksum(self):
        return ""

    def open(self, threads):
        folder = Path(self.folder)

        def paint(prepared, settings, each):
            with open(folder / "painted", "a") as file:
                file.write(f"{os.getpid()} {threads} {settings.seed}\n")
            each(0.5)
            _misbehave(settings.seed, folder, each)
            each(1.0)
            picture = prepared.content.point(lambda value: 255 - value)
            return Painted(picture, 7, {"content_loss": 1.0, "total_loss": 2.5})

        return paint


def painted(folder):
    """Process, threads and seed of every painting begun so far."""
    file = Path(folder) / "painted"
    lines = file.read_text().splitlines() if file.exists() else []
    return [tuple(int(part) if part != "None" else None for part in s.split()) for s in lines]


def _misbehave(seed, folder, each):
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
            each(0.5)
            time.sleep(0.01)
    if seed == EATS_MEMORY and first:
        eaten = [bytes([number]) * 50_000_000 for number in range(20)]
        time.sleep(60)
        del eaten
