"""Deep colour: a result of 16 bits a channel, written for print and retouching.

Its pixels are a `numpy.uint16` array of shape (height, width, 3), sRGB, 0..65535, or with a fourth
channel for alpha; Pillow has no such pictures.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from nst import errors
from nst.pictures import color, png, writing

Pixels: TypeAlias = npt.NDArray[np.uint16]

WHITE = 65535
SUFFIXES = (".png", ".tif", ".tiff")


def check_output(path: str | os.PathLike[str]) -> None:
    """Raises `ImageError` if `save` could not write to `path`; leaves nothing behind."""
    writing.check_output(path)
    suffix = _suffix(path)
    if suffix not in SUFFIXES:
        raise errors.ImageError(
            f"Pictures of 16 bits are for {', '.join(SUFFIXES)}, not for {suffix}; choose one of "
            "these, or 8 bits."
        )


def _suffix(path: str | os.PathLike[str]) -> str:
    return os.path.splitext(os.fspath(path))[1].lower()


def save(
    pixels: Pixels,
    path: str | os.PathLike[str],
    text: Mapping[str, str] | None = None,
    dpi: int = 0,
    exif: bytes = b"",
) -> None:
    """Writes a PNG or TIFF with an sRGB profile, wholly or not at all.

    The same picture gives the same bytes. `text`, `dpi` and `exif` are as in `writing.encode`.
    Raises `ImageError` as `check_output` does, or when the disk is full.
    """
    check_output(path)
    with writing.replacing(path) as file:
        if _suffix(path) == ".png":
            _write_png(file, pixels, text, dpi, exif)
        else:
            _write_tiff(file, pixels, dpi, exif)


def _write_png(
    file: BinaryIO, pixels: Pixels, text: Mapping[str, str] | None, dpi: int, exif: bytes
) -> None:
    """Around the pixels there is what Pillow writes around a picture of 8 bits."""
    around = writing.encode(Image.new("RGB", (1, 1)), "PNG", text=text, dpi=dpi, exif=exif)
    height, width, channels = pixels.shape
    file.write(png.SIGNATURE + png.header(width, height, 16, channels))
    for each in png.chunks(around):
        if each.kind not in (b"IHDR", b"IDAT"):
            file.write(png.encoded(each.kind, each.body))
    deflate = zlib.compressobj()
    for _, top, _, bottom in color.strips((width, height)):
        if data := deflate.compress(_filtered(pixels[top:bottom])):
            file.write(png.encoded(b"IDAT", data))
    file.write(png.encoded(b"IDAT", deflate.flush()) + png.encoded(b"IEND"))


def _filtered(pixels: Pixels) -> bytes:
    """Rows as PNG has them, each byte less the one of the pixel on its left."""
    height, width, channels = pixels.shape
    size = channels * pixels.itemsize
    values = pixels.astype(">u2").view(np.uint8).reshape(height, width * size)
    rows = np.empty((height, 1 + width * size), np.uint8)
    rows[:, 0] = 1  # the filter's number
    rows[:, 1 : 1 + size] = values[:, :size]
    rows[:, 1 + size :] = values[:, size:] - values[:, :-size]
    return rows.tobytes()


def _write_tiff(file: BinaryIO, pixels: Pixels, dpi: int, exif: bytes) -> None:
    """Write a TIFF; it keeps make, model, date, author and texts of `exif`, as with 8 bits."""
    import tifffile

    kept = Image.Exif()
    kept.load(exif)
    tifffile.imwrite(
        file,
        pixels,
        byteorder="<",
        photometric="rgb",
        planarconfig="contig",
        extrasamples=["unassalpha"] if pixels.shape[2] == 4 else None,
        compression="zlib",
        predictor=True,
        iccprofile=writing.srgb_profile(),
        resolution=(dpi, dpi) if dpi else None,
        resolutionunit="inch" if dpi else None,
        software=False,
        metadata=None,
        extratags=[
            (tag, "s", 0, value.encode("ascii", "replace"), True)
            for tag, value in kept.items()
            if isinstance(value, str)
        ],
    )
