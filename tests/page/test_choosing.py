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
    intake,
    paste,
    samples,
    state,
)
from page.intake import OWN
from page.words import title_of

pytestmark = pytest.mark.usefixtures("own_server")

FOLDERS = {"photo": "content", "style": "styles"}


def why_not(app: AppTest) -> str:
    """What stands beside Paint."""
    told = [each.value.replace("\\", "") for each in app.caption if "choose" in each.value]
    return told[0] if told else ""


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
    for uploader, key in (("own_photo", "photo"), ("own_style", "style")):
        app.file_uploader(uploader).set_value(("my_[photo].jpg", data, "image/jpeg")).run()
        assert not app.exception
        assert len(app.error) == 1
        assert words in app.error[0].value
        assert r"my\_\[photo\].jpg" in app.error[0].value
        # Nothing is painted in its place, and beside Paint stands why.
        assert app.pills(key).value is None
        assert button(app, "Paint").disabled
        kind = "photo" if key == "photo" else "artwork"
        assert why_not(app) == f'"my_[photo].jpg" cannot be used: choose another {kind}.'
        app.pills(key).set_value(next(iter(samples.thumbnails(FOLDERS[key])))).run()
        assert not app.error
        assert not button(app, "Paint").disabled


def test_a_refusal_is_said_until_something_is_chosen() -> None:
    """A browser tells of a change, too, when the page took a choice away."""
    try:
        state.REFUSED_PHOTO.set(state.Refused("bad.png", "It is no picture."))
        for chosen, said in ((None, True), ("cat", False)):
            state.PHOTO.set(chosen)
            gallery._browse("content")
            assert ("bad.png" in intake.refusal()) == said
    finally:
        for key in (state.PHOTO, state.REFUSED_PHOTO, state.BROWSING):
            key.drop()


def test_of_what_a_browser_says_only_a_refusal_is_taken() -> None:
    noted: list[tuple[str, str, int]] = []
    for foreign in (None, "text", {"uploader": "own_photo"}, {"name": "a", "size": "7"}):
        paste._told(foreign, lambda *told: noted.append(told))
    assert not noted
    said = {"uploader": "own_photo", "name": "a.png", "size": 7}
    paste._told(said, lambda *told: noted.append(told))
    assert noted == [("own_photo", "a.png", 7)]


def test_a_bad_artwork_leaves_the_blend_and_is_told(app: AppTest, orders: list[Order]) -> None:
    blend(app, "night_sky", "watercolour")
    upload(app, "own_style", b"no picture", "waves.png")
    assert app.pills("styles").value == ["night_sky", "watercolour"]
    assert button(app, "Paint").disabled
    assert "waves.png" in why_not(app)
    app.pills("styles").set_value(["night_sky"]).run()
    press(app, "Paint")
    assert titles(orders[0]) == ["Night sky"]


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


def test_a_bad_upload_is_forgotten_when_it_is_taken_away(app: AppTest) -> None:
    before = captions(app)
    for data in (picture_bytes(), b"no picture"):
        upload(app, "own_photo", data)
    assert button(app, "Paint").disabled
    app.file_uploader("own_photo").set_value(None).run()
    assert not app.error
    assert captions(app) == before


def test_an_own_photo_is_a_tile_like_the_samples(app: AppTest) -> None:
    assert len(app.pills("photo").options) == len(CONTENTS)
    upload(app, "own_photo", picture_bytes())
    assert app.pills("photo").options[0].endswith(" Your photo")
    assert len(app.pills("photo").options) == len(CONTENTS) + 1
    assert captions(app)[0] == "Photo: Your photo"
    for chosen, caption in ((CONTENTS[0], title_of(CONTENTS[0])), (OWN, "Your photo")):
        app.pills("photo").set_value(chosen).run()
        assert captions(app)[0] == f"Photo: {caption}"
    app.file_uploader("own_photo").set_value(None).run()  # taken away
    assert len(app.pills("photo").options) == len(CONTENTS)
    assert captions(app)[0] == "Photo: Cat"
    assert not app.exception


def test_own_artworks_are_tiles_like_the_samples(app: AppTest, orders: list[Order]) -> None:
    upload(app, "own_style", picture_bytes(), "my_waves.png")
    assert app.pills("style").options[0].endswith(" My waves")
    own = app.pills("style").value
    app.pills("style").set_value("watercolour").run()
    assert captions(app)[1] == "Style: Watercolour"
    app.pills("style").set_value(own).run()
    assert captions(app)[1] == "Style: My waves"
    app.toggle("blend").set_value(True).run()
    assert app.pills("styles").value == [own]
    app.pills("styles").set_value([own, "watercolour"]).run()
    press(app, "Paint")
    assert titles(orders[0]) == ["My waves", "Watercolour"]
    assert app.query_params["style"] == "watercolour"  # nobody else has the other


def test_a_surprise_leaves_ones_own_photo(app: AppTest) -> None:
    upload(app, "own_photo", picture_bytes())
    for _ in range(3):
        before = captions(app)[1]
        button(app, "Surprise me").click().run()
        assert captions(app)[0] == "Photo: Your photo"
        assert captions(app)[1] != before


@pytest.mark.parametrize("key", ["photo", "style"])
def test_without_a_choice_paint_says_what_is_missing(app: AppTest, key: str) -> None:
    app.pills(key).set_value(None).run()
    assert button(app, "Paint").disabled
    assert why_not(app) == f"No {key} is chosen: choose one first."


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
    assert captions(app)[0] == "Photo: Your photo"
    assert app.pills("photo").value == OWN
    # Like an upload, it stays beside the samples, and the newest counts.
    app.pills("photo").set_value(CONTENTS[0]).run()
    assert captions(app)[0] != "Photo: Your photo"
    app.pills("photo").set_value(OWN).run()
    assert app.session_state["shot"].data == shot
    assert captions(app)[0] == "Photo: Your photo"
    upload(app, "own_photo", picture_bytes())
    assert "shot" not in app.session_state
    assert captions(app)[0] == "Photo: Your photo"


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


def test_a_pair_of_samples_has_an_example_of_its_own() -> None:
    assert samples.example("cat", "night_sky") == (
        ROOT / "Resources" / "examples" / "cat-in-night_sky.jpg"
    )
    assert samples.example("cat", "mona_lisa") is None


def test_choosing_does_not_send_the_tiles_again(app: AppTest) -> None:
    """A browser keeps a message that stays the same; that of the tiles is the largest there is."""
    sent = app.pills("style").proto.SerializeToString(deterministic=True)
    for style in ("watercolour", "stained_glass"):
        app.pills("style").set_value(style).run()
        assert app.query_params["style"] == style
        assert app.pills("style").proto.SerializeToString(deterministic=True) == sent
