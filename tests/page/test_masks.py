"""Masks: made ready, found, marked or uploaded, and what becomes of them."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from page_app import blend, bring_mask, button, mask_level, picture_bytes, press, upload
from PIL import Image
from streamlit.testing.v1 import AppTest

from nst.errors import UserError
from nst.pictures import previews, reading, writing
from nst.studio.order import Order
from page import marks, mask_canvas, mask_pictures, masks, samples
from page.marks import Kind, Mark
from page.masks import Where

pytestmark = pytest.mark.usefixtures("own_server")

RECTANGLE = {"kind": "rectangle", "points": [[0.5, 0.0], [1.0, 1.0]], "size": 0.1, "number": 1}
Draw = Callable[..., None]


@pytest.fixture
def draw(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> Draw:
    """Let the browser send these marks in the dialog that is open, and press Done."""
    sent: dict[int, Any] = {}
    monkeypatch.setattr(mask_canvas, "drawn", sent.get)

    def draw(*drawn: Any, end: str = "Done") -> None:
        sent[app.session_state["sheets"]] = list(drawn)
        app.run()
        assert not app.exception
        if end:
            button(app, end).click().run()
            assert not app.exception

    return draw


def choose(app: AppTest, where: Where, number: int = 0) -> None:
    app.segmented_control(f"where_{number}").set_value(where).run()
    assert not app.exception


def words(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def is_open(app: AppTest) -> bool:
    return any(button.label == "Done" for button in app.button)


def previews_of(app: AppTest) -> list[str]:
    alts = [image.proto.imgs[0].alt for image in app.image]
    return [alt for alt in alts if "dimmed" in alt]


def half(data: bytes) -> tuple[int, int]:
    """A mask's grey at the left and at the right."""
    grey = reading.open_picture(data).convert("L")
    return grey.getpixel((2, 2)), grey.getpixel((grey.width - 3, 2))


def test_what_is_marked_in_the_dialog_is_painted(
    app: AppTest, draw: Draw, orders: list[Order]
) -> None:
    choose(app, Where.MARKED)
    assert is_open(app)
    assert button(app, "Paint").disabled
    draw(RECTANGLE)
    assert not is_open(app)
    assert len(previews_of(app)) == 1
    press(app, "Paint")
    assert half(orders[0].masks[0].data) == (0, 255)
    button(app, "Change it").click().run()
    draw(RECTANGLE, {"kind": "invert", "points": [], "size": 0, "number": 2})
    press(app, "Paint")
    assert half(orders[1].masks[0].data) == (255, 0)


def test_cancel_leaves_what_was_marked_and_a_closed_dialog_keeps_the_sheet(
    app: AppTest, draw: Draw, orders: list[Order]
) -> None:
    choose(app, Where.MARKED)
    draw(RECTANGLE)
    button(app, "Change it").click().run()
    draw(end="Cancel")
    press(app, "Paint")
    assert half(orders[0].masks[0].data) == (0, 255)
    button(app, "Change it").click().run()
    draw(end="Done")  # with nothing drawn
    assert button(app, "Paint").disabled
    assert words(app).count("Mark where Night sky is painted") == 2  # in its row, beside Paint


def test_an_uploaded_mask_is_used_as_it_is_or_drawn_upon(
    app: AppTest, draw: Draw, orders: list[Order]
) -> None:
    choose(app, Where.MARKED)
    mask = picture_bytes()  # black above, white below
    bring_mask(app, "0", mask)
    press(app, "Paint")
    assert [each.data for each in orders[0].masks] == [mask]
    button(app, "Change it").click().run()
    draw(RECTANGLE)
    press(app, "Paint")
    left, right = half(orders[1].masks[0].data)
    assert left < 20
    assert right == 255


def test_a_style_for_each_region(app: AppTest, orders: list[Order]) -> None:
    blend(app, "night_sky", "watercolour")
    choose(app, Where.MARKED)
    bring_mask(app, "0", picture_bytes())
    choose(app, Where.REST, 1)
    assert len(previews_of(app)) == 2
    press(app, "Paint")
    one, other = (mask_level(orders[0], number) for number in (0, 1))
    assert abs(one + other - 255) <= 1
    choose(app, Where.REST)
    assert button(app, "Paint").disabled
    assert "At least one style needs a place of its own" in words(app)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (writing.encode(Image.new("RGB", (40, 40))), "mask is black"),
        (b"no picture", "Mark where Night sky is painted"),
    ],
    ids=["black", "text"],
)
def test_a_mask_that_cannot_be_is_told_in_a_sentence(
    app: AppTest, data: bytes, sentence: str
) -> None:
    choose(app, Where.MARKED)
    upload(app, "own_mask_1", data, "mask.png")
    assert ("not a picture" in " ".join(error.value for error in app.error)) == (data[:2] == b"no")
    button(app, "Done").click().run()
    assert button(app, "Paint").disabled
    assert sentence in words(app)


def test_only_the_subject_or_only_the_background(
    app: AppTest, orders: list[Order], subject_mask: bytes
) -> None:
    app.pills("photo").set_value("astronaut").run()
    choose(app, Where.SUBJECT)
    press(app, "Paint")
    assert orders[0].masks[0].data == subject_mask
    choose(app, Where.BACKGROUND)
    press(app, "Paint")
    grey = orders[1].masks[0].open().convert("L")
    assert (grey.getpixel((5, 5)), grey.getpixel((60, 5))) == (0, 255)


def test_the_subject_of_any_photo_is_found(app: AppTest, orders: list[Order]) -> None:
    app.pills("photo").set_value("coffee").run()
    choose(app, Where.SUBJECT)
    press(app, "Paint")
    grey = orders[0].masks[0].open().convert("L")
    assert grey.getpixel((grey.width // 2, grey.height // 2)) == 255  # the cup
    assert grey.getpixel((5, 5)) == 0  # the table
    upload(app, "own_photo", writing.encode(Image.new("RGB", (90, 60), "teal")))
    choose(app, Where.SUBJECT)
    assert button(app, "Paint").disabled
    assert "No subject was found in this photo" in words(app)


def test_masks_follow_while_the_photo_stays(app: AppTest, draw: Draw, orders: list[Order]) -> None:
    choose(app, Where.MARKED)
    draw(RECTANGLE)
    app.pills("style").set_value("watercolour").run()
    press(app, "Paint")
    assert half(orders[0].masks[0].data) == (0, 255)
    blend(app, "night_sky", "watercolour", "stained_glass")
    app.pills("styles").set_value(["night_sky", "stained_glass", "watercolour"]).run()
    assert not app.exception
    places = {each.label: each.value for each in app.segmented_control if "paint" in each.label}
    assert places["Watercolour: paint"] == Where.MARKED
    assert places["Stained glass: paint"] == Where.EVERYWHERE
    app.pills("styles").set_value(["stained_glass", "night_sky"]).run()
    places = {each.label: each.value for each in app.segmented_control if "paint" in each.label}
    assert sorted(places.values()) == [Where.EVERYWHERE, Where.EVERYWHERE]


def test_masks_go_with_their_photo_and_a_sentence_says_so(
    app: AppTest, draw: Draw, orders: list[Order]
) -> None:
    choose(app, Where.MARKED)
    draw(RECTANGLE)
    assert masks.DROPPED not in words(app)
    app.pills("photo").set_value("coffee").run()
    assert [toast.value for toast in app.toast] == [masks.DROPPED]
    assert masks.DROPPED in words(app)
    assert not previews_of(app)
    press(app, "Paint")
    assert orders[0].masks == ()
    app.pills("photo").set_value("cat").run()
    assert masks.DROPPED not in words(app)
    assert app.segmented_control("where_0").value == Where.EVERYWHERE


def test_what_a_browser_draws_is_no_more_trusted_than_an_upload(app: AppTest, draw: Draw) -> None:
    choose(app, Where.MARKED)
    draw(RECTANGLE, "nonsense", end="")
    assert marks.UNREADABLE in [error.value for error in app.error]
    draw(RECTANGLE)
    assert not button(app, "Paint").disabled


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "marks",
        [None],
        [{**RECTANGLE, "kind": "spray"}],
        [{**RECTANGLE, "kind": ["brush"]}],
        [{**RECTANGLE, "points": "here"}],
        [{**RECTANGLE, "points": [[0.5]]}],
        [{**RECTANGLE, "points": [[0.5, "left"]]}],
        [{**RECTANGLE, "points": [[float("nan"), 0]]}],
        [{**RECTANGLE, "points": [[0, 0]] * (marks.MOST_POINTS // 2 + 1)}] * 2,
        [{**RECTANGLE, "kind": "find"}] * (marks.MOST_SUBJECTS + 1),
        [{**RECTANGLE, "size": None}],
        [{**RECTANGLE, "number": "one"}],
        [RECTANGLE] * (marks.MOST_MARKS + 1),
    ],
)
def test_marks_that_cannot_be_are_refused(raw: object) -> None:
    with pytest.raises(UserError, match="clear it and draw again"):
        marks.taken(raw)


def test_marks_stay_near_their_picture() -> None:
    (mark,) = marks.taken([{**RECTANGLE, "points": [[-1e9, 1e9]], "size": 1e9}])
    assert mark.points == ((-marks.FARTHEST, marks.FARTHEST),)
    assert mark.size == marks.LARGEST
    assert marks.taken(json.loads(json.dumps([mark.as_data()]))) == (mark,)


WHITE = writing.encode(Image.new("RGB", (160, 120), "white"))
ACROSS = ((0.0, 0.5), (1.0, 0.5))


@pytest.mark.usefixtures("usual_size")
@pytest.mark.parametrize(
    ("drawn", "middle", "corner"),
    [
        ([Mark(Kind.BRUSH, ACROSS, 0.2)], 255, 0),
        ([Mark(Kind.BRUSH, ((0.5, 0.5),), 0.2)], 255, 0),
        ([Mark(Kind.BRUSH, ACROSS, 0.2), Mark(Kind.ERASER, ACROSS, 0.1)], 0, 0),
        ([Mark(Kind.ERASER, ACROSS, 0.2), Mark(Kind.BRUSH, ACROSS, 0.1)], 255, 0),
        ([Mark(Kind.RECTANGLE, ((0.75, 0.75), (0.25, 0.25)))], 255, 0),
        ([Mark(Kind.INVERT)], 255, 255),
        ([Mark(Kind.BRUSH, ACROSS, 0.2), Mark(Kind.INVERT)], 0, 255),
        ([Mark(Kind.INVERT), Mark(Kind.CLEAR)], 0, 0),
        ([Mark(Kind.FIND), Mark(Kind.BOX), Mark(Kind.SCRIBBLE)], 0, 0),
    ],
)
def test_marks_count_one_after_the_other(drawn: list[Mark], middle: int, corner: int) -> None:
    mask = reading.open_picture(marks.mask_of(WHITE, "white.png", drawn, None)).convert("L")
    assert mask.size == (1024, 768)
    mask = mask.resize((160, 120))
    assert (mask.getpixel((80, 60)), mask.getpixel((4, 4))) == (middle, corner)


@pytest.mark.parametrize(
    "mark",
    [
        Mark(Kind.FIND),
        Mark(Kind.BOX, ((0.95, 0.95), (0.05, 0.02))),
        Mark(Kind.SCRIBBLE, ((0.4, 0.15), (0.55, 0.2), (0.5, 0.5), (0.35, 0.7), (0.6, 0.85)), 0.03),
    ],
    ids=lambda mark: mark.kind,
)
def test_the_cup_is_the_subject(mark: Mark) -> None:
    photo = samples.sample("content", "coffee")
    data = marks.mask_of(photo.data, photo.file_name, [mark], None)
    grey = reading.open_picture(data).convert("L")
    assert grey.getpixel((grey.width // 2, grey.height // 2)) == 255  # the cup
    assert grey.getpixel((5, 5)) == 0  # the table


def test_a_mask_is_seen_over_its_picture() -> None:
    mask = Image.new("RGB", (80, 60))
    mask.paste("white", (40, 0, 80, 60))
    shown = mask_pictures.shown_over(WHITE, "white.png", writing.encode(mask), 80)
    picture = previews.decoded(shown)
    assert picture.size == (80, 60)
    assert max(picture.getpixel((10, 30))) < 120  # dimmed
    red, green, blue = picture.getpixel((70, 30))
    assert red > green > blue > 150  # tinted


def test_a_veil_is_as_opaque_as_its_mask_is_white() -> None:
    address = mask_pictures.as_veil(picture_bytes(size=(64, 64)))
    head, data = address.split(",")
    assert head == "data:image/png;base64"
    veil = Image.open(io.BytesIO(base64.b64decode(data)))
    assert veil.getchannel("L").getextrema() == (255, 255)
    assert veil.getchannel("A").getpixel((32, 2)) < 20
