"""Small films as files, of frames that tell their numbers by their colours."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

RATE, SIZE = 12, (64, 48)
SAMPLES = 1024  # of sound in a packet


def shades(count: int) -> list[Image.Image]:
    """Frames of one grey each, ever lighter, white at the right so that it is seen how they lie."""
    found = []
    for number in range(count):
        frame = Image.new("RGB", SIZE, (10 * number,) * 3)
        frame.paste("white", (SIZE[0] * 3 // 4, 0, *SIZE))
        found.append(frame)
    return found


def shade(frame: Image.Image) -> int:
    """The number of a frame of `shades`."""
    return round(frame.convert("L").getpixel((4, 4)) / 10)


def video(
    path: Path,
    frames: Sequence[Image.Image],
    *,
    times: Sequence[float] = (),
    turned: int = 0,
    sound: str = "",
) -> Path:
    """A film with a frame every 1 / `RATE` s, or at these times, and a hum if a codec is named."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "10"})
        stream.width, stream.height = frames[0].size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1200)
        if turned:
            stream.set_display_rotation(turned)
        audio = container.add_stream(sound, rate=48000) if sound else None
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_image(picture)
            frame.time_base = Fraction(1, 1200)
            frame.pts = round(1200 * (times[number] if times else number / RATE))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            hum(container, audio, len(frames) / RATE)
    return path


def tone(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Samples of the left channel of a hum."""
    return np.sin(places)


def hum(container: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    """Put so many seconds of a tone into a film."""
    for first in range(0, int(48000 * seconds) - SAMPLES, SAMPLES):
        samples = tone(np.arange(first, first + SAMPLES) / 20).astype(np.float32)
        stereo = np.stack([samples, np.sin(np.arange(first, first + SAMPLES) / 20)])
        frame = av.AudioFrame.from_ndarray(stereo.astype(np.float32), "fltp", "stereo")
        frame.sample_rate, frame.time_base, frame.pts = 48000, Fraction(1, 48000), first
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def song(path: Path) -> Path:
    """A file with nothing to be seen."""
    with av.open(str(path), "w") as container:
        hum(container, container.add_stream("aac", rate=48000), 0.5)
    return path


def played(path: Path) -> list[Image.Image]:
    """The frames of a film."""
    with av.open(str(path)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


def heard(path: Path) -> tuple[str, float]:
    """The codec of a film's sound, and how many seconds of it there are."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        last = 0.0
        for packet in container.demux(stream):
            if packet.pts is not None:
                last = float((packet.pts + (packet.duration or 0)) * stream.time_base)
        return stream.codec_context.codec.canonical_name, last
