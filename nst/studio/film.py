"""A film of how a painting comes about, from small pictures that are kept while it is painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nst.pictures import previews, tensors, timelapse
from nst.studio.thinned import Thinned

if TYPE_CHECKING:
    from torch import Tensor

    from nst.paint.transfer import Progress
    from nst.studio.studio import Painting

# Kept for the time-lapse. A JPEG of paint takes 20 to 40 KB at the default resolution and up to
# 120 KB at 480 x 480 px, one of noise 200 KB: a film holds 1 to 2 MB, 12 MB at the very most.
FRAMES = 60


class Film:
    """A watcher of a painting that keeps at most `FRAMES` pictures of it, evenly spread."""

    def __init__(self, painting: Painting) -> None:
        self._painting = painting
        self._frames: Thinned[bytes] = Thinned(FRAMES)  # JPEG, of the canvas

    def __call__(self, progress: Progress) -> None:
        """Take in an iteration."""
        due = self._frames.due
        canvas = tensors.to_picture(progress.snapshot()) if due else None
        self._frames.add(None if canvas is None else previews.frame(canvas))

    def encode(self, image: Tensor, format: str) -> bytes:
        """The film, which ends with `image`, (1, 3, H, W) in 0..1, in a `timelapse.FORMATS`.

        Its frames have the colours and the strength of the result, at most `previews.FRAME_SIDE`
        px. Raises `ImageError` where it cannot be encoded.
        """
        canvases = [*map(previews.decoded, self._frames.kept()), tensors.to_picture(image)]
        return timelapse.encode(self._painting.finish_small(canvases, previews.FRAME_SIDE), format)
