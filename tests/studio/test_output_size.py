"""How large the result is: the photo, the canvas where that is larger, or what is asked for."""

from __future__ import annotations

import pytest

from nst.errors import UserError
from nst.settings import Settings
from nst.studio.output_size import OutputSize, result_size


@pytest.mark.parametrize(
    ("asked", "resolution", "wanted"),
    [
        (None, 384, (900, 600)),  # the photo is larger
        (None, 4096, (4096, 2731)),  # the canvas is, whose sides are multiples of 16
        ("300", 384, (300, 200)),
        (300, 384, (300, 200)),
        ("1800", 384, (1800, 1200)),
        ("2x", 384, (1800, 1200)),
        ("0.5x", 384, (450, 300)),
    ],
)
def test_sizes(asked: str | None, resolution: int, wanted: tuple[int, int]) -> None:
    size = None if asked is None else OutputSize.of(asked)
    settings = Settings(resolution=resolution)
    assert result_size(size, (900, 600), settings) == wanted
    assert result_size(size, (600, 900), settings) == wanted[::-1]


@pytest.mark.parametrize(
    "given", ["0", "-3", "x", "0x", "-1x", "nanx", "infx", "1.5", "99999", "2X", 0, 1.5, True]
)
def test_what_is_no_size_is_refused(given: object) -> None:
    with pytest.raises(UserError, match="such as 2x"):
        OutputSize.of(given)  # type: ignore[arg-type]


def test_too_large_a_result_is_refused() -> None:
    for asked in (OutputSize(factor=20), OutputSize(side=16_384)):
        with pytest.raises(UserError, match="at most 16384 px a side and 100 megapixels"):
            asked.for_photo((900, 600))
