"""The first block in strips against the same written plainly."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from nst import losses, strips
from nst.settings import CONTROLS
from nst.stem import Stem, fold_rim, replicate_rim


@pytest.fixture(scope="module")
def stem():
    generator = torch.Generator().manual_seed(0)
    first = torch.randn(8, 3, 3, 3, generator=generator), torch.randn(8, generator=generator)
    second = torch.randn(6, 8, 3, 3, generator=generator), torch.randn(6, generator=generator)
    return Stem(first, second)


def everywhere(guides, height, width):
    """All positions count."""
    total = losses.total_weights(guides, height * width)
    return losses.Positions(slice(0, height), slice(0, width), guides, total)


def plain(stem, pixels, guides, pooling):
    first = F.conv2d(replicate_rim(pixels), stem.weight1, stem.bias1).relu()
    second = F.conv2d(first, stem.weight2, stem.bias2, padding=1).relu()
    pooled = (F.max_pool2d if pooling == "max" else F.avg_pool2d)(second, 2)
    return pooled, losses.gram_matrices(first, guides)


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
    pooled, grams, tape = stem.forward(pixels.detach(), everywhere(guides, 18, 14), pooling)
    torch.testing.assert_close(pooled, expected[0], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(grams, expected[1], rtol=1e-4, atol=1e-3)
    gradient = stem.backward(tape, pooled_gradient, gram_gradient)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-3, atol=1e-3)


def test_without_a_loss_on_its_textures(stem):
    pixels = torch.randn(1, 3, 8, 8, requires_grad=True)
    expected, _ = plain(stem, pixels, None, "max")
    gradient = torch.randn(expected.shape)
    (expected_gradient,) = torch.autograd.grad(expected, pixels, gradient)
    _, _, tape = stem.forward(pixels.detach(), everywhere(None, 8, 8), "max")
    found = stem.backward(tape, gradient, None)
    torch.testing.assert_close(found, expected_gradient, rtol=1e-3, atol=1e-3)


def test_folding_the_rim_is_the_transpose_of_repeating_it():
    x, y = torch.randn(1, 3, 4, 5, dtype=torch.float64), torch.randn(1, 3, 6, 7).double()
    one = (replicate_rim(x) * y).sum()
    torch.testing.assert_close((x * fold_rim(y.clone())).sum(), one)
