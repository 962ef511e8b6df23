"""Photos and styles that are chosen, given or blended."""

from __future__ import annotations

import itertools

import pytest
from page_app import (
    APP,
    CONTENTS,
    ROOT,
    blend,
    button,
    captions,
    picture_bytes,
    press,
    titles,
    upload,
)
from streamlit.testing.v1 import AppTest

from nst.settings import Settings
from nst.studio.order import Order
from page import (
    capacity,
    gallery,
    state,
)
from page.words import title_of

pytestmark = pytest.mark.usefixtures("own_server")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"this is no picture", "not a picture"),
        (picture_bytes()[:60], "damaged or cut off"),
        (picture_bytes(size=(8, 8)), "at least 32 px"),
        (b"\xff\xd8\xff" + bytes(50 * 1024**2), "50 MB"),
    ],
    ids=["text", "cut off", "tiny", "too large"],
)
def test_a_bad_upload_is_told_in_a_sentence(app: AppTest, data: bytes, words: str) -> None:
    before = captions(app)
    for uploader in ("own_photo", "own_style"):
        app.file_uploader(uploader).set_value(("my_[photo].jpg", data, "image/jpeg")).run()
        assert not app.exception
        assert len(app.error) == 1
        assert words in app.error[0].value
        assert r"my\_\[photo\].jpg" in app.error[0].value
        assert captions(app) == before  # what was chosen still is
        assert not button(app, "Paint").disabled
        app.file_uploader(uploader).set_value([] if uploader == "own_style" else None).run()
        assert not app.error


def test_all_uploaders_of_pictures_take_the_same_files(app: AppTest) -> None:
    limits = {
        each.key: (tuple(each.proto.type), each.proto.max_upload_size_mb)
        for each in app.file_uploader
        if each.key != state.EARLIER.name
    }
    assert {state.OWN_PHOTO.name, state.OWN_STYLE.name} <= set(limits)
    (((_, *others), megabytes),) = set(limits.values())
    assert others == [".heic", ".heif"]
    assert megabytes == capacity.budget().upload


def test_a_bad_upload_instead_of_a_good_one_leaves_a_sample(app: AppTest) -> None:
    before = captions(app)
    for data in (picture_bytes(), b"no picture"):
        app.file_uploader("own_photo").set_value(("holiday.png", data, "image/png")).run()
    assert app.error
    assert captions(app) == before


def test_an_upload_counts_until_a_sample_is_chosen(app: AppTest) -> None:
    before = captions(app)
    upload = ("holiday.png", picture_bytes(), "image/png")
    app.file_uploader("own_photo").set_value(upload).run()
    assert captions(app)[0] == "Photo: Your own photo"
    assert captions(app)[1:2] == before[1:2]
    app.pills("photo").set_value(CONTENTS[0]).run()
    assert captions(app)[0].lower() == f"photo: {CONTENTS[0]}".replace("_", " ")
    assert not app.exception


def test_the_camera_is_asked_for_only_when_it_is_wanted(app: AppTest) -> None:
    assert not app.camera_input
    before = captions(app)
    button(app, "Take a photo").click().run()
    app.camera_input("camera").set_value(("shot.jpg", b"no picture", "image/jpeg")).run()
    assert captions(app) == before
    assert "shot" not in app.session_state

    button(app, "Take a photo").click().run()
    shot = picture_bytes("JPEG", (120, 80))
    app.camera_input("camera").set_value(("shot.jpg", shot, "image/jpeg")).run()
    app.run()
    assert not app.exception
    assert not app.camera_input  # closed again
    assert captions(app)[0] == "Photo: Your own photo"
    assert app.pills("photo").value is None
    # Like an upload, it waits behind a sample, and the newest counts.
    app.pills("photo").set_value(CONTENTS[0]).run()
    assert captions(app)[0] != "Photo: Your own photo"
    app.pills("photo").set_value(None).run()
    assert app.session_state["shot"].data == shot
    assert captions(app)[0] == "Photo: Your own photo"
    upload(app, "own_photo", picture_bytes())
    assert "shot" not in app.session_state
    assert captions(app)[0] == "Photo: Your own photo"


def test_a_surprise_is_another_pair_each_time(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    chances = itertools.cycle([0.0, 1.0, 1.0])  # of a blend
    monkeypatch.setattr(gallery.random, "random", lambda: next(chances))

    def chosen() -> tuple[str, set[str]]:
        state = app.session_state
        return state["photo"], set(state["styles"] if state["blend"] else [state["style"]])

    before = chosen()
    for styles in (2, 1, 1, 2):
        button(app, "Surprise me").click().run()
        assert not app.exception
        photo, found = chosen()
        assert photo != before[0]
        assert not found & before[1]
        assert len(found) == styles
        assert captions(app)[0] == f"Photo: {title_of(photo)}"
        assert all(title_of(style) in captions(app)[1] for style in found)
        named = app.query_params.get("style", "night_sky")
        assert set(named.split(",")) == found
        before = photo, found
    assert "job" not in app.query_params  # it starts nothing by itself


def test_a_surprise_does_not_blend_in_a_style_of_ones_own(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery.random, "random", lambda: 0.0)
    upload(app, "own_style", picture_bytes())
    button(app, "Surprise me").click().run()
    assert not app.session_state["blend"]
    assert "own" not in captions(app)[1]


def test_a_click_on_another_style_chooses_that_one(app: AppTest, orders: list[Order]) -> None:
    app.pills("style").set_value("watercolour").run()
    assert not [slider for slider in app.slider if slider.key.startswith("weight_")]
    press(app, "Paint")
    assert titles(orders[0]) == ["Watercolour"]
    assert orders[0].settings == Settings()


def test_several_styles_are_blended_by_their_weights(app: AppTest, orders: list[Order]) -> None:
    app.toggle("blend").set_value(True).run()
    assert app.pills("styles").value == ["night_sky"]  # the one that was chosen stays
    blend(app, "night_sky", "watercolour")
    weights = [slider for slider in app.slider if slider.key.startswith("weight_")]
    assert [slider.label for slider in weights] == ["Night sky", "Watercolour"]
    weights[0].set_value(3.0).run()
    press(app, "Paint")
    assert titles(orders[0]) == ["Night sky", "Watercolour"]
    assert orders[0].settings.style_weights == (3.0, 1.0)
    assert captions(app)[1] == "Style: Night sky and Watercolour"
    assert app.query_params["style"] == "night_sky,watercolour"

    app.toggle("blend").set_value(False).run()
    assert app.pills("style").value == "night_sky"
    press(app, "Paint")
    assert titles(orders[1]) == ["Night sky"]
    assert orders[1].settings == Settings()


def test_samples_and_uploads_are_blended_and_a_picture_counts_once(
    app: AppTest, orders: list[Order]
) -> None:
    blend(app, "night_sky")
    upload(app, "own_style", picture_bytes(), "my_waves.png")
    press(app, "Paint")
    assert titles(orders[0]) == ["Night sky", "My waves"]
    same = (ROOT / "Resources/styles/night_sky.jpg").read_bytes()
    upload(app, "own_style", same, "again.jpg")
    press(app, "Paint")
    assert len(orders[1].styles) == 1


def test_no_more_than_four_styles(app: AppTest) -> None:
    styles = sorted(path.stem for path in (ROOT / "Resources/styles").glob("*.jpg"))
    blend(app, *styles[:4])
    assert not app.warning
    blend(app, *styles[:5])
    assert "At most 4 styles" in app.warning[0].value
    assert app.pills("styles").value == styles[:4]


def test_a_blend_comes_from_the_address(orders: list[Order]) -> None:
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params["style"] = "watercolour,no_such,night_sky"
    app.run()
    press(app, "Paint")
    assert sorted(titles(orders[0])) == ["Night sky", "Watercolour"]
