"""Which part of an artwork counts: a picture for each artwork, white where it counts."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from PIL import Image

from nst.pictures import previews
from nst.studio.order import Input
from page import capacity, masks, state
from page.samples import checked
from page.words import plain

SHOWN_SIDE = 320  # px, as what is drawn upon
FADED = 0.2  # how much is seen of what does not count


def choose_style_masks(styles: Sequence[Input]) -> tuple[Input | None, ...]:
    """One mask a style, None for one that is still missing; () where all of every style counts."""
    names = [plain(style.title) for style in styles] if len(styles) > 1 else ["the artwork"]
    asked = [_asks(style, name) for style, name in zip(styles, names, strict=True)]
    if not any(asked):
        return ()
    return tuple(
        _choose(style, name)
        if in_part
        else Input("Everything", masks.everything(), "everything.png")
        for style, name, in_part in zip(styles, names, asked, strict=True)
    )


def _asks(style: Input, name: str) -> bool:
    """Whether the visitor lets only a part of this style count."""
    return st.toggle(
        f"Only a part of {name} counts",
        key=state.in_part(style.source.sha256).name,
        help="The rest of it does not enter the style.",
    )


def _choose(style: Input, name: str) -> Input | None:
    """The mask of a style from a file, with a look at what counts; None while there is none."""
    upload = st.file_uploader(
        f"Which part of {name} counts: white counts, black does not",
        type=capacity.PICTURES,
        max_upload_size=capacity.budget().upload,
        key=state.own_style_mask(style.source.sha256).name,
        help="A picture of any size; it is stretched over the artwork. Grey counts partly.",
    )
    mask = None if upload is None else checked(capacity.uploaded("Style mask", upload))
    if mask is None:
        return None
    if masks.is_black(mask.data):
        st.caption("The mask is black, so nothing of the style would count; make some of it white.")
        return None
    st.image(
        counted(style.data, mask.data),
        caption=f"What counts of {name}",
        alt=f"{style.title}, faded where it does not count",
    )
    return mask


@st.cache_data(max_entries=16, show_spinner=False)
def counted(style: bytes, mask: bytes) -> bytes:
    """The style as a JPEG in which what does not count is faded."""
    picture = capacity.open_picture(style, "The style")
    picture.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    grey = capacity.open_picture(mask, "The mask", "black").convert("L").resize(picture.size)
    faded = Image.blend(Image.new("RGB", picture.size, "white"), picture, FADED)
    return previews.encoded(Image.composite(picture, faded, grey))
