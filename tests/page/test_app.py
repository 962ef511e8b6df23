"""The page, driven without a browser."""

from __future__ import annotations

import dataclasses
import pkgutil
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import streamlit as st
from page_app import (
    APP,
    CONTENTS,
    OFFERED,
    button,
    captions,
    comparisons,
    labels,
    make_tiny,
    paint,
    picture_bytes,
    press,
    reload,
    run_until,
    status,
    upload,
)
from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx
from streamlit.testing.v1 import AppTest

from nst.errors import NoMemoryError, UserError
from nst.paint.transfer import Progress
from nst.queue.files import Files
from nst.queue.history import Standing
from nst.queue.manager import JobManager
from nst.queue.messages import QueueFullError
from nst.queue.painter import ServerPainter
from nst.settings import CONTROLS, PRESETS, Settings
from nst.studio import recipe
from nst.studio.order import Order
from nst.studio.preparation import Prepared
from page import (
    capacity,
    compare,
    controls,
    losses,
    progress,
    state,
)
from page.words import plain

pytestmark = pytest.mark.usefixtures("own_server")


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
    assert set(found) == {*OFFERED, "weigh_layers"}
    for name in OFFERED:
        assert found[name].label.startswith(controls.LABELS.get(name, CONTROLS[name].label))
        assert CONTROLS[name].label in found[name].label + found[name].help
        assert CONTROLS[name].help in found[name].help
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
        found = re.search(
            r"Takes about (\d+) (s|min) here, at a guess, and \d\.\d GB", sidebar_captions(app)
        )
        assert found, sidebar_captions(app)
        return int(found[1]) / (60 if found[2] == "s" else 1)

    usual = minutes()
    assert 0.05 < usual < 1
    app.select_slider("resolution").set_value(1024).run()
    assert minutes() > 2 * usual
    assert "stopped after" not in sidebar_captions(app)
    app.toggle("early_stop").set_value(False)
    app.selectbox("style_loss").set_value("gram").run()
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
        seen.append((list(data["ids"]), st.query_params.get("job")))

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


def test_a_full_queue_is_told_in_words(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def submit(*_: Any) -> str:
        raise QueueFullError(8, 60.0)

    monkeypatch.setattr(JobManager, "submit", submit)
    button(app, "Paint").click().run()
    assert "8 paintings are waiting" in app.error[0].value
    assert not app.exception


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


def test_the_painting_is_compared_with_its_photo_at_the_strength_shown(
    app: AppTest, orders: list[Order]
) -> None:
    upload(app, "own_photo", picture_bytes(), "<img src=x onerror=alert(1)>.png")
    press(app, "Paint")
    assert not comparisons(app)
    job_id = app.query_params["job"]
    app.segmented_control(f"compare_{job_id}").set_value([compare.LABEL]).run()
    assert not app.exception
    (full,) = comparisons(app)
    assert full["photo"].startswith("data:image/jpeg;base64,")
    assert full["photo"] != full["painting"]
    assert "onerror" not in str(full)  # what a visitor calls the file is nowhere in it
    app.slider(f"strength_{job_id}").set_value(0.0).run()
    (faint,) = comparisons(app)
    assert faint["photo"] == full["photo"]
    assert faint["painting"] != full["painting"]
    app.segmented_control(f"compare_{job_id}").set_value([]).run()
    assert not comparisons(app)
    assert "in the style of" in captions(app)[2]


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
