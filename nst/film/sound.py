"""The sound of a film, copied into another one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nst.film.given import Given
from nst.film.source import Clip
from nst.film.video import SAMPLE_RATES, opened, unit_of, zero

if TYPE_CHECKING:
    from av import Packet
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer

COPIED = ("aac", "mp3", "ac3", "eac3", "opus", "alac")  # that an MP4 may hold as they are


class Sound:
    """The sound of a film from the clip's beginning to its end, as a stream of `container`."""

    def __init__(self, film: Given, clip: Clip, container: OutputContainer) -> None:
        self._source: InputContainer = opened(film)
        self._clip = clip
        self._stream = self._source.streams.audio[0]
        self._copies = self._stream.codec_context.codec.canonical_name in COPIED
        if self._copies:
            self._added: AudioStream = container.add_stream_from_template(self._stream)
        else:
            rate = self._stream.codec_context.sample_rate
            self._added = container.add_stream("aac", rate=rate)
        self._packets = self._cut()
        self._next = next(self._packets, None)

    def until(self, seconds: float) -> Iterator[Packet[AudioStream]]:
        """The packets that are due before this time of the clip."""
        while self._next is not None and self._begins(self._next) < seconds:
            yield self._next
            self._next = next(self._packets, None)

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()

    def _begins(self, packet: Packet[AudioStream]) -> float:
        return float((packet.pts or 0) * (packet.time_base or 1))

    def _cut(self) -> Iterator[Packet[AudioStream]]:
        """The packets of the clip, timed from its beginning; they end where the file is damaged."""
        import av

        try:
            yield from self._copied() if self._copies else self._encoded()
        except av.FFmpegError:
            return

    def _copied(self) -> Iterator[Packet[AudioStream]]:
        shift = self._clip.start + zero(self._source)
        for packet in self._source.demux(self._stream):
            if packet.pts is None or packet.dts is None:
                continue
            begins = float(packet.pts * unit_of(self._stream)) - shift
            if begins < 0:
                continue
            if begins >= self._clip.end - self._clip.start:
                return
            moved = round(shift / unit_of(self._stream))
            packet.pts, packet.dts = packet.pts - moved, packet.dts - moved
            packet.stream = self._added
            yield packet

    def _encoded(self) -> Iterator[Packet[AudioStream]]:
        import av

        context = self._added.codec_context
        shift = self._clip.start + zero(self._source)
        # Over whole numbers: where a damaged file has infinite samples, the encoder never ends.
        whole = av.AudioResampler("s16", context.layout, context.sample_rate)
        resampler = av.AudioResampler(context.format, context.layout, context.sample_rate)
        unit = unit_of(self._stream)
        for frame in self._source.decode(self._stream):
            begins = float((frame.pts or 0) * unit) - shift
            if begins < 0:
                continue
            if begins >= self._clip.end - self._clip.start or frame.sample_rate not in SAMPLE_RATES:
                break
            frame.pts = round(begins / unit)
            for finite in whole.resample(frame):
                for sampled in resampler.resample(finite):
                    yield from self._added.encode(sampled)
        yield from self._added.encode(None)
