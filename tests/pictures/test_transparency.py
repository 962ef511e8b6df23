"""Pictures with transparency: what is hidden shows nothing of what was stored there."""

from __future__ import annotations

import io

import numpy as np
import pytest
from files import BLUE, RED, WHITE, encoded, near, noise
from PIL import Image

from nst.errors import ImageError
from nst.pictures import previews, sheet, transparency, writing
from nst.pictures.reading import open_picture


def half_hidden(hidden: Image.Image, mode: str = "RGBA") -> Image.Image:
    """Red on the left; on the right whatever is hidden."""
    picture = hidden.convert("RGBA")
    picture.putalpha(0)
    picture.paste((*RED, 255), (0, 0, picture.width // 2, picture.height))
    return picture.convert(mode)


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_what_is_hidden_has_no_influence(format):
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    opened = [
        open_picture(encoded(half_hidden(hidden), format, **options), ground=None)
        for hidden in (noise(48, 40), Image.new("RGB", (48, 40), BLUE))
    ]
    assert [each.mode for each in opened] == ["RGBA", "RGBA"]
    assert opened[0].tobytes() == opened[1].tobytes()
    assert opened[0].getpixel((5, 5)) == (*RED, 255)
    assert opened[0].getpixel((40, 5)) == (*RED, 0)  # as what is visible around


def test_what_is_visible_stays_as_it_is():
    picture = noise(70, 50).convert("RGBA")
    picture.paste((0, 0, 0, 0), (20, 10, 40, 30))
    filled = picture.copy()
    transparency.fill_hidden(filled)
    before, after = np.asarray(picture), np.asarray(filled)
    seen = before[..., 3] == 255
    assert (before[seen] == after[seen]).all()
    assert (before[..., 3] == after[..., 3]).all()
    around = before[seen][:, :3].mean(0)
    assert np.abs(after[~seen][:, :3].mean(0) - around).max() < 40


def test_a_large_picture_is_filled_without_a_seam(monkeypatch):
    ramp = Image.linear_gradient("L").resize((600, 400)).convert("RGBA")
    ramp.paste((0, 0, 0, 0), (200, 100, 400, 300))
    whole = ramp.copy()
    transparency.fill_hidden(whole)
    monkeypatch.setattr(transparency, "STRIP_PIXELS", 600 * 7)
    strips = ramp.copy()
    transparency.fill_hidden(strips)
    difference = np.asarray(whole, int) - np.asarray(strips, int)
    assert np.abs(difference).max() <= 2


def test_alpha_that_hides_nothing_is_left_out():
    assert open_picture(encoded(noise().convert("RGBA")), ground=None).mode == "RGB"
    assert open_picture(encoded(noise()), ground=None).mode == "RGB"


@pytest.mark.parametrize("mode", ["LA", "PA", "RGBA"])
def test_other_modes(mode):
    data = encoded(half_hidden(noise(48, 40), "RGBA").convert(mode), "TIFF")
    picture = open_picture(data, ground=None)
    assert picture.mode == "RGBA"
    assert picture.getchannel("A").getextrema() == (0, 255)


def test_a_ground_of_another_colour():
    data = encoded(half_hidden(noise(48, 40)))
    assert open_picture(data).getpixel((40, 5)) == WHITE
    assert open_picture(data, ground="black").getpixel((40, 5)) == (0, 0, 0)


def test_a_picture_that_shows_nothing_is_refused():
    data = encoded(Image.new("RGBA", (48, 40)))
    with pytest.raises(ImageError, match=r'^"a\.png" is transparent everywhere; choose'):
        open_picture(data, "a.png", ground=None)
    assert open_picture(data).getpixel((5, 5)) == WHITE


def test_a_painting_hides_what_its_photo_hides():
    photo = half_hidden(noise(48, 40))
    painting = noise(24, 20)
    cut = transparency.hidden_as_in(painting, photo)
    assert cut.mode == "RGBA"
    assert cut.convert("RGB").tobytes() == painting.tobytes()
    assert (cut.getpixel((2, 2))[3], cut.getpixel((20, 2))[3]) == (255, 0)
    assert painting.mode == "RGB"  # a copy
    assert transparency.hidden_as_in(painting, noise(48, 40)) is painting


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "JPEG", "BMP"])
def test_files_keep_it_or_lay_it_on_white(format):
    written = Image.open(io.BytesIO(writing.encode(half_hidden(noise(48, 40)), format)))
    if format in writing.OPAQUE:
        assert near(written.convert("RGB").getpixel((40, 5)), WHITE, 4)
    else:
        assert written.mode == "RGBA"
        assert written.getpixel((40, 5))[3] == 0


def test_what_can_hold_it():
    assert all(writing.hides(f"a{suffix}") for suffix in (".png", ".webp", ".tif"))
    assert not any(writing.hides(f"a{suffix}") for suffix in (".jpg", ".bmp"))


def test_shown_on_white():
    picture = half_hidden(noise(48, 40))
    assert near(previews.decoded(previews.encoded(picture)).getpixel((40, 20)), WHITE, 4)
    drawn = sheet.contact_sheet([[("a", picture.resize((96, 80)))]])
    assert drawn.getpixel((90, 30)) == WHITE
