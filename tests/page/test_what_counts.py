"""Which part of an artwork counts, as a visitor says it on the page."""

from __future__ import annotations

import dataclasses

import pytest
from page_app import blend, bring_mask, button, made_with, press, upload
from PIL import Image
from streamlit.testing.v1 import AppTest

from nst.pictures import reading, writing
from nst.queue.job import Job
from nst.settings import Settings
from nst.studio.order import Order
from nst.studio.recipe import Source
from page import mask_pictures, samples, state, style_masks

pytestmark = pytest.mark.usefixtures("own_server")

SKY, WATERCOLOUR = (samples.sample("styles", stem) for stem in ("night_sky", "watercolour"))


WATERCOLOUR_SLOT = style_masks.slot_of(WATERCOLOUR.source.sha256)


def halved() -> bytes:
    """A picture that is white on the left and black on the right."""
    mask = Image.new("RGB", (40, 40))
    mask.paste("white", (0, 0, 20, 40))
    return writing.encode(mask)


def ask(app: AppTest, sha256: str) -> None:
    app.toggle(state.in_part(sha256).name).set_value(True).run()
    assert not app.exception


def can_paint(app: AppTest) -> bool:
    return not button(app, "Paint").disabled


def words(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_a_part_of_one_of_two_styles_counts(app: AppTest, orders: list[Order]) -> None:
    blend(app, "night_sky", "watercolour")
    ask(app, WATERCOLOUR.source.sha256)
    assert not can_paint(app)  # the picture is missing
    bring_mask(app, WATERCOLOUR_SLOT, halved())
    assert "which part of an artwork counts" in words(app)  # what Share leaves out
    press(app, "Paint")
    assert [mask.data for mask in orders[0].style_masks] == [mask_pictures.everything(), halved()]
    assert orders[0].masks == ()
    app.toggle(state.in_part(WATERCOLOUR.source.sha256).name).set_value(False).run()
    press(app, "Paint")
    assert orders[1].style_masks == ()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (writing.encode(Image.new("RGB", (40, 40))), "nothing of it would count"),
        (b"no picture", "Mark which part of the artwork counts"),
    ],
    ids=["black", "text"],
)
def test_a_mask_that_cannot_be_is_told_in_a_sentence(
    app: AppTest, data: bytes, sentence: str
) -> None:
    ask(app, SKY.source.sha256)
    bring_mask(app, style_masks.slot_of(SKY.source.sha256), data)
    assert sentence in words(app)
    assert not can_paint(app)


def test_a_recipe_asks_for_its_style_mask(app: AppTest, orders: list[Order]) -> None:
    wanted = Source.of(halved(), "part.png")
    all_of_it = Source.of(mask_pictures.everything(), "everything.png")
    painting = made_with(Settings(), ("watercolour", "night_sky"), style_masks=(wanted, all_of_it))
    upload(app, state.EARLIER.name, painting)
    assert not app.toggle(state.in_part(SKY.source.sha256).name).value
    assert "part.png" in app.info[0].value
    assert not can_paint(app)
    bring_mask(app, WATERCOLOUR_SLOT, halved())
    assert "are those of that painting" in app.success[0].value
    press(app, "Paint")
    assert [mask.sha256 for mask in orders[0].recipe.style_masks] == [
        wanted.sha256,
        all_of_it.sha256,
    ]


def test_the_queue_counts_what_style_masks_take() -> None:
    order = Order(samples.sample("content", "cat"), (SKY,), Settings(resolution=64))
    mask = dataclasses.replace(SKY, data=halved(), file_name="half.png")
    plain = Job.of(order, "", 0.0)
    masked = Job.of(dataclasses.replace(order, style_masks=(mask,)), "", 0.0)
    assert masked.prepared is not None
    (counted,) = masked.prepared.style_masks
    assert counted is not None
    assert masked.size_bytes - plain.size_bytes == reading.held_bytes(counted)
