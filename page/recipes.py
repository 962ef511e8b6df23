"""Settings of an earlier painting, taken from the recipe in its PNG and put into the controls.

A recipe is foreign data: `nst.studio.recipe` validates it, nothing that it names is opened, and
pictures are recognised by their SHA-256 alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence

import streamlit as st

from nst.errors import UserError
from nst.queue.files import ENGINE
from nst.settings import Settings
from nst.studio import recipe
from nst.studio.order import Input, enumerated
from nst.studio.recipe import Recipe, RecipeError, Source
from page import blend, capacity, controls, intake, mask_pictures, masks, samples, state
from page.masks import Where
from page.words import plain

LARGEST_FILE = 64  # MB: the PNG of a large painting is larger than any picture that is painted from


def offer() -> None:
    """An uploader for a PNG with a recipe."""
    st.file_uploader(
        "Settings of an earlier painting",
        type="png",
        key=state.EARLIER.name,
        max_upload_size=LARGEST_FILE,
        on_change=restore,
        help="A PNG that was painted here or on the command line carries its settings: drop it to "
        "paint with them again.",
    )


def restore() -> None:
    """Set the controls, and choose the sample pictures, as the recipe of the upload says."""
    upload = state.EARLIER.get()
    state.RECIPE.set(None)
    state.RECIPE_PROBLEM.set("")
    if upload is None:
        return
    try:
        found = recipe.read(upload.getvalue())
        if len(found.styles) > intake.MOST_STYLES:
            raise RecipeError(
                f"This painting blends {len(found.styles)} styles, and the page takes at most "
                f"{intake.MOST_STYLES}; paint it on the command line."
            )
    except UserError as error:
        state.RECIPE_PROBLEM.set(str(error))
        return
    state.RECIPE.set(found)
    state.BROWSING.set(True)
    controls.set_controls(found.settings)
    state.NEXT_STRENGTH.set(found.settings.strength)
    _choose_photo(found.content)
    _choose_styles(found)
    _choose_masks(found)
    _choose_style_masks(found)


def _choose_photo(source: Source) -> None:
    """Choose the sample that the source is, or the upload if that is it."""
    stem, upload = samples.hashes("content").get(source.sha256), state.OWN_PHOTO.get()
    if stem is not None:
        intake.choose_photo(stem)
    elif upload is not None and _is(upload.getvalue(), source):
        state.SHOT.drop()
        intake.choose_photo(intake.OWN)


def _choose_styles(found: Recipe) -> None:
    """Choose the samples and the visitor's own pictures that are among the styles."""
    known = samples.hashes("styles")
    uploads = [capacity.uploaded("", upload) for upload in state.OWN_STYLE.get() or []]
    own = {upload.source.sha256: intake.value_of(upload) for upload in uploads}
    values = [(known | own).get(style.sha256) for style in found.styles]
    state.BLEND.set(len(found.styles) > 1)
    if state.BLEND.get() or any(values):
        intake.choose_styles([value for value in values if value is not None])
    highest = max(found.settings.style_weights, default=0)
    # Only the proportions count, and the sliders end somewhere.
    factor = min(1.0, blend.HIGHEST_WEIGHT / highest) if highest else 1.0
    weights = found.settings.style_weights or (1.0,) * len(found.styles)
    for style, weight in zip(found.styles, weights, strict=True):
        state.style_weight(style.sha256).set(weight * factor)


def _choose_masks(found: Recipe) -> None:
    """Choose the ready-made masks; the others have to be uploaded again."""
    state.MASKED.drop()  # these places are those of the recipe's photo and styles
    for number in range(intake.MOST_STYLES):
        state.where(number).set(Where.EVERYWHERE)
        state.marked(str(number)).drop()
    for number, mask in enumerate(found.masks):
        way = _ready_made(found.content).get(mask.sha256, Where.MARKED)
        state.where(number).set(way)


def _choose_style_masks(found: Recipe) -> None:
    """Ask for the pictures of what counts of the styles, which have to be uploaded again."""
    everything = _sha256(mask_pictures.everything())
    for style in found.styles:
        state.in_part(style.sha256).set(False)
    for style, mask in zip(found.styles, found.style_masks, strict=False):
        state.in_part(style.sha256).set(mask.sha256 != everything)


def _ready_made(photo: Source) -> dict[str, Where]:
    """SHA-256 -> the choice that gives this mask, for a photo."""
    ways = {_sha256(mask_pictures.everything()): Where.EVERYWHERE}
    if found := masks.subjects().get(photo.sha256):
        ways |= {_sha256(found[0]): Where.SUBJECT, _sha256(found[1]): Where.BACKGROUND}
    return ways


def in_order(styles: Sequence[Input]) -> tuple[Input, ...]:
    """The styles in the order of the restored recipe, which its masks follow; others come last."""
    found = state.RECIPE.get()
    if found is None:
        return tuple(styles)
    places = {source.sha256: place for place, source in enumerate(found.styles)}
    return tuple(sorted(styles, key=lambda style: places.get(style.source.sha256, len(places))))


def _is(data: bytes, source: Source) -> bool:
    return _sha256(data) == source.sha256


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def tell(settings: Settings, present: Iterable[Input | None]) -> None:
    """Say what is missing to paint a restored recipe again, or why it could not be used.

    `present` are all pictures that are chosen, or None for what is not.
    """
    if problem := state.RECIPE_PROBLEM.get():
        st.error(plain(problem), icon=":material/receipt_long:")
    found = state.RECIPE.get()
    if found is None:
        return
    here = {each.source.sha256 for each in present if each is not None}
    needed = [
        _named(kind, source)
        for kind, sources in (
            ("the photo", (found.content,)),
            ("the style", found.styles),
            ("the mask", found.masks),
            ("the mask of an artwork", found.style_masks),
            ("the picture to start from", (found.init,)),
        )
        for source in sources
        if source is not None and source.sha256 not in here
    ]
    different = []
    if _comparable(settings) != _comparable(found.settings):
        different.append("settings")
    if found.weights != ENGINE.weights:
        different.append("weights of VGG19")
    if found.versions != recipe.versions():
        different.append("versions of the program or its libraries")
    icon = ":material/receipt_long:"
    if needed:
        st.info(f"To paint the same again, choose {enumerated(needed)}.", icon=icon)
    elif different:
        st.info(f"The same but for other {enumerated(different)}.", icon=icon)
    else:
        st.success("Settings and pictures are those of that painting.", icon=icon)


def _named(kind: str, source: Source) -> str:
    """E.g. the photo "cat.jpg"; the name is foreign."""
    name = source.name if len(source.name) <= 40 else f"{source.name[:39]}…"
    return f'{kind} "{plain(name)}"' if name else kind


def _comparable(settings: Settings) -> Settings:
    """The settings without the strength, and with style weights as proportions, to be compared."""
    highest = max(settings.style_weights, default=1.0)
    weights = tuple(round(weight / highest, 6) for weight in settings.style_weights)
    same = len(set(weights)) == 1
    return dataclasses.replace(settings, strength=1.0, style_weights=() if same else weights)
