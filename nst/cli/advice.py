"""What is said before the work, where something may not be what was meant."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nst.errors import UserError
from nst.settings import MOST_STYLES, Settings

if TYPE_CHECKING:
    from PIL.Image import Image

    from nst.studio.order import Order

SHOWN = 3  # pictures that a sentence names


def check_count(content: str, styles: Sequence[str]) -> None:
    """Raises `UserError` for more styles than can be blended, as from `photos/*.jpg art.jpg`."""
    if len(styles) > MOST_STYLES:
        raise UserError(
            f"There were {len(styles)} styles, and at most {MOST_STYLES} can be blended into one "
            f"picture; to paint many photos, each by itself: {_batch([content, *styles])}"
        )


def on_blend(content: str, styles: Sequence[str], order: Order) -> list[str]:
    """Sentences about a blend: its styles with their weights, and which of them may be photos.

    `content` and `styles` are the paths of the order's pictures.
    """
    if len(styles) < 2 or order.masks:
        return []
    names = [os.path.basename(path.rstrip("/")) for path in styles]
    shares = zip(names, _shares(order.settings, len(styles)), strict=True)
    blend = ", ".join(f"{name} {share:.0%}" for name, share in shares)
    sentences = [f"One picture is painted in a blend of {len(styles)} styles: {blend}."]
    photos = [
        path
        for path, style in zip(styles, order.styles, strict=True)
        if _among_photos(path, content, styles) or _from_camera(style.data, path)
    ]
    if photos:
        them = "1 of them looks" if len(photos) == 1 else f"{len(photos)} of them look"
        others = [path for path in styles if path not in photos] or [styles[-1]]
        contents = [content, *(path for path in photos if path not in others)]
        sentences.append(
            f"{them} like a photo; to paint each photo by itself: {_batch([*contents, *others])}"
        )
    return sentences


def on_ground(photo: Image, output: str) -> str:
    """A sentence where the file `output` cannot hold the photo's transparency, else ""."""
    from nst.pictures import transparency, writing

    if not transparency.is_transparent(photo) or writing.hides(output):
        return ""
    return (
        "The photo is transparent in part, which this kind of file cannot hold; that part becomes "
        "white. PNG, WebP and TIFF keep it."
    )


def _shares(settings: Settings, count: int) -> list[float]:
    """How much each style counts, 0..1."""
    weights = settings.style_weights or (1.0,) * count
    return [weight / sum(weights) for weight in weights]


def _among_photos(path: str, content: str, styles: Sequence[str]) -> bool:
    """Whether a style lies beside the photo, and the last one elsewhere: photos/*.jpg art.jpg."""
    beside, of_last = (os.path.dirname(each) for each in (content, styles[-1]))
    return os.path.dirname(path) == beside != of_last


def _from_camera(data: bytes, name: str) -> bool:
    """Whether a file says which camera made it."""
    from PIL import Image

    from nst.pictures import metadata

    kept = Image.Exif()
    kept.load(metadata.camera_data(data, name))
    return bool(kept.get(0x010F) or kept.get(0x0110))  # make, model


def _batch(paths: Sequence[str]) -> str:
    """The command for it; the last of the paths is the style."""
    *contents, style = paths
    more = " ..." if len(contents) > SHOWN else ""
    shown = shlex.join(contents[:SHOWN])
    return f"nst batch --content {shown}{more} --style {shlex.quote(style)} -o FOLDER"
