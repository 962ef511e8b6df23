"""Throughput of a batch: beside the optimisation alone of the same pairs, one run each.

    python -m benchmarks.batch [--contents N] [--styles N] [--resolution PX]

Single runs and the batch's jobs take turns, so that a machine that slows down slows both. A single
run is timed from `transfer.steps` to its last iteration, with pictures and model in memory and
nothing known of other runs. A job of the batch is timed whole: reading, preparing, painting,
encoding and writing; its time to open the model, once a batch, is printed by itself.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from nst import batch, canvas, images, transfer, vgg
from nst.settings import Settings

RESOURCES = Path(__file__).parent.parent / "Resources"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--contents", type=int, default=2)
    parser.add_argument("--styles", type=int, default=2)
    parser.add_argument("--resolution", type=int, default=384)
    options = parser.parse_args()
    settings = Settings(resolution=options.resolution)
    contents, styles = (
        sorted(str(path) for path in (RESOURCES / name).glob("*.jpg"))[:count]
        for name, count in (("content", options.contents), ("styles", options.styles))
    )
    trunk = vgg.load()
    began = time.perf_counter()
    engine = _Opened(batch.VGGEngine())
    print(f"opening the model: {time.perf_counter() - began:.1f} s")
    single = whole = 0.0
    with tempfile.TemporaryDirectory() as folder:
        jobs = batch.pairs(contents, styles, settings)
        records = batch.paint_all(jobs, folder, engine)
        for job in jobs:
            optimisation = _optimise(job, trunk)
            began = time.perf_counter()
            record = next(records)
            seconds = time.perf_counter() - began
            assert record.status == batch.Status.PAINTED, record.error
            single, whole = single + optimisation, whole + seconds
            print(
                f"{job.output}: alone {optimisation:.2f} s, in the batch {seconds:.2f} s, of which "
                f"painting {record.painting_seconds:.2f} s"
            )
    print(f"all: alone {single:.1f} s, in the batch {whole:.1f} s")
    print(f"throughput: {single / whole:.1%} of the optimisation alone")


class _Opened:
    """An engine whose model is loaded before the clock starts."""

    def __init__(self, engine: batch.VGGEngine) -> None:
        self.weights, self.checksum = engine.weights, engine.checksum
        self._painter = engine.open(None)

    def open(self, threads: int | None) -> batch.Painter:
        """The painter that is there."""
        return self._painter


def _optimise(job: batch.Job, trunk: vgg.VGG19) -> float:
    """Seconds of the pair's optimisation by itself."""
    photo, style = (images.open_picture(path) for path in (job.content, *job.styles))
    content, given, _, _ = canvas.prepare(photo, [style], job.settings).tensors()
    *_, last = transfer.steps(content, given, job.settings, trunk)
    return last.seconds


if __name__ == "__main__":
    main()
