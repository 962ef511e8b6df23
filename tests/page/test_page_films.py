"""Films in the place of a photo: where the host takes them, and where not."""

from __future__ import annotations

import io
import logging
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import clips
import pytest
from page_app import APP, button, captions, labels, run_until, status
from painters import PainterOf, white_frame
from streamlit.testing.v1 import AppTest

from nst.machine import limits
from nst.queue.job import JobState
from nst.queue.painter import ServerPainter
from page import archive, films, progress, server, state
from page.intake import OWN

pytestmark = pytest.mark.usefixtures("own_server")

FRAMES = 6


@pytest.fixture
def film(tmp_path: Path) -> bytes:
    """Half a second with sound."""
    return clips.video(tmp_path / "in.mp4", clips.shades(FRAMES), sound="aac").read_bytes()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Semaphore]:
    """The host takes films; each frame, which is white at once, needs a leave of its own."""
    allowed = threading.Semaphore(0)

    def paint(self: ServerPainter, order: Any) -> Iterator[Any]:
        for number in range(order.clip.count):
            assert allowed.acquire(timeout=30)
            yield white_frame(order, number)

    monkeypatch.setenv(films.FILMS, "on")
    monkeypatch.setattr(ServerPainter, "paint_film", paint)
    monkeypatch.setattr(ServerPainter, "cost_of_film", PainterOf.cost_of_film)
    yield allowed
    allowed.release(1000)


def opened() -> AppTest:
    app = AppTest.from_file(APP, default_timeout=30).run()
    assert not app.exception
    return app


def give(app: AppTest, data: bytes, name: str = "holiday.mp4") -> None:
    app.file_uploader(state.OWN_PHOTO.name).set_value((name, data, "video/mp4")).run()
    assert not app.exception


def told(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.main.caption)


def test_by_default_a_page_takes_no_films(film: bytes) -> None:
    app = opened()
    assert "film" not in told(app).lower()
    assert ".mp4" not in app.file_uploader(state.OWN_PHOTO.name).proto.type
    give(app, film)
    (error,) = app.error
    assert "not a picture" in error.value
    assert button(app, "Paint").disabled


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("on", 10), ("10", 10), ("2.5", 2.5), ("off", 0), ("", 0), ("0", 0), ("11", 0), ("yes", 0)],
)
def test_the_host_says_how_long_a_film_may_be(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, value: str, seconds: float
) -> None:
    monkeypatch.setenv(films.FILMS, value)
    found = films.allowed()
    assert (found.seconds if found else 0) == seconds
    assert ("from 1 to 10" in caplog.text) == (value in ("0", "11", "yes"))


def test_a_server_without_the_memory_takes_none(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(films.FILMS, "on")
    monkeypatch.setattr(limits, "memory_limit", lambda: 900_000_000)
    with caplog.at_level(logging.WARNING):
        assert films.allowed() is None
    assert "No films are taken" in caplog.text


def test_a_film_is_painted_and_taken_home(film: bytes, gate: threading.Semaphore) -> None:
    app = opened()
    assert "Or a film of up to 10 s" in told(app)
    give(app, film)
    assert app.pills("photo").value == OWN
    assert captions(app)[0] == "Film: Your film"
    # What it is and takes is said before Paint is pressed.
    assert "6 frames of 240 x 180 px, 12 a second, with sound: about 6 s here, at a guess" in (
        told(app)
    )
    assert "at 240 px at most" in " ".join(each.value for each in app.sidebar.caption)
    button(app, "Paint").click().run()
    assert not app.exception
    gate.release(2)
    run_until(app, lambda: status(app).startswith("Frame 3 of 6. About"))
    assert captions(app)[2] == "Your film in the style of Night sky"
    assert "6 frames of" not in told(app)
    gate.release(FRAMES)
    run_until(app, lambda: "Download MP4" in labels(app))
    assert status(app).startswith(":material/check_circle: Finished")
    assert len(app.get("video")) == 1
    assert "6 frames of 240 x 180 px, 12 a second, with sound: " in told(app)
    # What makes no sense for a film is not offered.
    shown = labels(app)
    assert "Again" in shown
    assert not {"Continue from this", "Download PNG", "More style", "Full size"} & set(shown)
    assert "Download all as ZIP" in shown


def test_a_film_is_in_the_archive_under_a_good_name(film: bytes, gate: threading.Semaphore) -> None:
    app = opened()
    give(app, film)
    gate.release(FRAMES)
    button(app, "Paint").click().run()
    run_until(app, lambda: "Download MP4" in labels(app))
    manager = server.queue()
    job = manager.snapshot(app.session_state[state.VISIT_IDS.name][-1])
    assert job is not None
    packed = io.BytesIO(archive.pack(manager, archive.entries([job], [1.0])))
    with zipfile.ZipFile(packed) as files:
        (name,) = files.namelist()
        assert name == "01-holiday-in-night-sky.mp4"
        with av.open(io.BytesIO(files.read(name))) as container:
            assert sum(1 for _ in container.decode(video=0)) == FRAMES


def test_a_stopped_film_is_kept_as_far_as_it_is(film: bytes, gate: threading.Semaphore) -> None:
    app = opened()
    give(app, film)
    button(app, "Paint").click().run()
    gate.release()
    run_until(app, lambda: status(app).startswith("Frame 2 of 6"))
    button(app, "Stop").click().run()
    gate.release()
    run_until(app, lambda: "Download MP4" in labels(app))
    assert "Stopped after 2 of 6 frames, which are kept as a film." in status(app)


def bad_films(folder: Path) -> dict[str, tuple[bytes, str, str]]:
    """What is wrong with a film -> the film, its name, and words of the sentence."""
    good = clips.video(folder / "good.mp4", clips.shades(FRAMES)).read_bytes()
    long = clips.video(folder / "long.mp4", clips.shades(24), times=[*range(24)]).read_bytes()
    quick = clips.video(
        folder / "quick.mp4", clips.shades(2) * 400, times=[n / 600 for n in range(800)]
    ).read_bytes()
    return {
        "long": (long, "my_[film].mp4", "at most 10 s"),
        "song": (clips.song(folder / "song.mp4").read_bytes(), "song.mp4", "nothing to be seen"),
        "cut off": (good[: len(good) // 2], "cut.mp4", "is no film that can be read"),
        "text": (b"this is no film", "text.mp4", "is no film"),
        "a list of files": (b"#EXTM3U\n/etc/passwd\n", "list.mov", "is no film"),
        "too many frames": (quick, "quick.mp4", "more than 240 frames a second"),
        "too large": (good + bytes(50 * 1024**2), "large.webm", "make the film shorter"),
    }


def test_a_film_that_cannot_be_used_is_told_in_a_sentence(
    tmp_path: Path, gate: threading.Semaphore
) -> None:
    app = opened()
    for data, name, words in bad_films(tmp_path).values():
        give(app, data, name)
        (error,) = app.error
        assert words in error.value
        assert button(app, "Paint").disabled
        assert "choose another photo" in told(app)
        app.pills("photo").set_value("cat").run()
        assert not app.error
        assert not button(app, "Paint").disabled


def test_a_photo_is_a_photo_still(
    film: bytes, gate: threading.Semaphore, orders: list[Any]
) -> None:
    app = opened()
    give(app, film)
    app.pills("photo").set_value("cat").run()
    assert captions(app)[0] == "Photo: Cat"
    assert "frames of" not in told(app)


def test_a_film_that_lets_others_go_first_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(progress.st, "progress", lambda value, text: shown.append(text))
    standing = SimpleNamespace(iteration=3, total=6, fraction=0.5)
    job: Any = SimpleNamespace(state=JobState.QUEUED, ahead=1, wait=60.0, standing=standing)
    progress.show(job)
    assert shown == [
        "A painting that waited has its turn. Yours goes on with frame 4 of 6 in about a minute."
    ]
