"""How jobs wait: their turn, the limits of the queue, what they take of memory, and the log."""

from __future__ import annotations

import logging
import re
import threading

import pytest
from queueing import (
    Clock,
    StepwisePainter,
    at_iteration,
    ended,
    ended_job,
    order,
    paint_white,
    queue_of,
    submit,
    wait_for,
)

from nst import errors
from nst.errors import UserError
from nst.queue import messages, pace
from nst.queue.job import JobState
from nst.queue.manager import JobManager
from nst.queue.messages import BusyError, QueueFullError
from nst.settings import Settings


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


def test_a_job_nobody_watches_gives_way_to_one_that_waits(painter: StepwisePainter) -> None:
    clock = Clock()
    manager = queue_of(painter, clock=clock)  # with the patience of the page
    closed = submit(manager)

    def step(number: int, now: float) -> JobState:
        clock.now = now
        painter.allow(1)
        return wait_for(manager, closed, lambda job: ended(job) or at_iteration(number)(job)).state

    assert step(1, 0) is JobState.RUNNING
    assert step(2, 500) is JobState.RUNNING  # nobody waits: it goes on
    waiting = submit(manager)
    manager.touch(closed)
    assert step(3, 620) is JobState.RUNNING  # it was looked at two minutes ago
    assert step(4, 621) is JobState.RUNNING  # nobody looks at the other one, either
    manager.touch(waiting)
    painter.allow(1)
    job = wait_for(manager, closed, ended)
    assert (job.state, job.message) == (JobState.STOPPED, messages.GAVE_WAY.format(minutes=2))
    assert manager.files.result(closed) is not None
    assert wait_for(manager, waiting, lambda job: job.state is JobState.RUNNING).ahead == 0


def test_a_waiting_job_nobody_watches_loses_its_turn(painter: StepwisePainter) -> None:
    clock = Clock()
    manager = queue_of(painter, clock=clock)
    running, closed = submit(manager), submit(manager)
    wait_for(manager, running, lambda job: job.state is JobState.RUNNING)
    clock.now = 121
    painter.allow(10)
    job = wait_for(manager, closed, ended)
    assert (job.state, job.message) == (
        JobState.STOPPED,
        messages.LEFT_UNWATCHED.format(minutes=2),
    )
    assert painter.started == 1


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

    def guesses() -> list[bool]:
        found = [manager.snapshot(job_id) for job_id in (second, third)]
        return [job.guessed for job in found if job]

    guessed = waits()
    assert guessed[0] == 0
    assert 0 < guessed[1] < guessed[2]  # before anything was painted here, from what it costs
    assert guesses() == [True, True]
    assert manager.plan(small, (120, 80)).guessed
    painter.allow(5)
    wait_for(manager, first, at_iteration(5))
    assert waits()[1] == pytest.approx(0.5)  # as the running one says: 5 iterations of 0.1 s
    assert guesses() == [False, True]

    clock.now = 40  # what the first took in the end, getting ready included
    painter.allow(5)
    wait_for(manager, second, lambda job: job.state is JobState.RUNNING)
    assert guesses() == [False, False]
    assert not manager.plan(small, (120, 80)).guessed
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
    caplog.set_level(logging.INFO, "nst.queue")
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
