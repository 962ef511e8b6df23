"""Paints frames one after another: the first of a scene anew, and the others from the last."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
import torch
from PIL import Image

from nst.film.flow import Bytes, Flow, Motion, Values, moved
from nst.paint import transfer
from nst.paint.steady import Moved
from nst.pictures import color, tensors
from nst.settings import Settings
from nst.studio.order import Pictures
from nst.studio.preparation import Prepared, fitted, next_frame, prepare

if TYPE_CHECKING:
    from nst.paint.progress import Progress
    from nst.studio.engine import VGGPainter

SOFT = 1.0  # px, of the edge of what is held
# Of the smoothness, what each next frame gets, as each adds to those before: with all of it strokes
# are blurred, and with none they get ever sharper.
SMOOTHNESS = 1 / 3


class _Last(NamedTuple):
    """The frame before, with its painting."""

    frame: Image.Image  # as it was given
    small: Image.Image  # of the canvas' size
    painting: Image.Image


class FramePainter:
    """Paints the frames of a film in their order.

    `pictures` are those of an order; their content is not looked at, and their start is that of
    the first frame of each scene.
    """

    def __init__(self, painter: VGGPainter, pictures: Pictures, settings: Settings) -> None:
        self._painter, self._pictures, self._settings = painter, pictures, settings
        self._next = dataclasses.replace(settings, tv_weight=SMOOTHNESS * settings.tv_weight)
        self._flow = Flow()
        # The painting so far of a frame that begins a scene, which takes as long as many others.
        self.so_far: Callable[[], torch.Tensor] | None = None
        self._prepared: Prepared | None = None  # for the scene
        self._last: _Last | None = None

    def paint(self, frame: Image.Image) -> Image.Image:
        """The painting of the next frame, of the canvas' size, RGB of 8 bits."""
        *_, (_, painting) = self.steps(frame)
        assert painting is not None
        return painting

    def steps(self, frame: Image.Image) -> Iterator[tuple[float, Image.Image | None]]:
        """Paint the next frame: yields how much of it is done, and at last the painting.

        A frame that is the same object as the last one has the same painting.
        """
        if self._last is not None and frame is self._last.frame:
            yield 1.0, self._last.painting
            return
        small = fitted(frame, self._settings)
        run, begins_scene = self._run(frame, small)
        for progress in run:
            self.so_far = progress.snapshot if begins_scene and not progress.finished else None
            if progress.finished:
                painting = tensors.to_picture(progress.snapshot())
                self._last = _Last(frame, small, painting)
                yield 1.0, painting
            else:
                yield progress.fraction, None

    def take_in(self, frame: Image.Image, painting: Image.Image) -> None:
        """Go on after a frame that was painted before."""
        small = fitted(frame, self._settings)
        if self._last is None or self._motion(self._last, small).is_cut:
            self._begin_scene(frame)
        self._last = _Last(frame, small, painting)

    def _run(self, frame: Image.Image, small: Image.Image) -> tuple[Iterator[Progress], bool]:
        """What paints the frame, and whether it begins a scene."""
        last = self._last
        motion = None if last is None else self._motion(last, small)
        if last is None or motion is None or motion.is_cut or self._prepared is None:
            return self._painter.paint(self._begin_scene(frame), self._settings), True
        canvas = next_frame(self._prepared, frame, self._settings).canvas()
        canvas = dataclasses.replace(canvas, moved=_moved(last.painting, motion, small))
        options = self._painter.options or transfer.Options()
        return transfer.steps(canvas, self._next, self._painter.vgg, options=options), False

    def _begin_scene(self, frame: Image.Image) -> Prepared:
        pictures = dataclasses.replace(self._pictures, content=frame)
        self._prepared = prepare(pictures, self._settings)
        return self._prepared

    def _motion(self, last: _Last, small: Image.Image) -> Motion:
        return self._flow.between(_bytes(last.small), _bytes(small))


def _moved(painting: Image.Image, motion: Motion, frame: Image.Image) -> Moved:
    """What the next frame starts from.

    What was hidden before starts as the frame itself, in the painting's range of colours.
    """
    share = np.asarray(cv2.GaussianBlur(motion.held, (0, 0), SOFT), np.float32)[..., None]
    here: Values = moved(_bytes(painting).astype(np.float32), motion.back).clip(0, 255)
    new = _bytes(color.match_color(frame, painting)).astype(np.float32)
    start = Image.fromarray(np.rint(new + share * (here - new)).astype(np.uint8))
    held = torch.from_numpy(share[..., 0] * motion.held)[None, None]
    return Moved(tensors.to_tensor(start), held)


def _bytes(picture: Image.Image) -> Bytes:
    return np.array(picture)
