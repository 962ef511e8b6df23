"""The time-lapse: a film of how a painting was made."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from PIL import Image

from nst.errors import ImageError
from nst.pictures import h264
from nst.pictures.naming import shown_name
from nst.pictures.writing import check_writable

if TYPE_CHECKING:
    import av

# MP4 is what phones and messengers take. Browsers show the others as pictures: WebP is half as
# large as GIF and has all colours, GIF is accepted everywhere.
SUFFIXES = {".mp4": "MP4", ".webp": "WEBP", ".gif": "GIF"}
FORMATS = tuple(SUFFIXES.values())
FRAME_SECONDS = 0.1
SLOWEST_SECONDS = 0.5  # that a picture is shown where there are few
LAST_FRAME_SECONDS = 1.5  # time to look at the painting before the film begins again
SHORTEST, LONGEST = 3.0, 8.0  # seconds of a film

RATE = 30  # pictures a second in an MP4; phones and messengers want one rate throughout
INDEX_BYTES = "16384"  # room for an MP4's index at its beginning, so that it plays while it loads


def check_film(path: str) -> None:
    """Raises `ImageError` if no film can be written to `path`; leaves nothing behind."""
    if format_of(path) == "MP4":
        h264.check_encoder()
    check_writable(path)


def format_of(path: str) -> str:
    """The format that the path's extension stands for; raises `ImageError` for none of them."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in SUFFIXES:
        raise ImageError(
            f"{shown_name(path, 'The film')} does not say which kind of film to write; let its "
            f"name end in one of {', '.join(SUFFIXES)}."
        )
    return SUFFIXES[suffix]


def encode(frames: Iterable[Image.Image], format: str) -> bytes:
    """A film that shows the last frame longest: the bytes of an MP4 (H.264), WebP or GIF.

    `frames` are one or more, RGB, of one size. WebP and GIF repeat for ever. Raises
    `ValueError` for another format, and `ImageError` where PyAV cannot encode.
    """
    if format not in FORMATS:
        raise ValueError(f"expected one of {', '.join(FORMATS)}, got {format!r}")
    pictures = list(frames)
    seconds = durations(len(pictures))
    if format == "MP4":
        return _mp4(pictures, seconds)
    return animated(pictures, seconds, format)


def animated(pictures: Sequence[Image.Image], seconds: Sequence[float], format: str) -> bytes:
    """A WebP or GIF that shows each picture for so long, and repeats for ever."""
    if format == "GIF":
        pictures = _with_one_palette(pictures)
    first, *others = pictures
    buffer = io.BytesIO()
    first.save(
        buffer,
        format,
        save_all=True,
        append_images=others,
        duration=[round(1000 * each) for each in seconds],
        loop=0,
    )
    return buffer.getvalue()


def durations(count: int) -> list[float]:
    """Seconds that each of `count` frames is shown: all of them 3 to 8, the last one longest."""
    others = max(1, count - 1)
    moving = min(
        max(others * FRAME_SECONDS, SHORTEST - LAST_FRAME_SECONDS), LONGEST - LAST_FRAME_SECONDS
    )
    each = min(moving / others, SLOWEST_SECONDS)
    return [*[each] * (count - 1), max(LAST_FRAME_SECONDS, SHORTEST - each * (count - 1))]


def _mp4(pictures: Sequence[Image.Image], seconds: Sequence[float]) -> bytes:
    """The pictures as H.264."""
    import av

    h264.check_encoder()
    buffer = io.BytesIO()
    try:
        options = {"moov_size": INDEX_BYTES}
        with av.open(buffer, "w", format="mp4", options=options) as container:
            stream = h264.add_stream(container, pictures[0].size, RATE)
            for frame in _timed(pictures, seconds):
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except av.FFmpegError as error:
        raise ImageError(
            f"The film cannot be stored as MP4 ({error.strerror}); choose .webp or .gif."
        ) from error
    return buffer.getvalue()


def _timed(pictures: Sequence[Image.Image], seconds: Sequence[float]) -> Iterator[av.VideoFrame]:
    """The frames of a film with `RATE` of them a second, each picture as often as it is due."""
    number, until = 0, 0.0
    for picture, length in zip(pictures, seconds, strict=True):
        until += length
        frame = h264.frame(picture)
        while number < round(until * RATE):
            frame.pts = number
            yield frame
            number += 1


def _with_one_palette(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """The pictures in 256 colours, the same for all: a palette each flickers and takes 15 times as
    long."""
    width, height = (max(1, side // 4) for side in pictures[0].size)  # that many are enough
    sheet = Image.new("RGB", (width, height * len(pictures)))
    for number, picture in enumerate(pictures):
        sample = picture.resize((width, height), Image.Resampling.NEAREST)
        sheet.paste(sample, (0, number * height))
    palette = sheet.quantize(256)
    return [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
