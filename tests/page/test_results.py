"""This visit's paintings and the link to the page: kept, compared, packed, and nobody else's."""

from __future__ import annotations

import dataclasses
import io
import time
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import streamlit as st
from page_app import APP, ROOT, paint
from PIL import Image
from streamlit.testing.v1 import AppTest

from nst.errors import UserError
from nst.pictures import writing
from nst.queue.job import Snapshot
from nst.queue.manager import JobManager
from nst.queue.painter import ServerPainter
from nst.settings import CONTROLS, Settings
from nst.studio import recipe
from nst.studio.order import Input, Order
from page import archive, blend, controls, results, samples, state, visit


@pytest.fixture(autouse=True)
def _own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test has its own queue, which paints white at once."""
    monkeypatch.chdir(ROOT)  # where the configuration is
    monkeypatch.setattr(JobManager, "warm_up", lambda self, delay: None)
    monkeypatch.setattr(ServerPainter, "paint", lambda self, *args: paint(*args))
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> JobManager:
    """The server's queue."""
    made = JobManager()
    monkeypatch.setattr("nst.queue.manager.JobManager", lambda **_: made)
    return made


def open_page(kept: dict[str, Any] | None = None, **query: str | list[str]) -> AppTest:
    """A new session at this address, with what its tab has kept."""
    app = AppTest.from_file(APP, default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    for name, value in (kept or {}).items():
        app.session_state[name] = value
    app.run()
    assert not app.exception
    return app


def button(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if button.label.startswith(label))


def press_paint(app: AppTest, **changes: Any) -> str:
    """Paint with these settings; the job's id, once it has ended."""
    for name, value in changes.items():
        app.select_slider(name).set_value(value)
    button(app, "Paint").click().run()
    deadline = time.monotonic() + 60
    while "Download PNG" not in [each.label for each in app.download_button]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        app.run()
        assert not app.exception
    return str(app.query_params["job"])


def words(app: AppTest) -> str:
    """Everything that is written on the page, and what its pictures are called."""
    captions = [caption for image in app.image for caption in image.captions]
    texts = [*app.markdown, *app.caption, *app.info, *app.warning]
    return "\n".join([*captions, *(text.value for text in texts)]).replace("\\", "")


def shown_alts(app: AppTest) -> list[str]:
    return [each.proto.imgs[0].alt for each in app.image]


def strip(app: AppTest) -> list[str]:
    """The jobs of the strip, the newest first."""
    return [each.key.removeprefix("show_") for each in app.button if "show_" in (each.key or "")]


def test_paintings_are_kept_reopened_compared_and_deleted(manager: JobManager) -> None:
    app = open_page()
    assert not strip(app)
    first = press_paint(app, resolution=64)
    second = press_paint(app, resolution=128, iterations=500)
    assert strip(app) == [second, first]
    assert "Iterations: 500; Resolution: 128 px" in words(app)
    assert button(app, "Delete").disabled

    app.slider(f"strength_{second}").set_value(0.5).run()
    app.button(f"show_{first}").click().run()
    assert app.query_params["job"] == first
    assert f"strength_{first}" in [slider.key for slider in app.slider]
    assert app.button(f"show_{first}").disabled
    assert "Strength: 0.5" in words(app)  # of the one that is no longer shown

    app.checkbox(f"choose_{first}").set_value(True).run()
    app.checkbox(f"choose_{second}").set_value(True).run()
    assert [each.value for each in app.subheader] == ["Side by side"]
    told = words(app)
    for expected in ("64 px", "128 px", "Iterations: **500**", "Strength: **0.5**"):
        assert expected in told
    assert "Style weight" not in told
    assert sum(alt.startswith("Chosen:") for alt in shown_alts(app)) == 2

    app.checkbox(f"choose_{second}").set_value(False).run()
    button(app, "Delete").click().run()
    assert not app.exception
    assert strip(app) == [second]
    assert manager.snapshot(first) is None
    assert "job" not in app.query_params
    assert not app.info


def test_a_reload_finds_all_and_nobody_else_finds_any(manager: JobManager) -> None:
    app = open_page()
    upload = ("beach.png", writing.encode(Image.new("RGB", (90, 60), "red")), "image/png")
    app.file_uploader("own_photo").set_value(upload).run()
    first, second = press_paint(app, resolution=64), press_paint(app, resolution=128)

    other = open_page(job=second)  # whoever got the address: the tab has not answered yet
    assert other.progress[0].text == "Looking for your painting …"
    other = open_page({state.VISIT_KNOWN.name: True}, job=second)  # it has: it kept nothing
    assert "made in another tab" in other.info[0].value
    assert not strip(other)
    assert "Your photo" not in words(other)
    assert not any("painting" in alt.lower() for alt in shown_alts(other))
    theirs = press_paint(other, resolution=64)
    assert strip(other) == [theirs]
    app.run()
    assert strip(app) == [second, first]

    again = open_page(
        {state.VISIT_IDS.name: [first, second], state.VISIT_KNOWN.name: True}, job=first
    )
    assert strip(again) == [second, first]
    assert "Your photo" in words(again)


def test_what_a_tab_brings_is_foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, Any] = {state.VISIT_IDS.name: ["own"]}
    monkeypatch.setattr(st, "session_state", kept)
    for junk in (None, "text", {"a": 1}, [1, None, "x" * 1000, ["id"]]):
        visit.restore(junk)
        assert kept[state.VISIT_IDS.name] == ["own"]
    visit.restore([f"id{number}" for number in range(50)])
    assert len(kept[state.VISIT_IDS.name]) == visit.MOST_PAINTINGS
    assert kept[state.VISIT_IDS.name][-1] == "own"
    assert visit.found(JobManager()) == []
    assert visit.gone() == visit.MOST_PAINTINGS


def test_the_oldest_goes_and_that_is_said_before(
    manager: JobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "MOST_PAINTINGS", 2)
    app = open_page()
    app.pills("photo").set_value("coffee").run()
    first = press_paint(app, resolution=64)
    assert not app.warning
    app.pills("photo").set_value("cat").run()
    second = press_paint(app)
    assert "the oldest, Coffee, Night sky" in app.warning[0].value
    third = press_paint(app, resolution=128)
    assert strip(app) == [third, second]
    assert manager.snapshot(first) is None
    # And what the server had to let go of by itself is told.
    manager.forget(second)
    app.run()
    assert strip(app) == [third]
    assert "1 earlier painting is no longer kept" in words(app)


def plain_input(color: str, name: str, size: tuple[int, int] = (64, 48)) -> Input:
    return Input(name, writing.encode(Image.new("RGB", size, color)), f"{name}.png")


def painted(manager: JobManager, order: Order) -> Snapshot:
    job_id = manager.submit(order)
    deadline = time.monotonic() + 30
    while (job := manager.snapshot(job_id)) is None or job.active:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return job


def test_an_archive_holds_every_painting_as_it_is_shown(manager: JobManager) -> None:
    photo, style = plain_input("black", "../Év [1]/é"), plain_input("blue", "CON: *?")
    order = Order(photo, (style,), Settings(resolution=64))
    jobs = [painted(manager, order), painted(manager, order)]
    entries = archive.entries(jobs, [1.0, 0.5])
    with zipfile.ZipFile(io.BytesIO(archive.pack(manager, entries))) as packed:
        assert packed.testzip() is None
        names = packed.namelist()
        assert len(set(map(str.casefold, names))) == 2
        assert not any(set(name) & set('\\/:*?"<>|') or ".." in name for name in names)
        found = [packed.read(name) for name in names]
    assert [recipe.read(data).settings.strength for data in found] == [1.0, 0.5]
    assert found == [
        manager.files.png(job.id, strength)
        for _, job, strength in [(0, jobs[0], 1.0), (1, jobs[1], 0.5)]
    ]

    manager.forget(jobs[0].id)
    with zipfile.ZipFile(io.BytesIO(archive.pack(manager, entries))) as packed:
        assert packed.namelist() == [names[1], archive.MISSING_FILES]
        assert names[0] in packed.read(archive.MISSING_FILES).decode()
    manager.forget(jobs[1].id)
    with pytest.raises(UserError, match="no longer kept"):
        archive.pack(manager, entries)


def test_archives_are_bounded() -> None:
    small, large, huge = (1000, 700), (4000, 3000), (8000, 5000)
    assert archive.parts([]) == []
    assert archive.parts([small] * visit.MOST_PAINTINGS) == [slice(0, visit.MOST_PAINTINGS)]
    sizes = [large, large, large, small, huge, small, large]
    parts = archive.parts(sizes)
    assert [index for part in parts for index in range(part.start, part.stop)] == list(range(7))
    for part in parts:
        total = sum(width * height * archive.PER_PIXEL for width, height in sizes[part])
        assert total <= archive.LARGEST_ARCHIVE or len(sizes[part]) == 1


def test_differences_are_named(manager: JobManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})
    photo, other = plain_input("black", "Your photo"), plain_input("white", "Your photo")
    other = dataclasses.replace(other, file_name="beach.png")
    style, mask = plain_input("blue", "Sky"), plain_input("white", "Mask")
    settings = Settings(
        resolution=128, square=True, optimizer="lbfgs", style_layers=("conv1_1", "conv2_1")
    )
    one = painted(manager, Order(photo, (style,), Settings(resolution=64)))
    two = painted(manager, Order(other, (style,), settings, (mask,)))
    assert results.contrasts(one, one) == []
    rows = {name: values for name, *values in results.contrasts(one, two)}
    assert rows["Photo"] == ["Your photo.png", "beach.png"]
    assert "Style" not in rows
    assert rows["Resolution"] == ["64 px", "128 px"]
    assert rows["Optimiser"] == ["Adam", "L-BFGS"]
    assert rows["Where it is painted"] == ["everywhere", "in parts of the photo"]
    assert rows[CONTROLS["square"].label] == ["no", "yes"]
    assert rows[CONTROLS["style_layers"].label][1] == "conv1_1, conv2_1"
    assert results.in_words(one) == "Resolution: 64 px"
    assert results.in_words(two).startswith("Painted in parts; ")
    assert results.in_words(two).endswith("and 2 more settings")
    plain_one = painted(manager, Order(photo, (style,), Settings()))
    assert results.in_words(plain_one) == "Default settings"
    part = painted(manager, Order(photo, (style,), Settings(), style_masks=(mask,)))
    assert results.in_words(part) == "Parts of the artwork count"
    assert results.contrasts(plain_one, part) == [
        ("What counts of the style", "all of it", "a part")
    ]


def link_of(app: AppTest) -> dict[str, list[str]]:
    """The query of the link that Share offers."""
    (code,) = app.code
    return parse_qs(urlsplit(code.value).query, strict_parsing="=" in code.value)


OTHER = Settings(
    content_weight=50.0,
    style_weight=20_000.0,
    style_loss="gram",
    style_scale=2.0,
    preserve_color="luminance",
    tv_weight=5.0,
    iterations=500,
    learning_rate=0.2,
    resolution=64,
    style_layers=("conv1_1", "conv3_1"),
    style_layer_weights=(2.5, 1.0),
    init="noise",
    content_layer="conv3_2",
    pooling="avg",
    optimizer="lbfgs",
    seed=77,
    early_stop=False,
    coarse_to_fine=False,
    square=True,
)


def test_a_link_opens_the_same_page(manager: JobManager, monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[Order] = []
    submit = JobManager.submit

    def note(order: Order, visitor: str) -> str:
        orders.append(order)
        return submit(manager, order, visitor)

    monkeypatch.setattr(manager, "submit", note)
    app = open_page()
    assert link_of(app) == {}
    app.pills("photo").set_value("coffee")
    app.toggle("blend").set_value(True).run()
    app.pills("styles").set_value(["watercolour", "night_sky"]).run()
    for slider in app.slider:
        if slider.label == "Night sky":
            slider.set_value(3.0)
    defaults = Settings()
    for name in controls.WIDGETS:
        value = getattr(OTHER, name)
        widget = next(
            each
            for each in (
                *app.select_slider,
                *app.toggle,
                *app.number_input,
                *app.selectbox,
                *app.multiselect,
            )
            if each.key == name
        )
        widget.set_value(list(value) if isinstance(value, tuple) else value)
    app.toggle(state.WEIGH_LAYERS.name).set_value(True).run()
    app.number_input("layer_weight_conv1_1").set_value(2.5).run()
    job_id = press_paint(app)
    app.slider(f"strength_{job_id}").set_value(0.35).run()
    query = link_of(app)
    assert "job" not in query
    same = {name for name in controls.WIDGETS if getattr(OTHER, name) == getattr(defaults, name)}
    assert same <= {"effort", "refresh_every", "anneal"}
    assert set(controls.WIDGETS) - same <= set(query)

    opened = open_page(**query)
    assert link_of(opened) == query
    press_paint(opened)
    first, second = orders
    assert second.content == first.content
    assert second.styles == first.styles
    assert first.settings == dataclasses.replace(OTHER, style_weights=(1.0, 3.0))
    assert second.settings == dataclasses.replace(first.settings, strength=0.35)


def test_a_link_leaves_out_what_is_the_visitors_own() -> None:
    app = open_page()
    assert "Not part of it" not in words(app)
    for key in ("own_photo", "own_style"):
        data = writing.encode(Image.new("RGB", (64, 48), "red" if key == "own_photo" else "blue"))
        app.file_uploader(key).set_value((f"secret_{key}.png", data, "image/png")).run()
    app.selectbox("init").set_value("picture").run()
    press = open_page  # the page that the link opens
    assert link_of(app) == {}
    assert "your photo, your artwork and the picture to start from" in words(app)
    opened = press(**link_of(app))
    assert opened.session_state["photo"] == samples.favourite("content")


@pytest.mark.parametrize("asked", ["2", "-1", "much", "nan"])
def test_a_strength_that_is_not_allowed_is_ignored(asked: str) -> None:
    app = open_page(
        strength=asked, style="night_sky,watercolour", weights="night_sky:-1,x:2,:,watercolour:99"
    )
    assert "next_strength" not in app.session_state
    assert [slider.value for slider in app.slider if (slider.key or "").startswith("weight_")] == [
        1.0,
        blend.HIGHEST_WEIGHT,
    ]
