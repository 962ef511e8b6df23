"""The queue, its worker and what a job shows, with painters that need no network."""

from __future__ import annotations

import dataclasses
import io
import pkgutil
import subprocess
import sys
import threading
from collections.abc import Generator
from typing import Any

import pytest
import torch
from painters import Steps
from PIL import Image
from queueing import (
    PHOTO_SIZE,
    SETTINGS,
    Clock,
    StepwisePainter,
    at_iteration,
    ended,
    failing,
    level,
    order,
    paint_white,
    plain_input,
    progress,
    queue_of,
    submit,
    wait_for,
)

from nst.errors import NoMemoryError, UserError
from nst.machine import limits
from nst.paint.transfer import DivergedError, Progress
from nst.queue import footprint, messages, run
from nst.queue.job import JobState
from nst.queue.manager import JobManager
from nst.queue.painter import ServerPainter
from nst.settings import Settings, SettingsError
from nst.studio.order import Input
from nst.studio.preparation import Prepared

FINISHING = "nst.queue.job"  # the module that makes of a canvas what is seen


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
    others = set(threading.enumerate())
    manager = JobManager()
    manager.close()  # before anything began
    manager.warm_up(3600)
    manager.close()
    for timer in set(threading.enumerate()) - others:
        timer.join(60)
        assert not timer.is_alive()


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
    assert not wait_for(manager, job_id, at_iteration(3)).stopping
    manager.stop(job_id)
    wait_for(manager, job_id, lambda job: job.stopping)  # until the present iteration is over
    painter.allow(1)
    job = wait_for(manager, job_id, ended)
    assert job.state is JobState.STOPPED
    assert not job.stopping
    assert job.message == messages.STOPPED
    result = manager.files.result(job_id)
    assert result is not None
    assert result.getpixel((0, 0)) == (102, 102, 102)  # iteration 4 of 10, which had no preview
    assert painter.closed == 1


def test_who_waits_for_a_job_goes_on_when_it_is_over(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    job_id = submit(manager)
    manager.wait(job_id, 0.01)
    assert manager.snapshot(job_id).active
    waiter = threading.Thread(target=manager.wait, args=(job_id, 600.0), daemon=True)
    waiter.start()
    painter.allow(10)
    waiter.join(60)
    assert not waiter.is_alive()
    assert manager.snapshot(job_id).state is JobState.FINISHED
    manager.wait("nobody", 600.0)


def test_stop_of_an_ended_or_unknown_job_changes_nothing(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    job_id = submit(manager)
    painter.allow(10)
    before = wait_for(manager, job_id, ended)
    manager.stop(job_id)
    manager.stop("nobody")
    assert manager.snapshot(job_id) == before


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
    waiting = submit(manager)
    if reason == "stop":
        manager.stop(job_id)
    else:
        clock.now = {"deadline": 150, "unwatched": 250}[reason]
    manager.touch(waiting)
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
