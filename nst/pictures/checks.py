"""What is refused of a foreign picture before its pixels are decoded, and in which words.

Each check raises `ImageError`; `shown` is what the message calls the picture.
"""

from __future__ import annotations

import math

from nst.errors import ImageError
from nst.pictures import parts, png

MAX_BYTES = 50 * 1024**2
SMALLER = "make the picture smaller or save it as JPEG"
MIN_SIDE = 32  # px
MAX_ASPECT = 8  # the longer side is at most so many times the shorter one

MAX_FILL_BYTES = 10_000  # in a JPEG's header; Pillow takes a second for two million of them
MAX_PIXELS_OF_ALL_SCANS = 1_000_000_000  # of a JPEG, each scan a walk over all pixels
MAX_BYTES_OF_RUNS = 1024**2  # of a BMP in run lengths, which Pillow decodes in Python


def check_bytes(
    size: int,
    shown: str,
    most: int = MAX_BYTES,
    advice: str = SMALLER,
) -> None:
    """The file has at most `most` bytes."""
    if size > most:
        raise ImageError(
            f"{shown} has {_rounded_up(size / 1024**2)} MB, but at most {most // 1024**2} MB "
            f"are allowed; {advice}."
        )


def check_sides(size: tuple[int, int], shown: str) -> None:
    """Each side of (width, height) has `MIN_SIDE` px, and none is `MAX_ASPECT` times the other."""
    was = f"{shown} is {size[0]} x {size[1]} px"
    if min(size) < MIN_SIDE:
        raise ImageError(
            f"{was}, but each side must have at least {MIN_SIDE} px; choose a larger picture."
        )
    if max(size) > MAX_ASPECT * min(size):
        raise ImageError(
            f"{was}, but one side may be at most {MAX_ASPECT} times the other; crop it first."
        )


def too_many_pixels(size: tuple[int, int], shown: str, most: int, kind: str) -> ImageError:
    """The error for a picture of more than `most` pixels; `kind` is "a PNG", for example."""
    advice = "" if kind == "a JPEG" else ", or save it as a plain JPEG"
    return ImageError(
        f"{shown} is {size[0]} x {size[1]} px ({_rounded_up(size[0] * size[1] / 10**6)} "
        f"megapixels), but at most {most // 10**6} megapixels are allowed in {kind}; make it "
        f"smaller first{advice}."
    )


def check_parts(data: bytes, shown: str) -> int:
    """The file is not made of very many parts. Returns how many scans a JPEG has, else 1."""
    many = data.startswith(png.SIGNATURE[:4]) and png.count(data) > png.MAX_CHUNKS
    many = many or (data.startswith(b"GIF8") and parts.of_gif(data) > parts.MAX_PARTS)
    scans = 1
    if data.startswith(b"\xff\xd8"):
        jpeg = parts.of_jpeg(data, MAX_FILL_BYTES)
        if jpeg.fill_bytes > MAX_FILL_BYTES:
            raise ImageError(
                f"{shown} has a header of nothing but fill bytes; open it in another program and "
                "save it anew."
            )
        many, scans = jpeg.segments > parts.MAX_PARTS, jpeg.scans
    if many:
        raise ImageError(
            f"{shown} is made of more than {parts.MAX_PARTS} parts, which would take too long to "
            "read; open it in another program and save it anew."
        )
    return scans


def check_scans(size: tuple[int, int], scans: int, shown: str) -> None:
    """The scans of a JPEG do not walk over its pixels very often."""
    most = max(1, MAX_PIXELS_OF_ALL_SCANS // (size[0] * size[1]))
    if scans > min(parts.MAX_SCANS, most):
        raise ImageError(
            f"{shown} is stored in {scans} or more passes, which would take too long to read; "
            "open it in another program and save it anew."
        )


def _rounded_up(value: float) -> str:
    """`value` with one decimal, never rounded down to the limit it is over."""
    return f"{math.ceil(value * 10) / 10:.1f}"
