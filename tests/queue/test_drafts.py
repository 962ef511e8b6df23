"""Drafts: made while nobody paints, and out of everybody's way."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator

import pytest
from queueing import SETTINGS, ended, order, plain_input, progress, queue_of, size_of, wait_for

from nst.errors import UserError
from nst.paint.transfer import Progress
from nst.queue import drafts
from nst.queue.drafts import Draft
from nst.queue.job import JobState
from nst.queue.manager import JobManager
from nst.settings import Settings
from nst.studio.order import Order
from nst.studio.preparation import Prepared

GREEN = (plain_input("green"),)


class DraftPainter:
    """Paints jobs at once and drafts of three steps, each when a test allows it."""

    def __init__(self) -> None:
        self.allowed = threading.Semaphore(0)
        self.begun: list[Settings] = []  # of drafts
        self.given_up = self.at_once = self.most_at_once = 0
        self.jobs = threading.Event()  # lets jobs come to their end
        self.jobs.set()

    def load(self) -> None:
        """There is nothing to load."""

    def measure(self) -> tuple[float, float]:
        """As quick as any."""
        return 1000.0, 1.0

    def paint(self, prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        if settings.iterations != drafts.ITERATIONS:
            assert self.jobs.wait(60)
            yield progress(1, 1, preview=True)
            return
        self.begun.append(settings)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        done = 0
        try:
            for done in (1, 2, 3):
                assert self.allowed.acquire(timeout=60)
                yield progress(done, 3, preview=False)
        finally:
            self.at_once -= 1
            self.given_up += done < 3


@pytest.fixture
def painter() -> Iterator[DraftPainter]:
    painter = DraftPainter()
    yield painter
    painter.jobs.set()
    painter.allowed.release(10_000)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def made(manager: JobManager, wished: Order, visitor: str = "ada") -> Draft:
    """The draft, when it is no longer awaited."""
    found = manager.drafts.wish(wished, visitor)
    until(lambda: not manager.drafts.awaits(found.awaited))
    return manager.drafts.wish(wished, visitor)


def test_a_draft_is_shown_in_the_shape_of_its_photo(painter: DraftPainter) -> None:
    painter.allowed.release(3)
    manager = queue_of(painter)
    draft = made(manager, order())
    assert size_of(draft.picture) == (120, 80)
    assert draft.awaited == ""
    assert (painter.begun[0].resolution, painter.begun[0].iterations) == (192, drafts.ITERATIONS)


def test_a_draft_is_no_job(painter: DraftPainter) -> None:
    painter.allowed.release(3)
    manager = queue_of(painter)
    made(manager, order())
    assert manager.plan(SETTINGS, (120, 80)).guessed  # a draft says nothing of paintings
    job_id = manager.submit(order(), "ada")  # who has a draft has no painting under way
    assert wait_for(manager, job_id, ended).state is JobState.FINISHED


def test_a_draft_is_asked_for_only_once(painter: DraftPainter) -> None:
    painter.allowed.release(100)
    manager = queue_of(painter)
    first = made(manager, order())
    renamed = dataclasses.replace(order().content, title="Other", file_name="other.png")
    quick = dataclasses.replace(SETTINGS, iterations=99, resolution=512, effort=0.5)
    for same in (order(), order(content=renamed), order(settings=quick)):
        assert manager.drafts.wish(same, "bob") == first
    assert len(painter.begun) == 1
    more_style = dataclasses.replace(SETTINGS, style_weight=SETTINGS.style_weight * 2)
    for other in (order(styles=GREEN), order(settings=more_style)):
        assert manager.drafts.wish(other, "bob").awaited


def test_a_draft_gives_way_to_a_job_at_its_next_step(
    painter: DraftPainter, caplog: pytest.LogCaptureFixture
) -> None:
    manager = queue_of(painter)
    draft = manager.drafts.wish(order(), "ada")
    painter.allowed.release(1)
    until(lambda: painter.begun)
    painter.jobs.clear()
    job_id = manager.submit(order())
    # The job does not wait for the draft, which is in the middle of a step.
    wait_for(manager, job_id, lambda job: job.state is JobState.RUNNING)
    assert manager.drafts.awaits(draft.awaited)
    painter.allowed.release(1)
    until(lambda: painter.given_up == 1)
    until(lambda: not manager.drafts.awaits(draft.awaited))
    assert manager.drafts.wish(order(), "ada") == Draft()  # while others paint
    painter.jobs.set()
    wait_for(manager, job_id, ended)
    painter.allowed.release(3)
    until(lambda: made(manager, order()).picture)
    assert not caplog.records or max(each.levelno for each in caplog.records) <= logging.INFO


def test_of_a_visitors_wishes_the_newest_counts(painter: DraftPainter) -> None:
    manager = queue_of(painter)
    first = manager.drafts.wish(order(), "ada")
    until(lambda: painter.begun)
    second = manager.drafts.wish(order(styles=GREEN), "ada")
    third = manager.drafts.wish(order(styles=(plain_input("pink"),)), "ada")
    assert not manager.drafts.awaits(first.awaited)
    assert not manager.drafts.awaits(second.awaited)
    assert manager.drafts.awaits(third.awaited)
    painter.allowed.release(4)
    until(lambda: not manager.drafts.awaits(third.awaited))
    assert painter.given_up == 1
    assert len(painter.begun) == 2
    assert manager.drafts.wish(order(styles=(plain_input("pink"),)), "ada").picture


def test_visitors_get_their_drafts_one_after_the_other(painter: DraftPainter) -> None:
    manager = queue_of(painter)
    colours = ("red", "green", "blue", "pink", "grey")[: drafts.MOST_WISHES + 1]
    wished = [order(styles=(plain_input(colour),)) for colour in colours]
    found = [manager.drafts.wish(each, f"visitor {each.styles}") for each in wished]
    assert [bool(draft.awaited) for draft in found] == [True] * drafts.MOST_WISHES + [False]
    painter.allowed.release(3 * drafts.MOST_WISHES)
    until(lambda: not any(manager.drafts.awaits(draft.awaited) for draft in found))
    assert all(manager.drafts.wish(each, "eve").picture for each in wished[:-1])
    assert painter.most_at_once == 1


def test_the_latest_drafts_are_kept(painter: DraftPainter) -> None:
    painter.allowed.release(100)
    manager = queue_of(painter, drafts=2)
    wished = [order(styles=(plain_input(colour),)) for colour in ("red", "green", "blue")]
    assert made(manager, wished[0]).picture
    assert made(manager, wished[1]).picture
    assert manager.drafts.wish(wished[0], "ada").picture  # asked for again
    assert made(manager, wished[2]).picture
    kept = [bool(manager.drafts.wish(each, "ada").picture) for each in wished]
    assert kept == [True, False, True]


@pytest.mark.parametrize("error", [UserError("No such weights."), ValueError("a fault")])
def test_an_error_is_logged_and_gives_no_draft(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    calls = []

    def paint(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        calls.append(settings)
        raise error
        yield

    manager = queue_of(paint)
    assert made(manager, order()) == Draft()
    assert manager.drafts.wish(order(), "bob") == Draft()  # and is not tried again
    assert len(calls) == 1
    assert "draft" in caplog.text
    assert str(error) in caplog.text


@pytest.mark.parametrize("bounds", [{"drafts": 0}, {"memory": 500_000_000}])
def test_a_host_without_drafts(painter: DraftPainter, bounds: dict[str, int]) -> None:
    assert queue_of(painter, **bounds).drafts.wish(order(), "ada") == Draft()
    assert not painter.begun


@pytest.mark.parametrize(("size", "resolution"), [((64, 64), 160), ((400, 100), 320)])
def test_a_canvas_takes_as_long_whatever_its_shape(
    painter: DraftPainter, size: tuple[int, int], resolution: int
) -> None:
    painter.allowed.release(3)
    made(queue_of(painter), order(content=plain_input("red", size)))
    assert painter.begun[0].resolution == resolution


def test_closing_gives_up_a_draft(painter: DraftPainter) -> None:
    manager = queue_of(painter)
    manager.drafts.wish(order(), "ada")
    until(lambda: painter.begun)
    closing = threading.Thread(target=manager.close)
    closing.start()
    painter.allowed.release(1)
    closing.join(30)
    assert painter.given_up == 1
    assert "drafts" not in {thread.name for thread in threading.enumerate()}
