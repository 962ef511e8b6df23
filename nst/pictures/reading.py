"""Foreign picture files: untrusted bytes to a picture.

A picture inside the program is always a `PIL.Image.Image` in mode RGB, 8 bits, sRGB, upright and
without metadata. Everything a foreign file can do wrong ends here, as an `ImageError`.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import stat
import threading
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import Image, ImageOps, UnidentifiedImageError

from nst.errors import ImageError
from nst.pictures.color_management import to_rgb

if TYPE_CHECKING:
    pass


MAX_BYTES = 20 * 1024**2


MAX_PIXELS = 36_000_000  # 4 bytes each while it is decoded, 4 in RGB: 290 MB


MIN_SIDE = 32


MAX_ASPECT = 8


# What cameras, phones, browsers and scanners make (JPEG includes the MPO files of phones). Pillow's
# other formats are left out: EPS, PDF and WMF start other programs or draw, ICNS and ICO hold
# several pictures, JPEG 2000 is rare and has a long record of decoder faults, and the rest would
# only widen what a hostile file can reach.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")


# Where a decoder needs more bytes a pixel: planes of wider numbers, or several frames.
MAX_PIXELS_OF = {"WEBP": 16_000_000, "AVIF": 16_000_000, "TIFF": 24_000_000}


MAX_PIXELS_OF_PASSES = 24_000_000  # a JPEG of several passes is held as coefficients, too


MAX_PIXELS_OF_16_BITS = 18_000_000  # a PNG of twice the bytes


MAX_BYTES_OF_RUNS = 1024**2  # a BMP of run lengths, which Pillow decodes in Python


# A JPEG may repeat passes of 65 bytes, each of which costs a walk over all pixels: 20 MB of them
# would take hours. Cameras and the best of encoders need up to 15.
MAX_JPEG_PASSES = 500


MAX_PIXELS_OF_ALL_PASSES = 1_000_000_000


MAX_FILL_BYTES = 10_000  # in a JPEG's header; Pillow takes a second for two million of them


# Programs that write small chunks write 8 KB each; a million empty ones are made to keep us busy.
MAX_PARTS = 20_000  # chunks of a PNG, segments of a JPEG, blocks before a GIF's first frame


# Warnings can only be silenced for the whole process, and two threads doing so at once may leave
# them silenced for good; besides, one decoding of 36 megapixels at a time is enough memory.
decoding = threading.Lock()


def open_picture(source: bytes | str | os.PathLike[str], name: str | None = None) -> Image.Image:
    """The picture in `source` (a file's bytes, or its path) as the program needs it.

    Returns the first frame in mode RGB, 8 bits, sRGB, upright, transparency laid on white, without
    metadata. `name` is what messages call the picture; by default it is the path's last part.
    Raises `ImageError` for anything that is not a picture within the limits above.
    """
    if isinstance(source, bytes):
        shown = shown_name(name)
        data = source
    else:
        shown = shown_name(os.fspath(source) if name is None else name)
        data = read_bytes(source, name)
    if not data:
        raise ImageError(f"{shown} is empty; choose a JPEG, PNG or WebP picture.")
    _check_bytes(len(data), shown, MAX_BYTES)
    with decoding, pillow_errors(shown):
        return _decode(data, shown)


def held_bytes(picture: Image.Image) -> int:
    """Bytes of memory that a picture takes, as Pillow holds it."""
    return picture.width * picture.height * (1 if picture.mode in ("1", "L", "P") else 4)


def read_bytes(
    path: str | os.PathLike[str], name: str | None = None, most: int | None = None
) -> bytes:
    """The bytes of a picture's file; `name` is as in `open_picture`.

    Raises `ImageError` if it is no regular file, cannot be read or has more than `most` bytes;
    without it, more than a picture may have.
    """
    shown = shown_name(os.fspath(path) if name is None else name)
    most = MAX_BYTES if most is None else most
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(f"{shown} is a folder or a device; choose a picture file.")
        _check_bytes(status.st_size, shown, most)
        with open(path, "rb") as file:
            return file.read(most + 1)
    except ImageError:
        raise
    except FileNotFoundError as error:
        raise ImageError(f"{shown} does not exist; check the path of the picture.") from error
    except (OSError, ValueError) as error:
        raise ImageError(
            f"{shown} cannot be read ({reason(error)}); check the path and who may read it."
        ) from error


def _decode(data: bytes, shown: str) -> Image.Image:
    """The picture in `data`; may raise whatever Pillow raises."""
    passes = 1
    if data.startswith(b"\xff\xd8"):
        passes = _jpeg_passes(data, shown)
    for start, parts in ((b"\x89PNG", _png_chunks), (b"GIF8", _gif_blocks)):
        if data.startswith(start) and parts(data) > MAX_PARTS:
            raise _too_many_parts(shown)
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        _check_size(image.size, shown, *_most_pixels(image, data, passes))
        if image.info.get("compression") in (1, 2) and image.format == "BMP":
            _check_bytes(len(data), shown, MAX_BYTES_OF_RUNS)
        _check_passes(image.size, passes, shown)
        ImageOps.exif_transpose(image, in_place=True)  # a copy would cost up to 144 MB
        picture = to_rgb(image)
    # The place and time of the photo must not travel on into the result.
    picture.info = {}
    return picture


def _too_many_parts(shown: str) -> ImageError:
    return ImageError(
        f"{shown} is made of more than {MAX_PARTS} parts, which would take too long to read; open "
        "it in another program and save it anew."
    )


def _png_chunks(data: bytes) -> int:
    """How many chunks there are; counted no further than is needed to know that it is too many."""
    position, count = 8, 0
    while position < len(data) and count <= MAX_PARTS:
        position += 12 + int.from_bytes(data[position : position + 4])
        count += 1
    return count


def _gif_blocks(data: bytes) -> int:
    """As `_png_chunks`, for what stands before a GIF's first frame; a stray byte is a block."""
    colours = 3 * 2 ** (data[10] % 8 + 1) if len(data) > 10 and data[10] & 0x80 else 0
    position, count = 13 + colours, 0
    while position < len(data) and data[position] not in b",;" and count <= MAX_PARTS:
        count += 1
        if data[position] != 0x21:
            position += 1
            continue
        position += 2  # the kind of extension; then come its parts, each after its length
        while position < len(data) and data[position] and count <= MAX_PARTS:
            position += 1 + data[position]
            count += 1
        position += 1
    return count


def _jpeg_passes(data: bytes, shown: str) -> int:
    """How many passes a JPEG is stored in, up to the end of its (first) picture.

    Raises `ImageError` for a header of fill bytes or of very many segments.
    """
    passes, position, fill, count = 0, 2, 0, 0
    while marker := _MARKER.search(data, position):
        # Between segments there is nothing but fill bytes, behind the start of a pass its data.
        fill += 0 if passes else marker.start() - position
        if fill > MAX_FILL_BYTES:
            raise ImageError(
                f"{shown} has a header of nothing but fill bytes; open it in another program and "
                "save it anew."
            )
        kind, position, count = marker[0][1], marker.end(), count + 1
        if kind == 0xD9:  # the end of the picture; a phone may append a film to it
            break
        if count > MAX_PARTS:
            raise _too_many_parts(shown)
        passes += kind == 0xDA
        if passes > MAX_JPEG_PASSES:
            break
        position += int.from_bytes(data[position : position + 2])
    return passes


# A marker of a JPEG that is none of those that occur within a pass.
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]", re.DOTALL)


def _check_passes(size: tuple[int, int], passes: int, shown: str) -> None:
    if passes > min(MAX_JPEG_PASSES, max(1, MAX_PIXELS_OF_ALL_PASSES // (size[0] * size[1]))):
        raise ImageError(
            f"{shown} is stored in {passes} or more passes, which would take too long to read; "
            "open it in another program and save it anew."
        )


def _most_pixels(image: Image.Image, data: bytes, passes: int) -> tuple[int, str]:
    """How many pixels may be read of a picture that is not decoded yet, and of which kind it is."""
    if image.format == "PNG" and data[24] == 16:
        return MAX_PIXELS_OF_16_BITS, "a PNG of 16 bits"
    if passes > 1:
        return MAX_PIXELS_OF_PASSES, "a progressive JPEG"
    most = MAX_PIXELS_OF.get(str(image.format), MAX_PIXELS)
    return most, f"{'an' if image.format == 'AVIF' else 'a'} {image.format}"


@contextlib.contextmanager
def pillow_errors(shown: str) -> Iterator[None]:
    """Turns what Pillow raises into `ImageError`, and keeps its warnings quiet."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"{shown} has far more than the {MAX_PIXELS // 10**6} megapixels allowed; make it "
            "smaller first."
        ) from error
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{shown} is not a picture that can be read; allowed are {', '.join(FORMATS)}, so open "
            "it in another program and save it as JPEG or PNG."
        ) from error
    # Pillow's decoders raise nearly everything on malformed files: OSError, SyntaxError, KeyError,
    # struct.error, zlib.error, MemoryError and more; no list of them would stay complete.
    except Exception as error:
        raise ImageError(
            f"{shown} is damaged or cut off; choose another picture, or open it in another program "
            "and save it anew."
        ) from error


def _check_bytes(size: int, shown: str, most: int) -> None:
    if size > most:
        raise ImageError(
            f"{shown} has {_rounded_up(size / 1024**2)} MB, but at most {most // 1024**2} MB "
            "are allowed; make the picture smaller or save it as JPEG."
        )


def _check_size(size: tuple[int, int], shown: str, most: int, kind: str) -> None:
    width, height = size
    was = f"{shown} is {width} x {height} px"
    if width * height > most:
        of_kind = "" if most == MAX_PIXELS else f" in {kind}"
        advice = "make it smaller first" + (", or save it as a plain JPEG" if of_kind else "")
        raise ImageError(
            f"{was} ({_rounded_up(width * height / 10**6)} megapixels), but at most "
            f"{most // 10**6} megapixels are allowed{of_kind}; {advice}."
        )
    if min(size) < MIN_SIDE:
        raise ImageError(
            f"{was}, but each side must have at least {MIN_SIDE} px; choose a larger picture."
        )
    if max(size) > MAX_ASPECT * min(size):
        raise ImageError(
            f"{was}, but one side may be at most {MAX_ASPECT} times the other; crop it first."
        )


def _rounded_up(value: float) -> str:
    """`value` with one decimal, never rounded down to the limit it is over."""
    return f"{math.ceil(value * 10) / 10:.1f}"


def shown_name(name: str | None, otherwise: str = "The picture") -> str:
    """A foreign name fit for a message: its last part, printable, short and in quotes."""
    last = (name or "").replace("\\", "/").rstrip("/").rpartition("/")[2]
    # isprintable() is false for control characters, text direction marks and lone surrogates.
    clean = "".join(character for character in last if character.isprintable()).strip()
    if len(clean) > 60:
        clean = f"{clean[:40]}…{clean[-19:]}"
    return f'"{clean}"' if clean else otherwise


def reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
