"""The page on a server of its own, with a quick painter where one is asked for."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator

import pytest
import streamlit as st
from page_app import APP, ROOT, paint
from PIL import Image
from slim import trunk as trunk
from streamlit.testing.v1 import AppTest

from nst.pictures import previews, writing
from nst.queue.manager import JobManager
from nst.queue.painter import ServerPainter
from nst.studio.order import Input, Order
from nst.vgg.network import VGG19
from page import mask_pictures, masks, samples

USUAL, SHOWN_SIDE = previews.SHOWN_SIDE, 300  # px
OPENED = functools.cache(Input.open)  # the samples, of which nearly every test orders some


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test has its own queue, and nothing is loaded behind its back.

    Pictures are shown small: nobody looks at them, and their JPEGs took a third of the time.
    """
    monkeypatch.chdir(ROOT)  # where the configuration is
    monkeypatch.setattr(Input, "open", OPENED)
    monkeypatch.setattr(previews, "SHOWN_SIDE", SHOWN_SIDE)
    monkeypatch.setattr(JobManager, "warm_up", lambda self, delay: None)
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def usual_size(own_server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are shown as large as to visitors."""
    monkeypatch.setattr(previews, "SHOWN_SIDE", USUAL)
    st.cache_data.clear()
    samples.finished.cache_clear()


@pytest.fixture
def app() -> AppTest:
    """The page as a visitor finds it."""
    page = AppTest.from_file(APP, default_timeout=30).run()
    assert not page.exception
    return page


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, trunk: VGG19) -> None:
    """The real engine, without loading its weights anew."""
    monkeypatch.setattr("nst.vgg.network.load", lambda: trunk)


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """What the page orders; it is painted white at once."""
    found: list[Order] = []
    submit = JobManager.submit

    def note(self: JobManager, order: Order, visitor: str) -> str:
        found.append(order)
        return submit(self, order, visitor)

    monkeypatch.setattr(JobManager, "submit", note)
    monkeypatch.setattr(ServerPainter, "paint", lambda self, *args: paint(*args))
    return found


@pytest.fixture
def subject_mask(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A mask of the astronaut: white on the left."""
    mask = Image.new("RGB", (64, 64))
    mask.paste("white", (0, 0, 32, 64))
    data = writing.encode(mask)
    photo = (ROOT / "Resources/content/astronaut.jpg").read_bytes()
    found = {hashlib.sha256(photo).hexdigest(): (data, mask_pictures.inverted(data))}
    monkeypatch.setattr(masks, "subjects", lambda: found)
    return data
