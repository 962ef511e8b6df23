"""Films as PyAV reads them: MP4, MOV, WebM and whatever else FFmpeg knows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from PIL import Image

from nst.errors import ImageError
from nst.film.source import DamagedError, Timed, no_frames
from nst.machine import limits
from nst.pictures import checks
from nst.pictures.naming import reason, shown_name

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
MISSING = 0.9  # of what a file says, that must be there if its end is not missing
# How a frame is turned that lies on its side, by the degrees of its display matrix.
TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


class Video:
    """A film; see `source.Source`. `sound` says whether it has any."""

    def __init__(self, path: str) -> None:
        import av

        self._path, self._shown = path, shown_name(path, "The film")
        with opened(path) as container:
            stream = _stream(container, self._shown)
            self._check_size(stream)
            self.sound = bool(container.streams.audio)
            rate = stream.average_rate or stream.guessed_rate or USUAL_RATE
            self.rate = rate if 0 < rate <= FASTEST else USUAL_RATE
            length = None if stream.duration is None else stream.duration * unit_of(stream)
            if length is None and container.duration is not None:
                length = Fraction(container.duration, av.time_base)
            try:
                first = next(container.decode(stream), None)
            except av.FFmpegError as error:
                raise _unreadable(self._shown, error) from error
            if first is None:
                raise no_frames(path)
            self.size = _upright(first, stream).size
        # A file may say less than it has, where its frames are timed unevenly, and more where its
        # end is missing.
        self.seconds = max(float(length or 0), self._counted())

    def frames(self, start: float, side: int) -> Iterator[Timed]:
        """See `Source.frames`."""
        import av

        end, late = 0.0, None  # `late` is the last frame before `start`
        with opened(self._path) as container:
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

    def _counted(self) -> float:
        """Where the last frame ends; nothing is decoded for it."""
        import av

        last = 0.0
        with opened(self._path) as container:
            stream = _stream(container, self._shown)
            begin = zero(container)
            try:
                for packet in container.demux(stream):
                    if packet.pts is not None:
                        ends = packet.pts + (packet.duration or 0)
                        last = max(last, float(ends * unit_of(stream)) - begin)
            except av.FFmpegError:
                return last  # whoever paints meets the damage, and says so
        return last

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


def opened(path: str) -> InputContainer:
    """The file, open; raises `ImageError` if it is no film."""
    import av

    try:
        return av.open(path, metadata_errors="replace")
    except FileNotFoundError as error:
        raise ImageError(
            f"{shown_name(path, 'The film')} does not exist; check the path of the film."
        ) from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise _unreadable(shown_name(path, "The film"), error) from error


def _stream(container: InputContainer, shown: str) -> VideoStream:
    """What is to be seen; raises `ImageError` if there is nothing, as in a song."""
    # The cover of a song is a video stream, too.
    pictures = [each for each in container.streams.video if not _is_cover(each)]
    if not pictures:
        raise ImageError(
            f"{shown} has nothing to be seen in it, such as a sound file; choose a film."
        )
    return pictures[0]


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


def _unreadable(shown: str, error: Exception) -> ImageError:
    return ImageError(
        f"{shown} is no film that can be read ({reason(error)}); give an MP4, MOV or WebM, an "
        "animated GIF or WebP, or a folder of numbered pictures."
    )
