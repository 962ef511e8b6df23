"""What shows how a painting came about: numbered frames (--save-every) and a film (--timelapse)."""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from nst import errors
from nst.cli.flags import Group, whole
from nst.cli.report import Report
from nst.cli.saving import Destination
from nst.errors import ImageError

if TYPE_CHECKING:
    from torch import Tensor

    from nst.paint.transfer import Progress
    from nst.studio.studio import Painting

DIGITS = 5  # of a frame's number, so that frames sort as they were painted


def add_making(group: Group) -> None:
    """The flags."""
    group.add_argument(
        "--save-every",
        metavar="N",
        type=whole(1),
        help="save the picture after every N iterations, beside the result: for out.png "
        f"out-{'50':0>{DIGITS}}.png and so on; a frame of that name from before is replaced",
    )
    group.add_argument(
        "--timelapse",
        metavar="FILE",
        help="save a film of how it was painted, 3 to 8 seconds: .mp4, which phones take, .webp "
        "or .gif",
    )


def check_making(options: argparse.Namespace) -> None:
    """Raises `ImageError` if the film cannot be written later."""
    from nst.pictures import timelapse

    if options.timelapse:
        timelapse.check_film(options.timelapse)


def frame_path(output: str, iteration: int) -> str:
    """Where the frame of an iteration is saved, beside the result."""
    stem, suffix = os.path.splitext(output)
    return f"{stem}-{iteration:0{DIGITS}}{suffix}"


def is_frame(path: str, output: str) -> bool:
    """Whether a frame of this result may have this path."""
    stem, suffix = os.path.splitext(os.path.basename(output))
    name = rf"{re.escape(stem)}-[0-9]{{{DIGITS},}}{re.escape(suffix)}"
    return bool(re.fullmatch(name, os.path.basename(path))) and _folder(path) == _folder(output)


def frames_there(output: str) -> list[str]:
    """The frames of this result that are there already."""
    folder = os.path.dirname(output)
    names = os.listdir(folder or ".") if os.path.isdir(folder or ".") else []
    paths = (os.path.join(folder, name) for name in sorted(names))
    return [path for path in paths if is_frame(path, output)]


def _folder(path: str) -> str:
    return os.path.realpath(os.path.dirname(path) or ".")


class Making:
    """Keeps how a painting comes about, as the flags ask for it; `files` gets what is written."""

    def __init__(
        self, options: argparse.Namespace, painting: Painting, report: Report, files: list[str]
    ) -> None:
        from nst.studio.film import Film

        self._files = files
        self.watchers: list[Callable[[Progress], None]] = []
        self._film, self._film_path = Film(painting), options.timelapse
        if options.timelapse:
            self.watchers.append(self._film)
        if options.save_every:
            destination = Destination.of(options)
            self.watchers.append(
                FrameSaver(options.save_every, destination, painting, report, files)
            )

    def save_film(self, image: Tensor) -> None:
        """Write the film, which ends with `image`, if one is asked for; raises `ImageError`."""
        if not self._film_path:
            return
        from nst.pictures import timelapse, writing

        try:
            film = self._film.encode(image, timelapse.format_of(self._film_path))
            writing.write_atomically(film, self._film_path)
        except Exception as error:
            reason = _reason(error, "the film")
            raise ImageError(f"{reason} The painting itself is saved.") from error
        self._files.append(self._film_path)


class FrameSaver:
    """A watcher that saves the picture as the result would be, after every so many iterations."""

    def __init__(
        self,
        every: int,
        destination: Destination,
        painting: Painting,
        report: Report,
        files: list[str],
    ) -> None:
        self._every, self._destination, self._painting = every, destination, painting
        self._report, self._files = report, files
        self._failed = False

    def __call__(self, progress: Progress) -> None:
        """Save a frame if it is time; what fails is told once, and the painting goes on."""
        if progress.iteration % self._every:
            return
        path = frame_path(self._destination.path, progress.iteration)
        destination = dataclasses.replace(self._destination, path=path)
        try:
            destination.write(destination.finished(self._painting, progress.snapshot()))
        except Exception as error:
            reason = _reason(error, "a frame")
            if not self._failed:
                self._report.warn(f"{reason} The painting goes on without the frame.")
            self._failed = True
        else:
            self._files.append(path)


def _reason(error: Exception, what: str) -> str:
    """A sentence about what kept this from being made; raises an error that is not foreseen."""
    if errors.is_out_of_memory(error):
        return f"There is not enough memory for {what}."
    if not isinstance(error, ImageError):
        raise error
    return str(error)
