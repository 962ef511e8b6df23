"""When two paintings are one and the same."""

from __future__ import annotations

from torch import Tensor


def check_same(one: Tensor, other: Tensor) -> None:
    """The same but for what rounding does at the kinks of ReLU, and Adam to small slopes there.

    Values in 0..1. Where a slope is 0 but for rounding, Adam goes all the way to one side or the
    other: so a few values may be far apart, and it is their number and the mean that count.
    """
    difference = (one - other).abs()
    assert (difference > 3 / 255).float().mean() < 1e-3
    assert difference.mean() < 0.05 / 255
