"""The counts that keep files of a million parts out, by hand."""

from __future__ import annotations

import struct

import pytest

from nst.pictures import parts

MOST = parts.MAX_PARTS
EXTENSION = b"!\xf9\x01a\x00"  # of a GIF, with one part


class TestParts:
    """The counts that keep files of a million parts out, by hand."""

    @pytest.mark.parametrize(
        ("rest", "count"),
        [
            (b"", 0),
            (b",", 0),
            (b"a;aaa", 1),
            (b"abc,", 3),
            (EXTENSION + b",", 2),
            (EXTENSION + EXTENSION + b",", 4),
            (b"!\xf9\x02ab\x01c\x00;", 3),
            (b"!\xf9\x00" + b"a,", 2),
            (b"!", 1),
            (b"!\xfe\x05ab", 2),
            (b'"a,', 2),
            (b"a" * MOST + b",", MOST),
            (b"a" * (MOST + 9), MOST + 1),
            (b"!\xfe" + b"\x01a" * (MOST + 9), MOST + 1),
        ],
    )
    def test_blocks_before_the_first_frame_of_a_gif(self, rest, count):
        head = b"GIF89a" + struct.pack("<HH", 40, 36)
        assert parts.of_gif(head + b"\x00\x81\x00" + rest) == count
        for flags in (0x80, 0x81, 0x82):  # tables of 2, 4 and 8 colours, which say nothing
            table = b"!" * 3 * 2 ** (flags % 8 + 1)
            assert parts.of_gif(head + bytes([flags, 0, 0]) + table + rest) == count

    def test_a_gif_that_ends_in_its_head(self):
        head = b"GIF89a" + struct.pack("<HH", 40, 36) + b"\x80\x00\x00"
        assert [parts.of_gif(head[:length]) for length in range(6, 14)] == [0] * 8

    def test_scans_of_a_jpeg(self):
        part, scan, end = b"\xff\xe0\x00\x04ab", b"\xff\xda\x00\x03a", b"\xff\xd9"
        data = b"\x01\xff\x00\x02\xff\xd3\x03"  # of a scan, with what is no marker in it
        start = b"\xff\xd8"

        def scans(jpeg: bytes) -> int:
            return parts.of_jpeg(jpeg, 100).scans

        assert scans(start + part + end) == 0
        assert scans(start + part + scan + data + scan + data + end) == 2
        assert scans(start + scan + data + end + scan) == 1
        assert scans(start + part * (MOST - 2) + scan + data + end) == 1
        assert scans(start + scan * 600) == parts.MAX_SCANS + 1
        assert parts.of_jpeg(start + part * (MOST + 9) + end, 100).segments == MOST + 1
