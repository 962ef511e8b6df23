"""Finished frames as a film: MP4 with sound, WebP, GIF, or a folder of numbered pictures."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence

from PIL import Image

from nst.errors import ImageError
from nst.film.mp4 import Mp4
from nst.film.order import FilmOrder
from nst.film.source import sampled
from nst.machine import limits
from nst.pictures import fitting, h264, timelapse, writing
from nst.pictures.naming import reason, shown_name
from nst.settings import Settings
from nst.studio import finishing
from nst.studio.preparation import sized_masks

FOLDER = ""  # in place of a format
MOST_OF_MEMORY = 0.5  # of what is free, for the frames of a WebP or GIF, which are held at once
FRAME = "frame-{:06}.png"

Each = Callable[[int], None]  # is told how many frames are written


def format_of(path: str) -> str:
    """One of `timelapse.FORMATS`, or `FOLDER`; raises `ImageError` for another name."""
    suffix = os.path.splitext(path.rstrip("/\\"))[1].lower()
    if not suffix or os.path.isdir(path):
        return FOLDER
    if suffix not in timelapse.SUFFIXES:
        raise ImageError(
            f"{shown_name(path, 'The film')} does not say which kind of film to write; let its "
            f"name end in one of {', '.join(timelapse.SUFFIXES)}, or give the name of a folder."
        )
    return timelapse.SUFFIXES[suffix]


def check_output(path: str, size: tuple[int, int], count: int) -> None:
    """Raises `ImageError` if no film of so many frames of this size can be written to `path`."""
    format = format_of(path)
    if format == FOLDER:
        _make_folder(path)
        return
    timelapse.check_film(path)
    needed = 4 * size[0] * size[1] * count
    if format != "MP4" and needed > MOST_OF_MEMORY * limits.memory_available():
        raise ImageError(
            f"A {format} of {count} frames would take {needed / 1e9:.1f} GB of memory; choose "
            ".mp4 or a folder, or a part of the film with --from and --to."
        )


def size_of(shape: tuple[int, int], settings: Settings) -> tuple[int, int]:
    """Width and height, px, of the painting of a film of this shape: even, and like the canvas."""
    scale = settings.resolution / max(shape)
    width, height = (round(side * scale) for side in shape)
    return h264.even((width, height))


def finished(
    order: FilmOrder, paintings: Iterator[Image.Image], side: int
) -> Iterator[Image.Image]:
    """The frames of the film: paintings at its size, in its colours and at its strength.

    Where they show some of the film itself, it is read once more, at `side` px.
    """
    source = order.source()
    size = size_of(source.size, order.settings)
    masks = [mask.open("black") for mask in order.masks]
    if not finishing.mixes_photo(order.settings, masks):
        for painting in paintings:
            yield fitting.resize(painting, size)
        return
    for painting, frame in zip(paintings, sampled(source, order.clip, side)):  # noqa: B905
        yield finished_frame(painting, fitting.resize(frame, size), order.settings, masks)


def finished_frame(
    painting: Image.Image, photo: Image.Image, settings: Settings, masks: Sequence[Image.Image]
) -> Image.Image:
    """A frame of the film: its painting at the size of `photo`, which is the frame as it was.

    In the colours and at the strength that are asked for; masks have any size.
    """
    if not finishing.mixes_photo(settings, masks):
        return fitting.resize(painting, photo.size)
    return finishing.finish(painting, photo, settings, sized_masks(masks, painting.size))


def write(
    frames: Iterator[Image.Image], order: FilmOrder, path: str, each: Each = lambda count: None
) -> int:
    """Write a film, wholly or not at all, and return how many frames it has.

    There must be one frame at least. Raises `ImageError` when the disk is full.
    """
    format = format_of(path)
    if format == FOLDER:
        return _write_folder(frames, path, each)
    if format == "MP4":
        return _write_mp4(frames, order, path, each)
    pictures = []
    for picture in frames:
        pictures.append(picture)
        each(len(pictures))
    seconds = [float(1 / order.clip.rate)] * len(pictures)
    writing.write_atomically(timelapse.animated(pictures, seconds, format), path)
    return len(pictures)


def _write_folder(frames: Iterator[Image.Image], path: str, each: Each) -> int:
    _make_folder(path)
    count = 0
    for count, picture in enumerate(frames, 1):
        writing.save(picture, os.path.join(path, FRAME.format(count)))
        each(count)
    return count


def _make_folder(path: str) -> None:
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise ImageError(
            f"The folder {shown_name(path)} cannot be made ({reason(error)}); choose another "
            "place for it."
        ) from error


def _write_mp4(frames: Iterator[Image.Image], order: FilmOrder, path: str, each: Each) -> int:
    with writing.replacing(path) as file, contextlib.closing(Mp4(file, order)) as film:
        for picture in frames:
            film.add(picture)
            each(film.count)
    return film.count
