"""What a photo's file says of camera, exposure, time and author."""

from __future__ import annotations

from PIL import Image

from nst.pictures import heif
from nst.pictures.naming import shown_name
from nst.pictures.reading import decoding, opened, pillow_errors

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
    """The EXIF data of a photo on camera, exposure, time and author; empty if there are none.

    Left out are the place, and what only the camera's maker can read, as it may hold the place too.
    Raises `ImageError` for a file that is not a picture.
    """
    with decoding, pillow_errors(shown_name(name)):
        found, kept = _exif(data, shown_name(name)), Image.Exif()
        details, kept_details = found.get_ifd(_DETAILS), kept.get_ifd(_DETAILS)
        for wanted, source, target in (
            (_PHOTO_TAGS, found, kept),
            (_DETAIL_TAGS, details, kept_details),
        ):
            target.update({tag: source[tag] for tag in wanted if tag in source})
        return kept.tobytes() if len(kept) or kept_details else b""


def _exif(data: bytes, shown: str) -> Image.Exif:
    """All that a picture's EXIF says; may raise whatever Pillow or `pillow_heif` raise."""
    if heif.is_heif(data):
        exif = Image.Exif()
        exif.load(heif.exif_of(heif.opened(data, shown)))
        return exif
    with opened(data) as image:
        exif = image.getexif()
        exif.get_ifd(_DETAILS)  # reads them while the file is open
        return exif


def without_details(exif: bytes) -> bytes:
    """The part of EXIF data that libtiff can write beside compressed pixels."""
    kept = Image.Exif()
    kept.load(exif)
    if _DETAILS in kept:
        del kept[_DETAILS]
    return kept.tobytes()
