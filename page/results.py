"""This visit's paintings: a strip of them, to reopen, compare, delete and take home."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import streamlit as st

from nst.queue.job import Snapshot
from nst.queue.manager import JobManager
from nst.settings import CONTROLS, Settings
from nst.studio.recipe import Source
from page import archive, controls, state, visit
from page.words import option, plain

COLUMNS = 5  # of the strip, where there are not more paintings
NARROWEST = 150  # px; more than fit are scrolled to
TOLD = 3  # settings named under a thumbnail; the comparison names all
PROMISE = (
    f"Only you see them. The last {visit.MOST_PAINTINGS} stay while this tab is open; on a busy "
    "server the oldest may have to go earlier, so download what you want to keep."
)


def strength_of(job: Snapshot) -> float:
    """The strength that the visitor chose for a painting, or else the one it was ordered with."""
    chosen = state.strength(job.id).get()
    return job.recipe.settings.strength if chosen is None else chosen


def title_of(job: Snapshot) -> str:
    """What a painting is called: its photo and its style."""
    return f"{job.content_name}, {job.style_name}"


def told(name: str, value: Any) -> str:
    """A setting's value in words, with its unit."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(told("", each) for each in value) or "alike"
    if isinstance(value, str):
        return option(value)
    unit = CONTROLS[name].unit if name else ""
    return f"{controls.number(value)} {unit}".strip()


def differences(settings: Settings, other: Settings) -> list[str]:
    """The settings that two paintings do not share, by name."""
    return [name for name in CONTROLS if getattr(settings, name) != getattr(other, name)]


def in_words(job: Snapshot) -> str:
    """The settings of a painting that are not the defaults, and whether it has masks."""
    settings = _as_shown(job)
    words = [
        f"{CONTROLS[name].label}: {told(name, getattr(settings, name))}"
        for name in differences(settings, Settings())
    ]
    if job.recipe.masks:
        words.insert(0, "Painted in parts")
    if job.recipe.style_masks:
        words.insert(0, "Parts of the artwork count")
    more = len(words) - TOLD
    if more > 1:  # "and 1 more" would take as much room as what it stands for
        words[TOLD:] = [f"and {more} more settings"]
    return "; ".join(words) or "Default settings"


def _as_shown(job: Snapshot) -> Settings:
    """A painting's settings, with the strength it has now."""
    return dataclasses.replace(job.recipe.settings, strength=strength_of(job))


def contrasts(one: Snapshot, other: Snapshot) -> list[tuple[str, str, str]]:
    """The differences of two paintings: what differs, its value in the one and in the other."""
    rows = []
    names = (("Photo", "content_name"), ("Style", "style_name"))
    sources = (
        ((one.recipe.content,), (other.recipe.content,)),
        (one.recipe.styles, other.recipe.styles),
    )
    for (label, name), (left, right) in zip(names, sources, strict=True):
        if [source.sha256 for source in left] != [source.sha256 for source in right]:
            titles = getattr(one, name), getattr(other, name)
            if titles[0] == titles[1]:  # two uploads, say: their files tell them apart
                titles = _files(left), _files(right)
            rows.append((label, *titles))
    settings = _as_shown(one), _as_shown(other)
    for name in differences(*settings):
        left_value, right_value = (told(name, getattr(each, name)) for each in settings)
        rows.append((CONTROLS[name].label, left_value, right_value))
    if one.recipe.masks != other.recipe.masks:
        rows.append(("Where it is painted", _places(one), _places(other)))
    if one.recipe.style_masks != other.recipe.style_masks:
        rows.append(("What counts of the style", _counted(one), _counted(other)))
    if one.recipe.init != other.recipe.init and None not in (one.recipe.init, other.recipe.init):
        rows.append(("Picture to start from", "another", "another"))
    return rows


def _files(sources: Sequence[Source]) -> str:
    return ", ".join(source.name for source in sources)


def _places(job: Snapshot) -> str:
    return "in parts of the photo" if job.recipe.masks else "everywhere"


def _counted(job: Snapshot) -> str:
    return "a part" if job.recipe.style_masks else "all of it"


def show(manager: JobManager, shown: Snapshot | None) -> None:
    """Show the strip and its tools, once there is a painting; `shown` is the job above it.

    Part of the fragment that shows this job, so that it follows the strength that is chosen there.
    """
    jobs = visit.found(manager)
    paintings = [job for job in jobs if job.preview and not job.active]
    if not paintings:
        return
    st.header("Your paintings", anchor=False)
    st.caption(PROMISE)
    _tell_of_room(jobs)
    running = shown is not None and shown.active
    with st.grid(
        max(COLUMNS, len(paintings)), min_column_width=NARROWEST, wrap=False, key="results"
    ) as grid:
        for job in reversed(paintings):
            with grid.cell(), st.container(border=True, gap="xsmall"):
                _card(job, manager, here=shown is not None and shown.id == job.id, running=running)
    chosen = [job for job in paintings if state.chosen(job.id).get()]
    _tools(paintings, chosen, manager)
    if len(chosen) == 2:
        _compare(chosen[0], chosen[1], manager)


def _tell_of_room(jobs: Sequence[Snapshot]) -> None:
    """Tell which paintings are no longer kept, and which would go next."""
    if count := visit.gone():
        were = "1 earlier painting is" if count == 1 else f"{count} earlier paintings are"
        st.caption(f"{were} no longer kept: newer ones needed the room.")
    if len(jobs) >= visit.MOST_PAINTINGS:
        st.warning(
            f"{visit.MOST_PAINTINGS} paintings are kept. The next one takes the place of the "
            f"oldest, {plain(title_of(jobs[0]))}; download it first if you want to keep it.",
            icon=":material/inventory_2:",
        )


def _card(job: Snapshot, manager: JobManager, *, here: bool, running: bool) -> None:
    """A painting's thumbnail, what it is, and what can be done with it."""
    title = title_of(job)
    st.image(_picture(job, manager), width="stretch", alt=f"Your painting: {title}")
    st.checkbox(
        plain(title),
        key=state.chosen(job.id).name,
        help="Choose it, to compare two or to delete it.",
    )
    st.caption(plain(in_words(job)))
    reason = "It is shown above." if here else "Shown above again, with its strength and its files."
    if running:
        reason = "When the painting that is under way has ended."
    st.button(
        "Show",
        key=state.reopen(job.id).name,
        icon=":material/visibility:",
        help=reason,
        disabled=here or running,
        on_click=_reopen,
        args=[job.id],
    )


def _picture(job: Snapshot, manager: JobManager) -> bytes:
    """The painting as it is shown above, a JPEG."""
    picture = job.preview
    strength = strength_of(job)
    if strength != job.recipe.settings.strength:
        picture = manager.files.shown(job.id, strength) or picture
    assert picture is not None
    return picture


def _tools(paintings: Sequence[Snapshot], chosen: Sequence[Snapshot], manager: JobManager) -> None:
    """Download all, delete what is chosen, and how to compare."""
    with st.container(horizontal=True, vertical_alignment="center"):
        archive.offer(paintings, [strength_of(job) for job in paintings], manager)
        st.button(
            f"Delete the {len(chosen)} chosen" if len(chosen) > 1 else "Delete the chosen one",
            icon=":material/delete:",
            help="Here and on the server, for good." if chosen else "Choose a painting above.",
            disabled=not chosen,
            on_click=_delete,
            args=[[job.id for job in chosen], manager],
        )
        if len(chosen) != 2:
            st.caption("Choose two to see them side by side.", width="content")


def _reopen(job_id: str) -> None:
    """Show an earlier painting in the place of the present one; the address follows."""
    st.query_params["job"] = job_id
    state.BROWSING.set(False)
    st.rerun()  # the whole page, not only the fragment


def _delete(job_ids: Sequence[str], manager: JobManager) -> None:
    """Let go of paintings, and of the address of the one that is shown."""
    for job_id in job_ids:
        visit.forget(job_id, manager)
    if st.query_params.get("job") in job_ids:
        del st.query_params["job"]
    st.rerun()  # the whole page, not only the fragment


def _compare(one: Snapshot, other: Snapshot, manager: JobManager) -> None:
    """Two paintings side by side, and under each how it differs from the other."""
    st.subheader("Side by side", anchor=False)
    rows = contrasts(one, other)
    with st.container(key="side_by_side"):
        for place, column in enumerate(st.columns(2)):
            job = (one, other)[place]
            with column:
                title = title_of(job)
                st.image(
                    _picture(job, manager), plain(title), width="stretch", alt=f"Chosen: {title}"
                )
                for row in rows:
                    st.markdown(f"{row[0]}: **{plain(row[place + 1])}**")
    if not rows:
        st.caption("The same pictures, painted with the same settings.")
