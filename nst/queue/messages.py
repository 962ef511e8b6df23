"""What the queue tells its visitors, and the errors with which it refuses an order."""

from __future__ import annotations

import math

from nst.errors import UserError

STOPPED = "Stopped; the picture is kept as it is."
LEFT_QUEUE = "Taken out of the queue before its turn came."
LEFT_UNWATCHED = (
    "Taken out of the queue, as its page had been out of reach for {minutes:.0f} minutes; press "
    "Paint to queue it again."
)
GAVE_WAY = (
    "Stopped for somebody who waited, as its page had been out of reach for {minutes:.0f} minutes; "
    "the picture is kept, and Continue from this paints on."
)
TOO_LONG = "Stopped after {minutes:.0f} minutes, the most a painting may take; the picture is kept."
FILM_GAVE_WAY = (
    "Stopped for somebody who waited, as its page had been out of reach for {minutes:.0f} minutes; "
    "the {frames} frames that are finished are kept as a film."
)
FILM_TOO_LONG = (
    "Stopped after {minutes:.0f} minutes, the most a film may take; the {frames} frames that are "
    "finished are kept as a film."
)
FILM_SO_FAR = "The {frames} frames before are kept as a film."
NO_FILMS = "Films are not painted here; choose a photo, or paint the film with the command line."
NOT_KEPT = "This painting is no longer kept here; press Paint to make it again."
UNEXPECTED = (
    "Something went wrong while painting, and it has been logged. Press Paint to try again; if it "
    "happens again, choose a lower resolution or other pictures."
)
SO_FAR = "The picture as it was before is kept."


def film_stopped(frames: int, total: int) -> str:
    """Why a film ended that somebody stopped."""
    if not frames:
        return "Stopped before its first frame was finished."
    return f"Stopped after {frames} of {total} frames, which are kept as a film."


class QueueFullError(UserError):
    """Too many paintings wait already: `waiting` of them, for `seconds` until the next begins."""

    def __init__(self, waiting: int, seconds: float) -> None:
        minutes = max(1, math.ceil(seconds / 60))
        super().__init__(
            f"{waiting} {'painting is' if waiting == 1 else 'paintings are'} waiting already; try "
            f"again in about {minutes} {'minute' if minutes == 1 else 'minutes'}."
        )


class BusyError(UserError):
    """The visitor has a painting under way already, the job `job_id`."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            "A painting of yours is under way already, perhaps in another tab; stop it, or wait "
            "until it is finished, to begin another."
        )
        self.job_id = job_id
