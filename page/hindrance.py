"""Why Paint cannot be pressed."""

from __future__ import annotations

from nst.queue.job import Snapshot
from page import intake
from page.controls import Chosen
from page.link import Contents


def to_order(contents: Contents, chosen: Chosen, masking: str) -> str:
    """What keeps the page from an order, in a sentence that says what to do; "" if nothing does.

    `masking` is what keeps the masks from being used, "" if nothing does.
    """
    if refusal := intake.refusal():
        return refusal
    if contents.photo is None:
        return "No photo is chosen: choose one first."
    if not contents.styles:
        return "No style is chosen: choose one first."
    if masking:
        return masking
    if chosen.settings.init == "picture" and chosen.init is None:
        return "The picture to start from is missing: give it in the settings, under Advanced."
    return ""


def to_paint(job: Snapshot | None, ordering: str) -> str:
    """Why Paint cannot be pressed: what is under way, or what keeps the page from an order."""
    if job is not None and job.active:
        return "A painting is under way: stop it to begin another."
    return ordering
