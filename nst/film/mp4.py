"""A film as an MP4 that grows frame by frame, with the sound of the film it was painted from."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from nst.errors import ImageError
from nst.film.order import FilmOrder
from nst.film.sound import Sound
from nst.film.video import Video
from nst.pictures import h264

if TYPE_CHECKING:
    from av.error import FFmpegError
    from av.video.stream import VideoStream


class Mp4:
    """Writes the frames of an order to `file`, which is whole once this is closed.

    Raises `ImageError` for what cannot be stored, as where a disk is full.
    """

    def __init__(self, file: BinaryIO, order: FilmOrder) -> None:
        import av

        self.count = 0  # frames so far
        self._order, self._rate = order, order.clip.rate.limit_denominator(1001)
        self._container = av.open(file, "w", format="mp4")
        self._stream: VideoStream | None = None
        self._sound: Sound | None = None

    def add(self, picture: Image.Image) -> None:
        """The next frame; all have the size of the first."""
        import av

        try:
            stream = self._stream or self._begun(picture.size)
            frame = h264.frame(picture)
            frame.pts, frame.time_base = self.count, 1 / self._rate
            self._container.mux(stream.encode(frame))
            self.count += 1
            if self._sound is not None:
                self._container.mux([*self._sound.until(float(self.count / self._rate))])
        except av.FFmpegError as error:
            raise _not_stored(error) from error

    def close(self) -> None:
        """Write what is left; where there was no frame, there is no film."""
        import av

        try:
            if self._stream is not None:
                self._container.mux(self._stream.encode(None))
            self._container.close()
        except av.FFmpegError as error:
            raise _not_stored(error) from error
        finally:
            if self._sound is not None:
                self._sound.close()

    def _begun(self, size: tuple[int, int]) -> VideoStream:
        """The stream of the frames, and beside it that of the sound where there is one."""
        self._stream = h264.add_stream(self._container, size, self._rate)
        self._stream.codec_context.time_base = 1 / self._rate
        source = self._order.source()
        if isinstance(source, Video) and source.sound:
            self._sound = Sound(self._order.film, self._order.clip, self._container)
        return self._stream


def _not_stored(error: FFmpegError) -> ImageError:
    return ImageError(
        f"The film cannot be stored as MP4 ({error.strerror}); choose .webp, .gif or a folder, or "
        "make room on the disk."
    )
