"""Films as PyAV reads them: MP4, MOV, WebM and whatever else FFmpeg knows."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from PIL import Image

from nst.errors import ImageError
from nst.film.given import Given, title
from nst.film.source import DamagedError, Timed, no_frames
from nst.machine import limits
from nst.pictures import checks
from nst.pictures.naming import reason

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

MOST_PIXELS = 8192 * 8192  # of a frame, as it is stored
# Frames that a decoder holds, for each pixel of which it takes so many bytes.
HELD_FRAMES, BYTES_A_PIXEL = 24, 1.5
USUAL_RATE = Fraction(25)  # where a file does not say
FASTEST = 240  # frames a second that a file may say of itself
SAMPLE_RATES = range(8000, 192_001)  # of sound; a damaged file may say 1, and fill hours
MISSING = 0.9  # of what a file says, that must be there if its end is not missing
# How a frame is turned that lies on its side, by the degrees of its display matrix.
TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


class Video:
    """A film; see `source.Source`.

    `sound` says whether it has any, and `stored` how many frames are stored, those included that
    cannot be decoded. `cut_off` says whether its end is missing, as far as that can be told without
    decoding it.
    """

    def __init__(self, film: Given) -> None:
        import av

        self._film, self._shown = film, title(film)
        with opened(film) as container:
            stream = _stream(container, self._shown)
            self._check_size(stream)
            self.sound = _is_heard(container)
            rate = stream.average_rate or stream.guessed_rate or USUAL_RATE
            self.rate = rate if 0 < rate <= FASTEST else USUAL_RATE
            length = None if stream.duration is None else stream.duration * unit_of(stream)
            if length is None and container.duration is not None:
                length = Fraction(container.duration, av.time_base)
            try:
                first = next(container.decode(stream), None)
            except av.FFmpegError as error:
                raise _unreadable(film, error) from error
            if first is None:
                raise no_frames(self._shown)
            self.size = _upright(first, stream).size
        # A file may say less than it has, where its frames are timed unevenly, and more where its
        # end is missing.
        counted, self.stored = self._counted()
        self.cut_off = counted < MISSING * float(length or 0) - 1
        self.seconds = max(float(length or 0), counted)

    def frames(self, start: float, side: int) -> Iterator[Timed]:
        """See `Source.frames`."""
        import av

        end, late = 0.0, None  # `late` is the last frame before `start`
        with opened(self._film) as container:
            stream = _stream(container, self._shown)
            stream.thread_type = "AUTO"
            begin = zero(container)
            if start > 0:
                _seek(container, stream, start + begin)
            try:
                for frame in container.decode(stream):
                    if frame.pts is None:
                        continue
                    begins = float(frame.pts * unit_of(stream)) - begin
                    end = begins
                    if begins <= start:
                        late = frame
                        continue
                    if late is not None:
                        yield Timed(_upright(late, stream, side), start)
                        late = None
                    yield Timed(_upright(frame, stream, side), begins)
            except av.FFmpegError as error:
                if late is not None:
                    yield Timed(_upright(late, stream, side), start)
                raise self._damaged(end) from error
            if late is not None:
                yield Timed(_upright(late, stream, side), start)
        if end < MISSING * self.seconds - 1:
            raise self._damaged(end)

    def _counted(self) -> tuple[float, int]:
        """Where the last frame ends, and how many there are; nothing is decoded for it."""
        import av

        last, count = 0.0, 0
        with opened(self._film) as container:
            stream = _stream(container, self._shown)
            begin = zero(container)
            try:
                for packet in container.demux(stream):
                    count += packet.size > 0  # the last one is empty
                    if packet.pts is not None:
                        ends = packet.pts + (packet.duration or 0)
                        last = max(last, float(ends * unit_of(stream)) - begin)
            except av.FFmpegError:
                pass  # whoever paints meets the damage, and says so
        return last, count

    def _check_size(self, stream: VideoStream) -> None:
        """Raises `ImageError` for frames that are too small, or too large for the memory."""
        size = (stream.codec_context.width, stream.codec_context.height)
        checks.check_sides(size, self._shown)
        needed = math.prod(size) * HELD_FRAMES * BYTES_A_PIXEL
        free = limits.memory_available()
        if math.prod(size) > MOST_PIXELS or needed > free:
            raise ImageError(
                f"{self._shown} has frames of {size[0]} x {size[1]} px, for which reading takes "
                f"{needed / 1e9:.1f} GB of memory; at most 8192 x 8192 px are allowed and "
                f"{free / 1e9:.1f} GB are free, so make it smaller first."
            )

    def _damaged(self, seconds: float) -> DamagedError:
        return DamagedError(
            f"{self._shown} is damaged or cut off at {seconds:.1f} s; open it in another program "
            "and save it anew to paint the rest."
        )


def opened(film: Given) -> InputContainer:
    """The file, open; raises `ImageError` if it is no film."""
    import av

    if not isinstance(film, str) and not film.format:
        raise ImageError(f"{title(film)} is no film; choose an MP4, MOV or WebM file.")
    try:
        if isinstance(film, str):
            return av.open(film, "r", metadata_errors="replace")
        file = io.BytesIO(film.data)
        return av.open(file, "r", format=film.format, metadata_errors="replace")
    except FileNotFoundError as error:
        raise ImageError(f"{title(film)} does not exist; check the path of the film.") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise _unreadable(film, error) from error


def _stream(container: InputContainer, shown: str) -> VideoStream:
    """What is to be seen; raises `ImageError` if there is nothing, as in a song."""
    # The cover of a song is a video stream, too.
    pictures = [each for each in container.streams.video if not _is_cover(each)]
    if not pictures:
        raise ImageError(
            f"{shown} has nothing to be seen in it, such as a sound file; choose a film."
        )
    if pictures[0].codec_context is None:  # there is no decoder for it
        raise ImageError(
            f"{shown} is stored in a way that cannot be read here; save it as H.264 (MP4) first."
        )
    return pictures[0]


def _is_heard(container: InputContainer) -> bool:
    """Whether there is sound that can be read; where PyAV has no decoder, there is no context."""
    context = container.streams.audio[0].codec_context if container.streams.audio else None
    return context is not None and context.sample_rate in SAMPLE_RATES


def _is_cover(stream: VideoStream) -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def zero(container: InputContainer) -> float:
    """When the file begins, s: some begin at another time than 0."""
    import av

    return (container.start_time or 0) / av.time_base


def unit_of(stream: VideoStream | AudioStream) -> Fraction:
    """What a stream's times are counted in, s."""
    return stream.time_base or Fraction(1)


def _seek(container: InputContainer, stream: VideoStream, seconds: float) -> None:
    """Go to the last whole frame before this time; where a file cannot, it is read from 0 on."""
    import contextlib

    import av

    with contextlib.suppress(av.FFmpegError):
        container.seek(int(seconds / unit_of(stream)), stream=stream)


def _upright(frame: av.VideoFrame, stream: VideoStream, side: int | None = None) -> Image.Image:
    """The frame as it is shown: RGB, turned, its pixels square, and at most `side` px long."""
    ratio = stream.sample_aspect_ratio or Fraction(1)
    width, height = frame.width, frame.height
    if ratio > 0 and ratio != 1:
        width = round(width * ratio) if ratio > 1 else width
        height = round(height / ratio) if ratio < 1 else height
    scale = min(1.0, side / max(width, height)) if side else 1.0
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    rgb = frame.reformat(*size, format="rgb24", interpolation="AREA")
    picture = Image.fromarray(rgb.to_ndarray())
    turn = TURNS.get(frame.rotation % 360)
    return picture if turn is None else picture.transpose(turn)


def _unreadable(film: Given, error: Exception) -> ImageError:
    others = ", an animated GIF or WebP, or a folder of numbered pictures"
    return ImageError(
        f"{title(film)} is no film that can be read ({reason(error)}); give an MP4, MOV or WebM"
        f"{others if isinstance(film, str) else ' file'}."
    )
