"""Pictures as H.264 with colours at half the size, which every player takes."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from PIL import Image

from nst.errors import ImageError

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer
    from av.video.stream import VideoStream

QUALITY = "20"  # x264's rate factor: paint looks like paint, in about 1 MB at 480 px
BT709, STUDIO_RANGE = 1, 1  # how colours are stored, in the numbers of H.264, annex E


def check_encoder() -> None:
    """Raises `ImageError` where PyAV was built without x264, as its own wheels are not."""
    import av

    if "libx264" not in av.codecs_available:
        raise ImageError(
            "The PyAV that is installed cannot encode H.264; install its wheel from PyPI, or "
            "choose .webp or .gif for the film."
        )


def add_stream(
    container: OutputContainer, size: tuple[int, int], rate: int | Fraction
) -> VideoStream:
    """A stream for pictures of `even(size)`, with so many of them a second."""
    stream = container.add_stream("libx264", rate=rate, options={"crf": QUALITY})
    stream.width, stream.height = even(size)
    stream.pix_fmt = "yuv420p"
    codec = stream.codec_context
    codec.thread_count = 1  # somebody else may be painting
    codec.colorspace = codec.color_primaries = codec.color_trc = BT709
    codec.color_range = STUDIO_RANGE
    return stream


def frame(picture: Image.Image) -> av.VideoFrame:
    """A picture for such a stream."""
    import av

    same = picture.convert("RGB").resize(even(picture.size), Image.Resampling.BICUBIC)
    rgb: av.VideoFrame = av.VideoFrame.from_image(same)  # type: ignore[no-untyped-call]
    return rgb.reformat(format="yuv420p", dst_colorspace=BT709, dst_color_range=STUDIO_RANGE)


def even(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height without what halved colours have no place for."""
    return max(2, size[0] // 2 * 2), max(2, size[1] // 2 * 2)
