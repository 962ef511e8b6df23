"""The pictures one can paint from: samples and files, and what the page shows of them."""

from __future__ import annotations

import functools
import hashlib
import io
import logging
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from PIL import Image, ImageFilter, ImageOps

from nst import errors
from nst.errors import UserError
from nst.pictures import previews, reading
from nst.studio.order import Input
from page import capacity
from page.words import data_url, plain, title_of

RESOURCES = Path(__file__).parent.parent / "Resources"
BESIDE = 600  # px, longer side of the photo and the style beside a painting
TILES = {"content": (192, 144), "styles": (240, 180)}  # px, of thumbnails
FAVOURITES = {"content": "cat", "styles": "night_sky"}


@st.cache_data(show_spinner=False)
def thumbnails(folder: str) -> dict[str, str]:
    """File name without extension -> thumbnail as a data URI, of every readable sample picture."""
    found = {}
    for path in sorted((RESOURCES / folder).glob("*.jpg")):
        try:
            picture = reading.open_picture(path)
        except errors.ImageError as error:
            logging.warning("A sample picture is left out: %s", error)
            continue
        found[path.stem] = data_url(previews.cropped(picture, TILES[folder]), "image/webp")
    return found


@st.cache_data(max_entries=32, show_spinner=False)
def thumbnail(folder: str, data: bytes, file_name: str) -> str:
    """A visitor's own picture as a data URI, in the size of the samples' thumbnails."""
    picture = capacity.open_picture(data, file_name)
    return data_url(previews.cropped(picture, TILES[folder]), "image/webp")


@functools.cache
def hashes(folder: str) -> dict[str, str]:
    """SHA-256 -> file name without extension, of every sample picture."""
    paths = [sample_path(folder, stem) for stem in thumbnails(folder)]
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path.stem for path in paths}


def sample_path(folder: str, stem: str) -> Path:
    """The file of a sample picture."""
    return RESOURCES / folder / f"{stem}.jpg"


def example(photo_stem: str, style_stem: str) -> Path | None:
    """The ready-made painting of a sample photo in a sample style (JPEG), or None without one."""
    path = RESOURCES / "examples" / f"{photo_stem}-in-{style_stem}.jpg"
    return path if path.is_file() else None


def sample(folder: str, stem: str) -> Input:
    """A sample picture."""
    path = sample_path(folder, stem)
    return Input(title_of(stem), path.read_bytes(), path.name)


@st.cache_data(max_entries=32, show_spinner=False)
def shown(data: bytes, file_name: str) -> tuple[bytes, tuple[int, int]]:
    """A photo as the page shows it, and the size it is shown at."""
    picture = capacity.open_picture(data, file_name)
    size = previews.size_of(picture.size)
    return previews.stretched(picture, size), size


@st.cache_data(max_entries=32, show_spinner=False)
def shown_styles(files: Sequence[tuple[bytes, str]], size: tuple[int, int]) -> bytes:
    """The styles as the page shows them: side by side, in the shape of the photo beside them."""
    return previews.tiled([capacity.open_picture(data, name) for data, name in files], size)


# Not Streamlit's cache: it would read both pictures again for their hashes at every look.
@functools.lru_cache(maxsize=32)
def beside(jpeg: bytes) -> str:
    """A picture of the page's own making, small, for the place beside the painting: an address."""
    picture = previews.decoded(jpeg)
    picture.thumbnail((BESIDE, BESIDE))
    return data_url(previews.compact(picture), "image/webp")


@functools.lru_cache(maxsize=32)
def finished(path: Path) -> bytes:
    """An example in the size that a painting is shown at (WebP)."""
    picture = reading.open_picture(path)
    size = previews.size_of(picture.size)
    return previews.compact(picture.resize(size, Image.Resampling.BICUBIC))


@st.cache_data(max_entries=32, show_spinner=False)
def sketch(jpeg: bytes) -> bytes:
    """A pencil sketch of a photo (WebP), shown until its painting begins.

    Its paper is transparent, so that it suits a light and a dark page.
    """
    grey = Image.open(io.BytesIO(jpeg)).convert("L").filter(ImageFilter.GaussianBlur(2))
    edges = ImageOps.autocontrast(grey.filter(ImageFilter.FIND_EDGES), cutoff=(50, 1))
    edges = ImageOps.expand(ImageOps.crop(edges, 3), 3, fill=0)  # the filter marks the rim
    pencil = Image.new("L", edges.size, 128)
    buffer = io.BytesIO()
    drawn = Image.merge("LA", (pencil, edges)).convert("RGBA")
    # A third of a PNG's bytes, in half of its time.
    drawn.save(buffer, "WEBP", quality=10, alpha_quality=30, method=0)
    return buffer.getvalue()


def checked(choice: Input) -> Input | None:
    """The picture, or None if its file cannot be used; then the page says why."""
    if sentence := problem(choice.data, choice.file_name):
        st.error(plain(sentence), icon=":material/broken_image:")
        return None
    return choice


def problem(data: bytes, file_name: str) -> str | None:
    """Why a file cannot be used, or None if it can."""
    try:
        shown(data, file_name)
    except UserError as error:
        return str(error)
    return None


def favourite(folder: str) -> str | None:
    """The sample that is chosen when the page opens."""
    names = list(thumbnails(folder))
    return FAVOURITES[folder] if FAVOURITES[folder] in names else next(iter(names), None)
