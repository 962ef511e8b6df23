"""Where a result is saved, and how."""

from __future__ import annotations

import argparse
import dataclasses
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nst import errors
from nst.cli.flags import Group, bits, whole
from nst.errors import ImageError

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from nst.pictures.deep import Pixels
    from nst.studio.studio import Painting

QUALITY = 95
MOST_DPI = 10_000


def add_file(group: Group) -> None:
    """The flags of a `Destination`, and --keep-exif."""
    group.add_argument(
        "--quality",
        metavar="N",
        type=whole(1, 100),
        default=QUALITY,
        help=f"of JPEG and WebP, 1 to 100; default {QUALITY}",
    )
    group.add_argument(
        "--depth",
        metavar="BITS",
        type=bits,
        default=8,
        help="bits a channel: 8, or 16 in .png and .tif, for work in other programs and fine "
        "gradients on paper; default 8",
    )
    group.add_argument(
        "--dpi",
        metavar="N",
        type=whole(0, MOST_DPI),
        default=0,
        help="dots an inch, for printing: 300 makes 4096 px 35 cm; not in WebP",
    )
    group.add_argument(
        "--keep-exif",
        action="store_true",
        help="keep what the photo's file says of camera, exposure, time and author; never the "
        "place, which is left out as everything is without this",
    )


@dataclass(frozen=True)
class Destination:
    """A file that a picture is to be saved in."""

    path: str
    quality: int = QUALITY
    depth: int = 8
    dpi: int = 0

    @classmethod
    def of(cls, options: argparse.Namespace) -> Destination:
        """What the flags say."""
        return cls(options.output, options.quality, options.depth, options.dpi)

    def check(self) -> None:
        """Raises `ImageError` if nothing can be saved there; leaves nothing behind."""
        from nst.pictures import deep, writing

        (deep if self.depth == 16 else writing).check_output(self.path)

    def finished(self, painting: Painting, image: Tensor) -> Image | Pixels:
        """The result of the painting that is at `image`, with this many bits a channel."""
        return painting.finish_deep(image) if self.depth == 16 else painting.finish(image)

    def write(
        self, picture: Image | Pixels, text: Mapping[str, str] | None = None, exif: bytes = b""
    ) -> None:
        """Save a picture of 8 bits, or pixels of 16, with `text` where it is a PNG.

        Raises `ImageError` where that fails.
        """
        from PIL import Image

        from nst.pictures import deep, writing

        if isinstance(picture, Image.Image):
            writing.save(picture, self.path, text, self.quality, self.dpi, exif)
        else:
            deep.save(picture, self.path, text, self.dpi, exif)

    def save(
        self, picture: Image | Pixels, text: Mapping[str, str] | None = None, exif: bytes = b""
    ) -> None:
        """`write`, or where that fails now, after all the work, into the system's folder for
        temporary files; then raises `ImageError`, which names that place.
        """
        try:
            self.write(picture, text, exif)
        except ImageError as error:
            spare = os.path.join(tempfile.gettempdir(), f"nst-{secrets.token_hex(4)}.png")
            try:
                dataclasses.replace(self, path=spare).write(picture, text, exif)
            except ImageError:
                raise error from None
            raise ImageError(f"{error} For now it has been saved as {spare}.") from error


def save_finished(
    destination: Destination,
    painting: Painting,
    image: Tensor,
    text: Mapping[str, str],
    exif: bytes,
) -> tuple[tuple[int, int], str]:
    """Finish a painting and save it; width and height of what is saved, px, and what went wrong.

    `image` is as in `Painting.finish`. Where there is no memory for the size of the result, the
    painting is saved as it is. Raises `ImageError` as `Destination.save` does.
    """
    try:
        destination.save(destination.finished(painting, image), text, exif)
        return painting.photo.size, ""
    except Exception as error:
        if not errors.is_out_of_memory(error):
            raise
    # Not above: the error holds on to all that finishing has made.
    canvas = painting.unfinished(image)
    destination.save(canvas, text, exif)
    return canvas.size, errors.unfinished(*canvas.size)
