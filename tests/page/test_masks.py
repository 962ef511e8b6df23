"""Masks: given, made ready, or drawn."""

from __future__ import annotations

import io

import pytest
from page_app import blend, button, mask_level, picture_bytes, press, upload
from PIL import Image
from streamlit.testing.v1 import AppTest

from nst.pictures import reading, writing
from nst.studio.order import Order
from page import (
    masks,
)
from page.masks import Where

pytestmark = pytest.mark.usefixtures("own_server")


def test_an_uploaded_mask_and_its_inverse(app: AppTest, orders: list[Order]) -> None:
    app.segmented_control("where_0").set_value(Where.UPLOADED).run()
    assert button(app, "Paint").disabled
    mask = picture_bytes()  # black above, white below
    upload(app, "own_mask_0", mask)
    press(app, "Paint")
    assert [each.data for each in orders[0].masks] == [mask]
    app.toggle("invert_0").set_value(True).run()
    press(app, "Paint")
    assert mask_level(orders[0]) < 20
    assert mask_level(orders[0]) + mask_level(orders[1]) == 255


def test_a_style_for_each_region(app: AppTest, orders: list[Order]) -> None:
    blend(app, "night_sky", "watercolour")
    app.segmented_control("where_0").set_value(Where.UPLOADED).run()
    upload(app, "own_mask_0", picture_bytes())
    app.segmented_control("where_1").set_value(Where.REST).run()
    press(app, "Paint")
    one, other = (mask_level(orders[0], number) for number in (0, 1))
    assert abs(one + other - 255) <= 1
    app.segmented_control("where_0").set_value(Where.REST).run()
    assert button(app, "Paint").disabled


def test_a_black_mask_is_told(app: AppTest) -> None:
    app.segmented_control("where_0").set_value(Where.UPLOADED).run()
    upload(app, "own_mask_0", writing.encode(Image.new("RGB", (40, 40))))
    assert button(app, "Paint").disabled
    assert any("mask is black" in caption.value for caption in app.caption)


def test_a_bad_mask_is_told_in_a_sentence(app: AppTest) -> None:
    app.segmented_control("where_0").set_value(Where.UPLOADED).run()
    upload(app, "own_mask_0", b"no picture", "mask.png")
    assert "not a picture" in app.error[0].value
    assert button(app, "Paint").disabled


def test_only_the_subject_or_only_the_background(
    app: AppTest, orders: list[Order], subject_mask: bytes
) -> None:
    assert Where.SUBJECT not in app.segmented_control("where_0").options
    app.pills("photo").set_value("astronaut").run()
    app.segmented_control("where_0").set_value(Where.SUBJECT).run()
    press(app, "Paint")
    assert orders[0].masks[0].data == subject_mask
    app.segmented_control("where_0").set_value(Where.BACKGROUND).run()
    press(app, "Paint")
    grey = orders[1].masks[0].open().convert("L")
    assert (grey.getpixel((5, 5)), grey.getpixel((60, 5))) == (0, 255)
    app.pills("photo").set_value("cat").run()  # has no such mask
    assert not app.exception
    press(app, "Paint")
    assert orders[2].masks == ()


def stroke(*colors: tuple[int, int, int]) -> bytes:
    """A drawing with half transparent strokes of these colours in its middle, one on another."""
    sheet = Image.new("RGBA", (64, 64))
    for color in colors:
        layer = Image.new("RGBA", (64, 64))
        layer.paste((*color, 153), (16, 16, 48, 48))
        sheet = Image.alpha_composite(sheet, layer)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


ORANGE, BLUE = (240, 120, 20), (30, 60, 220)


@pytest.mark.parametrize(
    ("strokes", "painted"),
    [
        ([ORANGE], 255),
        ([BLUE], 0),
        ([ORANGE, BLUE], 0),
        ([BLUE, ORANGE], 255),
        ([ORANGE] * 6 + [BLUE], 0),
        ([BLUE] * 6 + [ORANGE], 255),
    ],
)
def test_of_a_drawing_the_uppermost_stroke_counts(
    strokes: list[tuple[int, int, int]], painted: int
) -> None:
    mask = reading.open_picture(masks.mask_of(stroke(*strokes))).convert("L")
    assert (mask.getpixel((32, 32)), mask.getpixel((4, 4))) == (painted, 0)


def test_what_a_browser_draws_is_no_more_trusted_than_an_upload(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, orders: list[Order]
) -> None:
    drawn: list[bytes | None] = [None]
    monkeypatch.setattr(masks, "drawing", lambda *_: drawn[0])
    app.segmented_control("where_0").set_value(Where.DRAWN).run()
    assert button(app, "Paint").disabled
    for data in (b"no picture", stroke(ORANGE)[:80], bytes(masks.MOST_BYTES + 1)):
        drawn[0] = data
        app.run()
        assert not app.exception
        assert "drawing" in app.error[0].value
        assert button(app, "Paint").disabled
    drawn[0] = stroke(ORANGE)
    app.run()
    press(app, "Paint")
    assert orders[0].masks[0].title == "Your drawing"
