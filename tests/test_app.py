"""The page, driven without a browser."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from nst.jobs import JobManager
from nst.settings import CONTROLS, PRESETS, Settings
from nst.vgg import VGG19

ROOT = Path(__file__).parent.parent
APP = str(ROOT / "streamlit_app.py")
OFFERED = [name for name in CONTROLS if name not in ("style_weights", "style_layer_weights")]
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
    monkeypatch.setattr("nst.vgg.load", lambda: trunk)


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
    assert app.title[0].value == "Neural style transfer"
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
    assert set(found) == set(OFFERED)
    for name in OFFERED:
        assert found[name].label.startswith(CONTROLS[name].label)
        assert found[name].help == CONTROLS[name].help
        default = getattr(Settings(), name)
        assert found[name].value == (list(default) if isinstance(default, tuple) else default)


def test_sliders_offer_only_what_is_allowed_and_all_presets(app: AppTest) -> None:
    for slider in app.sidebar.select_slider:
        values = [float(option.replace(",", "")) for option in slider.options]
        assert values == sorted(set(values))
        assert values[0] == CONTROLS[slider.key].minimum
        assert values[-1] == CONTROLS[slider.key].maximum
        for preset in PRESETS:
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


@pytest.mark.parametrize("preset", list(PRESETS))
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
    run_until(app, lambda: app.download_button)
    assert re.search(r"Finished: 10 iterations in \d+ s\.", status(app))
    assert [metric.label for metric in app.metric] == ["Total loss", "Content loss", "Style loss"]
    title = captions(app)[2]
    assert "in the style of" in title
    assert not button(app, "Paint").disabled

    reloaded = AppTest.from_file(APP, default_timeout=30)
    reloaded.query_params["job"] = app.query_params["job"]
    reloaded.run()
    assert captions(reloaded)[2] == title
    assert "Download PNG" in labels(reloaded)


@pytest.mark.usefixtures("engine")
def test_stop_keeps_the_picture(app: AppTest) -> None:
    make_tiny(app, iterations=5000)
    button(app, "Paint").click().run()
    run_until(app, lambda: app.metric)
    assert button(app, "Paint").disabled
    app.select_slider("style_weight").set_value(1000.0).run()  # moving a slider does no harm
    button(app, "Stop").click().run()
    run_until(app, lambda: app.download_button)
    assert "picture is kept" in status(app)
    assert "in the style of" in captions(app)[2]


def test_an_unknown_job_is_told_in_words() -> None:
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params["job"] = "gone"
    app.run()
    assert not app.exception
    assert "no longer kept" in app.info[0].value
    assert not button(app, "Paint").disabled


def test_a_job_that_fails_is_told_in_words(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("nst.vgg.load", load)
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
        (b"\xff\xd8\xff" + bytes(20 * 1024**2), "20 MB"),
    ],
    ids=["text", "cut off", "tiny", "too large"],
)
def test_a_bad_upload_is_told_in_a_sentence(app: AppTest, data: bytes, words: str) -> None:
    app.file_uploader("own_photo").set_value(("my_[photo].jpg", data, "image/jpeg")).run()
    assert not app.exception
    assert words in app.error[0].value
    assert r"my\_\[photo\].jpg" in app.error[0].value
    assert button(app, "Paint").disabled


def test_an_upload_counts_until_a_sample_is_chosen(app: AppTest) -> None:
    before = captions(app)
    upload = ("holiday.png", picture_bytes(), "image/png")
    app.file_uploader("own_photo").set_value(upload).run()
    assert captions(app)[0] == "Photo: Your own photo"
    assert captions(app)[1:2] == before[1:2]
    app.pills("photo").set_value(CONTENTS[0]).run()
    assert captions(app)[0].lower() == f"photo: {CONTENTS[0]}".replace("_", " ")
    assert not app.exception


def test_a_full_queue_is_told_in_words(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    from nst.jobs import QueueFullError

    def submit(*_: Any) -> str:
        raise QueueFullError("8 paintings are waiting already; try again in a few minutes.")

    monkeypatch.setattr(JobManager, "submit", submit)
    button(app, "Paint").click().run()
    assert "8 paintings are waiting" in app.error[0].value
    assert not app.exception
