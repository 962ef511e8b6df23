"""Where the network computes, and in which precision."""

from __future__ import annotations

import itertools

import pytest
import torch

from nst.errors import UserError
from nst.vgg import device


def test_device():
    assert device.choose_device("cpu").type == "cpu"
    assert device.choose_device("auto").type in ("cuda", "mps", "cpu")
    for name in ("abacus", "cuda:99", "mps:7"):
        with pytest.raises(UserError, match="not available here"):
            device.choose_device(name)


@pytest.mark.parametrize(
    ("single", "half", "expected"),
    [
        (1.0, 0.5, torch.bfloat16),
        (1.0, 0.9, torch.float32),
        (1.0, 100.0, torch.float32),
        (1.0, float("inf"), torch.float32),
    ],
)
def test_precision_follows_the_measurement(monkeypatch, single, half, expected):
    seconds = {torch.float32: single, torch.bfloat16: half}
    monkeypatch.setattr(device, "_time_convolution", lambda where, dtype: seconds[dtype])
    device.fastest_precision.cache_clear()
    assert device.fastest_precision(torch.device("cpu")) == expected
    device.fastest_precision.cache_clear()


def test_a_busy_machine_does_not_change_the_precision(monkeypatch):
    """What else runs slows some turns, of one side or of the other."""
    turns = {
        torch.float32: itertools.cycle([30.0, 40.0, 2.0, 50.0]),
        torch.bfloat16: itertools.cycle([10.0, 9.0, 9.0, 9.0]),
    }
    monkeypatch.setattr(device, "_time_convolution", lambda where, dtype: next(turns[dtype]))
    device.fastest_precision.cache_clear()
    assert device.fastest_precision(torch.device("cpu")) == torch.float32
    device.fastest_precision.cache_clear()


def test_measuring_answers_with_a_time():
    assert 0 < device._time_convolution(torch.device("cpu"), torch.float32) < 10
