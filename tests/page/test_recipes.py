"""Recipes that are brought back."""

from __future__ import annotations

import dataclasses

import pytest
from page_app import OFFERED, bring_mask, button, made_with, picture_bytes, press, titles, upload
from streamlit.testing.v1 import AppTest

from nst.settings import Settings
from nst.studio.order import Order
from nst.studio.recipe import Source
from page import (
    mask_pictures,
    samples,
)
from page.masks import Where

pytestmark = pytest.mark.usefixtures("own_server")


def test_a_recipe_sets_controls_and_samples(app: AppTest, orders: list[Order]) -> None:
    settings = Settings(
        resolution=128,
        style_weight=12_345.678,  # lies between what the slider offers
        learning_rate=0.123456789,
        preserve_color="match",
        strength=0.5,
        style_layers=("conv1_1", "conv2_1"),
        style_layer_weights=(1.0, 2.5),
        style_weights=(3.0, 1.0),
        optimizer="lbfgs",
        seed=77,
        square=True,
    )
    upload(app, "earlier", made_with(settings, ("watercolour", "night_sky")))
    assert not app.error
    assert "are those of that painting" in app.success[0].value
    assert app.session_state["photo"] == "coffee"
    press(app, "Paint")
    assert orders[0].settings == settings
    assert titles(orders[0]) == ["Watercolour", "Night sky"]
    job_id = app.query_params["job"]
    assert app.slider(f"strength_{job_id}").value == 0.5
    app.select_slider("resolution").set_value(256).run()
    assert "other settings" in app.info[0].value
    press(app, "Paint")
    assert orders[1].settings.strength == 1.0


def test_a_recipe_names_the_pictures_it_needs(app: AppTest, orders: list[Order]) -> None:
    photo, mask = picture_bytes(), picture_bytes(size=(64, 64))
    sources = {
        "content": Source.of(photo, "../../my_[holiday].png"),
        "masks": (Source.of(mask, "mask.png"),),
        "init": Source.of(mask, "start.png"),
    }
    upload(app, "earlier", made_with(Settings(init="picture"), **sources))
    words = app.info[0].value
    for name in (r"my\_\[holiday\].png", "mask.png", "start.png"):
        assert name in words
    assert "watercolour" not in words  # a sample, which was chosen
    assert button(app, "Paint").disabled
    upload(app, "own_photo", photo)
    bring_mask(app, "0", mask)
    upload(app, "own_init", mask)
    assert not app.info
    assert "are those of that painting" in app.success[0].value
    press(app, "Paint")
    assert orders[0].recipe.init == dataclasses.replace(sources["init"], name="holiday.png")


def test_styles_come_in_the_order_of_the_recipe(app: AppTest, orders: list[Order]) -> None:
    own = Source.of(picture_bytes(), "waves.png")
    sample = samples.sample("styles", "watercolour").source
    upload(app, "earlier", made_with(Settings(style_weights=(2.0, 1.0)), styles_of=(own, sample)))
    assert "waves.png" in app.info[0].value
    upload(app, "own_style", picture_bytes(), "waves.png")
    assert "are those of that painting" in app.success[0].value
    press(app, "Paint")
    assert orders[0].recipe.styles == (own, sample)
    assert orders[0].settings.style_weights == (2.0, 1.0)


def test_a_recipe_restores_a_ready_made_mask(
    app: AppTest, orders: list[Order], subject_mask: bytes
) -> None:
    background = mask_pictures.inverted(subject_mask)
    data = made_with(
        Settings(),
        content=samples.sample("content", "astronaut").source,
        masks=(Source.of(background, "background.png"),),
    )
    upload(app, "earlier", data)
    assert app.segmented_control("where_0").value == Where.BACKGROUND
    press(app, "Paint")
    assert orders[0].masks[0].data == background


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no picture", "not a PNG"),
        (picture_bytes(), "holds no recipe"),
        (made_with(Settings())[:600], "damaged"),
        (made_with(Settings(), ("watercolour",) * 5), "blends 5 styles"),
    ],
    ids=["text", "none", "cut off", "too many"],
)
def test_a_bad_recipe_is_told_and_changes_nothing(app: AppTest, data: bytes, words: str) -> None:
    before = {name: app.session_state[name] for name in OFFERED}
    upload(app, "earlier", data)
    assert words in app.error[0].value
    assert {name: app.session_state[name] for name in OFFERED} == before
    assert not button(app, "Paint").disabled
