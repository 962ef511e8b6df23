"""What a photo's file says of camera, exposure, time and author."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from nst.pictures.reading import FORMATS, decoding, pillow_errors, shown_name

if TYPE_CHECKING:
    pass


# Tags of EXIF that are kept on request: description, make, model, software's date, artist and
# copyright; and in its details exposure, aperture, sensitivity, dates with their zones, focal
# length and lens. Named one by one, as a place may be in any of the others.
_DETAILS = 0x8769


_PHOTO_TAGS = (0x010E, 0x010F, 0x0110, 0x0132, 0x013B, 0x8298)


_DETAIL_TAGS = (
    *(0x829A, 0x829D, 0x8827, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012),
    *(0x920A, 0xA433, 0xA434),
)


def camera_data(data: bytes, name: str) -> bytes:
    """What a photo's EXIF says of camera, exposure, time and author; empty if it says nothing.

    Never where it was taken, nor what only its maker can read, where that may be hidden as well.
    Raises `ImageError` for a file that is not a picture.
    """
    with (
        decoding,
        pillow_errors(shown_name(name)),
        Image.open(io.BytesIO(data), formats=FORMATS) as image,
    ):
        found, kept = image.getexif(), Image.Exif()
        details, kept_details = found.get_ifd(_DETAILS), kept.get_ifd(_DETAILS)
        for wanted, source, target in (
            (_PHOTO_TAGS, found, kept),
            (_DETAIL_TAGS, details, kept_details),
        ):
            for tag in wanted:
                if tag in source:
                    target[tag] = source[tag]
        return kept.tobytes() if len(kept) or kept_details else b""


def without_details(exif: bytes) -> bytes:
    """What libtiff can write of it beside compressed pixels."""
    kept = Image.Exif()
    kept.load(exif)
    if _DETAILS in kept:
        del kept[_DETAILS]
    return kept.tobytes()
