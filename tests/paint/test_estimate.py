"""What is told before a painting begins."""

from __future__ import annotations

import dataclasses
import sys

import pytest

from nst.errors import TooLargeError
from nst.paint import estimate, memory
from nst.settings import CONTROLS, Settings

GB = 10**9


def canvas(side, **changes):
    return memory.Workload(side, side, Settings(resolution=side, **changes))


RATES = estimate.Rates(1e-6, 4e-7)


def test_time_grows_with_the_area_and_tiles_cost_at_most_what_they_may():
    one = Settings(coarse_to_fine=False, early_stop=False, iterations=100)
    for side in (1024, 2048, 4096):
        size = memory.Workload(side, side, one)
        whole, tiled = (
            estimate.estimate(size, 1, tile, 64 * GB, RATES) for tile in (memory.WHOLE, 512)
        )
        assert whole.seconds == pytest.approx(side * side * 1e-4 * estimate.SPARED, rel=0.03)
        assert 1.5 < tiled.seconds / whole.seconds < 2.4
        assert (whole.pieces, tiled.pieces) == (1, (side // 512) ** 2)
        assert tiled.memory < whole.memory


def test_small_canvases_do_not_pay_for_sparing_memory():
    one = Settings(coarse_to_fine=False, early_stop=False, iterations=100, style_loss="gram")
    small = memory.Workload(384, 384, one)
    found = estimate.estimate(small, 1, None, 64 * GB, RATES)
    assert found.seconds == pytest.approx((384 * 384 + estimate.OVERHEAD) * 1e-4, rel=0.02)


def test_transformed_weights_are_kept_for_small_canvases_only():
    small, large = (estimate.peak(canvas(side), memory.WHOLE) for side in (400, 416))
    assert 0.8 * memory.WEIGHTS < small - large < memory.WEIGHTS


def test_it_tells_what_the_run_does():
    found = estimate.estimate(canvas(256), 1, None, 64 * GB, RATES)
    assert found.scales == (64, 128, 256)
    assert (found.height, found.width, found.pieces) == (256, 256, 1)
    two = estimate.estimate(canvas(256), 2, None, 64 * GB, RATES)
    assert found.seconds < two.seconds < 1.1 * found.seconds


def test_less_memory_more_pieces():
    pieces = [
        estimate.estimate(canvas(2048), 1, None, free * GB, RATES).pieces for free in (64, 2, 1)
    ]
    assert pieces == sorted(pieces)
    assert pieces[0] == 1 < pieces[-1]


def test_what_fits_is_not_refused():
    estimate.check(canvas(4096), 4 * GB)


def test_what_cannot_fit_is_refused_with_what_would():
    with pytest.raises(TooLargeError, match=r"4096 x 4096 px needs \d\.\d GB") as refused:
        estimate.check(canvas(4096), GB // 2)
    words = str(refused.value).split()
    resolution = int(words[words.index("px.") - 1])
    estimate.check(canvas(resolution), GB // 2)
    with pytest.raises(TooLargeError):
        estimate.check(canvas(resolution + 64), GB // 2)


def test_without_memory_for_anything():
    with pytest.raises(TooLargeError, match="close other programs"):
        estimate.check(canvas(256), 0)


def test_the_machine_is_measured(trunk, monkeypatch):
    monkeypatch.setattr(estimate, "MEASURED", 64)
    # It brings sympy: 60 MB that a page would keep, as it measures when it begins.
    monkeypatch.setitem(sys.modules, "torch.fx.experimental.symbolic_shapes", None)
    rates = estimate.measure(trunk, Settings())
    assert 1e-9 < rates.look < 1e-3
    assert 1e-9 < rates.match < 1e-3


@pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)
def test_the_machine_is_measured_as_it_paints(trunk, monkeypatch, kind):
    def look(*_, workspace):
        assert workspace.may_round == (kind == "neighbours")
        raise InterruptedError("seen")

    monkeypatch.setattr(trunk, "look", look)
    with pytest.raises(InterruptedError, match="seen"):
        estimate.measure(trunk, Settings(style_loss=kind))


def test_the_narrow_network_is_made_once_and_only_where_it_looks():
    made = RATES._replace(narrowing=7.0)
    for changes, more in (({}, 7.0), ({"style_loss": "gram"}, 0.0)):
        size = canvas(256, **changes)
        found, usual = (
            estimate.estimate(size, 1, None, 64 * GB, rates).seconds for rates in (made, RATES)
        )
        assert found - usual == pytest.approx(more)


def test_choosing_neighbours_takes_its_own_time():
    slow = estimate.Rates(1e-6, 1e-3)
    for style_loss, longer in (("neighbours", True), ("gram", False)):
        size = canvas(256, style_loss=style_loss)
        quick, slower = (
            estimate.estimate(size, 1, None, 64 * GB, rates) for rates in (RATES, slow)
        )
        assert (slower.seconds > quick.seconds) is longer


def test_only_weights_of_float32_are_transformed():
    sizes = (canvas(128), dataclasses.replace(canvas(128), element_size=2))
    precise, half = (estimate.peak(size, memory.WHOLE) for size in sizes)
    assert precise - half >= memory.WEIGHTS
