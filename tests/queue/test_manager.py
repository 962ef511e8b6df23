"""The queue, its worker and what a job shows, with painters that need no network."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import logging
import pkgutil
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from itertools import pairwise
from typing import Any

import pytest
import torch
from painters import PainterOf, Steps
from PIL import Image

from nst import errors
from nst.errors import NoMemoryError, UserError
from nst.machine import limits
from nst.paint.transfer import DivergedError, Progress
from nst.pictures import writing
from nst.queue import footprint, messages, pace, run
from nst.queue import job as job_module
from nst.queue.bounds import Bounds
from nst.queue.job import JobState, Snapshot
from nst.queue.manager import JobManager
from nst.queue.messages import BusyError, QueueFullError
from nst.queue.painter import Painter, ServerPainter
from nst.settings import Settings, SettingsError
from nst.studio import recipe
from nst.studio.order import Input, Order
from nst.studio.preparation import Prepared

SETTINGS = Settings(resolution=64, iterations=10)
PHOTO_SIZE = (120, 80)
FINISHING = "nst.queue.job"  # the module that makes of a canvas what is seen


def progress(iteration: int, total: int, preview: bool, shade: float | None = None) -> Progress:
    """Iteration `iteration` of `total`; the picture is grey, the lighter the later."""
    picture = torch.full((1, 3, 48, 64), iteration / total if shade is None else shade)
    return Progress(
        iteration=iteration,
        total=total,
        scale=64,
        scales=(64,),
        content_loss=1.0,
        style_loss=0.5,
        tv_loss=0.1,
        total_loss=100.0 / iteration,
        seconds=iteration * 0.1,
        seconds_left=(total - iteration) * 0.1,
        fraction=iteration / total,
        image=picture if preview or iteration == total else None,
        snapshot=lambda: picture,
    )


class StepwisePainter:
    """Takes an iteration for each `allow`, so that a test decides how far a job is."""

    def load(self) -> None:
        """There is nothing to load."""

    def measure(self) -> tuple[float, float]:
        """As quick as any."""
        return 1000.0, 1.0

    def __init__(self, total: int = 10) -> None:
        self.total, self.closed, self.started = total, 0, 0
        self._allowed = threading.Semaphore(0)

    def allow(self, iterations: int = 1) -> None:
        self._allowed.release(iterations)

    def paint(self, prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        self.started += 1
        try:
            for iteration in range(1, self.total + 1):
                assert self._allowed.acquire(timeout=60)
                yield progress(iteration, self.total, preview=iteration == 1)
        finally:
            self.closed += 1


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def painter() -> Iterator[StepwisePainter]:
    painter = StepwisePainter()
    yield painter
    painter.allow(10_000)  # lets every worker come to its end


def plain_input(
    color: str | tuple[int, int, int], size: tuple[int, int] = (64, 64), title: str = "Sky"
) -> Input:
    """A picture of one colour."""
    data = writing.encode(Image.new("RGB", size, color))
    return Input(title, data, f"{title}.png")


def queue_of(
    painter: Painter | Steps, clock: Callable[[], float] = time.monotonic, **bounds: Any
) -> JobManager:
    """A queue with this painter, or one that takes these steps, within these bounds."""
    found: Any = painter if hasattr(painter, "load") else PainterOf(painter)  # type: ignore[arg-type]
    return JobManager(found, Bounds(**bounds), clock)


def order(settings: Settings = SETTINGS, **changes: Any) -> Order:
    base = Order(plain_input("red", PHOTO_SIZE, "Cat"), (plain_input("blue"),), settings)
    return dataclasses.replace(base, **changes)


def submit(manager: JobManager, settings: Settings = SETTINGS) -> str:
    return manager.submit(order(settings))


def paint_white(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
    """One iteration, and done."""
    yield progress(1, 1, preview=True, shade=1.0)


def wait_for(manager: JobManager, job_id: str, condition: Callable[[Snapshot], bool]) -> Snapshot:
    """The first snapshot of the job that meets `condition`."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        snapshot = manager.snapshot(job_id)
        assert snapshot is not None
        if condition(snapshot):
            return snapshot
        time.sleep(0.005)
    raise AssertionError(f"still {snapshot.state}, {snapshot.standing}")


def ended(snapshot: Snapshot) -> bool:
    return not snapshot.active


def at_iteration(number: int) -> Callable[[Snapshot], bool]:
    return lambda job: job.standing is not None and job.standing.iteration == number


def size_of(data: bytes | None) -> tuple[int, int]:
    assert data is not None
    return Image.open(io.BytesIO(data)).size


def test_a_job_runs_to_its_end(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    job_id = submit(manager)
    painter.allow(10)
    job = wait_for(manager, job_id, ended)
    assert job.state is JobState.FINISHED
    assert job.message == ""
    assert job.standing is not None
    assert job.standing.iteration == job.standing.total == 10
    assert [point.iteration for point in job.history] == list(range(1, 11))
    result = manager.files.result(job_id)
    assert result is not None
    assert result.size == PHOTO_SIZE
    assert result.getpixel((0, 0)) == (255, 255, 255)  # the last iteration's picture


def test_closing_ends_all_jobs_and_the_worker(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    running, waiting = submit(manager), submit(manager)
    painter.allow(1)
    wait_for(manager, running, at_iteration(1))
    closing = threading.Thread(target=manager.close)
    closing.start()
    job = wait_for(manager, waiting, ended)
    assert job.state is JobState.STOPPED
    assert job.standing is None
    painter.allow(1)
    closing.join(30)
    assert not closing.is_alive()
    job = wait_for(manager, running, ended)
    assert job.state is JobState.STOPPED
    assert job.preview is not None
    assert painter.started == painter.closed == 1
    assert "painter" not in {thread.name for thread in threading.enumerate()}


def test_closing_a_manager_that_warms_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ServerPainter, "load", lambda _: pytest.fail("nobody is there any more"))
    manager = JobManager()
    manager.close()  # before anything began
    manager.warm_up(3600)
    manager.close()
    assert not any(isinstance(thread, threading.Timer) for thread in threading.enumerate())


def test_png_has_the_size_of_the_photo(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    job_id = submit(manager)
    painter.allow(10)
    wait_for(manager, job_id, ended)
    data = manager.files.png(job_id)
    assert data.startswith(b"\x89PNG")
    assert size_of(data) == PHOTO_SIZE


def test_previews_have_one_size_whatever_the_canvas(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    job_id = submit(manager)
    painter.allow(1)
    job = wait_for(manager, job_id, lambda job: job.preview is not None)
    sizes = {size_of(data) for data in (job.preview, job.content_shown, job.style_shown)}
    assert sizes == {(1200, 800)}


def test_a_preview_is_never_older_than_a_second(painter: StepwisePainter) -> None:
    clock = Clock()
    manager = queue_of(painter, clock=clock)
    job_id = submit(manager)
    painter.allow(2)
    first = wait_for(manager, job_id, at_iteration(2)).preview
    clock.now = run.REFRESH * 0.9
    painter.allow()
    assert wait_for(manager, job_id, at_iteration(3)).preview == first
    clock.now = run.REFRESH
    painter.allow()
    assert wait_for(manager, job_id, at_iteration(4)).preview != first


def test_settings_and_fitted_pictures_reach_the_painter() -> None:
    seen: list[tuple[tuple[int, int], tuple[int, int], Settings]] = []

    def paint(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        seen.append((prepared.content.size, prepared.styles[0].size, settings))
        yield progress(1, 1, preview=True)

    manager = queue_of(paint)
    square = Settings(resolution=128, square=True)
    wait_for(manager, submit(manager), ended)
    wait_for(manager, submit(manager, square), ended)
    assert seen == [((64, 48), (64, 64), SETTINGS), ((128, 128), (128, 128), square)]


def test_stop_keeps_the_picture_as_it_is(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    job_id = submit(manager)
    painter.allow(3)
    wait_for(manager, job_id, at_iteration(3))
    manager.stop(job_id)
    painter.allow(1)
    job = wait_for(manager, job_id, ended)
    assert job.state is JobState.STOPPED
    assert job.message == messages.STOPPED
    result = manager.files.result(job_id)
    assert result is not None
    assert result.getpixel((0, 0)) == (102, 102, 102)  # iteration 4 of 10, which had no preview
    assert painter.closed == 1


def test_stop_of_an_ended_or_unknown_job_changes_nothing(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    job_id = submit(manager)
    painter.allow(10)
    before = wait_for(manager, job_id, ended)
    manager.stop(job_id)
    manager.stop("nobody")
    assert manager.snapshot(job_id) == before


def test_jobs_wait_for_their_turn(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    first = submit(manager)
    wait_for(manager, first, lambda job: job.state is JobState.RUNNING)
    second, third = submit(manager), submit(manager)
    ahead = [job.ahead for job in map(manager.snapshot, (first, second, third)) if job]
    assert ahead == [0, 1, 2]
    painter.allow(10)
    wait_for(manager, second, lambda job: job.state is JobState.RUNNING)
    assert wait_for(manager, third, lambda job: job.ahead == 1).state is JobState.QUEUED
    assert painter.started <= 2


def test_stop_takes_a_waiting_job_out_of_the_queue(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    first = submit(manager)
    wait_for(manager, first, lambda job: job.state is JobState.RUNNING)
    second, third = submit(manager), submit(manager)
    manager.stop(second)
    job = manager.snapshot(second)
    assert job is not None
    assert (job.state, job.message) == (JobState.STOPPED, messages.LEFT_QUEUE)
    assert manager.files.result(second) is None
    with pytest.raises(UserError, match="press Paint"):
        manager.files.png(second)
    third_job = manager.snapshot(third)
    assert third_job is not None
    assert third_job.ahead == 1


def test_a_full_queue_is_told_in_words(painter: StepwisePainter) -> None:
    manager = queue_of(painter, capacity=2)
    first = submit(manager)
    wait_for(manager, first, lambda job: job.state is JobState.RUNNING)
    submit(manager)
    submit(manager)
    with pytest.raises(QueueFullError, match=r"2 paintings are waiting already.* minute"):
        submit(manager)


def test_a_job_nobody_watches_is_given_up(painter: StepwisePainter) -> None:
    clock = Clock()
    manager = queue_of(painter, patience=150, clock=clock)
    job_id = submit(manager)
    painter.allow(1)
    wait_for(manager, job_id, at_iteration(1))
    clock.now = 149
    manager.touch(job_id)
    clock.now = 298
    painter.allow(1)
    assert wait_for(manager, job_id, at_iteration(2)).state is JobState.RUNNING
    clock.now = 300
    painter.allow(1)
    job = wait_for(manager, job_id, ended)
    assert (job.state, job.message) == (JobState.STOPPED, messages.UNWATCHED)
    assert manager.files.result(job_id) is not None


def test_waiting_jobs_nobody_watches_make_room(painter: StepwisePainter) -> None:
    clock = Clock()
    manager = queue_of(painter, capacity=1, patience=150, clock=clock)
    first = submit(manager)
    wait_for(manager, first, lambda job: job.state is JobState.RUNNING)
    second = submit(manager)
    clock.now = 151
    third = submit(manager)
    states = [job.state for job in map(manager.snapshot, (second, third)) if job]
    assert states == [JobState.STOPPED, JobState.QUEUED]


def test_a_job_may_not_run_for_ever(painter: StepwisePainter) -> None:
    clock = Clock()
    manager = queue_of(painter, patience=1e9, deadline=1800, clock=clock)
    job_id = submit(manager)
    painter.allow(1)
    wait_for(manager, job_id, at_iteration(1))
    clock.now = 1801
    painter.allow(1)
    job = wait_for(manager, job_id, ended)
    assert job.state is JobState.STOPPED
    assert "30 minutes" in job.message
    assert manager.files.result(job_id) is not None


def failing(error: Exception) -> Steps:
    def paint(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        yield progress(1, 10, preview=True)
        raise error

    return paint


def test_the_result_has_the_strength_and_the_colours_that_were_set() -> None:
    manager = queue_of(paint_white)
    dark = plain_input("black", PHOTO_SIZE)
    for changes, expected in (({"strength": 0.0}, 0), ({"strength": 0.5}, 188), ({}, 255)):
        job_id = manager.submit(Order(dark, (dark,), Settings(resolution=64, **changes)))
        wait_for(manager, job_id, ended)
        result = manager.files.result(job_id)
        assert result is not None
        assert result.size == PHOTO_SIZE
        assert abs(result.getpixel((5, 5))[0] - expected) <= 1


def level(picture: Image.Image) -> int:
    """The brightness in the middle of a picture."""
    return picture.convert("L").getpixel((picture.width // 2, picture.height // 2))


def test_strength_may_be_changed_afterwards_without_painting_again(
    painter: StepwisePainter,
) -> None:
    manager = queue_of(painter)
    dark = plain_input("black", PHOTO_SIZE)
    job_id = manager.submit(order(content=dark))
    assert manager.files.shown(job_id, 0.5) is None  # nothing is painted yet
    painter.allow(10)
    job = wait_for(manager, job_id, ended)
    for strength, expected in ((0.0, 0), (0.5, 188), (1.0, 255)):  # mixed as light
        shown = manager.files.shown(job_id, strength)
        assert shown is not None
        assert size_of(shown) == size_of(job.preview)
        assert abs(level(Image.open(io.BytesIO(shown))) - expected) <= 2
        data = manager.files.png(job_id, strength)
        assert abs(level(Image.open(io.BytesIO(data))) - expected) <= 1
        assert recipe.read(data).settings == dataclasses.replace(SETTINGS, strength=strength)
    assert painter.started == 1
    assert manager.files.shown("nobody", 0.5) is None


@pytest.mark.parametrize("size", [PHOTO_SIZE, (64, 64)])
def test_a_transparent_photo_gives_a_transparent_png(size: tuple[int, int]) -> None:
    photo = Image.new("RGBA", size, (9, 9, 9, 0))
    photo.paste((9, 9, 9, 255), (0, 0, size[0] // 2, size[1]))
    manager = queue_of(lambda prepared, settings: iter([progress(1, 1, preview=True, shade=0.2)]))
    job_id = manager.submit(order(content=Input("Cut", writing.encode(photo), "cut.png")))
    job = wait_for(manager, job_id, ended)
    with Image.open(io.BytesIO(manager.files.png(job_id))) as result:
        assert (result.mode, result.size) == ("RGBA", size)
        assert result.getpixel((size[0] - 1, 5))[3] == 0
        assert result.getpixel((1, 5))[3] == 255
    for jpeg in (job.preview, manager.files.jpeg(job_id), job.content_shown):
        assert jpeg is not None
        with Image.open(io.BytesIO(jpeg)) as shown:
            assert min(shown.getpixel((shown.width - 2, 5))) > 245  # on white
            assert max(shown.getpixel((2, 5))) < 80


def test_a_png_carries_its_recipe() -> None:
    manager = queue_of(paint_white)
    styles = (plain_input("blue", title="Sky"), plain_input("green", title="Sea"))
    masks = (plain_input("white", title="Left"), plain_input("black", title="Right"))
    init = plain_input("yellow", title="Earlier")
    settings = Settings(resolution=64, style_weights=(2, 1), init="picture")
    made = order(settings, styles=styles, masks=masks, init=init)
    job_id = manager.submit(made)
    job = wait_for(manager, job_id, ended)
    assert job.style_name == "Sky and Sea"
    found = recipe.read(manager.files.png(job_id))
    assert found.settings == settings
    assert found.content.sha256 == hashlib.sha256(made.content.data).hexdigest()
    assert [source.name for source in (*found.styles, *found.masks)] == [
        *("Sky.png", "Sea.png"),
        *("Left.png", "Right.png"),
    ]
    assert found.init == init.source
    assert found.weights_sha256
    assert found.versions == recipe.versions()
    assert dataclasses.replace(found, weights="", weights_sha256="", versions={}) == job.recipe
    assert manager.files.png(job_id) == manager.files.png(job_id)


def test_all_pictures_reach_the_painter() -> None:
    seen: list[Prepared] = []

    def paint(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        seen.append(prepared)
        yield progress(1, 1, preview=True)

    manager = queue_of(paint)
    made = order(
        Settings(resolution=64, init="picture"),
        styles=(plain_input("blue"), plain_input("green")),
        masks=(plain_input("white"), plain_input("black")),
        init=plain_input("yellow"),
    )
    wait_for(manager, manager.submit(made), ended)
    (prepared,) = seen
    assert [level(style) for style in prepared.styles] == [29, 75]
    assert [level(mask) for mask in prepared.masks] == [255, 0]
    assert prepared.init is not None
    # Kept at the size of the canvas, whatever came in.
    assert {mask.size for mask in prepared.masks} | {prepared.init.size} == {prepared.content.size}


def test_what_does_not_go_together_is_told_before_anything_is_queued() -> None:
    manager = queue_of(paint_white)
    for wrong in (
        order(masks=(plain_input("white"),) * 2),
        order(Settings(style_weights=(1, 2))),
        order(Settings(init="picture")),
        order(styles=()),
    ):
        with pytest.raises(SettingsError):
            manager.submit(wrong)
    with pytest.raises(UserError, match="not a picture"):
        manager.submit(order(styles=(Input("Sky", b"no picture", "sky.jpg"),)))


def test_an_error_the_user_can_mend_is_told_as_it_is() -> None:
    manager = queue_of(failing(UserError("The weights are missing; install them.")))
    job = wait_for(manager, submit(manager), ended)
    assert (job.state, job.message) == (JobState.FAILED, "The weights are missing; install them.")


def test_a_diverged_job_keeps_its_last_good_picture() -> None:
    error = DivergedError(7, torch.full((1, 3, 48, 64), 0.2))
    manager = queue_of(failing(error))
    job_id = submit(manager)
    job = wait_for(manager, job_id, ended)
    assert (job.state, job.message) == (JobState.FAILED, str(error))
    result = manager.files.result(job_id)
    assert result is not None
    assert result.getpixel((0, 0)) == (51, 51, 51)


def test_an_unexpected_error_is_logged_and_the_next_job_runs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors: list[Exception] = [RuntimeError("secret detail")]

    def paint(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        if errors:
            raise errors.pop()
        yield progress(1, 1, preview=True)

    manager = queue_of(paint)
    job = wait_for(manager, submit(manager), ended)
    assert (job.state, job.message) == (JobState.FAILED, messages.UNEXPECTED)
    assert "secret detail" in caplog.text
    assert wait_for(manager, submit(manager), ended).state is JobState.FINISHED


def failing_snapshot() -> torch.Tensor:
    raise RuntimeError("the canvas is between two sizes")


def after_a_preview(error: BaseException | None, **changes: Any) -> Steps:
    """A painter whose first iteration is shown, and whose second raises or has no snapshot."""

    def paint(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        yield progress(1, 10, preview=True, shade=0.2)
        if error is not None:
            raise error
        yield dataclasses.replace(progress(2, 10, preview=False), **changes)

    return paint


@pytest.mark.parametrize(
    "error",
    [
        NoMemoryError("There is not enough memory."),
        RuntimeError("secret"),
        MemoryError(),
        SystemExit(1),
        KeyboardInterrupt(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_ends_a_job_what_was_seen_of_it_is_kept(error: BaseException) -> None:
    manager = queue_of(after_a_preview(error))
    job_id = submit(manager)
    job = wait_for(manager, job_id, ended)
    assert job.state is JobState.FAILED
    assert job.preview is not None
    for file in (manager.files.png(job_id), manager.files.jpeg(job_id)):
        assert level(Image.open(io.BytesIO(file))) == pytest.approx(51, abs=1)
    assert manager.files.shown(job_id, 0.5)
    assert manager.files.side_by_side(job_id)
    assert manager.files.timelapse(job_id, "GIF")
    if not isinstance(error, UserError):
        assert job.message == f"{messages.UNEXPECTED} {messages.SO_FAR}"
    # And the worker, or one in its place, goes on.
    assert wait_for(manager, submit(manager), ended).state is JobState.FAILED


@pytest.mark.parametrize("reason", ["stop", "deadline", "unwatched"])
def test_a_job_that_is_stopped_without_a_snapshot_keeps_what_was_seen(reason: str) -> None:
    clock, go = Clock(), threading.Event()

    def paint(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        yield progress(1, 10, preview=True, shade=0.2)
        assert go.wait(60)
        yield dataclasses.replace(
            progress(2, 10, preview=False), image=None, snapshot=failing_snapshot
        )

    manager = queue_of(paint, deadline=100, patience=200, clock=clock)
    job_id = submit(manager)
    wait_for(manager, job_id, at_iteration(1))
    if reason == "stop":
        manager.stop(job_id)
    else:
        clock.now = {"deadline": 150, "unwatched": 250}[reason]
    go.set()
    job = wait_for(manager, job_id, ended)
    assert job.preview is not None
    assert level(Image.open(io.BytesIO(manager.files.png(job_id)))) == pytest.approx(51, abs=1)


@pytest.mark.parametrize("place", ["finish", "previews.encoded"])
@pytest.mark.parametrize("at", [2, 10])
def test_an_error_in_finishing_loses_no_picture(
    monkeypatch: pytest.MonkeyPatch, place: str, at: int
) -> None:
    """What is done to a picture after it was painted can fail, too: for lack of memory, say."""
    clock, go = Clock(), threading.Event()

    def paint(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        yield progress(1, 10, preview=True, shade=0.2)
        assert go.wait(60)
        yield progress(at, 10, preview=True)

    def failing(*_: Any, **__: Any) -> None:
        raise MemoryError

    manager = queue_of(paint, clock=clock)
    job_id = submit(manager)
    wait_for(manager, job_id, at_iteration(1))
    module, _, name = f"{FINISHING}.{place}".rpartition(".")
    with monkeypatch.context() as patched:
        patched.setattr(pkgutil.resolve_name(module), name, failing)
        go.set()
        job = wait_for(manager, job_id, ended)
    assert job.state is JobState.FAILED
    assert level(Image.open(io.BytesIO(manager.files.png(job_id)))) == pytest.approx(51, abs=1)


def test_a_running_job_has_no_files_yet(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    job_id = submit(manager)
    painter.allow(1)
    wait_for(manager, job_id, at_iteration(1))
    assert manager.files.shown(job_id, 1.0) is None
    assert manager.files.result(job_id) is None
    with pytest.raises(UserError, match="press Paint"):
        manager.files.png(job_id)


def test_a_job_that_cannot_be_logged_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> int:
        raise OSError("no such file")

    manager = queue_of(paint_white)
    with monkeypatch.context() as patched:
        patched.setattr(limits, "memory_peak", failing)
        job = wait_for(manager, submit(manager), ended)
        assert job.preview is not None
    assert wait_for(manager, submit(manager), ended).state is JobState.FINISHED


def gone(manager: JobManager, ids: list[str]) -> list[bool]:
    return [manager.snapshot(job_id) is None for job_id in ids]


def test_jobs_that_nobody_looked_at_for_longest_are_dropped() -> None:
    clock = Clock()
    manager = queue_of(paint_white, kept=2, patience=150, clock=clock)
    ids = [ended_job(manager) for _ in range(3)]
    assert gone(manager, ids) == [False] * 3  # whoever reloads a page finds the painting again
    clock.now = 100
    manager.touch(ids[0])
    clock.now = 200
    ids.append(ended_job(manager))
    assert gone(manager, ids) == [False, True, True, False]
    manager.touch(ids[1])


def test_ended_jobs_take_no_more_memory_than_allowed() -> None:
    manager = queue_of(paint_white)
    ended_job(manager)
    (kept,) = manager._jobs.values()
    assert kept.size_bytes > 64 * 48 * 3  # the painting, and more
    assert kept.prepared is None  # what it was painted from is let go
    roomy = queue_of(paint_white, kept_bytes=kept.size_bytes * 5 // 2)
    ids = [ended_job(roomy) for _ in range(4)]
    assert gone(roomy, ids) == [True, True, False, False]
    tight = queue_of(paint_white, kept_bytes=1)
    ids = [ended_job(tight) for _ in range(2)]
    assert gone(tight, ids) == [True, False]  # the last one is for whoever is looking at it
    assert tight.files.result(ids[1]) is not None


def test_waiting_jobs_take_no_more_memory_than_allowed(painter: StepwisePainter) -> None:
    manager = queue_of(painter, kept_bytes=1)
    first = submit(manager)
    wait_for(manager, first, lambda job: job.state is JobState.RUNNING)
    submit(manager)
    with pytest.raises(QueueFullError, match="1 painting is waiting"):
        submit(manager)


def test_what_is_forgotten_is_gone_whatever_it_was_doing(painter: StepwisePainter) -> None:
    manager = queue_of(painter, kept=2)
    done = submit(manager)
    painter.allow(10)
    wait_for(manager, done, ended)
    running, waiting = submit(manager), submit(manager)
    painter.allow(1)
    wait_for(manager, running, at_iteration(1))
    for job_id in (done, running, waiting, "nobody"):
        manager.forget(job_id)
        assert manager.snapshot(job_id) is None
        with pytest.raises(UserError, match="press Paint"):
            manager.files.png(job_id)
    others = [submit(manager) for _ in range(2)]
    painter.allow(30)
    for job_id in others:
        wait_for(manager, job_id, ended)  # and what was forgotten takes none of their room
    assert painter.closed == 4
    assert manager.snapshot(running) is None


def test_ids_cannot_be_guessed(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    ids = {submit(manager) for _ in range(5)}
    assert len(ids) == 5
    assert min(map(len, ids)) >= 20


def test_a_visitor_has_one_painting_under_way_at_a_time(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    running = manager.submit(order(), "ada")
    wait_for(manager, running, lambda job: job.state is JobState.RUNNING)
    waiting = manager.submit(order(), "bob")
    for visitor, job_id in (("ada", running), ("bob", waiting)):
        with pytest.raises(BusyError, match="under way already") as refused:
            manager.submit(order(), visitor)
        assert refused.value.job_id == job_id
    others = submit(manager), submit(manager)  # nobody in particular may wait more than once
    manager.stop(waiting)
    again = manager.submit(order(), "bob")
    assert wait_for(manager, again, lambda job: True).ahead == 3  # at the end of the queue
    for job_id in others:
        manager.stop(job_id)
    painter.allow(10)
    wait_for(manager, running, ended)
    manager.submit(order(), "ada")


def test_two_orders_at_once_of_one_visitor_are_one(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    refused: list[BusyError] = []

    def click() -> None:
        try:
            manager.submit(order(), "ada")
        except BusyError as error:
            refused.append(error)

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    assert len(refused) == 3


def test_the_wait_is_foretold_from_what_runs_and_what_is_ahead(painter: StepwisePainter) -> None:
    clock = Clock()
    manager = queue_of(painter, patience=1e9, clock=clock)
    small, large = Settings(resolution=64), Settings(resolution=128)
    first = submit(manager, small)
    wait_for(manager, first, lambda job: job.state is JobState.RUNNING)
    second, third = submit(manager, large), submit(manager, small)

    def waits() -> list[float]:
        found = [manager.snapshot(job_id) for job_id in (first, second, third)]
        return [job.wait for job in found if job]

    guessed = waits()
    assert guessed[0] == 0
    assert 0 < guessed[1] < guessed[2]  # before anything was painted here, from what it costs
    painter.allow(5)
    wait_for(manager, first, at_iteration(5))
    assert waits()[1] == pytest.approx(0.5)  # as the running one says: 5 iterations of 0.1 s

    clock.now = 40  # what the first took in the end, getting ready included
    painter.allow(5)
    wait_for(manager, second, lambda job: job.state is JobState.RUNNING)
    larger = pace.work(large, (128, 80)) / pace.work(small, (64, 48))
    assert larger > 1.3
    assert waits()[2] == pytest.approx(40 * larger)
    clock.now = 50
    assert waits()[2] == pytest.approx(40 * larger - 10)
    clock.now = 1000
    assert waits()[2] == 0  # it is late, and nothing is foretold of the past


def test_a_reload_or_two_minutes_without_a_connection_lose_nothing(
    painter: StepwisePainter,
) -> None:
    clock = Clock()
    manager = queue_of(painter, kept=1, clock=clock)  # with the patience of the page
    running, waiting = submit(manager), submit(manager)
    painter.allow(1)
    wait_for(manager, running, at_iteration(1))
    clock.now = 120  # nobody has looked since
    painter.allow(1)
    assert wait_for(manager, running, at_iteration(2)).state is JobState.RUNNING
    manager.touch(running)
    manager.touch(waiting)
    painter.allow(9)  # to its end, and the first iteration of the one that waited
    assert wait_for(manager, running, ended).state is JobState.FINISHED
    assert wait_for(manager, waiting, at_iteration(1)).state is JobState.RUNNING
    clock.now = 240
    painter.allow(9)
    assert wait_for(manager, waiting, ended).state is JobState.FINISHED
    assert manager.files.result(running) is not None  # though only one is kept for longer
    assert manager.files.result(waiting) is not None


def test_a_canvas_too_large_for_the_memory_is_told_in_words() -> None:
    manager = queue_of(paint_white, memory=10**9)
    with pytest.raises(errors.TooLargeError, match=r"1\.0 GB for it; choose a resolution of"):
        submit(manager, Settings(resolution=1024))
    ended_job(manager)


def test_the_log_tells_of_every_job_and_of_no_picture(
    caplog: pytest.LogCaptureFixture, painter: StepwisePainter
) -> None:
    caplog.set_level(logging.INFO, "nst.queue.manager")
    manager = queue_of(painter)
    first = manager.submit(order(Settings(resolution=64, style_weight=500)), "ada")
    wait_for(manager, first, lambda job: job.state is JobState.RUNNING)
    second, third = submit(manager), submit(manager)
    manager.stop(second)
    painter.allow(10)
    wait_for(manager, first, ended)
    wait_for(manager, third, lambda job: job.state is JobState.RUNNING)
    manager.stop(third)
    painter.allow(1)
    wait_for(manager, third, ended)
    for line in (
        r"Painting 1 begins: 64 x 48 px for a photo of 120 x 80 px, styles: 1, masks: 0, "
        r"settings: style_weight=500\.0 resolution=64;",
        r"Painting 2 stopped before its first iteration",
        r"Painting 1 finished after 10 iterations and \d+\.\d s; .* GB; 1 waiting",
        r"Painting 3 stopped after 1 iteration",
    ):
        assert re.search(line, caplog.text)
    for secret in (first, second, third, "ada", "Cat", "Sky", ".png"):
        assert secret not in caplog.text


def film_of(data: bytes) -> list[Image.Image]:
    """The frames of an animation."""
    with Image.open(io.BytesIO(data)) as film:
        frames = []
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            frames.append(film.convert("RGB"))
    return frames


def ended_job(manager: JobManager, **changes: Any) -> str:
    job_id = manager.submit(order(**changes))
    wait_for(manager, job_id, ended)
    return job_id


def paint_lighter(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
    """From black to white in 200 iterations, with a preview at the last only."""
    for iteration in range(1, 201):
        yield progress(iteration, 200, preview=False)


def test_a_jpeg_has_the_size_of_the_photo_and_the_strength_that_is_asked_for() -> None:
    manager = queue_of(paint_white)
    job_id = ended_job(manager, content=plain_input("black", PHOTO_SIZE))
    for strength, expected in ((1.0, 255), (0.5, 188)):
        picture = Image.open(io.BytesIO(manager.files.jpeg(job_id, strength)))
        assert (picture.format, picture.size) == ("JPEG", PHOTO_SIZE)
        assert abs(level(picture) - expected) <= 1


def test_side_by_side_shows_photo_style_and_painting() -> None:
    manager = queue_of(paint_white)
    job_id = ended_job(manager, content=plain_input("black", PHOTO_SIZE))
    for strength, expected in ((1.0, (255, 255, 255)), (0.0, (0, 0, 0))):
        sheet = Image.open(io.BytesIO(manager.files.side_by_side(job_id, strength)))
        assert sheet.format == "PNG"
        colors = [sheet.getpixel((sheet.width * part // 6, 200)) for part in (1, 3, 5)]
        for found, wanted in zip(colors, ((0, 0, 0), (0, 0, 255), expected), strict=True):
            assert max(abs(one - other) for one, other in zip(found, wanted, strict=True)) <= 3


@pytest.mark.parametrize("format", ["GIF", "WEBP"])
def test_a_timelapse_shows_the_painting_coming_about(format: str) -> None:
    manager = queue_of(paint_lighter)
    job_id = ended_job(manager)
    frames = film_of(manager.files.timelapse(job_id, format))
    assert job_module.FRAMES / 2 <= len(frames) <= job_module.FRAMES + 1
    assert {frame.size for frame in frames} == {(480, 320)}  # the photo's shape, not the canvas'
    levels = [level(frame) for frame in frames]
    assert levels == sorted(levels)
    assert levels[0] < 10
    assert levels[-1] > 250
    steps = [after - before for before, after in pairwise(levels[:-1])]
    assert max(steps) - min(steps) <= 8  # evenly over the run, but for the colours a GIF has


def test_a_timelapse_has_the_strength_and_the_colours_of_the_painting() -> None:
    manager = queue_of(paint_lighter)
    job_id = ended_job(manager, content=plain_input("black", PHOTO_SIZE))
    faint = [level(frame) for frame in film_of(manager.files.timelapse(job_id, "WEBP", 0.5))]
    assert abs(faint[-1] - 188) <= 3
    assert max(film_of(manager.files.timelapse(job_id, "WEBP", 0.0))[-1].getextrema()) <= (0, 3)
    kept = ended_job(manager, settings=Settings(resolution=64, preserve_color="luminance"))
    middle = film_of(manager.files.timelapse(kept, "WEBP"))[10].getpixel((240, 160))
    assert middle[0] > middle[1] + 20  # the photo is red


def test_files_of_a_job_that_is_not_kept_are_refused_in_words(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    waiting = submit(manager)
    for job_id in ("nobody", waiting):
        for make in (
            manager.files.jpeg,
            manager.files.side_by_side,
            lambda job_id: manager.files.timelapse(job_id, "GIF"),
        ):
            with pytest.raises(UserError, match="press Paint"):
                make(job_id)


def test_importing_the_module_does_not_import_torch() -> None:
    code = "import sys, nst.queue.manager; print('torch' in sys.modules, 'numpy' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.split() == ["False", "False"], answer.stderr


def test_a_server_measures_itself_while_nobody_paints(monkeypatch, caplog):
    """So that the first visitor is told how long a painting takes here."""

    def planned(painter_seconds, busy=False):
        manager = JobManager()
        monkeypatch.setattr(ServerPainter, "load", lambda self: None)
        monkeypatch.setattr(ServerPainter, "measure", lambda self: (1000.0, painter_seconds))
        if busy:
            manager._running = object()  # type: ignore[assignment]
        manager._get_ready()
        return manager.plan(SETTINGS, PHOTO_SIZE)

    quick, slow = planned(0.001), planned(0.1)
    assert slow.seconds == pytest.approx(100 * quick.seconds)
    assert (quick.too_long, slow.too_long) == (False, False)
    assert planned(1000.0).too_long
    assert planned(1000.0, busy=True).seconds == JobManager().plan(SETTINGS, PHOTO_SIZE).seconds
    assert quick.memory == footprint.needed(64, 48)

    def missing(self):
        raise UserError("There are no weights.")

    monkeypatch.setattr(ServerPainter, "load", missing)
    JobManager()._get_ready()
    assert "There are no weights." in caplog.text
