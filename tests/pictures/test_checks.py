"""What is refused before it is decoded, in words."""

from __future__ import annotations

import pytest

from nst.errors import ImageError
from nst.pictures import checks


def test_scans_over_many_pixels():
    checks.check_scans((100, 20_000), 500, "It")
    checks.check_scans((40_000, 30_000), 1, "It")
    for size, scans in (((100, 20_000), 501), ((40_000, 30_000), 2), ((3000, 1000), 334)):
        with pytest.raises(ImageError, match=f"in {scans} or more .* program and save"):
            checks.check_scans(size, scans, "It")


def test_too_many_pixels_in_words():
    assert str(checks.too_many_pixels((20_000, 12_000), "It", 210_000_000, "a JPEG")) == (
        "It is 20000 x 12000 px (240.0 megapixels), but at most 210 megapixels are allowed in a "
        "JPEG; make it smaller first."
    )
    assert str(checks.too_many_pixels((9000, 9000), "It", 16_000_000, "a WEBP")) == (
        "It is 9000 x 9000 px (81.0 megapixels), but at most 16 megapixels are allowed in a "
        "WEBP; make it smaller first, or save it as a plain JPEG."
    )


def test_fill_bytes_of_a_jpeg_are_counted_in_all_its_header():
    def scans(*fills: int) -> int:
        header = b"".join(b"\x00" * fill + b"\xff\xe0\x00\x04ab" for fill in fills)
        behind = b"\xff\xda\x00\x03a" + bytes(20_000) + b"\xff\xd9"
        return checks.check_parts(b"\xff\xd8" + header + behind, "It")

    assert scans(4000, 6000) == 1
    with pytest.raises(ImageError, match=r"fill bytes; open it in .* save it anew\.$"):
        scans(4000, 6001)


def test_segments_of_a_jpeg():
    part, behind = b"\xff\xe0\x00\x04ab", b"\xff\xda\x00\x03a\xff\xd9"
    assert checks.check_parts(b"\xff\xd8" + part * 19_990 + behind, "It") == 1
    with pytest.raises(ImageError, match=r'^"a" is made of more than 20000 parts'):
        checks.check_parts(b"\xff\xd8" + part * 20_001 + behind, '"a"')
