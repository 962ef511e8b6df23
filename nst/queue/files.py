"""The pictures and files of ended jobs, each made anew when it is asked for."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import Any

from PIL import Image

from nst.errors import UserError
from nst.pictures import fitting, previews, sheet, timelapse, writing
from nst.queue.job import Job
from nst.queue.messages import NOT_KEPT
from nst.settings import Settings
from nst.studio.engine import VGGEngine
from nst.studio.finishing import finish, mixes_photo
from nst.studio.output_size import result_size
from nst.studio.recipe import KEY
from nst.studio.studio import Studio

ENGINE = VGGEngine()  # that the page paints with

Size = tuple[int, int]  # width and height, px


def with_strength(settings: Settings, strength: float | None) -> Settings:
    """The settings with this strength, if one is given."""
    return settings if strength is None else dataclasses.replace(settings, strength=strength)


class Files:
    """What can be had of ended jobs; `find` gives an ended job that has a picture, or None.

    The strength of a picture is that of its job's settings unless another is given. Its size,
    (width, height) in px, is that of the photo, or of the canvas where that is larger.
    """

    def __init__(self, find: Callable[[str], Job | None]) -> None:
        self._find = find
        self._studio = Studio(ENGINE)  # paints nothing, but completes recipes
        # Work at the size of a photo is done one at a time: 40 megapixels take 120 MB.
        self.full_size = threading.Lock()

    def shown(self, job_id: str, strength: float) -> bytes | None:
        """The picture at this strength, as a JPEG to be shown; None if there is none.

        Takes some hundredths of a second: strength is chosen by eye, with a slider.
        """
        job = self._find(job_id)
        if job is None or job.result is None:
            return None
        return previews.encoded(
            job.as_shown(job.result.canvas, with_strength(job.settings, strength))
        )

    def result(
        self, job_id: str, strength: float | None = None, size: Size | None = None
    ) -> Image.Image | None:
        """The picture at full size, or None if there is none."""
        job = self._find(job_id)
        if job is None or job.result is None:
            return None
        picture, settings = job.result.canvas, with_strength(job.settings, strength)
        size = size or result_size(None, job.size, job.settings)
        if picture.size == size and not (mixes_photo(settings, job.masks) or job.cut_out):
            return picture
        photo = fitting.resize(job.photo.open(ground=None), size)
        return finish(picture, photo, settings, job.masks)

    def png(self, job_id: str, strength: float | None = None, size: Size | None = None) -> bytes:
        """The result as a PNG file with its recipe. Kept, a large one would take 100 MB.

        The same picture gives the same bytes. Raises `UserError` if there is none.
        """
        job = self._painted(job_id)
        settings = with_strength(job.settings, strength)
        recipe = self._studio.completed(dataclasses.replace(job.recipe, settings=settings))
        return self._encoded(job_id, strength, size, "PNG", text={KEY: recipe.to_json()})

    def jpeg(self, job_id: str, strength: float | None = None, size: Size | None = None) -> bytes:
        """The result as a JPEG file; it carries no recipe.

        Raises `UserError` if there is none.
        """
        return self._encoded(job_id, strength, size, "JPEG")

    def side_by_side(self, job_id: str, strength: float | None = None) -> bytes:
        """Photo, style and painting beside each other with captions, as a PNG file.

        At the size they are shown at. Raises `UserError` if there is no painting.
        """
        job = self._painted(job_id)
        assert job.result is not None
        painting = job.as_shown(job.result.canvas, with_strength(job.settings, strength))
        panels = (
            (f"Photo: {job.content_name}", previews.decoded(job.content_shown)),
            (f"Style: {job.style_name}", previews.decoded(job.style_shown)),
            ("Painting", painting),
        )
        return writing.encode(sheet.contact_sheet([panels]))

    def timelapse(self, job_id: str, format: str, strength: float | None = None) -> bytes:
        """How the painting came about, as a film of a `timelapse.FORMATS` that ends with it.

        At this strength and in the colours of the result, at most `previews.FRAME_SIDE` px. Takes
        one to three seconds. Raises `UserError` if there is no painting.
        """
        job = self._painted(job_id)
        assert job.result is not None
        settings = with_strength(job.settings, strength)
        frames = [*map(previews.decoded, job.frames.kept()), job.result.canvas]
        with self.full_size:
            film = timelapse.encode(
                [job.as_shown(frame, settings, previews.FRAME_SIDE) for frame in frames], format
            )
        job.film_bytes[format, settings.strength] = len(film)
        return film

    def film(self, job_id: str) -> bytes:
        """What is finished of a film, as an MP4; raises `UserError` if there is nothing."""
        job = self._painted(job_id)
        if job.reel is None or not job.reel.mp4:
            raise UserError(NOT_KEPT)
        return job.reel.mp4

    def film_bytes(self, job_id: str, format: str, strength: float) -> int | None:
        """How many bytes a `timelapse` has that was made before; None for one that was not."""
        job = self._find(job_id)
        return job.film_bytes.get((format, strength)) if job else None

    def _painted(self, job_id: str) -> Job:
        """An ended job that has a picture; raises `UserError` if there is none."""
        job = self._find(job_id)
        if job is None or job.result is None:
            raise UserError(NOT_KEPT)
        return job

    def _encoded(
        self, job_id: str, strength: float | None, size: Size | None, format: str, **options: Any
    ) -> bytes:
        with self.full_size:
            picture = self.result(job_id, strength, size)
            if picture is None:
                raise UserError(NOT_KEPT)
            return writing.encode(picture, format, **options)
