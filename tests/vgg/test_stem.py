"""The first block in strips against the same written plainly."""

from __future__ import annotations

import definitions
import pytest
import torch
import torch.nn.functional as F

from nst.settings import CONTROLS
from nst.vgg import gram, strips
from nst.vgg.stem import CELL, Stem, add_averages_gradient, averages, fold_rim, replicate_rim


@pytest.fixture(scope="module")
def stem():
    generator = torch.Generator().manual_seed(0)
    first = torch.randn(8, 3, 3, 3, generator=generator), torch.randn(8, generator=generator)
    second = torch.randn(6, 8, 3, 3, generator=generator), torch.randn(6, generator=generator)
    return Stem(first, second)


def everywhere(guides, height, width):
    """All positions count."""
    total = gram.total_weights(guides, height * width)
    return gram.Positions(slice(0, height), slice(0, width), guides, total)


def plain(stem, pixels, guides, pooling):
    first = F.conv2d(replicate_rim(pixels), stem.weight1, stem.bias1).relu()
    second = F.conv2d(first, stem.weight2, stem.bias2, padding=1).relu()
    pooled = (F.max_pool2d if pooling == "max" else F.avg_pool2d)(second, 2)
    return pooled, definitions.gram_matrices(first, guides)


@pytest.mark.parametrize("pooling", CONTROLS["pooling"].choices)
@pytest.mark.parametrize("guided", [False, True])
@pytest.mark.parametrize("strip_bytes", [strips.STRIP_BYTES, 1, 8 * 14 * 4 * 6])
def test_both_directions_equal_autograd(stem, pooling, guided, strip_bytes, monkeypatch):
    monkeypatch.setattr(strips, "STRIP_BYTES", strip_bytes)
    pixels = torch.randn(1, 3, 18, 14, requires_grad=True)
    guides = torch.rand(2, 18, 14) if guided else None
    expected = plain(stem, pixels, guides, pooling)
    pooled_gradient, gram_gradient = (torch.randn(part.shape) for part in expected)
    (expected_gradient,) = torch.autograd.grad(expected, pixels, (pooled_gradient, gram_gradient))
    pooled, grams, means, tape = stem.forward(pixels.detach(), everywhere(guides, 18, 14), pooling)
    assert means is None
    torch.testing.assert_close(pooled, expected[0], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(grams, expected[1], rtol=1e-4, atol=1e-3)
    gradient = stem.backward(tape, pooled_gradient, gram_gradient)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-3, atol=1e-3)


def test_without_a_loss_on_its_textures(stem):
    pixels = torch.randn(1, 3, 8, 8, requires_grad=True)
    expected, _ = plain(stem, pixels, None, "max")
    gradient = torch.randn(expected.shape)
    (expected_gradient,) = torch.autograd.grad(expected, pixels, gradient)
    _, _, _, tape = stem.forward(pixels.detach(), everywhere(None, 8, 8), "max")
    found = stem.backward(tape, gradient, None)
    torch.testing.assert_close(found, expected_gradient, rtol=1e-3, atol=1e-3)


def inside(guides, height, width):
    """Only the middle counts, as the core of a tile does."""
    rows, columns = slice(CELL, height - 2 * CELL), slice(2 * CELL, width)
    return gram.Positions(rows, columns, guides, height * width)


@pytest.mark.parametrize("pooling", CONTROLS["pooling"].choices)
@pytest.mark.parametrize("counted", [everywhere, inside])
@pytest.mark.parametrize("strip_bytes", [strips.STRIP_BYTES, 1, 8 * 16 * 4 * 12])
def test_means_over_cells_and_their_gradient(stem, counted, pooling, strip_bytes, monkeypatch):
    """Beside all else that comes out of the first block."""
    monkeypatch.setattr(strips, "STRIP_BYTES", strip_bytes)
    height, width = 7 * CELL, 4 * CELL
    places = counted(None, height, width)
    pixels = torch.randn(1, 3, height, width, requires_grad=True)
    first = F.conv2d(replicate_rim(pixels), stem.weight1, stem.bias1).relu()
    core = first[:, :, places.rows, places.columns]
    grams = (core[0].flatten(1) @ core[0].flatten(1).T / (height * width))[None]
    expected = plain(stem, pixels, None, pooling)[0], grams, F.avg_pool2d(core, CELL)
    gradients = [torch.randn(each.shape) for each in expected]
    (expected_gradient,) = torch.autograd.grad(expected, pixels, gradients)
    *found, tape = stem.forward(pixels.detach(), places, pooling, averaged=True)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
    gradient = stem.backward(tape, *gradients)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("finer", [1, 2, 4])
def test_the_gradient_of_means_is_added(finer):
    x = torch.randn(1, 5, 8, 12, requires_grad=True)
    means = averages(x, finer)
    assert means.shape == (1, 5, 8 // finer, 12 // finer)
    slope, before = torch.randn(means.shape), torch.randn(x.shape)
    (expected,) = torch.autograd.grad(means, x, slope)
    found = before.clone()
    add_averages_gradient(slope, finer, found)
    torch.testing.assert_close(found, before + expected)


def test_folding_the_rim_is_the_transpose_of_repeating_it():
    x, y = torch.randn(1, 3, 4, 5, dtype=torch.float64), torch.randn(1, 3, 6, 7).double()
    one = (replicate_rim(x) * y).sum()
    torch.testing.assert_close((x * fold_rim(y.clone())).sum(), one)
