"""Choosing a photo and styles among the samples and the visitor's own pictures."""

from __future__ import annotations

import random
from collections.abc import Mapping

import streamlit as st

from nst.studio.order import Input
from page import address, intake, samples, state
from page.intake import MOST_STYLES, OWN
from page.samples import favourite
from page.state import Key
from page.words import plain, title_of

TOO_MANY = f"At most {MOST_STYLES} styles can be blended; take one away to add another."
BLENDS = 0.25  # of the surprises are of two styles


def choose_photo() -> Input | None:
    """The visitor's own photo or a sample; None while none is chosen."""
    st.header("1 Your photo", anchor=False)
    own = intake.own_photo()
    tiles = _tiles("content", {OWN: own} if own else {})
    with st.container(key="gallery_content"):
        chosen = _choose_one("content", "Or try one of these", state.PHOTO, tiles)
    named = [address.OWN] if chosen == OWN else _samples([chosen])
    address.keep(state.PHOTO.name, named, favourite("content"))
    return own if chosen == OWN else _sample("content", chosen)


def choose_styles() -> tuple[Input, ...]:
    """One style, or up to `MOST_STYLES` where the visitor asks for several; () while none is."""
    st.header("2 A style", anchor=False)
    gallery = st.container(key="gallery_styles")
    # Shown below the gallery, known before: it decides how many pictures a click may leave chosen.
    state.BLEND.begin(len(address.asked(state.STYLE.name)) > 1)
    st.toggle(
        "Blend several styles",
        key=state.BLEND.name,
        help=f"Up to {MOST_STYLES} styles in one painting, each with a weight. Or give each its "
        "own part of the photo, under Where to paint.",
        on_change=_switch_blending,
    )
    own = {intake.value_of(style): style for style in intake.own_styles()}
    tiles = _tiles("styles", own)
    with gallery:
        if state.BLEND.get():
            chosen = _choose_several(tiles)
        else:
            chosen = [_choose_one("styles", "Style", state.STYLE, tiles)]
    address.keep(state.STYLE.name, _samples(chosen), favourite("styles"))
    if state.TOO_MANY.get():
        st.warning(TOO_MANY, icon=":material/layers:")
    state.TOO_MANY.drop()
    found = [own.get(value or "") or _sample("styles", value) for value in chosen]
    # A picture that came twice is one style.
    return tuple({each.source.sha256: each for each in found if each is not None}.values())


def surprise() -> None:
    """Choose another style by chance, or two, and another photo where it is not the visitor's."""
    chosen = intake.chosen_styles()
    styles = [stem for stem in samples.thumbnails("styles") if stem not in chosen]
    photos = [stem for stem in samples.thumbnails("content") if stem != state.PHOTO.get()]
    blend = random.random() < BLENDS
    own = state.PHOTO.get() == OWN
    if len(styles) < 1 + blend or not (photos or own):
        return
    if not own:
        intake.choose_photo(random.choice(photos))
    state.BLEND.set(blend)
    intake.choose_styles(random.sample(styles, 1 + blend))


def _samples(chosen: list[str | None]) -> list[str]:
    """Those that the page's address may name."""
    return [value for value in chosen if value is not None and not _is_own(value)]


def _is_own(value: str) -> bool:
    """Whether a value stands for a picture of the visitor's."""
    return value[0] == OWN[0]


def _sample(folder: str, stem: str | None) -> Input | None:
    return None if stem is None else samples.sample(folder, stem)


def _tiles(folder: str, own: Mapping[str, Input]) -> dict[str, str]:
    """What can be chosen -> its picture and name: the visitor's own first."""
    found = {
        value: _tile(samples.thumbnail(folder, each.data, each.file_name), plain(each.title))
        for value, each in own.items()
    }
    thumbnails = samples.thumbnails(folder)
    return found | {stem: _tile(thumbnails[stem], title_of(stem)) for stem in thumbnails}


def _tile(thumbnail: str, name: str) -> str:
    return f"![]({thumbnail}) {name}"


def _choose_one(
    folder: str, label: str, key: Key[str | None], tiles: Mapping[str, str]
) -> str | None:
    """Tiles of which one is chosen; None while none is, as the visitor's own was refused."""
    asked = address.asked(key.name)[0]
    # The same in all runs of a session: else the tiles, which are large, would be sent again.
    first = state.opened_with(key.name)
    first.begin(asked if asked in samples.thumbnails(folder) else favourite(folder))
    # A browser shows the default where it has missed that nothing is chosen.
    refused = key.known and key.get() is None
    return st.pills(
        label,
        list(tiles),
        default=None if refused else first.get(),
        required=True,
        format_func=lambda value: tiles.get(value, value),
        key=key.name,
        on_change=_browse,
        args=[folder],
        width="stretch",
    )


def _choose_several(tiles: Mapping[str, str]) -> list[str | None]:
    """Tiles of which up to `MOST_STYLES` are chosen, in the order of the clicks."""
    asked = [stem for stem in address.asked(state.STYLE.name) if stem in tiles]
    before = state.STYLES_BEFORE.get()

    def browse() -> None:
        _browse("styles")
        if len(state.STYLES.get()) > MOST_STYLES:
            state.STYLES.set(before)
            state.TOO_MANY.set(True)

    chosen = st.pills(
        "Style",
        list(tiles),
        selection_mode="multi",
        default=asked[:MOST_STYLES],
        format_func=lambda value: tiles.get(value, value),
        key=state.STYLES.name,
        on_change=browse,
        width="stretch",
    )
    state.STYLES_BEFORE.set(list(chosen))
    return list(chosen)


def _browse(folder: str) -> None:
    """Take note of a choice; what was refused before is forgotten, unless nothing is chosen yet.

    A browser tells a change, too, when the page takes the choice away because of a refusal.
    """
    state.BROWSING.set(True)
    if folder == "content" and state.PHOTO.get() is not None:
        state.REFUSED_PHOTO.drop()
    elif folder == "styles" and intake.chosen_styles():
        state.REFUSED_STYLE.drop()


def _switch_blending() -> None:
    """Go on from one style to several with that one, and from several to one with the first."""
    style, several = state.STYLE.get(), state.STYLES.get()
    if state.BLEND.get():
        intake.choose_styles([] if style is None else [style])
    else:
        intake.choose_styles(several[:1])
