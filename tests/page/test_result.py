"""What stands under a finished painting: its bar, its strength and its files."""

from __future__ import annotations

import base64
import io
import json

import pytest
from page_app import button, captions, labels, picture_bytes, press, upload
from PIL import Image
from streamlit.testing.v1 import AppTest

from nst.studio.order import Order
from page import compare, downloads, server, state

pytestmark = pytest.mark.usefixtures("own_server")


def shared(app: AppTest) -> dict[str, str]:
    """What the button Share has to give."""
    components = [element.proto for element in app.get("bidi_component")]
    (found,) = [json.loads(each.json) for each in components if each.component_name == "share"]
    return found


def picture_of(url: str) -> Image.Image:
    head, _, data = url.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def told(app: AppTest) -> str:
    """What the page says of the file."""
    return next(each.value for each in app.caption if " px" in each.value)


def test_the_bar_comes_first_and_the_rest_follows(app: AppTest, orders: list[Order]) -> None:
    press(app, "Paint")
    names = labels(app)
    assert names.count("Again") == 1
    (bar,) = [each for each in app.get("flex_container") if each.proto.id.endswith("result_bar")]
    inside = [child.type for child in bar.children.values()]
    assert inside == ["download_button", "bidi_component", "button_group", "button"]


def test_share_gives_the_painting_as_it_is_seen(app: AppTest, orders: list[Order]) -> None:
    upload(app, "own_photo", picture_bytes(), "holiday.png")
    press(app, "Paint")
    job_id = app.query_params["job"]
    full = shared(app)
    assert full["name"] == "holiday-in-night-sky.jpg"
    assert full["title"] == "Your photo in the style of Night sky"
    job = server.queue().snapshot(job_id)
    assert job is not None
    assert picture_of(full["picture"]).size == Image.open(io.BytesIO(job.preview or b"")).size
    app.slider(state.strength(job_id).name).set_value(0.0).run()
    faint = shared(app)["picture"]
    assert base64.b64decode(faint.partition(",")[2]) == server.queue().files.shown(job_id, 0.0)
    assert faint != full["picture"]


def test_again_leads_back_to_choosing_with_all_that_was_chosen(
    app: AppTest, orders: list[Order]
) -> None:
    app.pills("style").set_value("watercolour").run()
    press(app, "Paint")
    button(app, "Again").click().run()
    assert not app.exception
    assert "job" not in app.query_params
    assert "Again" not in labels(app)
    assert captions(app)[:2] == ["Photo: Cat", "Style: Watercolour"]
    assert button(app, "Show").proto.disabled is False  # the painting is among the visitor's


def test_the_format_is_chosen_and_stays(app: AppTest, orders: list[Order]) -> None:
    press(app, "Paint")
    job_id = app.query_params["job"]
    formats = state.FILE_FORMAT.name
    app.segmented_control(formats).set_value("JPEG").run()
    assert "Download JPEG" in labels(app)
    assert " as a JPEG about " in told(app)
    app.segmented_control(formats).set_value("Film").run()
    assert "Download film" in labels(app)
    assert app.segmented_control(state.file_size(job_id).name).disabled
    assert "when you download it" in told(app)
    assert not app.exception
    app.segmented_control(state.comparing(job_id).name).set_value([compare.LABEL]).run()
    button(app, "Again").click().run()
    button(app, "Show").click().run()
    assert "Download film" in labels(app)
    assert app.segmented_control(state.comparing(job_id).name).value == [compare.LABEL]


def test_a_film_has_its_bytes_told_once_it_was_made(app: AppTest, orders: list[Order]) -> None:
    press(app, "Paint")
    files, job_id = server.queue().files, app.query_params["job"]
    assert files.film_bytes(job_id, "MP4", 1.0) is None
    film = downloads.FILM.make(files, downloads.Version(job_id, 1.0, (10, 10)))
    assert files.film_bytes(job_id, "MP4", 1.0) == len(film)
    assert files.film_bytes(job_id, "MP4", 0.5) is None
    assert files.film_bytes("another", "MP4", 1.0) is None
    app.segmented_control(state.FILE_FORMAT.name).set_value("Film").run()
    assert " KB" in told(app)
