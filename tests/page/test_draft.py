"""A draft of what is chosen, in the place of the painting."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Iterator

import pytest
from page_app import APP, blend, button, captions, paint, picture_bytes, run_until, upload
from PIL import Image
from streamlit.testing.v1 import AppTest

from nst.paint.transfer import Progress
from nst.pictures import previews
from nst.queue.painter import ServerPainter
from nst.settings import Settings
from nst.studio.preparation import Prepared
from page import draft, server
from page.samples import FAVOURITES

pytestmark = pytest.mark.usefixtures("own_server")
SKETCH = "Your painting appears here"


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings of drafts and paintings, which are white at once where the host wants drafts."""
    found: list[Settings] = []

    def note(self: ServerPainter, prepared: Prepared, settings: Settings) -> Iterator[Progress]:
        found.append(settings)
        yield from paint(prepared, settings)

    monkeypatch.setenv(server.DRAFTS, "on")
    monkeypatch.setattr(ServerPainter, "load", lambda self: None)
    monkeypatch.setattr(ServerPainter, "paint", note)
    return found


def shown(app: AppTest) -> Image.Image:
    """The picture in the place of the painting."""
    url = app.image[2].proto.imgs[0].url
    return Image.open(io.BytesIO(base64.b64decode(url.partition("base64,")[2])))


def test_an_own_photo_gets_a_draft_and_samples_have_examples(begun: list[Settings]) -> None:
    app = AppTest.from_file(APP, default_timeout=30).run()
    assert begun == []  # the first look loads nothing
    upload(app, "own_photo", picture_bytes(size=(97, 61)))
    assert captions(app)[2] in (draft.UNDER_WAY, draft.THERE)
    run_until(app, lambda: captions(app)[2] == draft.THERE)
    assert len(begun) == 1
    # At the size that the painting will have, so that nothing moves when it comes.
    assert shown(app).size == previews.size_of((97, 61))
    assert not button(app, "Paint").disabled
    app.pills("photo").set_value(FAVOURITES["content"]).run()
    assert "An example" in captions(app)[2]
    blend(app, "night_sky", "watercolour")
    run_until(app, lambda: captions(app)[2] == draft.THERE)
    assert len(begun) == 2


def test_a_busy_server_shows_the_sketch(
    begun: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = AppTest.from_file(APP, default_timeout=30).run()
    gate = threading.Event()

    def wait(self: ServerPainter, prepared: Prepared, settings: Settings) -> Iterator[Progress]:
        assert gate.wait(60)
        yield from paint(prepared, settings)

    monkeypatch.setattr(ServerPainter, "paint", wait)
    other = AppTest.from_file(APP, default_timeout=30).run()
    button(other, "Paint").click().run()
    upload(app, "own_photo", picture_bytes())
    assert captions(app)[2] == SKETCH
    gate.set()
    run_until(other, lambda: "Download PNG" in [each.label for each in other.download_button])
    run_until(app, lambda: captions(app)[2] == draft.THERE)


def test_a_host_can_do_without_drafts(app: AppTest) -> None:
    upload(app, "own_photo", picture_bytes())
    assert captions(app)[2] == SKETCH
