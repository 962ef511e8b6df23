"""A transparent photo gives a transparent painting; a transparent mask paints nothing there."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from files import encoded, noise
from PIL import Image

from nst.errors import UserError
from nst.pictures import deep
from nst.settings import Settings
from nst.studio.order import Input, Order
from nst.studio.studio import Painting

SETTINGS = Settings(resolution=64)


def photo(seed: int = 0) -> bytes:
    """Opaque on the left; on the right transparent, whatever is stored there."""
    picture = noise(96, 72, seed).convert("RGBA")
    picture.putalpha(0)
    picture.paste(noise(48, 72).convert("RGBA"), (0, 0))
    return encoded(picture)


def order(content: bytes, *masks: bytes) -> Order:
    return Order(
        Input("Photo", content, "photo.png"),
        (Input("Style", encoded(noise(64, 64)), "style.png"),),
        SETTINGS,
        tuple(Input("Mask", mask, "mask.png") for mask in masks),
    )


def painted() -> torch.Tensor:
    return torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0))


def test_what_is_hidden_has_no_influence_on_what_is_painted():
    prepared = [Painting(order(photo(seed)).open(), SETTINGS)._prepared for seed in (0, 1)]
    assert prepared[0].content.mode == "RGB"
    assert prepared[0].content.tobytes() == prepared[1].content.tobytes()


def test_the_painting_is_transparent_where_the_photo_is():
    painting = Painting(order(photo()).open(), SETTINGS)
    result = painting.finish(painted())
    assert (result.mode, result.size) == ("RGBA", (96, 72))
    alpha = np.asarray(result.getchannel("A"))
    assert (alpha[:, :48] == 255).all()
    assert (alpha[:, 48:] == 0).all()


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_also_in_16_bits(tmp_path, name):
    pixels = Painting(order(photo()).open(), SETTINGS).finish_deep(painted())
    assert pixels.shape == (72, 96, 4)
    assert pixels[0, 0, 3] == 65535
    assert pixels[0, 95, 3] == 0
    deep.save(pixels, tmp_path / name)
    import cv2

    read = cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED)
    assert read.dtype == np.uint16
    assert (read[..., [2, 1, 0, 3]] == pixels).all()


def test_an_opaque_photo_gives_an_opaque_painting():
    painting = Painting(order(encoded(noise(96, 72).convert("RGBA"))).open(), SETTINGS)
    assert painting.finish(painted()).mode == "RGB"
    assert painting.finish_deep(painted()).shape == (72, 96, 3)


def test_a_mask_is_not_painted_where_it_is_transparent():
    """Cut out of a picture by an eraser: white on nothing. It was read as all white."""
    mask = Image.new("RGBA", (96, 72), (255, 255, 255, 0))
    mask.paste((255, 255, 255, 255), (0, 0, 48, 72))
    (opened,) = order(photo(), encoded(mask)).open().masks
    assert opened.getpixel((5, 5)) == (255, 255, 255)
    assert opened.getpixel((90, 5)) == (0, 0, 0)


@pytest.mark.parametrize(
    "black", [Image.new("L", (96, 72)), Image.new("RGBA", (96, 72), (255, 255, 255, 0))]
)
def test_masks_that_leave_nothing_to_paint_are_refused(black):
    white = Image.new("L", (96, 72), 255)
    with pytest.raises(UserError, match=r"^The mask is black everywhere, so that nothing would"):
        order(photo(), encoded(black)).open()
    with pytest.raises(UserError, match=r"^All masks are black everywhere, .* something is white"):
        order(photo(), encoded(black), encoded(black)).open()
    assert len(order(photo(), encoded(white), encoded(black)).open().masks) == 2


def test_a_jpeg_has_it_on_white():
    from nst.pictures import writing

    result = Painting(order(photo()).open(), SETTINGS).finish(painted())
    written = Image.open(io.BytesIO(writing.encode(result, "JPEG")))
    assert min(written.getpixel((90, 30))) > 250
