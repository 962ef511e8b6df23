"""What the log tells of jobs: numbers and settings, no picture, title or file name."""

from __future__ import annotations

import dataclasses
import logging

from nst.machine import limits
from nst.queue.job import Job
from nst.settings import Settings

log = logging.getLogger(__name__)


def begins(job: Job, waited: float, waiting: int) -> None:
    """A line for a job that has waited so many seconds, with so many still waiting."""
    changed = [
        f"{name}={value}"
        for name, value in dataclasses.asdict(job.settings).items()
        if value != getattr(Settings(), name)
    ]
    if job.reel is not None:
        facts = job.reel.facts
        log.info(
            "Painting %d is a film of %d frames, %.4g a second",
            job.number,
            facts.frames,
            facts.rate,
        )
    size = job.size if job.prepared is None else job.prepared.content.size
    log.info(
        "Painting %d begins: %d x %d px for a photo of %d x %d px, styles: %d, masks: %d, "
        "settings: %s; waited %.1f s; %d waiting",
        *(job.number, *size, *job.size),
        *(len(job.recipe.styles), len(job.recipe.masks), " ".join(changed) or "defaults"),
        *(waited, waiting),
    )


def ended(job: Job, seconds: float, waiting: int) -> None:
    """A line for a job that has ended, after so many seconds."""
    if job.standing is None:
        log.info("Painting %d %s before its first iteration", job.number, job.state)
        return
    log.info(
        "Painting %d %s after %d %s and %.1f s; process up to %.2f GB; %d waiting",
        *(job.number, job.state, job.standing.iteration),
        *("iterations" if job.reel is None else "frames", seconds),
        *(limits.memory_peak() / 1e9, waiting),
    )
