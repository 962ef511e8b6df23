"""The pictures and files of ended jobs."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import threading
from collections.abc import Generator
from itertools import pairwise

import pytest
import torch
from PIL import Image
from queueing import (
    PHOTO_SIZE,
    SETTINGS,
    StepwisePainter,
    ended,
    ended_job,
    level,
    order,
    paint_white,
    plain_input,
    progress,
    queue_of,
    size_of,
    submit,
    wait_for,
)

from nst.errors import UserError
from nst.paint.transfer import Progress
from nst.pictures import writing
from nst.queue import job as job_module
from nst.settings import Settings
from nst.studio import recipe
from nst.studio.order import Input, Order
from nst.studio.preparation import Prepared


def test_png_has_the_size_of_the_photo(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    job_id = submit(manager)
    painter.allow(10)
    wait_for(manager, job_id, ended)
    data = manager.files.png(job_id)
    assert data.startswith(b"\x89PNG")
    assert size_of(data) == PHOTO_SIZE


def test_files_have_the_size_that_is_asked_for_or_the_larger_one_of_photo_and_canvas() -> None:
    manager = queue_of(paint_white)
    small = ended_job(manager, content=plain_input("black", (32, 48)), settings=SETTINGS)
    assert size_of(manager.files.png(small)) == (43, 64)  # the canvas has 64 px
    for size in ((32, 48), (96, 144)):
        for make in (manager.files.png, manager.files.jpeg):
            assert size_of(make(small, 1.0, size)) == size
    assert recipe.read(manager.files.png(small, 1.0, (96, 144))).settings == SETTINGS


def test_previews_have_one_size_whatever_the_canvas(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    job_id = submit(manager)
    painter.allow(1)
    job = wait_for(manager, job_id, lambda job: job.preview is not None)
    assert size_of(job.preview) == (800, 533)  # soon replaced, and quicker to make
    painter.allow(9)
    job = wait_for(manager, job_id, ended)
    sizes = {size_of(data) for data in (job.preview, job.content_shown, job.style_shown)}
    assert sizes == {(1200, 800)}


@pytest.mark.parametrize(("side", "expected"), [(1024, (1024, 683)), (2048, (1200, 800))])
def test_a_large_canvas_is_seen_pixel_by_pixel(side: int, expected: tuple[int, int]) -> None:
    picture = torch.full((1, 3, side * 2 // 3, side), 0.5)

    def paint(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        yield dataclasses.replace(progress(1, 2, preview=True), image=picture)
        looked_at.wait()
        yield progress(2, 2, preview=True)

    looked_at = threading.Event()
    manager = queue_of(paint)
    job_id = submit(manager)
    job = wait_for(manager, job_id, lambda job: job.preview is not None)
    looked_at.set()
    assert size_of(job.preview) == expected


def test_the_result_has_the_strength_and_the_colours_that_were_set() -> None:
    manager = queue_of(paint_white)
    dark = plain_input("black", PHOTO_SIZE)
    for changes, expected in (({"strength": 0.0}, 0), ({"strength": 0.5}, 188), ({}, 255)):
        job_id = manager.submit(Order(dark, (dark,), Settings(resolution=64, **changes)))
        wait_for(manager, job_id, ended)
        result = manager.files.result(job_id)
        assert result is not None
        assert result.size == PHOTO_SIZE
        assert abs(result.getpixel((5, 5))[0] - expected) <= 1


def test_strength_may_be_changed_afterwards_without_painting_again(
    painter: StepwisePainter,
) -> None:
    manager = queue_of(painter)
    dark = plain_input("black", PHOTO_SIZE)
    job_id = manager.submit(order(content=dark))
    assert manager.files.shown(job_id, 0.5) is None  # nothing is painted yet
    painter.allow(10)
    job = wait_for(manager, job_id, ended)
    for strength, expected in ((0.0, 0), (0.5, 188), (1.0, 255)):  # mixed as light
        shown = manager.files.shown(job_id, strength)
        assert shown is not None
        assert size_of(shown) == size_of(job.preview)
        assert abs(level(Image.open(io.BytesIO(shown))) - expected) <= 2
        data = manager.files.png(job_id, strength)
        assert abs(level(Image.open(io.BytesIO(data))) - expected) <= 1
        assert recipe.read(data).settings == dataclasses.replace(SETTINGS, strength=strength)
    assert painter.started == 1
    assert manager.files.shown("nobody", 0.5) is None


@pytest.mark.parametrize("size", [PHOTO_SIZE, (64, 64)])
def test_a_transparent_photo_gives_a_transparent_png(size: tuple[int, int]) -> None:
    photo = Image.new("RGBA", size, (9, 9, 9, 0))
    photo.paste((9, 9, 9, 255), (0, 0, size[0] // 2, size[1]))
    manager = queue_of(lambda prepared, settings: iter([progress(1, 1, preview=True, shade=0.2)]))
    job_id = manager.submit(order(content=Input("Cut", writing.encode(photo), "cut.png")))
    job = wait_for(manager, job_id, ended)
    with Image.open(io.BytesIO(manager.files.png(job_id))) as result:
        assert (result.mode, result.size) == ("RGBA", size)
        assert result.getpixel((size[0] - 1, 5))[3] == 0
        assert result.getpixel((1, 5))[3] == 255
    for jpeg in (job.preview, manager.files.jpeg(job_id), job.content_shown):
        assert jpeg is not None
        with Image.open(io.BytesIO(jpeg)) as shown:
            assert min(shown.getpixel((shown.width - 2, 5))) > 245  # on white
            assert max(shown.getpixel((2, 5))) < 80


def test_a_png_carries_its_recipe() -> None:
    manager = queue_of(paint_white)
    styles = (plain_input("blue", title="Sky"), plain_input("green", title="Sea"))
    masks = (plain_input("white", title="Left"), plain_input("black", title="Right"))
    init = plain_input("yellow", title="Earlier")
    settings = Settings(resolution=64, style_weights=(2, 1), init="picture")
    made = order(settings, styles=styles, masks=masks, init=init)
    job_id = manager.submit(made)
    job = wait_for(manager, job_id, ended)
    assert job.style_name == "Sky and Sea"
    found = recipe.read(manager.files.png(job_id))
    assert found.settings == settings
    assert found.content.sha256 == hashlib.sha256(made.content.data).hexdigest()
    assert [source.name for source in (*found.styles, *found.masks)] == [
        *("Sky.png", "Sea.png"),
        *("Left.png", "Right.png"),
    ]
    assert found.init == init.source
    assert found.weights_sha256
    assert found.versions == recipe.versions()
    assert dataclasses.replace(found, weights="", weights_sha256="", versions={}) == job.recipe
    assert manager.files.png(job_id) == manager.files.png(job_id)


def film_of(data: bytes) -> list[Image.Image]:
    """The frames of an animation."""
    with Image.open(io.BytesIO(data)) as film:
        frames = []
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            frames.append(film.convert("RGB"))
    return frames


def paint_lighter(prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
    """From black to white in 200 iterations, with a preview at the last only."""
    for iteration in range(1, 201):
        yield progress(iteration, 200, preview=False)


def test_a_jpeg_has_the_size_of_the_photo_and_the_strength_that_is_asked_for() -> None:
    manager = queue_of(paint_white)
    job_id = ended_job(manager, content=plain_input("black", PHOTO_SIZE))
    for strength, expected in ((1.0, 255), (0.5, 188)):
        picture = Image.open(io.BytesIO(manager.files.jpeg(job_id, strength)))
        assert (picture.format, picture.size) == ("JPEG", PHOTO_SIZE)
        assert abs(level(picture) - expected) <= 1


def test_side_by_side_shows_photo_style_and_painting() -> None:
    manager = queue_of(paint_white)
    job_id = ended_job(manager, content=plain_input("black", PHOTO_SIZE))
    for strength, expected in ((1.0, (255, 255, 255)), (0.0, (0, 0, 0))):
        sheet = Image.open(io.BytesIO(manager.files.side_by_side(job_id, strength)))
        assert sheet.format == "PNG"
        colors = [sheet.getpixel((sheet.width * part // 6, 200)) for part in (1, 3, 5)]
        for found, wanted in zip(colors, ((0, 0, 0), (0, 0, 255), expected), strict=True):
            assert max(abs(one - other) for one, other in zip(found, wanted, strict=True)) <= 3


@pytest.mark.parametrize("format", ["GIF", "WEBP"])
def test_a_timelapse_shows_the_painting_coming_about(format: str) -> None:
    manager = queue_of(paint_lighter)
    job_id = ended_job(manager)
    frames = film_of(manager.files.timelapse(job_id, format))
    assert job_module.FRAMES / 2 <= len(frames) <= job_module.FRAMES + 1
    assert {frame.size for frame in frames} == {(480, 320)}  # the photo's shape, not the canvas'
    levels = [level(frame) for frame in frames]
    assert levels == sorted(levels)
    assert levels[0] < 10
    assert levels[-1] > 250
    steps = [after - before for before, after in pairwise(levels[:-1])]
    assert max(steps) - min(steps) <= 8  # evenly over the run, but for the colours a GIF has


def test_a_timelapse_has_the_strength_and_the_colours_of_the_painting() -> None:
    manager = queue_of(paint_lighter)
    job_id = ended_job(manager, content=plain_input("black", PHOTO_SIZE))
    faint = [level(frame) for frame in film_of(manager.files.timelapse(job_id, "WEBP", 0.5))]
    assert abs(faint[-1] - 188) <= 3
    assert max(film_of(manager.files.timelapse(job_id, "WEBP", 0.0))[-1].getextrema()) <= (0, 3)
    kept = ended_job(manager, settings=Settings(resolution=64, preserve_color="luminance"))
    middle = film_of(manager.files.timelapse(kept, "WEBP"))[10].getpixel((240, 160))
    assert middle[0] > middle[1] + 20  # the photo is red


def test_files_of_a_job_that_is_not_kept_are_refused_in_words(painter: StepwisePainter) -> None:
    manager = queue_of(painter)
    waiting = submit(manager)
    for job_id in ("nobody", waiting):
        for make in (
            manager.files.jpeg,
            manager.files.side_by_side,
            lambda job_id: manager.files.timelapse(job_id, "GIF"),
        ):
            with pytest.raises(UserError, match="press Paint"):
                make(job_id)
