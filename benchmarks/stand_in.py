"""The page on a server whose painter only waits: `python -m benchmarks.stand_in PORT`.

It hands out pictures at the pace at which they are painted, so that all that the process works is
what the page costs. They are the photo that turns into its painting, at the canvas' full size.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Generator
from unittest import mock

import torch
from streamlit.web import cli
from torch import Tensor

from nst import samples
from nst.paint.transfer import Progress
from nst.pictures import fitting, reading, tensors
from nst.queue import manager
from nst.settings import Settings
from nst.studio.preparation import Prepared

PACE = 0.05  # seconds an iteration, as with the default settings on two cores
ITERATIONS = 100_000  # more than anybody looks at: the painting lasts until it is stopped
PICTURES = 40  # that are different
EXAMPLE = samples.folder("content").parent / "examples" / "cat-in-night_sky.jpg"


class WaitingPainter:
    """Instead of `ServerPainter`, with numbers that fall as losses do."""

    def load(self) -> None:
        """There is nothing to load."""

    def measure(self) -> tuple[float, float]:
        """As quick as any."""
        return 1.0, 1e-6

    def paint(self, prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        """One `Progress` an iteration."""
        pictures, began = _pictures(prepared), time.monotonic()
        side = max(prepared.content.size)
        for iteration in range(1, ITERATIONS + 1):
            time.sleep(PACE)
            picture = pictures[iteration % PICTURES]
            content, style = 1000 / (1 + 0.01 * iteration), 10 / (1 + 0.02 * iteration)
            yield Progress(
                iteration=iteration,
                total=ITERATIONS,
                scale=side,
                scales=(side,),
                content_loss=content,
                style_loss=style,
                tv_loss=1.0,
                total_loss=content + style,
                seconds=time.monotonic() - began,
                seconds_left=PACE * (ITERATIONS - iteration),
                fraction=iteration / ITERATIONS,
                image=None if iteration % settings.refresh_every else picture,
                snapshot=functools.partial(torch.clone, picture),
            )


def _pictures(prepared: Prepared) -> list[Tensor]:
    """From the photo to the example, (1, 3, H, W) in 0..1 each."""
    example = fitting.resize(reading.open_picture(EXAMPLE), prepared.content.size)
    photo, painting = map(tensors.to_tensor, (prepared.content, example))
    return [torch.lerp(photo, painting, step / PICTURES) for step in range(PICTURES)]


def main() -> None:
    """Serve until the process is ended."""
    options = ["--server.headless=true", f"--server.port={sys.argv[1]}"]
    with mock.patch.object(manager, "ServerPainter", WaitingPainter):
        cli.main(["run", "streamlit_app.py", *options])


if __name__ == "__main__":
    main()
