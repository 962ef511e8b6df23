"""What screen readers are told of a painting."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from nst.queue.job import JobState
from page import announcement


def job(state, fraction=None, ahead=0, message="", stopping=False):
    return SimpleNamespace(
        state=state,
        active=state in (JobState.QUEUED, JobState.RUNNING),
        ahead=ahead,
        standing=None if fraction is None else SimpleNamespace(fraction=fraction),
        message=message,
        stopping=stopping,
    )


@pytest.mark.parametrize(
    ("snapshot", "words"),
    [
        (None, ""),
        (job(JobState.QUEUED, ahead=2), "Waiting in the queue behind 2."),
        (job(JobState.QUEUED), "The painting has begun."),
        (job(JobState.RUNNING, 0.24), "The painting has begun."),
        (job(JobState.RUNNING, 0.26), "25 percent is painted."),
        (job(JobState.RUNNING, 0.99), "75 percent is painted."),
        (job(JobState.RUNNING, 0.99, stopping=True), "Stopping."),
        (job(JobState.FINISHED, 1.0), "The painting is finished."),
        (job(JobState.STOPPED, 0.5, message="Stopped."), "Stopped."),
        (job(JobState.FAILED, message="It fell apart."), ""),  # told by the error itself
    ],
)
def test_what_is_told(snapshot, words):
    assert announcement.words(snapshot) == words


def test_a_run_is_told_in_a_few_lines():
    told = [announcement.words(job(JobState.RUNNING, step / 1000)) for step in range(1000)]
    assert len(set(told)) == 4
