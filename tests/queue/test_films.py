"""Films in the queue: frame after frame, in turns with paintings, in memory alone."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import clips
import pytest
import torch
from PIL import Image
from queueing import (
    Clock,
    StepwisePainter,
    ended,
    order,
    plain_input,
    queue_of,
    size_of,
    submit,
    wait_for,
)

from nst.errors import UserError
from nst.film import footage
from nst.film.footage import FilmBounds, Footage
from nst.film.given import Upload
from nst.film.live import Shot
from nst.film.source import DamagedError
from nst.paint import estimate
from nst.pictures import writing
from nst.queue import forecast
from nst.queue.bounds import Bounds
from nst.queue.forecast import Place
from nst.queue.job import JobState, Snapshot
from nst.queue.manager import JobManager
from nst.queue.messages import NO_FILMS
from nst.queue.painter import ServerPainter
from nst.settings import Settings
from nst.studio.order import Input, Order
from nst.vgg import network
from nst.vgg.network import VGG19

FRAMES = 6
BOUNDS = FilmBounds(side=64)


@pytest.fixture
def given(tmp_path: Path) -> Footage:
    """Half a second with sound."""
    path = clips.video(tmp_path / "holiday.mp4", clips.shades(FRAMES), sound="aac")
    return footage.read("Your film", Upload("holiday.mp4", path.read_bytes()), BOUNDS)


def film(given: Footage, settings: Settings = Settings(), **changes: object) -> Order:  # noqa: B008
    return order(settings, content=given, **changes)


def queue(painter: StepwisePainter, clock: Clock | None = None, **bounds: object) -> JobManager:
    found = {"films": BOUNDS, **bounds}
    return queue_of(painter, clock, **found) if clock else queue_of(painter, **found)


def frames(mp4: bytes) -> int:
    with av.open(io.BytesIO(mp4)) as container:
        return sum(1 for _ in container.decode(video=0))


def at_frame(number: int):
    return lambda job: job.standing is not None and job.standing.iteration == number


def test_a_film_is_painted_frame_by_frame(given: Footage, painter: StepwisePainter) -> None:
    manager = queue(painter)
    plan = manager.plan_film(film(given))
    assert (plan.seconds, plan.guessed) == (FRAMES, True)
    job_id = manager.submit(film(given))
    first = manager.snapshot(job_id)
    assert first is not None
    assert first.preview is None
    painter.allow(2)
    seen = wait_for(manager, job_id, at_frame(2))
    assert seen.film == footage.Facts(FRAMES, (64, 48), 12.0, True)
    assert (seen.standing.total, seen.standing.fraction) == (FRAMES, pytest.approx(2 / FRAMES))
    # The painted frame and the one that it was painted from, in one size.
    assert size_of(seen.preview) == size_of(seen.content_shown)
    assert seen.content_shown != first.content_shown
    painter.allow(FRAMES)
    seen = wait_for(manager, job_id, ended)
    assert (seen.state, seen.message) == (JobState.FINISHED, "")
    mp4 = manager.files.film(job_id)
    assert frames(mp4) == FRAMES
    with av.open(io.BytesIO(mp4)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    assert not manager.plan_film(film(given)).guessed


def test_what_was_given_is_let_go_of_at_the_end(given: Footage, painter: StepwisePainter) -> None:
    manager = queue(painter)
    job_id = manager.submit(film(given))
    assert manager._jobs[job_id].size_bytes > len(given.film.data)
    painter.allow(FRAMES)
    wait_for(manager, job_id, ended)
    assert given.film.data not in manager._jobs[job_id].photo.data
    assert manager._jobs[job_id].reel.order is None
    assert painter.closed == 1
    assert manager._jobs[job_id].size_bytes < 200_000


def test_a_film_is_no_larger_than_the_host_allows(given: Footage) -> None:
    allowed = FilmBounds(side=128, rate=Fraction(6))
    slow = footage.read("Your film", given.film, allowed)
    assert footage.facts(slow, Settings()) == footage.Facts(FRAMES // 2, (128, 96), 6.0, True)
    # Who asks for less gets less.
    assert footage.facts(slow, Settings(resolution=96)).size == (96, 72)


def test_without_the_hosts_leave_there_are_no_films(
    given: Footage, painter: StepwisePainter
) -> None:
    manager = queue(painter, films=None)
    for ask in (manager.submit, manager.plan_film):
        with pytest.raises(UserError, match=NO_FILMS[:30]):
            ask(film(given))


def test_a_stopped_film_keeps_what_is_finished(given: Footage, painter: StepwisePainter) -> None:
    manager = queue(painter)
    job_id = manager.submit(film(given))
    painter.allow(2)
    wait_for(manager, job_id, at_frame(2))
    manager.stop(job_id)
    painter.allow()
    seen = wait_for(manager, job_id, ended)
    assert seen.state is JobState.STOPPED
    assert seen.message == "Stopped after 3 of 6 frames, which are kept as a film."
    assert frames(manager.files.film(job_id)) == 3


def test_a_damaged_film_keeps_what_came_before(given: Footage, painter: StepwisePainter) -> None:
    def paint(order):
        yield from list(StepwisePainter.paint_film(painter, order))[:2]
        raise DamagedError("It is cut off.")

    manager = queue(painter)
    painter.allow(FRAMES)
    painter.paint_film = paint  # type: ignore[method-assign]
    job_id = manager.submit(film(given))
    seen = wait_for(manager, job_id, ended)
    assert (seen.state, seen.message) == (
        JobState.FAILED,
        "It is cut off. The 2 frames before are kept as a film.",
    )
    assert frames(manager.files.film(job_id)) == 2


def test_a_film_lets_a_painting_go_first_after_its_turn(
    given: Footage, painter: StepwisePainter
) -> None:
    clock = Clock()
    manager = queue(painter, clock, turn=30.0)
    reel = manager.submit(film(given))
    painter.allow()
    wait_for(manager, reel, at_frame(1))
    painting = submit(manager)
    clock.now = 29.0
    painter.allow()
    wait_for(manager, reel, at_frame(2))
    seen = manager.snapshot(painting)
    # The film has a second of its turn left.
    assert (seen.ahead, seen.wait) == (1, 1.0)
    clock.now = 31.0
    painter.allow()
    seen = wait_for(manager, painting, lambda job: job.state is JobState.RUNNING)
    rests = manager.snapshot(reel)
    assert (rests.state, rests.ahead, rests.standing.iteration) == (JobState.QUEUED, 1, 3)
    painter.allow(10)
    wait_for(manager, painting, ended)
    painter.allow(10)
    seen = wait_for(manager, reel, ended)
    assert (seen.state, frames(manager.files.film(reel))) == (JobState.FINISHED, FRAMES)


def test_a_film_that_rests_is_stopped_at_once(given: Footage, painter: StepwisePainter) -> None:
    manager = queue(painter, turn=0.0)
    reel = manager.submit(film(given))
    painting = submit(manager)
    painter.allow()
    wait_for(manager, painting, lambda job: job.state is JobState.RUNNING)
    manager.stop(reel)
    seen = manager.snapshot(reel)
    assert seen.message == "Stopped after 1 of 6 frames, which are kept as a film."
    assert frames(manager.files.film(reel)) == 1
    assert painter.closed == 1


def test_a_film_that_nobody_watches_gives_way(given: Footage, painter: StepwisePainter) -> None:
    clock = Clock()
    manager = queue(painter, clock, patience=120.0, turn=1000.0)
    reel = manager.submit(film(given))
    painter.allow()
    wait_for(manager, reel, at_frame(1))
    clock.now = 121.0
    submit(manager)
    painter.allow()
    seen = wait_for(manager, reel, ended)
    assert seen.message.startswith("Stopped for somebody who waited")
    assert "the 2 frames that are finished are kept" in seen.message


def test_a_style_that_is_no_picture_is_told_at_once(
    given: Footage, painter: StepwisePainter
) -> None:
    bad = plain_input("blue")
    bad = type(bad)("Sky", b"no picture", "sky.png")
    with pytest.raises(UserError, match=r"sky\.png"):
        queue(painter).submit(film(given, styles=(bad,)))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # Paintings wait for one another.
        ([Place("a", 10), Place("b", 20), Place("c", 5)], {"a": 0, "b": 10, "c": 30}),
        # A film is at most a turn ahead of each painting, and goes on in between.
        (
            [Place("film", 100, is_film=True, turn=20), Place("b", 20), Place("c", 5)],
            {"film": 0, "b": 10, "c": 60},
        ),
        # One that ends within its turn is waited for, and films wait for films.
        (
            [Place("film", 8, is_film=True), Place("next", 50, is_film=True), Place("c", 5)],
            {"film": 0, "next": 8, "c": 38},
        ),
    ],
)
def test_everybody_is_told_when_the_turn_comes(
    line: list[Place], expected: dict[str, float]
) -> None:
    found = forecast.waits(line, turn=30.0)
    assert {name: wait.seconds for name, wait in found.items()} == expected
    assert sorted(wait.ahead for wait in found.values()) == [0, 1, 2]


def test_snapshots_of_paintings_have_no_film(painter: StepwisePainter) -> None:
    manager = queue(painter)
    job_id = submit(manager)
    painter.allow(10)
    seen: Snapshot = wait_for(manager, job_id, ended)
    assert seen.film is None
    with pytest.raises(UserError, match="no longer kept"):
        manager.files.film(job_id)


def test_the_engine_paints_films_and_paintings_in_turns(
    given: Footage, trunk: VGG19, photo: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "load", lambda *_: trunk)
    painter = ServerPainter()
    painter._rates = estimate.Rates(1e-6, 1e-6)
    manager = JobManager(painter, Bounds(films=BOUNDS, turn=0.0))
    style = Input("Sky", writing.encode(photo.resize((64, 64))), "sky.png")
    settings = Settings(resolution=64, effort=0.2)
    reel = manager.submit(film(given, styles=(style,), settings=settings))
    # The first frame is seen while it is painted.
    seen = wait_for(manager, reel, lambda job: job.preview is not None)
    assert seen.standing.iteration == 0
    painting = manager.submit(order(settings, styles=(style,)))
    assert wait_for(manager, painting, ended).state is JobState.FINISHED
    assert manager.snapshot(reel).standing.iteration < FRAMES
    seen = wait_for(manager, reel, ended)
    assert (seen.state, seen.message) == (JobState.FINISHED, "")
    assert frames(manager.files.film(reel)) == FRAMES


def test_a_film_that_is_stopped_in_its_first_frame_is_none(
    given: Footage, painter: StepwisePainter
) -> None:
    def paint(order):
        grey = torch.full((1, 3, 48, 64), 0.5)
        frame = Image.new("RGB", (64, 48))
        for part in (0.1, 0.2):
            assert painter._allowed.acquire(timeout=60)
            yield Shot(part, frame, so_far=lambda: grey)

    manager = queue(painter)
    painter.paint_film = paint  # type: ignore[method-assign]
    job_id = manager.submit(film(given))
    painter.allow()
    wait_for(manager, job_id, lambda job: job.preview is not None)
    manager.stop(job_id)
    painter.allow()
    seen = wait_for(manager, job_id, ended)
    assert (seen.message, seen.preview) == ("Stopped before its first frame was finished.", None)
