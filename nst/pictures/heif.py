"""HEIC and HEIF, the photos of iPhones and others, through `pillow_heif` and its libheif.

`pillow_heif.register_heif_opener` would change Pillow for the whole process, and so it is not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import Image

from nst.errors import ImageError

if TYPE_CHECKING:
    from pillow_heif import HeifFile

STRIP_PIXELS = 2**20  # that are taken over from the decoder at a time

# Brands of files whose main picture is coded as HEVC or says nothing of it ("mif1", "msf1").
# Pillow itself reads "avif".
BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
AVIF_BRANDS = frozenset((b"avif", b"avis"))


def is_heif(data: bytes) -> bool:
    """Whether the bytes begin as a HEIC or HEIF file does; an AVIF is none."""
    if data[4:8] != b"ftyp" or data[8:12] not in BRANDS:
        return False
    length = min(int.from_bytes(data[:4]), 256)  # the other brands follow, four letters each
    others = {data[start : start + 4] for start in range(16, length, 4)}
    return data[8:12] not in (b"mif1", b"msf1") or not others & AVIF_BRANDS


def opened(data: bytes, shown: str) -> HeifFile:
    """The file, of which no pixel is decoded yet.

    Raises `ImageError` if `pillow_heif` is not installed, and whatever that raises.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise ImageError(
            f"{shown} is a HEIC picture, for which the package pillow-heif is missing; install it "
            "(pip install pillow-heif), or save the picture as JPEG."
        ) from error
    return pillow_heif.open_heif(data)


def decoded(file: HeifFile, data: bytes, factor: int) -> Image.Image:
    """The main picture, each side divided by `factor`, turned as its own boxes say.

    What its profile is stands in `info`, and EXIF where that has to turn it: libheif turns by the
    boxes "irot" and "imir", beside which EXIF's orientation only says the same again.
    """
    image = file[file.primary_index]
    pixels = image.data  # decodes
    picture = _assembled(pixels, image.mode, image.size, image.stride, factor)
    if profile := image.info.get("icc_profile"):
        picture.info["icc_profile"] = profile
    if (exif := exif_of(file)) and not is_turned(data):
        picture.info["exif"] = exif
    return picture


def _assembled(
    pixels: memoryview, mode: str, size: tuple[int, int], stride: int, factor: int
) -> Image.Image:
    """Raw pixels as a picture reduced by `factor`, in strips: never twice at full size."""
    width, height = size
    picture = Image.new(mode, (-(-width // factor), -(-height // factor)))
    rows = factor * max(1, STRIP_PIXELS // (width * factor))
    for top in range(0, height, rows):
        count = min(rows, height - top)
        part = pixels[top * stride : (top + count) * stride]
        strip = Image.frombytes(mode, (width, count), bytes(part), "raw", mode, stride)
        picture.paste(_reduced(strip, factor), (0, top // factor))
    return picture


def _reduced(strip: Image.Image, factor: int) -> Image.Image:
    """The mean of each `factor` by `factor` pixels, or of fewer at the right and lower edge."""
    if factor == 1:
        return strip
    if strip.mode == "I;16":  # which `reduce` does not take
        size = -(-strip.width // factor), -(-strip.height // factor)
        return strip.resize(size, Image.Resampling.BOX)
    return strip.reduce(factor)


def exif_of(file: HeifFile) -> bytes:
    """The EXIF data of the main picture; empty if there are none."""
    exif = file[file.primary_index].info.get("exif")
    return exif if isinstance(exif, bytes) else b""


def is_turned(data: bytes) -> bool:
    """Whether a box "irot" or "imir" belongs to the main picture (ISO/IEC 23008-12, 6.5.10)."""
    meta = dict(_boxes(dict(_boxes(data)).get(b"meta", b"")[4:]))
    item = _number(meta.get(b"pitm", b""), 4, 4 if meta.get(b"pitm", b"\0")[:1] == b"\1" else 2)
    properties = dict(_boxes(meta.get(b"iprp", b"")))
    kinds = [kind for kind, _ in _boxes(properties.get(b"ipco", b""))]
    used = _associations(properties.get(b"ipma", b"")).get(item, [])
    return any(kinds[index - 1] in (b"irot", b"imir") for index in used if 0 < index <= len(kinds))


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the boxes that lie one after the other in `data`."""
    position = 0
    while position + 8 <= len(data):
        size, start = int.from_bytes(data[position : position + 4]), position + 8
        if size == 1:
            size, start = int.from_bytes(data[position + 8 : position + 16]), position + 16
        end = len(data) if size == 0 else position + size
        if end < start:
            return
        yield data[position + 4 : position + 8], data[start:end]
        position = end


def _associations(ipma: bytes) -> dict[int, list[int]]:
    """Item -> the numbers of its properties, from 1, as a box "ipma" says."""
    if len(ipma) < 8:
        return {}
    version, flags, count = ipma[0], ipma[3], _number(ipma, 4, 4)
    width, wide = 4 if version else 2, flags & 1
    position, found = 8, {}
    for _ in range(min(count, len(ipma))):
        item = _number(ipma, position, width)
        number = _number(ipma, position + width, 1)
        position += width + 1
        size = 2 if wide else 1
        mask = 0x7FFF if wide else 0x7F  # without the bit that says "essential"
        found[item] = [
            _number(ipma, position + size * index, size) & mask for index in range(number)
        ]
        position += size * number
    return found


def _number(data: bytes, position: int, size: int) -> int:
    """A whole number of `size` bytes, the highest first; 0 behind the end of the data."""
    return int.from_bytes(data[position : position + size])
