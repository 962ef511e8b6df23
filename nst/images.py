"""Untrusted bytes to picture; fit; picture to tensor and back; save.

A picture inside the program is always a `PIL.Image.Image` in mode RGB, 8 bits, sRGB, upright and
without metadata. Everything a foreign file can do wrong ends here, as an `ImageError`.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import secrets
import stat
import struct
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from nst.settings import UserError

# numpy and torch are imported in the functions that need them: `--help` and the page's first paint
# must not wait seconds for torch.
if TYPE_CHECKING:
    import torch

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

STRIP_PIXELS = 2**20  # that are converted at a time

SUFFIXES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
_OPTIONS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "JPEG": {"subsampling": "4:4:4"},  # halved colour would smear the edges of brush strokes
    "WEBP": {},
    "TIFF": {"compression": "tiff_adobe_deflate"},
    "BMP": {},
}

QUALITY = 95  # of JPEG and WebP

# Tags of EXIF that are kept on request: description, make, model, software's date, artist and
# copyright; and in its details exposure, aperture, sensitivity, dates with their zones, focal
# length and lens. Named one by one, as a place may be in any of the others.
_DETAILS = 0x8769
_PHOTO_TAGS = (0x010E, 0x010F, 0x0110, 0x0132, 0x013B, 0x8298)
_DETAIL_TAGS = (
    *(0x829A, 0x829D, 0x8827, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012),
    *(0x920A, 0xA433, 0xA434),
)

# Warnings can only be silenced for the whole process, and two threads doing so at once may leave
# them silenced for good; besides, one decoding of 36 megapixels at a time is enough memory.
_decoding = threading.Lock()


class ImageError(UserError):
    """A picture cannot be read, or a result cannot be written."""


def open_picture(source: bytes | str | os.PathLike[str], name: str | None = None) -> Image.Image:
    """The picture in `source` (a file's bytes, or its path) as the program needs it.

    Returns the first frame in mode RGB, 8 bits, sRGB, upright, transparency laid on white, without
    metadata. `name` is what messages call the picture; by default it is the path's last part.
    Raises `ImageError` for anything that is not a picture within the limits above.
    """
    if isinstance(source, bytes):
        shown = _shown(name)
        data = source
    else:
        shown = _shown(os.fspath(source) if name is None else name)
        data = read_bytes(source, name)
    if not data:
        raise ImageError(f"{shown} is empty; choose a JPEG, PNG or WebP picture.")
    _check_bytes(len(data), shown, MAX_BYTES)
    with _decoding, _pillow_errors(shown):
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
    shown = _shown(os.fspath(path) if name is None else name)
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
            f"{shown} cannot be read ({_reason(error)}); check the path and who may read it."
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
        picture = _to_rgb(image)
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
def _pillow_errors(shown: str) -> Iterator[None]:
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


def _shown(name: str | None, otherwise: str = "The picture") -> str:
    """A foreign name fit for a message: its last part, printable, short and in quotes."""
    last = (name or "").replace("\\", "/").rstrip("/").rpartition("/")[2]
    # isprintable() is false for control characters, text direction marks and lone surrogates.
    clean = "".join(character for character in last if character.isprintable()).strip()
    if len(clean) > 60:
        clean = f"{clean[:40]}…{clean[-19:]}"
    return f'"{clean}"' if clean else otherwise


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any mode of Pillow in RGB, 8 bits, sRGB, with transparency laid on white.

    In strips, so that only the picture and its copy are held as a whole.
    """
    image.load()
    limits, srgb = _range(image), _Srgb(image.info.get("icc_profile"))
    picture = Image.new("RGB", image.size)
    for top, bottom in _strips(image):
        strip = _to_8_bits(image.crop((0, top, image.width, bottom)), limits)
        picture.paste(_on_white(strip, srgb), (0, top))
    return picture


def _strips(image: Image.Image) -> Iterator[tuple[int, int]]:
    """First row, and that behind the last, of parts of at most `STRIP_PIXELS`."""
    height = max(1, STRIP_PIXELS // image.width)
    for top in range(0, image.height, height):
        yield top, min(image.height, top + height)


def _on_white(image: Image.Image, srgb: _Srgb) -> Image.Image:
    if not image.has_transparency_data:
        return srgb(image)
    base = _base(image)
    layered = image.convert(f"{base}A")
    white = Image.new("RGB", image.size, "white")
    white.paste(srgb(layered.convert(base)), mask=layered.getchannel("A"))
    return white


def _base(image: Image.Image) -> str:
    return "L" if image.mode in ("1", "L", "LA") else "RGB"


def _is_wide(image: Image.Image) -> bool:
    return image.mode.startswith(("I", "F"))


def _range(image: Image.Image) -> tuple[float, float]:
    """Black and white of modes I;16, I and F: 0 to 65535, or 0 to 1 in mode F.

    Values beyond widen that range, so that nothing is clipped.
    """
    low, high = 0.0, 1.0 if image.mode == "F" else 65535.0
    if _is_wide(image):
        for top, bottom in _strips(image):
            values = _values(image.crop((0, top, image.width, bottom)))
            low, high = min(low, values.min()), max(high, values.max())
    return low, high


def _values(image: Image.Image) -> Any:
    """The numbers of a picture in mode I;16, I or F, (height, width) in float64, all finite."""
    import numpy as np

    return np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)


def _to_8_bits(image: Image.Image, limits: tuple[float, float]) -> Image.Image:
    """Modes I;16, I and F as grey, with alpha if one value is transparent; others as they are.

    `limits` are those of `_range`.
    """
    if not _is_wide(image):
        return image
    import numpy as np

    values, (low, high) = _values(image), limits
    scaled = np.rint((values - low) / (high - low) * 255)
    grey = Image.fromarray(scaled.astype(np.uint8))
    if "transparency" in image.info:
        opaque = np.where(values == image.info["transparency"], 0, 255)
        grey.putalpha(Image.fromarray(opaque.astype(np.uint8)))
    return grey


class _Srgb:
    """Opaque 8-bit parts of one picture in sRGB, through its ICC profile if it has a usable one.

    A broken profile, or one for other channels than the picture's, is common and harmless: the
    picture is shown as every viewer shows it, without the profile.
    """

    def __init__(self, profile: bytes | None) -> None:
        self._profile = profile
        self._transforms: dict[str, ImageCms.ImageCmsTransform | None] = {}

    def __call__(self, image: Image.Image) -> Image.Image:
        """The part in mode RGB."""
        if image.mode not in ("L", "RGB", "CMYK", "LAB"):
            image = image.convert(_base(image))
        if not self._profile:
            return image.convert("RGB")
        if image.mode not in self._transforms:
            self._transforms[image.mode] = self._transform(image.mode)
        transform = self._transforms[image.mode]
        if transform is None:
            return image.convert("RGB")
        return transform.apply(image.convert(transform.input_mode))

    def _transform(self, mode: str) -> ImageCms.ImageCmsTransform | None:
        """What takes parts of this mode to sRGB; None if the profile is of no use for them."""
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(self._profile or b""))
            if mode == "L" and source.profile.xcolor_space.strip() == "RGB":
                mode = "RGB"
            target = ImageCms.createProfile("sRGB")
            return ImageCms.buildTransform(source, target, mode, "RGB")
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            return None


def fit_size(size: tuple[int, int], longer_side: int, square: bool = False) -> tuple[int, int]:
    """The (width, height) to paint at for a picture of `size`.

    The longer side is `longer_side`, the other keeps the aspect; both are rounded to multiples of
    16 (VGG19's four poolings then lose no row or column) and are at least 32 px. `square` makes
    both sides the longer one.
    """
    longer = _multiple_of_16(longer_side)
    if square:
        return longer, longer
    width, height = size
    shorter = _multiple_of_16(longer * min(size) / max(size))
    return (longer, shorter) if width >= height else (shorter, longer)


def _multiple_of_16(length: float) -> int:
    return max(MIN_SIDE, math.floor(length / 16 + 0.5) * 16)


def fit(picture: Image.Image, longer_side: int, square: bool = False) -> Image.Image:
    """The picture resized to its `fit_size`."""
    return picture.resize(fit_size(picture.size, longer_side, square), Image.Resampling.LANCZOS)


def enlarge(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A result at the `size` (width, height) of its photo; the result itself if it has that."""
    if picture.size == size:
        return picture
    return picture.resize(size, Image.Resampling.LANCZOS)


def to_tensor(picture: Image.Image) -> torch.Tensor:
    """An RGB picture as a float32 tensor of shape (1, 3, height, width) in 0..1."""
    import numpy as np
    import torch

    if picture.mode != "RGB":
        raise ValueError(f"expected a picture in mode RGB, got {picture.mode}")
    pixels = torch.from_numpy(np.array(picture))  # (height, width, 3)
    return pixels.permute(2, 0, 1)[None].contiguous().float() / 255


def to_picture(tensor: torch.Tensor) -> Image.Image:
    """A tensor of shape (1, 3, height, width) as a picture; 0..1 is rounded to 0..255, and clamped.

    Raises `ValueError` for another shape or values that are not finite.
    """
    import torch

    pixels = (planes(tensor) * 255).round().clamp(0, 255).to(torch.uint8)
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())


def planes(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of shape (1, 3, height, width) as (3, height, width) in float32 on the CPU.

    Raises `ValueError` for another shape or values that are not finite.
    """
    import torch

    if tensor.ndim != 4 or tensor.shape[:2] != (1, 3) or tensor.numel() == 0:
        raise ValueError(f"expected shape (1, 3, height, width), got {tuple(tensor.shape)}")
    pixels = tensor.detach().to("cpu", torch.float32)
    if not pixels.isfinite().all():
        raise ValueError("expected finite values, got NaN or infinity")
    return pixels[0]


def camera_data(data: bytes, name: str) -> bytes:
    """What a photo's EXIF says of camera, exposure, time and author; empty if it says nothing.

    Never where it was taken, nor what only its maker can read, where that may be hidden as well.
    Raises `ImageError` for a file that is not a picture.
    """
    with (
        _decoding,
        _pillow_errors(_shown(name)),
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


def encode(
    picture: Image.Image,
    format: str = "PNG",
    quality: int = QUALITY,
    text: Mapping[str, str] | None = None,
    dpi: int = 0,
    exif: bytes = b"",
) -> bytes:
    """The bytes of a picture file with an sRGB profile; the same picture gives the same bytes.

    `format` is PNG, JPEG, WEBP, TIFF or BMP (which holds no profile); `quality`, 1 to 100, is for
    JPEG and WEBP. `text` is kept in PNGs, uncompressed, under keywords of 1 to 79 characters; the
    other formats are written without it. `dpi` is how many dots an inch has on paper, for all but
    WEBP; 0 leaves it open. `exif` is as from `camera_data`, for all but BMP; in TIFF without the
    exposure. Raises `ImageError` for another format or a picture the format cannot hold.
    """
    if format not in _OPTIONS:
        raise ImageError(f"There is no output format {format!r}; choose {', '.join(_OPTIONS)}.")
    options = dict(_OPTIONS[format]) | ({"quality": quality} if format in ("JPEG", "WEBP") else {})
    if format == "PNG" and text:
        options["pnginfo"] = _text_chunks(text)
    if dpi:
        options["dpi"] = (dpi, dpi)
    if exif:
        options["exif"] = _without_details(exif) if format == "TIFF" else exif
    buffer = io.BytesIO()
    try:
        picture.save(buffer, format, icc_profile=srgb_profile(), **options)
    except (OSError, ValueError) as error:
        width, height = picture.size
        raise ImageError(
            f"A picture of {width} x {height} px cannot be stored as {format} ({_reason(error)}); "
            "choose PNG."
        ) from error
    return buffer.getvalue()


def _without_details(exif: bytes) -> bytes:
    """What libtiff can write of it beside compressed pixels."""
    kept = Image.Exif()
    kept.load(exif)
    if _DETAILS in kept:
        del kept[_DETAILS]
    return kept.tobytes()


def _text_chunks(text: Mapping[str, str]) -> PngInfo:
    chunks = PngInfo()
    for keyword, value in text.items():
        chunks.add_text(keyword, value)  # tEXt, or iTXt for what Latin-1 does not have
    return chunks


def srgb_profile() -> bytes:
    """An sRGB profile, dated 2000: LittleCMS would write the present second into every result."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + profile[36:]


def check_output(path: str | os.PathLike[str]) -> None:
    """Raises `ImageError` if `save` could not write to `path`; leaves nothing behind.

    An existing file may be overwritten.
    """
    _format(path)
    check_writable(path)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raises `ImageError` if no file can be put at `path`, whatever its format."""
    shown = _shown(os.fspath(path), "The result")
    try:
        target = os.path.realpath(path)
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISREG(os.stat(target).st_mode):
                raise ImageError(f"{shown} is a folder or a device; choose another name.")
        with tempfile.TemporaryFile(dir=os.path.dirname(target)):
            pass
    except ImageError:
        raise
    except (FileNotFoundError, NotADirectoryError) as error:
        folder = _shown(os.path.dirname(target), "for it")
        raise ImageError(
            f"{shown} cannot be written, because there is no folder {folder}; create it first or "
            "choose another."
        ) from error
    except (OSError, ValueError) as error:
        raise _not_written(shown, error) from error


def save(
    picture: Image.Image,
    path: str | os.PathLike[str],
    text: Mapping[str, str] | None = None,
    quality: int = QUALITY,
    dpi: int = 0,
    exif: bytes = b"",
) -> None:
    """Writes the picture in the format of the path's extension, wholly or not at all.

    The rest is as in `encode`. Raises `ImageError` as `check_output` and `encode` do, or
    when the disk is full.
    """
    check_output(path)
    write_atomically(encode(picture, _format(path), quality, text, dpi, exif), path)


def write_atomically(data: bytes, path: str | os.PathLike[str]) -> None:
    """Puts a file of these bytes at `path`, wholly or not at all.

    Raises `ImageError` when the folder cannot be written or the disk is full.
    """
    with replacing(path) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], lasting: bool = False) -> Iterator[BinaryIO]:
    """A file to be written that is put at `path` at the end, wholly or not at all.

    With `lasting` it is on the disk by then, and survives a power cut. Raises `ImageError` when the
    folder cannot be written or the disk is full.
    """
    # A symbolic link stays a link: the file behind it is replaced.
    target = os.path.realpath(path)
    # Beside the target, as only a rename within one file system is atomic; made with open(), as
    # tempfile would let nobody but the owner read the result.
    temporary = os.path.join(os.path.dirname(target), f".{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        raise _not_written(_shown(os.fspath(path), "The result"), error) from error
    finally:
        with contextlib.suppress(OSError):
            os.remove(temporary)


def _format(path: str | os.PathLike[str]) -> str:
    """The format that the path's extension stands for."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in SUFFIXES:
        raise ImageError(
            f"{_shown(os.fspath(path), 'The result')} does not say which kind of picture to write; "
            f"let its name end in one of {', '.join(SUFFIXES)}."
        )
    return SUFFIXES[suffix]


def _not_written(shown: str, error: Exception) -> ImageError:
    return ImageError(f"{shown} cannot be written ({_reason(error)}); choose another place for it.")
