"""How it works, for the curious: in plain words, with pictures that the engine drew.

The pictures are those of `Resources/draw_how_it_works.py`; no file is read before it is asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import streamlit as st

FOLDER = Path(__file__).parent.parent / "Resources" / "how_it_works"
NARROWEST = 120  # px, of a picture: two stand side by side on a phone
MOST_ABREAST = 4


class Plate(NamedTuple):
    """A picture with what stands below it, and what it shows for those who do not see it."""

    name: str  # of its JPEG
    caption: str
    alt: str


class Chapter(NamedTuple):
    """A step of the explanation: words, pictures and a sentence after them."""

    title: str
    words: str
    plates: tuple[Plate, ...]
    so: str


PARTS = (
    Chapter(
        "A helper that has seen a million photos",
        "Long before you came, a computer program called VGG19 looked at more than a million "
        "photos, until it could tell cats from cups and rockets. It looks in **layers**, like "
        "helpers in a row. The first helper sees dots of colour and thin lines. Each of the next "
        "looks only at what the one before has seen, and sees bigger things: corners, fur, an "
        "eye. Here is what five of them would draw if they had to draw the photo from what they "
        "remember of it:",
        (
            Plate("photo", "The photo", "The photo: a tabby cat looks past us, close up."),
            Plate(
                "layer_conv1_1",
                "Layer conv1_1: every dot",
                "Drawn from the first layer: the photo as it was, each hair and colour in place.",
            ),
            Plate(
                "layer_conv2_1",
                "conv2_1: nearly every dot",
                "Drawn from the second block: the same cat, hardly to be told from the photo.",
            ),
            Plate(
                "layer_conv3_1",
                "conv3_1: the fur, but not every hair",
                "Drawn from the third block: the cat is all there, a little rougher.",
            ),
            Plate(
                "layer_conv4_1",
                "conv4_1: eyes and nose; the colours slip",
                "Drawn from the fourth block: eyes, nose and stripes in place, but the fur is "
                "grainy and an eye stained with other colours.",
            ),
            Plate(
                "layer_conv5_1",
                "conv5_1: a cat, of no special colour",
                "Drawn from the fifth block: a cat's eyes, nose and fur, made of grey lines and of "
                "specks in all colours.",
            ),
        ),
        "The deeper the layer, the less it cares about exact colours, and the more about *what* is "
        "there. That is just what a painter does. So the painting is asked to please a deep layer "
        "(conv4_2): it has to stay a cat.",
    ),
    Chapter(
        "What is a style?",
        "Now the helpers look at the artwork. This time they only count: *which* colours and "
        "strokes come together, and how often. *Where* they were is forgotten. With only these "
        "counts, they fill an empty sheet:",
        (
            Plate(
                "artwork",
                "The artwork",
                "The artwork: blue strokes whirl around yellow stars, above green hills and dark "
                "trees.",
            ),
            Plate(
                "texture_1",
                "What the first layer counted",
                "Soft specks of blue, green and yellow, as if it had rained paint; no strokes yet.",
            ),
            Plate(
                "texture_2",
                "With the second block",
                "Short curved dashes of blue and green, and yellow patches among them.",
            ),
            Plate(
                "texture_3",
                "With the third",
                "Longer strokes that flow beside each other and bend around the yellow patches.",
            ),
            Plate(
                "texture_4",
                "With the fourth",
                "Bundles of strokes that turn into a large blue whirl between yellow lights.",
            ),
            Plate(
                "texture_5",
                "With all five",
                "A new night sky: sweeping blue strokes, ringed yellow stars and dark green trees, "
                "each in a place of its own.",
            ),
        ),
        "Nothing of the artwork was copied: every whirl is new. The counts have a name, *Gram "
        "matrix*. So the painting is also asked to have the same counts as the artwork.",
    ),
    Chapter(
        "Painting, from small to large",
        "The canvas begins as the photo, as small as a stamp. Again and again the helpers are "
        "asked two questions: is it still the cat? Are the counts those of the artwork? Then "
        "every dot of the canvas changes its colour a little, so that both answers get better. "
        "Counts spread colours and big shapes well, but do not say which stroke belongs where. So "
        "on every larger canvas the helpers search the artwork first: for each small spot of the "
        "painting they point at the spot of the artwork that looks most like it, and its strokes "
        "are what is painted there. Big strokes come first, and fine ones last, as with a real "
        "painter:",
        (
            Plate(
                "scale_1",
                "64 px: the big shapes",
                "A coarse mosaic of blue and yellow squares in which a cat's face can be made out.",
            ),
            Plate(
                "scale_2",
                "112 px: strokes for every spot",
                "The cat in small squares; blue and yellow strokes begin to follow its face.",
            ),
            Plate(
                "scale_3",
                "208 px: eyes and whiskers",
                "The cat in blue and yellow strokes; eyes and whiskers are clear.",
            ),
            Plate(
                "scale_4",
                "384 px: finished",
                "The finished painting: the cat in sweeping strokes of a blue and yellow night.",
            ),
        ),
        "In faces the helpers keep more of the photo, because that is where people look first. "
        "The curves below a painting show how it goes: *content loss* is how far each spot is from "
        "what it shall show, *style loss* how far the counts are from the artwork's. Low is good, "
        "and *content weight* and *style weight* say what matters more: the photo or the artwork.",
    ),
)
PAPER = (
    "The idea is by [Leon Gatys, Alexander Ecker and Matthias Bethge (2016)]"
    "(https://www.cv-foundation.org/openaccess/content_cvpr_2016/html/"
    "Gatys_Image_Style_Transfer_CVPR_2016_paper.html), and the search for strokes by "
    "[Nicholas Kolkin and others (2022)](https://arxiv.org/abs/2203.13215). All pictures here "
    "were drawn by this program itself, beginning with random noise or with the photo."
)


@st.fragment  # opened or closed, it disturbs nothing else
def offer() -> None:
    """An expander with the explanation, made when it is opened."""
    place = st.expander(
        "How it works", icon=":material/school:", key="how_it_works", on_change="rerun"
    )
    if place.open:
        with place:
            for part in PARTS:
                _show(part)
            st.caption(PAPER)


def _show(chapter: Chapter) -> None:
    st.header(chapter.title, anchor=False)
    st.markdown(chapter.words)
    # As many rows as are needed, and all of them full.
    rows = -(-len(chapter.plates) // MOST_ABREAST)
    with st.grid(-(-len(chapter.plates) // rows), min_column_width=NARROWEST):
        for plate in chapter.plates:
            st.image(
                (FOLDER / f"{plate.name}.jpg").read_bytes(),
                plate.caption,
                width="stretch",
                alt=plate.alt,
            )
    st.markdown(chapter.so)
