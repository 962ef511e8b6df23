"""Foreign picture files: untrusted bytes to a picture.

A picture inside the program is always a `PIL.Image.Image` in mode RGB, or RGBA where transparency
is kept, of 8 bits, sRGB, upright and without metadata. Everything a foreign file can do wrong ends
here, as an `ImageError`.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import threading
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageOps, JpegImagePlugin, UnidentifiedImageError

from nst.errors import ImageError
from nst.pictures import checks, heif
from nst.pictures.checks import MAX_BYTES as MAX_BYTES
from nst.pictures.checks import MIN_SIDE as MIN_SIDE
from nst.pictures.color_management import to_rgb
from nst.pictures.naming import reason, shown_name
from nst.pictures.transparency import fill_hidden, is_transparent

if TYPE_CHECKING:
    from pillow_heif import HeifFile

# The most pixels of a picture inside the program; a JPEG or HEIC of more is reduced by its decoder.
MAX_PIXELS = 36_000_000

# What cameras, phones, browsers and scanners make (JPEG includes the MPO files of phones, HEIF the
# HEIC files). Pillow's other formats are left out: EPS, PDF and WMF start other programs or draw,
# ICNS and ICO hold several pictures, JPEG 2000 is rare and has a long record of decoder faults, and
# the rest would only widen what a hostile file can reach.
PILLOW_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")
FORMATS = (*PILLOW_FORMATS, "HEIC")

# Bytes of memory a pixel of the file takes at most while it is read: 4 as decoded and 4 in RGB, and
# more where a decoder holds planes of wider numbers, or several frames.
BYTES_A_PIXEL = 8
BYTES_A_PIXEL_OF = {"WEBP": 18, "AVIF": 18, "TIFF": 12}
BYTES_A_PIXEL_OF_16_BITS = 16  # in a PNG
BYTES_A_PIXEL_OF_HEIC = 5.75  # its planes and RGB; what is reduced is taken over in strips
BYTES_A_PIXEL_OF_DEEP_HEIC = 8  # of 10 or 12 bits, or with transparency
BYTES_A_PIXEL_OF_RICH_HEIC = 11  # with as many pixels of colour as of light

MAX_PIXELS_OF_JPEG = 210_000_000  # the largest sensors of phones have 200 megapixels
REDUCTIONS = (1, 2, 4, 8)  # by which a JPEG's decoder (its DCT) can divide the sides
STRIPS = 8_000_000  # bytes, for the strips in which colours are converted

# Warnings can only be silenced for the whole process, and two threads doing so at once may leave
# them silenced for good; besides, decoding one picture at a time is enough memory.
decoding = threading.Lock()


def peak_bytes(most_pixels: int = MAX_PIXELS) -> int:
    """The most memory that `open_picture` takes at a time, beside the file's bytes."""
    return BYTES_A_PIXEL * most_pixels + STRIPS


def held_bytes(picture: Image.Image) -> int:
    """Bytes of memory that a picture takes, as Pillow holds it."""
    return picture.width * picture.height * (1 if picture.mode in ("1", "L", "P") else 4)


def open_picture(
    source: bytes | str | os.PathLike[str],
    name: str | None = None,
    *,
    longer_side: int | None = None,
    most_pixels: int = MAX_PIXELS,
    ground: str | None = "white",
) -> Image.Image:
    """The picture in `source` (a file's bytes, or its path) as the program needs it.

    Returns the first frame, or of several pictures the main one, in mode RGB, 8 bits, sRGB,
    upright, without metadata. `name` is what messages call the picture; by default it is the path's
    last part. Transparency is laid on a `ground` of one colour; without one, a picture with
    something hidden has mode RGBA, as in `transparency`. A JPEG or HEIC of more than `most_pixels`
    is reduced to a half, a quarter or an eighth of its sides while it is decoded; so is one of
    which only `longer_side` px are needed, to no less than these. Raises `ImageError` for anything
    that is not a picture within the limits of this module and of `checks`.
    """
    if isinstance(source, bytes):
        shown, data = shown_name(name), source
    else:
        shown = shown_name(os.fspath(source) if name is None else name)
        data = read_bytes(source, name)
    if not data:
        raise ImageError(f"{shown} is empty; choose a JPEG, PNG or WebP picture.")
    checks.check_bytes(len(data), shown)
    with decoding, pillow_errors(shown):
        decode = _decode_heif if heif.is_heif(data) else _decode
        image = decode(data, shown, most_pixels, longer_side or max_side(most_pixels))
        picture = with_ground(image, ground, shown)
        # The place and time of the photo must not travel on into the result.
        picture.info = {}
        return picture


def with_ground(image: Image.Image, ground: str | None, shown: str) -> Image.Image:
    """The picture in RGB on a `ground`; without one in RGBA if something is hidden."""
    picture = to_rgb(image, ground)
    if is_transparent(picture):
        if picture.getbbox(alpha_only=True) is None:
            raise ImageError(
                f"{shown} is transparent everywhere; choose a picture that shows something."
            )
        fill_hidden(picture)
    return picture


def max_side(pixels: int) -> int:
    """More px than a side can have of a picture of so many pixels."""
    return checks.MAX_ASPECT * pixels


def read_bytes(
    path: str | os.PathLike[str], name: str | None = None, most: int | None = None
) -> bytes:
    """The bytes of a picture's file; `name` is as in `open_picture`.

    Raises `ImageError` if it is no regular file, cannot be read or has more than `most` bytes;
    without it, more than a picture may have.
    """
    shown = shown_name(os.fspath(path) if name is None else name)
    most = checks.MAX_BYTES if most is None else most
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(f"{shown} is a folder or a device; choose a picture file.")
        checks.check_bytes(status.st_size, shown, most)
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


def opened(data: bytes) -> Image.Image:
    """What Pillow finds in a file; no pixel is decoded. May raise whatever Pillow raises."""
    if data.startswith(b"\xff\xd8\xff"):
        # Without the limit of 178 megapixels that `Image.open` has; `_decode` has one of its own.
        return JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    return Image.open(io.BytesIO(data), formats=PILLOW_FORMATS)


def _decode(data: bytes, shown: str, most_pixels: int, longer_side: int) -> Image.Image:
    """The picture in `data`, upright; may raise whatever Pillow raises."""
    scans = checks.check_parts(data, shown)
    with opened(data) as image:
        if isinstance(image, JpegImagePlugin.JpegImageFile):
            reduction = _jpeg_reduction(image, scans, shown, most_pixels, longer_side)
            checks.check_scans(image.size, scans, shown)
            image.draft(None, (image.width // reduction, image.height // reduction))
        else:
            cost, kind = _cost(image, data)
            _check_pixels(image.size, shown, int(BYTES_A_PIXEL * most_pixels / cost), kind)
        checks.check_sides(image.size, shown)
        if image.format == "BMP" and image.info.get("compression") in (1, 2):
            checks.check_bytes(len(data), shown, checks.MAX_BYTES_OF_RUNS)
        image.load()
        ImageOps.exif_transpose(image, in_place=True)  # a copy would cost up to 144 MB
        return image


def _check_pixels(size: tuple[int, int], shown: str, most: int, kind: str) -> None:
    if size[0] * size[1] > most:
        raise checks.too_many_pixels(size, shown, most, kind)


def _cost(image: Image.Image, data: bytes) -> tuple[float, str]:
    """Bytes of memory that a pixel takes while it is decoded, and what the file is called."""
    if image.format == "PNG" and data[24] == 16:
        return BYTES_A_PIXEL_OF_16_BITS, "a PNG of 16 bits"
    name = f"{'an' if image.format == 'AVIF' else 'a'} {image.format}"
    return BYTES_A_PIXEL_OF.get(str(image.format), BYTES_A_PIXEL), name


def _jpeg_reduction(
    image: JpegImagePlugin.JpegImageFile, scans: int, shown: str, most_pixels: int, longer_side: int
) -> int:
    """By how much the decoder shall divide the sides of a JPEG; raises `ImageError` if too large.

    A JPEG of several scans is held as coefficients of 2 bytes, whatever size it is decoded to.
    """
    pixels = image.width * image.height
    coefficients = _coefficients(image) * 2 if scans > 1 else 0.0
    _check_pixels(image.size, shown, MAX_PIXELS_OF_JPEG, "a JPEG")
    fits = [
        reduction
        for reduction in REDUCTIONS
        if pixels <= most_pixels * reduction**2
        and pixels * (coefficients + 4 / reduction**2) <= BYTES_A_PIXEL * most_pixels
    ]
    if not fits:
        most = int(BYTES_A_PIXEL * most_pixels / (coefficients + 4 / 8**2))
        raise checks.too_many_pixels(image.size, shown, most, "a progressive JPEG")
    return _largest_reduction(image.size, fits, longer_side)


def _largest_reduction(size: tuple[int, int], allowed: Sequence[int], longer_side: int) -> int:
    """The highest of the `allowed` divisors, in their order, that leaves enough; else the first."""
    enough = [
        divisor
        for divisor in allowed
        if max(size) // divisor >= longer_side and min(size) // divisor >= MIN_SIDE
    ]
    return max([allowed[0], *enough])


def _coefficients(image: JpegImagePlugin.JpegImageFile) -> float:
    """How many coefficients a JPEG has for each pixel: 3 in colour, 1.5 with halved colour."""
    sampled = [(across, down) for _, across, down, _ in image.layer]
    most = max(across for across, _ in sampled) * max(down for _, down in sampled)
    return sum(across * down for across, down in sampled) / most


def _decode_heif(data: bytes, shown: str, most_pixels: int, longer_side: int) -> Image.Image:
    """The main picture of a HEIC file, upright; may raise whatever `pillow_heif` raises."""
    file = heif.opened(data, shown)
    cost = _heic_cost(file)
    kind = "a HEIC" if cost == BYTES_A_PIXEL_OF_HEIC else "a HEIC of this kind"
    _check_pixels(file.size, shown, int(BYTES_A_PIXEL * most_pixels / cost), kind)
    checks.check_sides(file.size, shown)
    pixels = file.size[0] * file.size[1]
    fits = [each for each in REDUCTIONS if pixels <= most_pixels * each**2]
    picture = heif.decoded(file, data, _largest_reduction(file.size, fits, longer_side))
    ImageOps.exif_transpose(picture, in_place=True)
    return picture


def _heic_cost(file: HeifFile) -> float:
    """Bytes of memory that a pixel of a HEIC takes while it is decoded; as measured."""
    is_deep = int(file.info.get("bit_depth", 8)) > 8
    if file.info.get("chroma", 420) != 420 or (is_deep and file.has_alpha):
        return BYTES_A_PIXEL_OF_RICH_HEIC
    return BYTES_A_PIXEL_OF_DEEP_HEIC if is_deep or file.has_alpha else BYTES_A_PIXEL_OF_HEIC


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
    # Decoders raise nearly everything on malformed files: OSError, SyntaxError, KeyError,
    # struct.error, zlib.error, MemoryError and more; no list of them would stay complete.
    except Exception as error:
        raise ImageError(
            f"{shown} is damaged or cut off; choose another picture, or open it in another program "
            "and save it anew."
        ) from error
