"""The one way to paint an order: read, prepare, paint, finish, and its recipe.

studio = Studio(VGGEngine())
painting = studio.begin(order)
for progress in painting.steps(studio.painter.paint):
    ...
picture = painting.finish(progress.snapshot())
recipe = studio.recipe(order)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from PIL import Image

from nst.pictures import fitting, tensors, transparency
from nst.settings import Settings
from nst.studio import finishing, recipe
from nst.studio.engine import Engine, Painter
from nst.studio.order import Order, Pictures
from nst.studio.preparation import Prepared, prepare
from nst.studio.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

    from nst.paint.transfer import Progress
    from nst.pictures.deep import Pixels


Paint = Callable[[Prepared, Settings], Generator["Progress", None, None]]  # `Painter.paint`


class Studio:
    """Paints orders with an engine, which is opened when it is first needed."""

    def __init__(self, engine: Engine, threads: int | None = None) -> None:
        self.engine, self._threads = engine, threads

    @cached_property
    def painter(self) -> Painter:
        """The opened engine."""
        return self.engine.open(self._threads)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the engine's weights."""
        return self.engine.checksum()

    def recipe(self, order: Order) -> Recipe:
        """All it takes to paint the order again: its own recipe, with weights and versions."""
        return self.completed(order.recipe)

    def completed(self, made: Recipe) -> Recipe:
        """A recipe with the weights and versions that this studio paints with."""
        return dataclasses.replace(
            made,
            weights=self.engine.weights,
            weights_sha256=self.checksum,
            versions=recipe.versions(),
        )

    def begin(self, order: Order) -> Painting:
        """Read and prepare the order's pictures.

        Raises `ImageError` for one that is none, and `UserError` for too large a result.
        """
        pictures = order.open()
        return Painting(pictures, order.settings, order.size_for(pictures.content.size))


class Painting:
    """One painting from its pictures to the result.

    The result has the photo's size, or another `size`, (width, height) in px; `photo` is the photo
    at that size.
    """

    def __init__(
        self, pictures: Pictures, settings: Settings, size: tuple[int, int] | None = None
    ) -> None:
        photo = pictures.content
        self.photo = photo if size is None else fitting.resize(photo, size)
        self.settings = settings
        self._prepared: Prepared | None = prepare(pictures, settings)
        self._masks = self._prepared.masks

    def steps(self, paint: Paint) -> Generator[Progress, None, None]:
        """Paint with the method of a painter. Raises ValueError when called a second time.

        What was prepared is let go then, as it is as large as the painting.
        """
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            raise ValueError("a painting is painted once")
        return paint(prepared, self.settings)

    def finish(self, image: Tensor) -> Image.Image:
        """The result of 8 bits a channel.

        `image` is the painting, or how far it is, (1, 3, H, W) in 0..1.
        """
        painted = tensors.to_picture(image)
        return finishing.finish(painted, self.photo, self.settings, self._masks)

    def unfinished(self, image: Tensor) -> Image.Image:
        """The painting alone, at the size of the canvas; `image` as in `finish`.

        For when there is no memory to finish it: a photo may be a hundred times as large.
        """
        return tensors.to_picture(image)

    def finish_small(self, canvases: Iterable[Image.Image], side: int) -> list[Image.Image]:
        """The result at each of these states of the canvas, the longer side at most `side` px.

        What is transparent is white.
        """
        scale = min(1.0, side / max(self.photo.size))
        width, height = (max(1, round(length * scale)) for length in self.photo.size)
        photo = fitting.resize(self.photo, (width, height))
        finished = (
            finishing.finish(canvas, photo, self.settings, self._masks) for canvas in canvases
        )
        return [transparency.laid_on(picture, "white") for picture in finished]

    def finish_deep(self, image: Tensor) -> Pixels:
        """The result of 16 bits a channel; `image` as in `finish`."""
        from nst.studio import deep_finishing

        return deep_finishing.finish(image, self.photo, self.settings, self._masks)
