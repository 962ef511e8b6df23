"""Every row is visited once."""

from __future__ import annotations

import pytest
import torch

from nst.vgg import strips


@pytest.mark.parametrize("multiple", [1, 2])
@pytest.mark.parametrize(
    ("rows", "row_bytes"), [(1, 10**9), (7, 3 * 2**18), (50, 2**18), (1024, 2**15), (30, 1)]
)
def test_every_row_once_in_strips_of_about_the_size(rows, row_bytes, multiple):
    parts = list(strips.strips(rows, row_bytes, torch.device("cpu"), multiple))
    assert [row for first, last in parts for row in range(first, last)] == list(range(rows))
    assert all(first % multiple == 0 for first, _ in parts)
    for first, last in parts:
        least = multiple * row_bytes
        assert (last - first) * row_bytes <= strips.STRIP_BYTES + least


def test_all_at_once_on_other_devices():
    assert list(strips.strips(5000, 2**20, torch.device("cuda"))) == [(0, 5000)]
