"""How many threads there are, alone and where it is crowded, and that no bit depends on it."""

from __future__ import annotations

import itertools
import types
from collections.abc import Iterator

import pytest
import torch
from slim import HALF, slim

from nst.paint import losses, transfer
from nst.paint.inputs import Canvas
from nst.paint.loop import Loop
from nst.settings import Settings
from nst.vgg import gram, threads
from nst.vgg.stem import mix
from nst.vgg.threads import CROWDED, MOST_PATIENCE, PATIENCE, Threads, one_thread, total

ALONE, BESIDE_OTHERS = 0.95, CROWDED - 0.1


@pytest.fixture(autouse=True)
def _three_threads() -> Iterator[None]:
    usual = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(usual)


SECONDS = PATIENCE / 8  # of an iteration


class Iterations:
    """Runs iterations of `SECONDS` each, of which this thread computes a share."""

    def __init__(self, monkeypatch, **options) -> None:
        self.now = self.computed = 0.0
        clock = types.SimpleNamespace(perf_counter=lambda: self.now)
        monkeypatch.setattr(threads, "time", clock)
        monkeypatch.setattr(threads, "_computed", lambda: self.computed)
        self.threads = Threads(**options)

    def run(self, share: float) -> int:
        """How many threads an iteration had."""
        with self.threads.iteration():
            count = torch.get_num_threads()
            self.now += SECONDS
            self.computed += share * SECONDS
        assert torch.get_num_threads() == 3
        return count


def test_alone_there_are_all_threads(monkeypatch):
    iterations = Iterations(monkeypatch)
    assert {iterations.run(ALONE) for _ in range(100)} == {3}


def test_beside_other_programs_there_are_ever_fewer_but_one(monkeypatch):
    iterations = Iterations(monkeypatch)
    assert [iterations.run(BESIDE_OTHERS) for _ in range(7)] == [3, 3, 2, 2, 1, 1, 1]


def test_what_is_soon_over_changes_nothing(monkeypatch):
    iterations = Iterations(monkeypatch)
    assert {iterations.run(share) for _ in range(50) for share in (ALONE, BESIDE_OTHERS)} == {3}


def test_when_the_others_are_gone_all_come_back(monkeypatch):
    iterations = Iterations(monkeypatch)
    for _ in range(4):
        iterations.run(BESIDE_OTHERS)
    counts = [iterations.run(ALONE) for _ in range(17)]
    assert counts == [1] * 8 + [2] * 8 + [3]


def test_one_more_thread_is_tried_ever_more_rarely(monkeypatch):
    iterations = Iterations(monkeypatch)
    shares = {1: ALONE, 2: BESIDE_OTHERS, 3: BESIDE_OTHERS}
    count, counts = 3, []
    for _ in range(600):
        counts.append(iterations.run(shares[count]))
        # What the next one computes is told by how many threads it will have.
        count = 3 - iterations.threads._fewer
    tried = [
        number
        for number, (before, count) in enumerate(itertools.pairwise(counts))
        if (before, count) == (1, 2)
    ]
    waits = [later - earlier for earlier, later in itertools.pairwise(tried)]
    most = 8 * MOST_PATIENCE / PATIENCE
    assert waits == sorted(waits)
    assert waits[:2] == [2 * 8 + 2, 4 * 8 + 2]
    assert waits[-1] == most + 2


def test_who_only_waits_for_others_keeps_all_threads(monkeypatch):
    iterations = Iterations(monkeypatch, adapting=False)
    assert {iterations.run(0.1) for _ in range(5)} == {3}


def test_an_error_gives_the_threads_back(monkeypatch):
    iterations = Iterations(monkeypatch)
    for _ in range(2):
        iterations.run(BESIDE_OTHERS)
    with pytest.raises(ZeroDivisionError), iterations.threads.iteration():
        1 // (torch.get_num_threads() - 2)
    assert torch.get_num_threads() == 3


def test_what_needs_all_threads_has_them():
    with one_thread():
        assert torch.get_num_threads() == 1
        with threads.all_threads():
            assert torch.get_num_threads() == 3
            with one_thread():
                assert torch.get_num_threads() == 1
            assert torch.get_num_threads() == 3
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3


def seen_by(monkeypatch, name):
    """The numbers of threads that calls of a function of torch have, from now on."""
    counts, function = [], getattr(torch.Tensor, name)

    def counted(*given, **options):
        counts.append(torch.get_num_threads())
        return function(*given, **options)

    monkeypatch.setattr(torch.Tensor, name, counted)
    return counts


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_sums_and_gram_matrices_are_of_all_threads(monkeypatch, dtype):
    features = torch.randn(1, 64, 40, 52).to(dtype)
    symmetric = gram.both_ways(torch.randn(1, 64, 64), dtype)

    def found():
        return (
            gram.gram_sums(features, None),
            gram.gram_sums_gradient(features, None, symmetric),
            torch.tensor(total(features.float())),
            torch.tensor(losses.variation(torch.ones(1, 3, 200, 300).cumsum(3).sqrt())),
        )

    expected = found()
    products, sums = seen_by(monkeypatch, "__matmul__"), seen_by(monkeypatch, "sum")
    with one_thread():
        for one, other in zip(found(), expected, strict=True):
            assert torch.equal(one, other)
    assert set(products) == set(sums) == {3}


def test_in_float32_channels_are_mixed_by_all_threads():
    """Of many channels, of which each thread is given some."""
    x = torch.randn(1, 128, 24, 24).contiguous(memory_format=torch.channels_last)
    filters = torch.randn(512, 128, 1, 1).contiguous(memory_format=torch.channels_last)
    expected = mix(x, filters)
    with one_thread():
        assert torch.equal(mix(x, filters), expected)


class Wild(Threads):
    """Has one thread in two of three iterations, whatever is learned."""

    number = 0

    def _learn(self, seconds: float, computed: float) -> None:
        self.number += 1
        self._fewer = 2 if self.number % 3 else 0


@pytest.mark.parametrize(
    "changes",
    [{}, {"style_loss": "gram"}, {"optimizer": "lbfgs"}],
    ids=["strokes", "gram", "lbfgs"],
)
def test_a_painting_is_to_the_bit_the_same_however_crowded_it_was(monkeypatch, changes):
    settings = Settings(iterations=14, early_stop=False, **changes)
    generator = torch.Generator().manual_seed(0)
    photo, artwork = torch.rand(2, 1, 3, 96, 144, generator=generator)
    counts = []
    step = Loop.step

    def counted(loop, rate):
        counts.append(torch.get_num_threads())
        return step(loop, rate)

    with slim(HALF) as trunk:
        expected = transfer.stylize(Canvas(photo, [artwork]), settings, trunk)
        monkeypatch.setattr(Loop, "step", counted)
        monkeypatch.setattr("nst.paint.transfer.Threads", Wild)
        found = transfer.stylize(Canvas(photo, [artwork]), settings, trunk)
    assert set(counts) == {1, 3}
    assert torch.equal(found, expected)
