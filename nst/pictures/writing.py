"""Results to files: whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import stat
import struct
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from nst.errors import ImageError
from nst.pictures.metadata import without_details
from nst.pictures.naming import reason, shown_name
from nst.pictures.transparency import laid_on

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

OPAQUE = ("JPEG", "BMP")  # in which transparency is laid on white
QUALITY = 95  # of JPEG and WebP


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
        options["exif"] = without_details(exif) if format == "TIFF" else exif
    if format in OPAQUE:
        picture = laid_on(picture, "white")
    buffer = io.BytesIO()
    try:
        picture.save(buffer, format, icc_profile=srgb_profile(), **options)
    except (OSError, ValueError) as error:
        width, height = picture.size
        raise ImageError(
            f"A picture of {width} x {height} px cannot be stored as {format} ({reason(error)}); "
            "choose PNG."
        ) from error
    return buffer.getvalue()


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
    shown = shown_name(os.fspath(path), "The result")
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
        folder = shown_name(os.path.dirname(target), "for it")
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
        raise _not_written(shown_name(os.fspath(path), "The result"), error) from error
    finally:
        with contextlib.suppress(OSError):
            os.remove(temporary)


def hides(path: str | os.PathLike[str]) -> bool:
    """Whether a file of this name can hold transparency; raises `ImageError` for an unknown one."""
    return _format(path) not in OPAQUE


def _format(path: str | os.PathLike[str]) -> str:
    """The format that the path's extension stands for."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in SUFFIXES:
        raise ImageError(
            f"{shown_name(os.fspath(path), 'The result')} does not say which kind of picture to "
            f"write; let its name end in one of {', '.join(SUFFIXES)}."
        )
    return SUFFIXES[suffix]


def _not_written(shown: str, error: Exception) -> ImageError:
    return ImageError(f"{shown} cannot be written ({reason(error)}); choose another place for it.")
