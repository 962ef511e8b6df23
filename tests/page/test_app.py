"""The page, driven without a browser."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import itertools
import json
import pkgutil
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest
import streamlit as st
import torch
from painters import PainterOf
from PIL import Image
from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx
from streamlit.testing.v1 import AppTest

from nst.errors import NoMemoryError, UserError
from nst.paint.transfer import Progress
from nst.pictures import reading, writing
from nst.queue.files import Files
from nst.queue.history import Standing
from nst.queue.job import JobState, Snapshot
from nst.queue.manager import JobManager
from nst.queue.messages import QueueFullError
from nst.queue.painter import ServerPainter
from nst.settings import CONTROLS, PRESETS, Settings
from nst.studio import recipe
from nst.studio.order import Order
from nst.studio.preparation import Prepared
from nst.studio.recipe import Source
from nst.vgg.network import VGG19
from page import (
    archive,
    capacity,
    downloads,
    gallery,
    losses,
    masks,
    progress,
    samples,
    state,
    variations,
)
from page.masks import Where
from page.words import plain, title_of

ROOT = Path(__file__).parents[2]
APP = str(ROOT / "streamlit_app.py")
# Weights stand beside what they weigh, and the strength beside the painting.
ELSEWHERE = ("style_weights", "style_layer_weights", "strength")
OFFERED = [name for name in CONTROLS if name not in ELSEWHERE]
CONTENTS = sorted(path.stem for path in (ROOT / "Resources/content").glob("*.jpg"))


@pytest.fixture(autouse=True)
def _own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test has its own queue, and nothing is loaded behind its back."""
    monkeypatch.chdir(ROOT)  # where the configuration is
    monkeypatch.setattr(JobManager, "warm_up", lambda self, delay: None)
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def app() -> AppTest:
    """The page as a visitor finds it."""
    page = AppTest.from_file(APP, default_timeout=30).run()
    assert not page.exception
    return page


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, trunk: VGG19) -> None:
    """The real engine, without loading its weights anew."""
    monkeypatch.setattr("nst.vgg.network.load", lambda: trunk)


def make_tiny(app: AppTest, iterations: int) -> AppTest:
    app.select_slider("resolution").set_value(64)
    app.select_slider("iterations").set_value(iterations)
    app.toggle("early_stop").set_value(False)
    return app.run()


def button(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if button.label.startswith(label))


def labels(app: AppTest) -> list[str]:
    return [button.label for button in (*app.button, *app.download_button)]


def captions(app: AppTest) -> list[str]:
    return [caption for image in app.image for caption in image.captions]


def status(app: AppTest) -> str:
    """The words above the pictures."""
    return app.progress[0].text


def reload(app: AppTest) -> AppTest:
    """A new session on the same address, in the tab that kept what a reload needs."""
    again = AppTest.from_file(APP, default_timeout=30)
    again.query_params["job"] = app.query_params["job"]
    again.session_state[state.VISIT_IDS.name] = app.session_state[state.VISIT_IDS.name]
    again.session_state[state.VISIT_KNOWN.name] = True
    return again.run()


def run_until(app: AppTest, condition: Callable[[], Any]) -> None:
    """Look again, as the page does by itself, until `condition` is met."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, labels(app)
        time.sleep(0.1)
        app.run()
        assert not app.exception


def picture_bytes(format: str = "PNG", size: tuple[int, int] = (90, 60)) -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize(size).save(buffer, format)
    return buffer.getvalue()


def test_the_page_opens_with_an_example_chosen(app: AppTest) -> None:
    assert app.title[0].value == "Turn a photo into a painting"
    assert status(app) == progress.READY
    assert app.session_state["photo"] in CONTENTS
    assert app.session_state["style"]
    assert app.session_state["preset"] == "balanced"
    assert not button(app, "Paint").disabled
    assert not app.error


def test_every_setting_has_its_widget(app: AppTest) -> None:
    sidebar = app.sidebar
    widgets = (
        *sidebar.select_slider,
        *sidebar.toggle,
        *sidebar.number_input,
        *sidebar.selectbox,
        *sidebar.multiselect,
    )
    found = {widget.key: widget for widget in widgets}
    assert set(found) == {*OFFERED, "blend", "weigh_layers"}
    for name in OFFERED:
        assert found[name].label.startswith(CONTROLS[name].label)
        assert found[name].help == CONTROLS[name].help
        default = getattr(Settings(), name)
        assert found[name].value == (list(default) if isinstance(default, tuple) else default)


def test_sliders_offer_only_what_is_allowed_and_all_presets(app: AppTest) -> None:
    for slider in app.sidebar.select_slider:
        most = CONTROLS[slider.key].maximum
        if slider.key == "resolution":
            most = capacity.HIGHEST_RESOLUTION
        values = [float(option.replace(",", "")) for option in slider.options]
        assert values == sorted(set(values))
        first = 0 if CONTROLS[slider.key].or_zero else CONTROLS[slider.key].minimum
        assert values[0] == first
        assert values[-1] == most
        for preset in capacity.OFFERED:
            assert getattr(Settings.preset(preset), slider.key) in values
    seed = app.number_input("seed")
    assert (seed.min, seed.max) == (CONTROLS["seed"].minimum, CONTROLS["seed"].maximum)


def test_the_first_paint_does_not_wait_for_torch() -> None:
    code = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        f"app = AppTest.from_file({APP!r}, default_timeout=30).run()\n"
        "print([error.value for error in app.exception], 'torch' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert answer.stdout.strip() == "[] False", answer.stderr


def test_what_takes_hours_is_left_to_the_command_line(app: AppTest) -> None:
    assert app.segmented_control("preset").options == ["Quick", "Balanced", "Fine", "Classic"]
    assert set(PRESETS) - set(capacity.OFFERED) == {"poster"}
    opened = AppTest.from_file(APP, default_timeout=30)
    opened.query_params["resolution"] = "2,048"
    opened.run()
    assert opened.select_slider("resolution").value == capacity.HIGHEST_RESOLUTION
    assert "2,048 px was asked for. The page paints up to 1,024 px" in sidebar_captions(opened)
    opened.select_slider("resolution").set_value(512).run()
    assert "asked for" not in sidebar_captions(opened)


def sidebar_captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.sidebar.caption)


def test_what_a_painting_takes_stands_beside_its_resolution(app: AppTest) -> None:
    def minutes() -> float:
        found = re.search(r"Takes about (\d+) (s|min) here, and \d\.\d GB", sidebar_captions(app))
        assert found, sidebar_captions(app)
        return int(found[1]) / (60 if found[2] == "s" else 1)

    usual = minutes()
    assert 0.1 < usual < 2
    app.select_slider("resolution").set_value(1024).run()
    assert minutes() > 2 * usual
    assert "stopped after" not in sidebar_captions(app)
    app.toggle("early_stop").set_value(False)
    app.select_slider("iterations").set_value(5000).run()
    assert "It is stopped after 30 min, and kept as it is then." in sidebar_captions(app)


@pytest.mark.parametrize("preset", capacity.OFFERED)
def test_a_preset_sets_the_controls(app: AppTest, preset: str) -> None:
    app.select_slider("resolution").set_value(128).run()
    assert app.session_state["preset"] is None
    app.segmented_control("preset").set_value(preset).run()
    assert not app.exception
    shown = {name: app.session_state[name] for name in OFFERED}
    assert Settings.from_dict(shown) == Settings.preset(preset)
    assert app.session_state["preset"] == preset


def test_settings_come_from_the_address() -> None:
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params["photo"] = CONTENTS[-1]
    app.query_params["resolution"] = "640"
    app.query_params["iterations"] = "-5"  # not allowed: ignored
    app.run()
    assert not app.exception
    assert app.session_state["photo"] == CONTENTS[-1]
    assert app.session_state["resolution"] == 640
    assert app.session_state["iterations"] == Settings().iterations
    assert app.session_state["preset"] == "fine"


@pytest.mark.usefixtures("engine")
def test_a_job_runs_to_its_end_and_is_found_again(app: AppTest) -> None:
    make_tiny(app, iterations=10)
    button(app, "Paint").click().run()
    assert not app.exception
    run_until(app, lambda: "Finished" in status(app))
    assert re.search(r"Finished: it took \d+ s\.", status(app))
    assert not app.metric  # they are for the curious
    app.session_state[state.LOSSES.name] = True
    app.run()
    assert "Iteration 10, at 64 px" in [caption.value for caption in app.caption]
    assert [metric.label for metric in app.metric] == ["Total loss", "Content loss", "Style loss"]
    title = captions(app)[2]
    assert "in the style of" in title
    assert not button(app, "Paint").disabled

    reloaded = reload(app)
    assert captions(reloaded)[2] == title
    assert "Download PNG" in labels(reloaded)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    "place", ["page.visitor.identity", "page.actions.Actions.follow", "page.visit.add"]
)
def test_a_press_outlives_a_run_that_the_next_one_ends(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Wherever Streamlit is used, it may end a run for one that was asked for meanwhile."""
    make_tiny(app, iterations=10)
    real = pkgutil.resolve_name(place)
    ended = []

    def ending(*arguments: Any) -> Any:
        if len(ended) < 2:  # the run of the click, and the one after it
            ended.append(place)
            context = get_script_run_ctx()
            assert context
            raise RerunException(RerunData(query_string=context.query_string))
        return real(*arguments)

    queued = []
    submit = JobManager.submit
    monkeypatch.setattr(
        JobManager, "submit", lambda *arguments: queued.append(1) or submit(*arguments)
    )
    for label in ("Paint", "Continue from this"):
        queued.clear()
        ended.clear()
        with monkeypatch.context() as patched:
            patched.setattr(place, ending)
            button(app, label).click().run()
        assert len(ended) == 2
        assert len(queued) == 1
        run_until(app, lambda: "Finished" in status(app))
        app.run()  # nothing is left over that begins another
        assert len(queued) == 1


@pytest.mark.usefixtures("engine")
def test_the_tab_learns_of_a_painting_before_its_address_does(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reloads between the two has the id, and is shown what is under way."""
    seen: list[tuple[list[str], str | None]] = []

    def component(*, data: dict[str, Any], **_: Any) -> None:
        seen.append((data["ids"], st.query_params.get("job")))

    monkeypatch.setattr("page.visit._component", lambda: component)
    button(make_tiny(app, iterations=10), "Paint").click().run()
    job_id = app.query_params["job"]
    assert ([job_id], None) in seen
    assert ([], job_id) not in seen


@pytest.mark.usefixtures("engine")
def test_after_a_refusal_the_button_can_be_pressed_again(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = JobManager.submit

    def full(*_: Any) -> str:
        raise QueueFullError(8, 60.0)

    monkeypatch.setattr(JobManager, "submit", full)
    button(make_tiny(app, iterations=10), "Paint").click().run()
    assert app.error
    monkeypatch.setattr(JobManager, "submit", submit)
    button(app, "Paint").click().run()
    run_until(app, lambda: "Finished" in status(app))


@pytest.mark.usefixtures("engine")
def test_stop_keeps_the_picture(app: AppTest) -> None:
    make_tiny(app, iterations=5000)
    button(app, "Paint").click().run()
    run_until(app, lambda: "in the style of" in captions(app)[2])
    assert button(app, "Paint").disabled
    job_id = app.query_params["job"]
    del app.query_params["job"]  # as when the connection is lost before the address comes
    app.run()
    assert app.query_params["job"] == job_id
    app.select_slider("style_weight").set_value(1000.0).run()  # moving a slider does no harm
    button(app, "Stop").click().run()
    run_until(app, lambda: "picture is kept" in status(app))
    assert "Download PNG" in labels(app)
    assert "in the style of" in captions(app)[2]


def test_an_unknown_job_is_told_in_words() -> None:
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params["job"] = "gone"
    app.session_state[state.VISIT_KNOWN.name] = True  # the tab kept nothing
    app.run()
    assert not app.exception
    assert "no longer kept" in app.info[0].value
    assert not button(app, "Paint").disabled


def test_a_job_that_fails_is_told_in_words(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("nst.vgg.network.load", load)
    button(app, "Paint").click().run()
    run_until(app, lambda: app.error)
    assert "went wrong" in app.error[0].value
    assert "secret" not in app.error[0].value
    assert not app.exception


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


def test_a_full_queue_is_told_in_words(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def submit(*_: Any) -> str:
        raise QueueFullError(8, 60.0)

    monkeypatch.setattr(JobManager, "submit", submit)
    button(app, "Paint").click().run()
    assert "8 paintings are waiting" in app.error[0].value
    assert not app.exception


def paint(prepared: Prepared, settings: Settings) -> Iterator[Progress]:
    """One white iteration."""
    height, width = prepared.content.size[::-1]
    picture = torch.ones(1, 3, height, width)
    yield Progress(
        iteration=1,
        total=1,
        scale=64,
        scales=(64,),
        content_loss=1.0,
        style_loss=1.0,
        tv_loss=1.0,
        total_loss=1.0,
        seconds=1.0,
        fraction=1.0,
        image=picture,
        snapshot=lambda: picture,
    )


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """What the page orders; it is painted white at once."""
    found: list[Order] = []
    submit = JobManager.submit

    def note(self: JobManager, order: Order, visitor: str) -> str:
        found.append(order)
        return submit(self, order, visitor)

    monkeypatch.setattr(JobManager, "submit", note)
    monkeypatch.setattr(ServerPainter, "paint", lambda self, *args: paint(*args))
    return found


def press(app: AppTest, label: str) -> None:
    button(app, label).click().run()
    assert not app.exception
    run_until(app, lambda: "Download PNG" in labels(app))


def titles(order: Order) -> list[str]:
    return [style.title for style in order.styles]


def blend(app: AppTest, *stems: str) -> None:
    app.toggle("blend").set_value(True).run()
    app.pills("styles").set_value(list(stems)).run()
    assert not app.exception


def upload(app: AppTest, key: str, data: bytes, name: str = "holiday.png") -> None:
    app.file_uploader(key).set_value((name, data, "image/png")).run()
    assert not app.exception


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


def test_strength_changes_picture_and_download_without_a_new_job(
    app: AppTest, orders: list[Order]
) -> None:
    press(app, "Paint")
    job_id = app.query_params["job"]
    before = app.image[2].proto.imgs[0].url
    app.slider(f"strength_{job_id}").set_value(0.3).run()
    assert app.image[2].proto.imgs[0].url != before
    assert len(orders) == 1
    assert app.query_params["job"] == job_id


def test_continue_paints_on_from_the_result_with_the_present_settings(
    app: AppTest, orders: list[Order]
) -> None:
    press(app, "Paint")
    first = app.query_params["job"]
    app.slider(f"strength_{first}").set_value(0.5).run()
    app.select_slider("style_weight").set_value(1000.0).run()
    press(app, "Continue")
    assert app.query_params["job"] != first
    assert orders[1].settings == Settings(style_weight=1000.0, init="picture")
    assert orders[1].init is not None
    kept = recipe.read(orders[1].init.data)  # the PNG that Download gave
    assert kept.settings.strength == 0.5
    assert kept.content == orders[0].content.source
    # With another photo chosen, the one of the painting is painted on.
    app.pills("photo").set_value(CONTENTS[0]).run()
    press(app, "Continue")
    assert orders[2].content == orders[0].content
    assert not app.exception


def painted_then_failing(prepared: Prepared, settings: Settings) -> Iterator[Progress]:
    """One white iteration that is shown, and then no memory for another."""
    yield dataclasses.replace(next(iter(paint(prepared, settings))), total=2, fraction=0.5)
    raise NoMemoryError("There is not enough memory to go on.")


def test_a_painting_that_fails_is_kept_and_can_be_continued(
    app: AppTest, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(ServerPainter, "paint", lambda self, *args: painted_then_failing(*args))
        press(app, "Paint")
    assert "not enough memory" in app.error[0].value
    first = app.query_params["job"]
    press(app, "Continue")
    run_until(app, lambda: "Finished" in status(app))
    assert app.query_params["job"] != first
    assert orders[1].init is not None
    assert recipe.read(orders[1].init.data)


@pytest.mark.parametrize("label", ["Paint", "Continue"])
@pytest.mark.parametrize("error", [UserError("It is no longer kept."), RuntimeError("secret")])
def test_a_click_that_fails_spoils_no_later_run(
    app: AppTest,
    orders: list[Order],
    monkeypatch: pytest.MonkeyPatch,
    label: str,
    error: Exception,
) -> None:
    press(app, "Paint")

    def failing(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(
            *((Files, "png") if label == "Continue" else (JobManager, "submit")), failing
        )
        button(app, label).click().run()
        told = app.error if isinstance(error, UserError) else app.exception
        assert [each.value for each in told]
        app.run()
        assert not app.exception
        assert not app.error
    press(app, label)
    assert len(orders) == 2


def test_after_a_reload_continue_needs_the_same_pictures(app: AppTest, orders: list[Order]) -> None:
    press(app, "Paint")
    reloaded = reload(app)
    assert not button(reloaded, "Continue").disabled
    reloaded.pills("photo").set_value(CONTENTS[0]).run()
    assert button(reloaded, "Continue").disabled


def test_any_picture_may_be_started_from(app: AppTest, orders: list[Order]) -> None:
    app.selectbox("init").set_value("picture").run()
    assert button(app, "Paint").disabled
    upload(app, "own_init", picture_bytes())
    press(app, "Paint")
    assert orders[0].settings.init == "picture"
    assert orders[0].init is not None
    assert orders[0].init.data == picture_bytes()


def test_layers_keep_the_names_the_field_gives_them(app: AppTest) -> None:
    assert "conv4_2" in app.selectbox("content_layer").options
    assert "conv4_2" in app.multiselect("style_layers").options
    assert app.selectbox("optimizer").options == ["Adam", "L-BFGS"]


def test_style_layers_may_be_weighed(app: AppTest, orders: list[Order]) -> None:
    app.toggle("weigh_layers").set_value(True).run()
    app.number_input("layer_weight_conv1_1").set_value(4.0).run()
    press(app, "Paint")
    assert orders[0].settings.style_layer_weights == (4.0, 1.0, 1.0, 1.0, 1.0)


def mask_level(order: Order, number: int = 0) -> int:
    grey = order.masks[number].open().convert("L")
    return grey.getpixel((grey.width // 2, 2))


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


@pytest.fixture
def subject_mask(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A mask of the astronaut: white on the left."""
    mask = Image.new("RGB", (64, 64))
    mask.paste("white", (0, 0, 32, 64))
    data = writing.encode(mask)
    photo = (ROOT / "Resources/content/astronaut.jpg").read_bytes()
    found = {hashlib.sha256(photo).hexdigest(): (data, masks.inverted(data))}
    monkeypatch.setattr(masks, "subjects", lambda: found)
    return data


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


def made_with(
    settings: Settings,
    styles: tuple[str, ...] = ("watercolour",),
    styles_of: tuple[Source, ...] = (),
    **changes: Any,
) -> bytes:
    """The PNG of a painting of the coffee cup, as Download gives it."""
    found = Order(
        samples.sample("content", "coffee"),
        tuple(samples.sample("styles", style) for style in styles),
        settings,
    ).recipe
    if styles_of:
        changes["styles"] = styles_of
    found = dataclasses.replace(found, weights="original", versions=recipe.versions(), **changes)
    picture = Image.new("RGB", (40, 40))
    return writing.encode(picture, "PNG", text={recipe.KEY: found.to_json()})


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
    upload(app, "own_mask_0", mask)
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
    background = masks.inverted(subject_mask)
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
        (
            made_with(Settings(), style_masks=(Source("part.png", "0" * 64),)),
            "Only parts of this painting's styles count",
        ),
    ],
    ids=["text", "none", "cut off", "too many", "parts"],
)
def test_a_bad_recipe_is_told_and_changes_nothing(app: AppTest, data: bytes, words: str) -> None:
    before = {name: app.session_state[name] for name in OFFERED}
    upload(app, "earlier", data)
    assert words in app.error[0].value
    assert {name: app.session_state[name] for name in OFFERED} == before
    assert not button(app, "Paint").disabled


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


def test_other_files_are_offered_beside_the_png(app: AppTest, orders: list[Order]) -> None:
    press(app, "Paint")
    offered = [button.label for button in app.download_button]
    labels = ["Download PNG", *(kind.label for kind in downloads.OTHERS)]
    assert offered[: len(labels)] == labels


def test_every_file_is_what_its_name_says() -> None:
    manager = JobManager(PainterOf(paint))
    style = samples.sample("styles", "watercolour")
    job_id = manager.submit(Order(samples.sample("content", "cat"), (style,), Settings()))
    deadline = time.monotonic() + 30
    while (job := manager.snapshot(job_id)) is None or job.active:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    names, wanted = [], downloads.Wanted(job_id, 1.0, job.size)
    for kind in (downloads.PNG, *downloads.OTHERS):
        data = kind.make(manager.files, wanted)
        name = downloads.file_name(job, kind.suffix)
        names.append(name)
        if kind.mime == "video/mp4":
            with av.open(io.BytesIO(data)) as container:
                assert "mp4" in container.format.name
                assert name.endswith(".mp4")
            continue
        picture = Image.open(io.BytesIO(data))
        assert Image.MIME[picture.format or ""] == kind.mime
        assert Image.registered_extensions()[Path(name).suffix] == picture.format
    assert names[0] == "cat-in-watercolour.png"
    assert len(set(names)) == len(names)


def test_files_have_the_size_that_is_chosen(app: AppTest, orders: list[Order]) -> None:
    upload(app, "own_photo", picture_bytes(size=(1200, 800)))
    press(app, "Paint")
    job_id = app.query_params["job"]
    choice = app.segmented_control(state.file_size(job_id).name)
    assert choice.options == ["Photo's size", "2x", "Canvas"]
    assert choice.value == "Photo's size"  # the larger one of photo and canvas
    assert told(app).startswith("1,200 x 800 px: as a PNG about")
    choice.set_value("2x").run()
    assert not app.exception
    assert told(app).startswith("2,400 x 1,600 px")
    assert " KB" in told(app) or " MB" in told(app)


def told(app: AppTest) -> str:
    """What the page says of the files."""
    return next(each.value for each in app.caption if " as a PNG " in each.value)


def test_only_sizes_that_are_different_and_fit_are_offered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def offered(size: tuple[int, int], resolution: int = 384) -> dict[str, tuple[int, int]]:
        return downloads.sizes(job_of(size, resolution))

    assert offered((300, 200)) == {
        "Photo's size": (300, 200),
        "2x": (600, 400),
        "Canvas": (384, 256),
    }
    assert list(offered((384, 256))) == ["Photo's size", "2x"]
    assert list(offered((9000, 600))) == ["Photo's size", "Canvas"]
    small = capacity.budget()._replace(pixels=10_000_000)
    monkeypatch.setattr(capacity, "budget", lambda: small)
    assert list(offered((3000, 2000))) == ["Photo's size", "Canvas"]


def job_of(size: tuple[int, int], resolution: int) -> Snapshot:
    """An ended job for a photo of this size."""
    source = Source("photo.png", "0" * 64)
    settings = Settings(resolution=resolution)
    return Snapshot(
        id="job",
        state=JobState.FINISHED,
        ahead=0,
        wait=0.0,
        size=size,
        content_name="Cat",
        style_name="Night sky",
        content_shown=b"",
        style_shown=b"",
        preview=None,
        recipe=recipe.Recipe(settings, source, (Source("art.png", "0" * 64),)),
        standing=None,
        history=(),
        message="",
    )


def test_a_file_of_another_size_has_another_name() -> None:
    job = job_of((300, 200), 384)
    assert downloads.file_name(job, ".jpg", (384, 256)) == "photo-in-art.jpg"  # the usual one
    assert downloads.file_name(job, ".jpg", (300, 200)) == "photo-in-art-photo-size.jpg"
    assert downloads.file_name(job, ".jpg", (600, 400)) == "photo-in-art-2x.jpg"
    assert downloads.file_name(job_of((900, 600), 384), ".png", (384, 256)).endswith("-canvas.png")


def test_full_size_shows_the_file_itself(app: AppTest, orders: list[Order]) -> None:
    upload(app, "own_photo", picture_bytes(size=(1600, 1200)))
    press(app, "Paint")
    button(app, "Full size").click().run()
    assert not app.exception
    (image,) = (each for each in app.image if each.proto.imgs[0].alt.startswith("In full size"))
    assert image.proto.imgs[0].alt == "In full size: Your own photo in the style of Night sky"


def test_stopping_is_said_until_the_painting_has_ended(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()

    def wait(self: ServerPainter, prepared: Prepared, settings: Settings) -> Iterator[Progress]:
        yield dataclasses.replace(next(iter(paint(prepared, settings))), fraction=0.5)
        held.wait(30)
        yield from paint(prepared, settings)

    monkeypatch.setattr(ServerPainter, "paint", wait)
    button(app, "Paint").click().run()
    run_until(app, lambda: "left" in status(app) or "Estimating" in status(app))
    button(app, "Stop").click().run()
    assert status(app) == progress.STOPPING
    assert button(app, progress.STOPPING).disabled
    held.set()
    run_until(app, lambda: progress.STOPPING not in labels(app))


def test_of_the_films_the_one_that_phones_take_comes_first() -> None:
    films = [kind.label for kind in downloads.OTHERS if kind.label.startswith("Time-lapse")]
    assert films == ["Time-lapse, MP4", "Time-lapse, WebP", "Time-lapse, GIF"]


@pytest.mark.parametrize(
    ("uploaded", "wanted"),
    [
        ("Holiday.JPG", "holiday-in-watercolour.png"),
        ("../../etc/pass wd\u202e\n.png", "pass-wd-in-watercolour.png"),
        ("???", "photo-in-watercolour.png"),
    ],
)
def test_what_an_upload_is_called_names_the_result(uploaded: str, wanted: str) -> None:
    manager = JobManager(PainterOf(paint))
    photo = dataclasses.replace(samples.sample("content", "cat"), file_name=uploaded)
    order = Order(photo, (samples.sample("styles", "watercolour"),), Settings(resolution=64))
    job = manager.snapshot(manager.submit(order))
    assert job is not None
    assert downloads.file_name(job) == wanted
    (entry,) = archive.entries([job], [1.0])
    assert entry.name == f"01-{wanted}"


def comparisons(app: AppTest) -> list[dict[str, str]]:
    """What each slider of photo and painting is given."""
    components = [element.proto for element in app.get("bidi_component")]
    return [json.loads(each.json) for each in components if each.component_name == "compare"]


def test_the_painting_is_compared_with_its_photo_at_the_strength_shown(
    app: AppTest, orders: list[Order]
) -> None:
    upload(app, "own_photo", picture_bytes(), "<img src=x onerror=alert(1)>.png")
    press(app, "Paint")
    assert not comparisons(app)
    job_id = app.query_params["job"]
    app.toggle(f"compare_{job_id}").set_value(True).run()
    assert not app.exception
    (full,) = comparisons(app)
    assert full["photo"].startswith("data:image/jpeg;base64,")
    assert full["photo"] != full["painting"]
    assert "onerror" not in str(full)  # what a visitor calls the file is nowhere in it
    app.slider(f"strength_{job_id}").set_value(0.0).run()
    (faint,) = comparisons(app)
    assert faint["photo"] == full["photo"]
    assert faint["painting"] != full["painting"]
    app.toggle(f"compare_{job_id}").set_value(False).run()
    assert not comparisons(app)
    assert "in the style of" in captions(app)[2]


@pytest.mark.parametrize(
    ("label", "changes"),
    [
        ("More style", {"style_weight": 30_000.0}),
        ("More of the photo", {"content_weight": 30.0}),
        ("Finer strokes", {"resolution": 512}),
    ],
)
def test_a_variation_sets_the_control_and_paints_at_once(
    app: AppTest, orders: list[Order], label: str, changes: dict[str, Any]
) -> None:
    app.number_input("seed").set_value(7).run()
    press(app, "Paint")
    first = app.query_params["job"]
    app.slider(f"strength_{first}").set_value(0.6).run()
    # What is chosen meanwhile is not what the painting was painted with.
    app.select_slider("iterations").set_value(500).run()
    app.pills("photo").set_value(CONTENTS[0]).run()
    press(app, label)
    assert app.query_params["job"] != first
    expected = dataclasses.replace(orders[0].settings, **changes)
    assert orders[1].settings == dataclasses.replace(expected, strength=0.6)
    assert (orders[1].content, orders[1].styles) == (orders[0].content, orders[0].styles)
    assert {name: app.session_state[name] for name in changes} == changes
    assert app.session_state["iterations"] == Settings().iterations
    assert len(orders) == 2


def test_a_texture_is_ordered_and_more_of_the_photo_ends_it(
    app: AppTest, orders: list[Order]
) -> None:
    app.select_slider("content_weight").set_value(0.0).run()
    press(app, "Paint")
    press(app, "More of the photo")
    assert [order.settings.content_weight for order in orders] == [0, 0.1]
    assert not app.exception


def test_a_painting_that_was_painted_on_is_varied_from_the_same_start(
    app: AppTest, orders: list[Order]
) -> None:
    press(app, "Paint")
    press(app, "Continue")
    press(app, "More style")
    assert orders[2].init == orders[1].init
    assert orders[2].settings.init == "picture"
    assert app.session_state["init"] == "content"  # which pictures of one's own alone can change
    assert not button(app, "Paint").disabled


def test_after_a_reload_a_variation_needs_the_same_pictures(
    app: AppTest, orders: list[Order]
) -> None:
    press(app, "Paint")
    press(app, "Continue")
    reloaded = reload(app)
    reloaded.pills("photo").set_value(CONTENTS[0]).run()
    assert "Finer strokes" not in labels(reloaded)
    reloaded.pills("photo").set_value(orders[0].content.file_name.removesuffix(".jpg")).run()
    press(reloaded, "Finer")
    assert (orders[2].settings.init, orders[2].init) == ("content", None)


def test_what_has_no_more_is_not_offered(app: AppTest, orders: list[Order]) -> None:
    app.select_slider("resolution").set_value(capacity.HIGHEST_RESOLUTION)
    app.select_slider("style_weight").set_value(1_000_000.0)
    app.run()
    press(app, "Paint")
    assert [button(app, name).disabled for name in ("More style", "More of", "Finer")] == [
        True,
        False,
        True,
    ]


def test_every_variation_stays_within_the_limits() -> None:
    for variation in variations.VARIATIONS:
        settings: Settings | None = Settings(resolution=64)
        steps = 0
        while settings is not None:
            before, settings, steps = settings, variation.change(settings), steps + 1
            assert settings != before
        assert 3 < steps < 15


def test_a_full_queue_keeps_the_painting_that_was_to_be_varied(
    app: AppTest, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    press(app, "Paint")

    def submit(*_: Any) -> str:
        raise QueueFullError(8, 60.0)

    monkeypatch.setattr(JobManager, "submit", submit)
    button(app, "Finer").click().run()
    assert "8 paintings are waiting" in app.error[0].value
    assert "Download PNG" in labels(app)
    app.run()
    assert not app.error  # asked once, not at every look


def test_the_chart_marks_each_change_of_scale() -> None:
    scales = (64, 64, 128, 128, 256)
    history = [
        Standing(number, 5, scale, (64, 128, 256), 4.0, 0.0, 2.0, 1.0, 1.0, 0.5)
        for number, scale in enumerate(scales, 1)
    ]
    table = losses.loss_table(history)
    rows = list(zip(*table.values(), strict=True))
    assert [row for row in rows if row[3]] == [(3, None, None, "128 px"), (5, None, None, "256 px")]
    assert {row[1] for row in rows if not row[3]} == {"Total", "Style"}  # 0 has no logarithm


def test_what_follows_a_name_is_no_markup() -> None:
    assert plain("a_[b](c):d:<e>") == r"a\_\[b\](c)\:d\:\<e\>"


def test_all_styles_are_tried_one_after_the_other(app: AppTest, orders: list[Order]) -> None:
    styles = [title_of(stem) for stem in samples.thumbnails("styles")]
    button(app, "Try them all").click().run()
    assert not app.exception
    # The sheet may be seen by the last look at a painting that had not ended at its beginning.
    run_until(app, lambda: "Download the sheet" in labels(app) and "Stop" not in labels(app))
    assert [order.style_name for order in orders] == styles
    assert {order.settings.resolution for order in orders} == {256}
    assert len({order.content.source for order in orders}) == 1
    assert any(caption.endswith(styles[-1]) for caption in captions(app))
    button(app, "Paint").click().run()  # another painting, and the sheet is not in its way
    assert app.session_state[state.ACTIONS.name].series is None


def test_stop_ends_the_trying(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()

    def wait(self: ServerPainter, prepared: Prepared, settings: Settings) -> Iterator[Progress]:
        held.wait(30)
        yield dataclasses.replace(next(iter(paint(prepared, settings))), fraction=0.5)
        yield from paint(prepared, settings)

    monkeypatch.setattr(ServerPainter, "paint", wait)
    button(app, "Try them all").click().run()
    assert button(app, "Try them all").disabled
    button(app, "Stop").click().run()
    held.set()
    run_until(app, lambda: not button(app, "Try them all").disabled)
    assert len(app.session_state[state.ACTIONS.name].series.job_ids) == 1
    assert not app.session_state[state.ACTIONS.name].series.waiting
