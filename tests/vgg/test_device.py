"""Where the network computes, and in which precision."""

from __future__ import annotations

import itertools
import sys

import pytest
import torch

from nst.errors import UserError
from nst.machine import limits
from nst.vgg import device, network


def test_device():
    assert device.choose_device("cpu").type == "cpu"
    assert device.choose_device("auto").type in ("cuda", "mps", "cpu")
    for name in ("abacus", "cuda:99", "mps:7"):
        with pytest.raises(UserError, match="not available here"):
            device.choose_device(name)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("cores", "threads"), [(0.3, 1), (1.0, 1), (1.5, 2), (64.0, 2)])
def test_threads_are_no_more_than_the_share_of_the_cores(monkeypatch, cores, threads):
    """Wherever the network is loaded: in a terminal, on the page, by a worker."""
    monkeypatch.setattr(limits, "cores", lambda: cores)
    monkeypatch.setattr(network, "load_convolutions", lambda name: ())
    monkeypatch.setattr(network, "VGG19", lambda *arguments: torch.get_num_threads())
    assert network.load(precision=torch.float32) == threads


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


def test_a_doubtful_measurement_goes_on(monkeypatch):
    """All first turns of one side may be slowed: where several workers start at once, say."""
    turns = {
        torch.float32: itertools.repeat(2.0),
        torch.bfloat16: itertools.chain([2.0] * device.PRECISION_ROUNDS, itertools.repeat(1.0)),
    }
    monkeypatch.setattr(device, "_time_convolution", lambda where, dtype: next(turns[dtype]))
    device.fastest_precision.cache_clear()
    assert device.fastest_precision(torch.device("cpu")) == torch.bfloat16
    device.fastest_precision.cache_clear()


@pytest.mark.skipif(sys.platform == "win32", reason="there the clock on the wall is taken")
def test_what_other_programs_take_of_the_time_does_not_count(monkeypatch):
    monkeypatch.setattr(device.time, "perf_counter", lambda: pytest.fail("the clock on the wall"))
    device._time_convolution(torch.device("cpu"), torch.float32)


def test_measuring_answers_with_a_time():
    assert 0 < device._time_convolution(torch.device("cpu"), torch.float32) < 10
