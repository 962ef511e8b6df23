"""The page on a small server that many visit, driven without a browser."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import engines
import pytest
import streamlit as st
import torch
from page_app import APP, ROOT
from PIL import Image
from streamlit.testing.v1 import AppTest

from nst.machine import limits
from nst.paint.transfer import Progress
from nst.pictures import reading
from nst.queue import footprint
from nst.queue.manager import JobManager
from nst.queue.painter import ServerPainter
from nst.settings import Settings
from nst.studio.preparation import Prepared
from page import capacity, progress, visitor, words


@pytest.fixture(autouse=True)
def _own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test has its own queue, and nothing is loaded behind its back."""
    monkeypatch.chdir(ROOT)  # where the configuration is
    monkeypatch.setattr(JobManager, "warm_up", lambda self, delay: None)
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def set_cookie(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setattr(type(st.context), "cookies", property(lambda _: {visitor.COOKIE: value}))


def cookie(token: bytes, mask: bytes) -> str:
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(token))
    return f"2|{mask.hex()}|{masked.hex()}|1700000000"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Lets paintings, which are white at once, come to their end."""
    event = threading.Event()

    def paint(prepared: Prepared, settings: Settings) -> Iterator[Progress]:
        picture = torch.ones(1, 3, *prepared.content.size[::-1])
        for iteration in (1, 2):
            times = {"seconds": 100.0 * iteration, "seconds_left": 100.0 * (2 - iteration)}
            yield engines.progress(picture, iteration, 2, **times)
            assert event.wait(30)

    monkeypatch.setattr(ServerPainter, "paint", lambda self, *args: paint(*args))
    yield event
    event.set()


def open_page(**query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params.update(query)
    app.run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def run_until(app: AppTest, condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
        app.run()
        assert not app.exception


def status(app: AppTest) -> str:
    return app.progress[0].text if app.progress else ""


def captions(app: AppTest) -> list[str]:
    return [caption for image in app.image for caption in image.captions]


def test_a_browser_is_known_by_a_token_that_is_masked_anew_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token, other = b"sixteen bytes, ok", b"sixteen bytes, no"
    found = []
    for value in (
        cookie(token, b"mask"),
        cookie(token, b"\x00\x01\xfe\xff"),
        cookie(other, b"mask"),
    ):
        set_cookie(monkeypatch, value)
        found.append(visitor.identity())
    assert found[0] == found[1] != found[2]
    assert token.hex() not in found[0]


@pytest.mark.parametrize("value", ["", "2|zz|00|1", "2||00|1", "1|00|00", "2|00|00|1", "a|b|c|d|e"])
def test_without_a_sound_token_a_visitor_is_a_session(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    set_cookie(monkeypatch, value)
    monkeypatch.setattr(visitor.st, "session_state", one := {})
    first = visitor.identity()
    assert len(first) >= 20
    assert visitor.identity() == first == one["visitor"]
    monkeypatch.setattr(visitor.st, "session_state", {})
    assert visitor.identity() != first


def test_visitors_wait_for_one_another_and_see_only_their_own(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_cookie(monkeypatch, cookie(b"ada's token 12345", b"mask"))
    ada = open_page(style="watercolour")
    press(ada, "Paint")
    run_until(ada, lambda: "in the style of" in captions(ada)[2])

    tab = open_page()  # another tab of the same browser
    press(tab, "Paint")
    assert "under way already" in tab.warning[0].value
    assert "job" not in tab.query_params
    press(tab, "Show it")
    assert tab.query_params["job"] == ada.query_params["job"]
    assert "in the style of Watercolour" in captions(tab)[2]

    set_cookie(monkeypatch, cookie(b"bob's token 12345", b"mask"))
    bob = open_page()
    press(bob, "Paint")
    assert status(bob) == (
        "In the queue: 1 painting is ahead of yours. It begins by itself in about 2 minutes."
    )  # 100 s, as the other one says
    gate.set()
    run_until(ada, lambda: status(ada).startswith(":material/check_circle: Finished"))
    run_until(bob, lambda: status(bob).startswith(":material/check_circle: Finished"))
    assert "in the style of Night sky" in captions(bob)[2]
    assert bob.query_params["job"] != ada.query_params["job"]
    assert "in the style of Watercolour" not in str(bob.main)
    cleo = open_page()
    assert status(cleo) == progress.READY
    assert "An example" in captions(cleo)[2]


def small_server(monkeypatch: pytest.MonkeyPatch, memory: int) -> int:
    """The highest resolution of a server with so much memory."""
    monkeypatch.setattr(limits, "memory_limit", lambda: memory)
    monkeypatch.setattr(footprint, "built_for_cuda", lambda: True)
    highest = capacity.budget().highest_resolution
    assert Settings().resolution < highest < Settings.preset("fine").resolution
    return highest


def texts(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_a_small_server_offers_smaller_canvases_and_says_why(
    monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    highest = small_server(monkeypatch, 1_000_000_000)
    app = open_page()
    slider = app.select_slider("resolution")
    assert slider.options[-1] == str(highest)
    assert slider.value == Settings().resolution
    assert f"This server has 1.0 GB of memory, which is enough for up to {highest} px." in texts(
        app
    )
    assert "asked for" not in texts(app)
    app.segmented_control("preset").set_value("fine").run()
    assert app.select_slider("resolution").value == highest
    assert app.session_state["preset"] == "fine"  # as far as it can be had here
    assert "640 px was asked for." in texts(app)
    app.select_slider("resolution").set_value(256).run()
    assert "asked for" not in texts(app)

    linked = open_page(resolution="1,024")
    assert linked.select_slider("resolution").value == highest
    assert "1,024 px was asked for." in texts(linked)
    gate.set()
    press(linked, "Paint")
    run_until(linked, lambda: "Finished" in status(linked))
    finer = next(button for button in linked.button if button.label == "Finer strokes")
    assert finer.disabled


@pytest.mark.parametrize(
    ("memory", "pixels", "upload"),
    [
        (2**29, 9_586_980, 20),
        (2**30, 19_173_961, 21),
        (2**31, 36_000_000, 42),
        (2**33, 36 * 10**6, 50),
    ],
)
def test_what_reading_may_take_follows_from_the_memory(
    monkeypatch: pytest.MonkeyPatch, memory: int, pixels: int, upload: int
) -> None:
    monkeypatch.setattr(limits, "memory_limit", lambda: memory)
    budget = capacity.budget()
    assert (budget.pixels, budget.upload) == (pixels, upload)
    assert budget.total - budget.painting - 2 * budget.kept == reading.peak_bytes(pixels)


def test_a_small_server_reads_a_large_photo_reduced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "memory_limit", lambda: 2_000_000)
    buffer = io.BytesIO()
    Image.new("RGB", (240, 200), "red").save(buffer, "JPEG")
    photo = capacity.open_picture(buffer.getvalue(), "a.jpg")
    assert photo.size == (120, 100)


@pytest.mark.parametrize("asked", ["9" * 5000, "1,024px", "-5", "", "٣" * 5000])
def test_a_nonsense_resolution_in_the_address_is_passed_over(asked: str) -> None:
    app = open_page(resolution=asked)
    assert not app.exception
    assert app.select_slider("resolution").value == Settings().resolution


def test_a_server_with_hardly_any_memory_still_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "memory_limit", lambda: 600_000_000)
    app = open_page()
    assert app.select_slider("resolution").value == footprint.LEAST
    assert "This server has 0.6 GB" in texts(app)


@pytest.mark.parametrize(
    ("memory", "cuda", "highest"),
    [
        *((700_000_000, False, 320), (700_000_000, True, 256)),
        *((1_000_000_000, False, 640), (1_000_000_000, True, 512)),
    ],
)
def test_what_is_offered_follows_from_the_memory_and_from_pytorchs_build(
    monkeypatch: pytest.MonkeyPatch, memory: int, cuda: bool, highest: int
) -> None:
    monkeypatch.setattr(limits, "memory_limit", lambda: memory)
    monkeypatch.setattr(footprint, "built_for_cuda", lambda: cuda)
    assert capacity.budget().highest_resolution == highest


def test_a_server_with_enough_memory_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "memory_limit", lambda: 16_000_000_000)
    app = open_page(resolution="1,024")
    assert app.select_slider("resolution").value == capacity.HIGHEST_RESOLUTION
    assert "This server" not in texts(app)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *((0, "less than a minute"), (44, "less than a minute"), (50, "about a minute")),
        *((89, "about a minute"), (95, "about 2 minutes"), (600, "about 10 minutes")),
    ],
)
def test_a_wait_is_said_in_minutes(seconds: float, said: str) -> None:
    assert words.about(seconds) == said
