"""The files that are offered."""

from __future__ import annotations

import dataclasses
import io
import time
from pathlib import Path

import av
import pytest
from page_app import button, paint, picture_bytes, press, upload
from painters import PainterOf
from PIL import Image
from streamlit.testing.v1 import AppTest

from nst.queue.job import JobState, Snapshot
from nst.queue.manager import JobManager
from nst.settings import Settings
from nst.studio import recipe
from nst.studio.order import Order
from nst.studio.recipe import Source
from page import (
    archive,
    capacity,
    downloads,
    samples,
    state,
)

pytestmark = pytest.mark.usefixtures("own_server")


def test_other_files_are_offered_beside_the_png(app: AppTest, orders: list[Order]) -> None:
    press(app, "Paint")
    offered = [button.label for button in app.download_button]
    labels = ["Download PNG", *(kind.label for kind in downloads.OTHERS)]
    assert offered[: len(labels)] == labels


def test_every_file_is_what_its_name_says() -> None:
    manager = JobManager(PainterOf(paint))
    style = samples.sample("styles", "watercolour")
    job_id = manager.submit(Order(samples.sample("content", "cat"), (style,), Settings()))
    deadline = time.monotonic() + 30
    while (job := manager.snapshot(job_id)) is None or job.active:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    names, wanted = [], downloads.Version(job_id, 1.0, job.size)
    for kind in (*downloads.FORMATS.values(), *downloads.OTHERS):
        data = kind.make(manager.files, wanted)
        name = downloads.file_name(job, kind.suffix)
        names.append(name)
        if kind.mime == "video/mp4":
            with av.open(io.BytesIO(data)) as container:
                assert "mp4" in container.format.name
                assert name.endswith(".mp4")
            continue
        picture = Image.open(io.BytesIO(data))
        assert Image.MIME[picture.format or ""] == kind.mime
        assert Image.registered_extensions()[Path(name).suffix] == picture.format
    assert names[0] == "cat-in-watercolour.png"
    assert len(set(names)) == len(names)


def test_files_have_the_size_that_is_chosen(app: AppTest, orders: list[Order]) -> None:
    upload(app, "own_photo", picture_bytes(size=(1200, 800)))
    press(app, "Paint")
    job_id = app.query_params["job"]
    choice = app.segmented_control(state.file_size(job_id).name)
    assert choice.options == ["Photo's size", "2x", "Canvas"]
    assert choice.value == "Photo's size"  # the larger one of photo and canvas
    assert told(app).startswith("1,200 x 800 px: as a PNG about")
    choice.set_value("2x").run()
    assert not app.exception
    assert told(app).startswith("2,400 x 1,600 px")
    assert " KB" in told(app) or " MB" in told(app)


def told(app: AppTest) -> str:
    """What the page says of the files."""
    return next(each.value for each in app.caption if " as a PNG " in each.value)


def test_only_sizes_that_are_different_and_fit_are_offered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def offered(size: tuple[int, int], resolution: int = 384) -> dict[str, tuple[int, int]]:
        return downloads.sizes(job_of(size, resolution))

    assert offered((300, 200)) == {
        "Photo's size": (300, 200),
        "2x": (600, 400),
        "Canvas": (384, 256),
    }
    assert list(offered((384, 256))) == ["Photo's size", "2x"]
    assert list(offered((9000, 600))) == ["Photo's size", "Canvas"]
    small = capacity.budget()._replace(pixels=10_000_000)
    monkeypatch.setattr(capacity, "budget", lambda: small)
    assert list(offered((3000, 2000))) == ["Photo's size", "Canvas"]


def job_of(size: tuple[int, int], resolution: int) -> Snapshot:
    """An ended job for a photo of this size."""
    source = Source("photo.png", "0" * 64)
    settings = Settings(resolution=resolution)
    return Snapshot(
        id="job",
        state=JobState.FINISHED,
        ahead=0,
        wait=0.0,
        guessed=False,
        size=size,
        content_name="Cat",
        style_name="Night sky",
        content_shown=b"",
        style_shown=b"",
        preview=None,
        recipe=recipe.Recipe(settings, source, (Source("art.png", "0" * 64),)),
        standing=None,
        history=(),
        message="",
    )


def test_a_file_of_another_size_has_another_name() -> None:
    job = job_of((300, 200), 384)
    assert downloads.file_name(job, ".jpg", (384, 256)) == "photo-in-art.jpg"  # the usual one
    assert downloads.file_name(job, ".jpg", (300, 200)) == "photo-in-art-photo-size.jpg"
    assert downloads.file_name(job, ".jpg", (600, 400)) == "photo-in-art-2x.jpg"
    assert downloads.file_name(job_of((900, 600), 384), ".png", (384, 256)).endswith("-canvas.png")


def test_full_size_shows_the_file_itself(app: AppTest, orders: list[Order]) -> None:
    upload(app, "own_photo", picture_bytes(size=(1600, 1200)))
    press(app, "Paint")
    button(app, "Full size").click().run()
    assert not app.exception
    (image,) = (each for each in app.image if each.proto.imgs[0].alt.startswith("In full size"))
    assert image.proto.imgs[0].alt == "In full size: Your photo in the style of Night sky"


@pytest.mark.parametrize(
    ("uploaded", "wanted"),
    [
        ("Holiday.JPG", "holiday-in-watercolour.png"),
        ("../../etc/pass wd\u202e\n.png", "pass-wd-in-watercolour.png"),
        ("???", "photo-in-watercolour.png"),
    ],
)
def test_what_an_upload_is_called_names_the_result(uploaded: str, wanted: str) -> None:
    manager = JobManager(PainterOf(paint))
    photo = dataclasses.replace(samples.sample("content", "cat"), file_name=uploaded)
    order = Order(photo, (samples.sample("styles", "watercolour"),), Settings(resolution=64))
    job = manager.snapshot(manager.submit(order))
    assert job is not None
    assert downloads.file_name(job) == wanted
    (entry,) = archive.entries([job], [1.0])
    assert entry.name == f"01-{wanted}"
