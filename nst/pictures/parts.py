"""How many parts a JPEG or GIF is made of, counted before anything is decoded.

A file of a million tiny parts keeps a decoder busy for minutes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_PARTS = 20_000  # segments of a JPEG, or blocks before the first frame of a GIF

# A JPEG may repeat scans of 65 bytes, each of which is a walk over all pixels: 20 MB of them would
# take hours. Cameras and the best encoders need up to 15.
MAX_SCANS = 500

# A marker of a JPEG that does not occur within the data of a scan.
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]", re.DOTALL)
_END, _START_OF_SCAN = 0xD9, 0xDA


class JpegParts(NamedTuple):
    """What the (first) picture of a JPEG consists of, up to its end."""

    segments: int  # no more are counted than `MAX_PARTS` and one
    scans: int  # passes over the picture; no more are counted than `MAX_SCANS` and one
    fill_bytes: int  # between the segments before the first scan


def of_jpeg(data: bytes, max_fill_bytes: int) -> JpegParts:
    """The parts of a JPEG; counting ends where one number is higher than it may be."""
    scans, position, fill, count = 0, 2, 0, 0
    while marker := _MARKER.search(data, position):
        # Between segments there is nothing but fill bytes; behind the start of a scan its data.
        fill += 0 if scans else marker.start() - position
        if fill > max_fill_bytes:
            break
        kind, position, count = marker[0][1], marker.end(), count + 1
        if kind == _END:  # a phone may append a film
            break
        scans += kind == _START_OF_SCAN
        if count > MAX_PARTS or scans > MAX_SCANS:
            break
        position += int.from_bytes(data[position : position + 2])
    return JpegParts(count, scans, fill)


def of_gif(data: bytes) -> int:
    """The blocks before the first frame; a stray byte is one. At most `MAX_PARTS` and one."""
    colours = 3 * 2 ** (data[10] % 8 + 1) if len(data) > 10 and data[10] & 0x80 else 0
    position, count = 13 + colours, 0
    while position < len(data) and data[position] not in b",;" and count <= MAX_PARTS:
        count += 1
        if data[position] != 0x21:
            position += 1
            continue
        position += 2  # the kind of extension; its parts follow, each after its length
        while position < len(data) and data[position] and count <= MAX_PARTS:
            position += 1 + data[position]
            count += 1
        position += 1
    return count
