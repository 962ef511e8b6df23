"""Any mode of Pillow in RGB, 8 bits and sRGB."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageCms

from nst.pictures.transparency import laid_on

STRIP_PIXELS = 2**20  # that are converted at a time


def to_rgb(image: Image.Image, ground: str | None = "white") -> Image.Image:
    """Any mode of Pillow in 8 bits and sRGB, with transparency laid on a `ground` of one colour.

    Returns mode RGB; without a `ground`, RGBA where anything is transparent. In strips, so that
    only the picture and its copy are held as a whole.
    """
    image.load()
    limits, srgb = _range(image), _Srgb(image.info.get("icc_profile"))
    keep = ground is None and _hides_something(image, limits)
    picture = Image.new("RGBA" if keep else "RGB", image.size)
    for top, bottom in _strips(image):
        strip = _to_8_bits(image.crop((0, top, image.width, bottom)), limits)
        converted = _converted(strip, srgb)
        picture.paste(converted if keep else laid_on(converted, ground or "white"), (0, top))
    return picture


def _hides_something(image: Image.Image, limits: tuple[float, float]) -> bool:
    """Whether any pixel is transparent, not only allowed to be."""
    if not image.has_transparency_data:
        return False
    strips = (image.crop((0, top, image.width, bottom)) for top, bottom in _strips(image))
    alphas = (_to_8_bits(strip, limits).convert("RGBA").getchannel("A") for strip in strips)
    return any(alpha.getextrema() != (255, 255) for alpha in alphas)


def _strips(image: Image.Image) -> Iterator[tuple[int, int]]:
    """First row, and that behind the last, of parts of at most `STRIP_PIXELS`."""
    height = max(1, STRIP_PIXELS // image.width)
    for top in range(0, image.height, height):
        yield top, min(image.height, top + height)


def _converted(image: Image.Image, srgb: _Srgb) -> Image.Image:
    """A part in sRGB, in mode RGB, or RGBA if it may be transparent."""
    if not image.has_transparency_data:
        return srgb(image)
    base = _base(image)
    layered = image.convert(f"{base}A")
    converted = srgb(layered.convert(base))
    converted.putalpha(layered.getchannel("A"))
    return converted


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
