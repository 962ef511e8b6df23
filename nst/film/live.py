"""A film that is painted in memory, frame after frame, for those who look on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from nst.film.order import FilmOrder
from nst.film.source import sampled
from nst.film.writing import finished_frame, size_of
from nst.pictures import fitting

if TYPE_CHECKING:
    from torch import Tensor

    from nst.studio.engine import VGGPainter


class Shot(NamedTuple):
    """How far a film is, and a frame where one has just been finished, or begins a scene."""

    done: float  # frames, a part of one included
    frame: Image.Image | None = None  # as it was, in the size of the painted film
    painting: Image.Image | None = None  # as it will be in the film, once it is finished
    so_far: Callable[[], Tensor] | None = None  # of one that begins a scene, which takes long


def paint(order: FilmOrder, painter: VGGPainter) -> Generator[Shot, None, None]:
    """Paint the film: many `Shot`s a frame, the last of which has it.

    Raises `DamagedError` where the film cannot be read, and what painting raises.
    """
    from nst.film.painter import FramePainter

    source, settings = order.source(), order.settings
    size = size_of(source.size, settings)
    masks = [mask.open("black") for mask in order.masks]
    frames: FramePainter | None = None
    # Read at twice the size of the canvas, which is sharper.
    for number, frame in enumerate(sampled(source, order.clip, 2 * settings.resolution)):
        if frames is None:
            frames = FramePainter(painter, order.pictures(frame), settings)
        finished, photo = None, fitting.resize(frame, size)
        for part, painting in frames.steps(frame):
            if painting is None:
                yield Shot(number + part, photo, so_far=frames.so_far)
            finished = painting
        # Behind the loop, where nothing of what painted the frame is held any more.
        assert finished is not None
        yield Shot(number + 1, photo, finished_frame(finished, photo, settings, masks))
