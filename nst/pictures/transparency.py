"""Pictures with transparency: mode RGBA, whose hidden part shows nothing of what was stored there.

A picture in which nothing is hidden has mode RGB.
"""

from __future__ import annotations

from PIL import Image, ImageChops

FILL_SIDE = 256  # px, longer side at which the colours behind a hidden part are found
STRIP_PIXELS = 2**20


def is_transparent(picture: Image.Image) -> bool:
    """Whether a picture of the program has transparency."""
    return picture.mode == "RGBA"


def opaque(picture: Image.Image) -> Image.Image:
    """The picture in mode RGB, as if nothing were hidden; itself if nothing is."""
    return picture.convert("RGB") if is_transparent(picture) else picture


def laid_on(picture: Image.Image, ground: str) -> Image.Image:
    """The picture in mode RGB, on a `ground` of one colour; itself if nothing is hidden."""
    if not is_transparent(picture):
        return picture
    below = Image.new("RGB", picture.size, ground)
    below.paste(picture.convert("RGB"), mask=picture.getchannel("A"))
    return below


def hidden_as_in(picture: Image.Image, photo: Image.Image) -> Image.Image:
    """The picture with the transparency of a photo of any size; itself if that has none."""
    if not is_transparent(photo):
        return picture
    alpha = photo.getchannel("A")
    if alpha.size != picture.size:
        alpha = alpha.resize(picture.size, Image.Resampling.BOX)
    cut = picture.convert("RGB").convert("RGBA")  # a copy
    cut.putalpha(alpha)
    return cut


def shown_through(picture: Image.Image, mask: Image.Image) -> Image.Image | None:
    """The picture, transparent where a mask of any size is black; itself if it is white.

    None if nothing would be visible.
    """
    alpha = mask.convert("L").resize(picture.size, Image.Resampling.BOX)
    if alpha.getextrema() == (255, 255):
        return picture
    if is_transparent(picture):
        alpha = ImageChops.multiply(alpha, picture.getchannel("A"))
    if alpha.getextrema() == (0, 0):
        return None
    shown = picture.convert("RGB").convert("RGBA")  # a copy
    shown.putalpha(alpha)
    fill_hidden(shown)
    return shown


def fill_hidden(picture: Image.Image) -> None:
    """Replace the colours of what is hidden by those of the visible parts around, in place.

    `picture` is RGBA, with something visible in it. From coarse to fine, as in the pull-push
    algorithm of Gortler et al., "The Lumigraph" (1996), section 3.2.
    """
    below = _surroundings(picture)
    rows = max(1, STRIP_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        bottom = min(picture.height, top + rows)
        strip = picture.crop((0, top, picture.width, bottom))
        scale = below.height / picture.height
        fill = below.resize(
            strip.size, Image.Resampling.BILINEAR, (0, top * scale, below.width, bottom * scale)
        )
        alpha = strip.getchannel("A")
        fill.paste(strip.convert("RGB"), mask=alpha)
        fill.putalpha(alpha)
        picture.paste(fill, (0, top))


def _surroundings(picture: Image.Image) -> Image.Image:
    """The visible colours, spread over the hidden parts; RGB, `FILL_SIDE` px at most."""
    scale = min(1.0, FILL_SIDE / max(picture.size))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    levels = [_seen(picture.resize(size, Image.Resampling.BOX))]  # weighs by alpha
    while max(levels[-1].size) > 1:
        width, height = levels[-1].size
        half = max(1, width // 2), max(1, height // 2)
        levels.append(_seen(levels[-1].resize(half, Image.Resampling.BOX)))
    below = levels.pop().convert("RGB")
    for level in reversed(levels):
        below = below.resize(level.size, Image.Resampling.BILINEAR)
        below.paste(level.convert("RGB"), mask=level.getchannel("A"))
    return below


def _seen(picture: Image.Image) -> Image.Image:
    """The picture with alpha 255 wherever anything is visible."""
    picture.putalpha(picture.getchannel("A").point([0] + [255] * 255))
    return picture
