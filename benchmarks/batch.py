"""Throughput of a batch: beside the optimisation alone of the same pairs, one run each.

    python -m benchmarks.batch [--contents N] [--styles N] [--resolution PX] [--megapixels N]
                               [--rounds N]

The single runs are timed from `transfer.steps` to the last iteration, with pictures and model in
memory, in the same thread, and nothing known of other runs, before and after each batch, as a
machine that slows down slows both; told is the median of the rounds. The batch is timed whole, from
the first file read to the last written; the time to open the model, once a batch, is printed by
itself. `--megapixels` enlarges the photos, since results have the photo's own size.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from nst.batch import painting_thread
from nst.batch.job import Job, pairs
from nst.batch.local import paint_all
from nst.batch.manifest import Status
from nst.paint import transfer
from nst.pictures import reading, writing
from nst.settings import Settings
from nst.studio.engine import Engine, Painter, VGGEngine
from nst.studio.order import Pictures
from nst.studio.preparation import prepare
from nst.vgg import network

RESOURCES = Path(__file__).parent.parent / "Resources"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--contents", type=int, default=2)
    parser.add_argument("--styles", type=int, default=2)
    parser.add_argument("--resolution", type=int, default=128)
    parser.add_argument("--megapixels", type=float)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    settings = Settings(resolution=options.resolution)
    contents, styles = (
        sorted(str(path) for path in (RESOURCES / name).glob("*.jpg"))[:count]
        for name, count in (("content", options.contents), ("styles", options.styles))
    )
    trunk = painting_thread.paint(network.load)
    began = time.perf_counter()
    engine = _Opened(VGGEngine())
    print(f"opening the model: {time.perf_counter() - began:.1f} s")
    with tempfile.TemporaryDirectory() as folder:
        if options.megapixels:
            contents = [_enlarged(path, options.megapixels, folder) for path in contents]
        jobs = pairs(contents, styles, settings)
        _optimise_all(jobs, trunk)  # the first time all is slow
        alone = [_optimise_all(jobs, trunk)]
        shares = []
        for number in range(options.rounds):
            results = Path(folder) / str(number)
            results.mkdir()
            whole = _paint_all(jobs, str(results), engine)
            alone.append(_optimise_all(jobs, trunk))
            shares.append(sum(alone[-2:]) / 2 / whole)
    rounds = ", ".join(f"{share:.1%}" for share in shares)
    print(f"throughput: {statistics.median(shares):.1%} of the optimisation alone ({rounds})")


def _paint_all(jobs: Sequence[Job], folder: str, engine: Engine) -> float:
    """Seconds of the batch."""
    began = time.perf_counter()
    records = list(paint_all(jobs, folder, engine))
    seconds = time.perf_counter() - began
    assert all(record.status == Status.PAINTED for record in records), records
    painting = sum(record.painting_seconds for record in records)
    print(f"batch: {seconds:.1f} s, of which painting {painting:.1f} s", flush=True)
    return seconds


def _optimise_all(jobs: Sequence[Job], trunk: network.VGG19) -> float:
    """Seconds of the pairs' optimisation, one by one."""
    seconds = sum(painting_thread.paint(_optimise, job, trunk) for job in jobs)
    print(f"{len(jobs)} pairs alone: {seconds:.1f} s", flush=True)
    return seconds


def _enlarged(path: str, megapixels: float, folder: str) -> str:
    """The photo as a JPEG of that many megapixels."""
    photo = reading.open_picture(path)
    scale = (megapixels * 1e6 / (photo.width * photo.height)) ** 0.5
    large = photo.resize((round(photo.width * scale), round(photo.height * scale)))
    target = str(Path(folder) / f"large_{Path(path).name}")
    writing.save(large, target)
    return target


class _Opened:
    """An engine whose model is loaded before the clock starts."""

    def __init__(self, engine: VGGEngine) -> None:
        self.weights, self.checksum = engine.weights, engine.checksum
        self._painter = painting_thread.paint(engine.open, None)

    def open(self, threads: int | None = None) -> Painter:
        """The painter that is there."""
        return self._painter


def _optimise(job: Job, trunk: network.VGG19) -> float:
    """Seconds of the pair's optimisation by itself."""
    photo, style = (reading.open_picture(path) for path in (job.content, *job.styles))
    canvas = prepare(Pictures(photo, [style]), job.settings).canvas()
    *_, last = transfer.steps(canvas, job.settings, trunk)
    return last.seconds


if __name__ == "__main__":
    main()
