"""What the page says of a painting, of the wait for it, and what Back chooses."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import pytest
from page_app import (
    APP,
    blend,
    button,
    captions,
    picture_bytes,
    press,
    run_until,
    upload,
)
from streamlit.testing.v1 import AppTest

from nst.queue.job import JobState
from nst.studio.order import Order
from page import actions, back, connection, progress, server, stage

pytestmark = pytest.mark.usefixtures("own_server")


def told(app: AppTest) -> str:
    """All small print of the page's middle."""
    return " ".join(caption.value for caption in app.main.caption)


def test_whose_painting_is_shown_is_said_when_another_is_chosen(
    app: AppTest, orders: list[Order]
) -> None:
    press(app, "Paint")
    assert "next Paint" not in told(app)
    app.pills("photo").set_value("rocket").run()
    sentence = (
        "This is Cat in the style of Night sky; what is chosen now comes with the next Paint."
    )
    assert sentence in told(app)
    app.pills("photo").set_value("cat").run()
    assert "next Paint" not in told(app)
    blend(app, "night_sky", "watercolour")
    assert sentence in told(app)
    press(app, "Paint")
    assert "next Paint" not in told(app)


def test_of_a_series_nobody_is_told_that_another_style_is_chosen(
    app: AppTest, orders: list[Order]
) -> None:
    button(app, "Try them all").click().run()
    run_until(app, lambda: len(orders) > 1 and "next Paint" not in told(app))
    run_until(app, lambda: "Trying them all" not in told(app))
    assert "next Paint" not in told(app)


@pytest.mark.parametrize("can_begin", [True, False])
def test_nobody_is_told_to_press_what_cannot_be_pressed(
    monkeypatch: pytest.MonkeyPatch, can_begin: bool
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(progress.st, "progress", lambda value, text: shown.append(text))
    progress.show(None, can_begin)
    assert shown == [progress.READY if can_begin else progress.NOT_READY]


@pytest.mark.parametrize("guessed", [True, False])
def test_a_wait_that_is_guessed_is_called_so(
    monkeypatch: pytest.MonkeyPatch, guessed: bool
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(progress.st, "progress", lambda value, text: shown.append(text))
    job: Any = SimpleNamespace(
        state=JobState.QUEUED, ahead=2, wait=120.0, guessed=guessed, standing=None
    )
    progress.show(job)
    assert shown == [
        "In the queue: 2 paintings are ahead of yours. It begins by itself in about 2 minutes"
        f"{', at a guess' if guessed else ''}."
    ]


def test_back_chooses_what_the_address_says(
    orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = AppTest.from_file(APP, default_timeout=30).run()
    app.pills("photo").set_value("rocket").run()

    def follow(**query: str) -> list[str]:
        """Photo and style that are shown after Back to such an address, and after another run."""
        for name in ("photo", "style"):
            app.query_params.pop(name, None)
        app.query_params.update(query)
        monkeypatch.setattr(back, "_came_back", lambda: True)
        app.run()
        monkeypatch.setattr(back, "_came_back", lambda: False)
        app.run()
        assert not app.exception
        assert {"photo", "style"} & set(app.query_params) == set(query)
        return captions(app)[:2]

    assert follow() == ["Photo: Cat", "Style: Night sky"]
    assert follow(photo="rocket", style="watercolour") == ["Photo: Rocket", "Style: Watercolour"]
    two = "watercolour,night_sky"
    assert follow(style=two) == ["Photo: Cat", "Style: Watercolour and Night sky"]
    assert follow(photo="rocket") == ["Photo: Rocket", "Style: Night sky"]


def test_back_finds_a_photo_of_ones_own_as_long_as_there_is_one(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def follow(photo: str) -> str:
        """The photo that is shown after Back to an address that names this one."""
        app.query_params["photo"] = photo
        with monkeypatch.context() as patch:
            patch.setattr(back, "_came_back", lambda: True)
            app.run()
        assert not app.exception
        return captions(app)[0]

    assert follow("own") == "Photo: Cat"  # a reload has none
    upload(app, "own_photo", picture_bytes())
    assert captions(app)[0] == "Photo: Your photo"
    assert app.query_params["photo"] == "own"
    assert follow("rocket") == "Photo: Rocket"
    assert follow("own") == "Photo: Your photo"
    assert "photo=" not in app.code[0].value  # the link has none but samples


def test_an_address_moves_no_choice_but_by_back(app: AppTest) -> None:
    """An address may be behind what is chosen: a quick visitor clicks before the browser has it."""
    app.pills("photo").set_value("rocket").run()
    del app.query_params["photo"]
    app.pills("style").set_value("watercolour").run()
    assert captions(app)[:2] == ["Photo: Rocket", "Style: Watercolour"]


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (None, connection.AT_REST),
        (SimpleNamespace(active=False), connection.AT_REST),
        (SimpleNamespace(active=True), connection.GOES_ON),
    ],
)
def test_what_would_be_said_of_a_lost_connection(
    monkeypatch: pytest.MonkeyPatch, job: Any, words: str
) -> None:
    given: list[dict[str, str]] = []
    monkeypatch.setattr(connection, "_component", lambda: lambda key, data: given.append(data))
    connection.watch(job)
    assert given == [{"words": words}]


@pytest.mark.parametrize(("left", "waits"), [(0.5 * stage.POLL, True), (2 * stage.POLL, False)])
def test_a_painting_that_is_about_to_end_is_shown_at_once(
    monkeypatch: pytest.MonkeyPatch, left: float, waits: bool
) -> None:
    running = SimpleNamespace(id="1", active=True, standing=SimpleNamespace(seconds_left=left))
    looks = [running, SimpleNamespace(id="1", active=False)]
    waited: list[tuple[str, float]] = []
    queue = SimpleNamespace(wait=lambda *given: waited.append(given))
    monkeypatch.setattr(actions, "current_job", lambda: looks.pop(0))
    monkeypatch.setattr(server, "queue", lambda: queue)
    seen: list[Any] = []
    monkeypatch.setattr(stage, "_draw_active", lambda places, job: seen.append(job))
    monkeypatch.setattr(stage.st, "rerun", lambda: seen.append("the whole page"))
    inspect.unwrap(stage._watch)(None)
    assert waited == ([("1", stage.POLL)] if waits else [])
    assert seen[0] == ("the whole page" if waits else running)
