"""The narrow network against the whole one, and its gradient against autograd's."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from nst import layers
from nst.paint.neighbours import DEEPEST_BLOCK
from nst.vgg import narrow
from nst.vgg.calibration import dead_leaves
from nst.vgg.convolution import FrozenConvolution
from nst.vgg.wanted import Wanted
from nst.vgg.workspace import Workspace


def test_components_are_those_of_the_largest_answers():
    generator = torch.Generator().manual_seed(0)
    few = torch.randn(3, 200, generator=generator)
    answers = torch.randn(16, 3, generator=generator) @ few
    found = narrow.principal_components(answers, 3)
    assert found.shape == (16, 3)
    torch.testing.assert_close(found.T @ found, torch.eye(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(found @ found.T @ answers, answers, atol=1e-4, rtol=0)


@pytest.mark.parametrize("inputs", [64, 128])  # without and with Winograd's algorithm
def test_as_many_filters_as_channels_change_nothing(inputs):
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(128, inputs, 3, 3, generator=generator) / 30
    bias = torch.randn(128, generator=generator)
    whole = FrozenConvolution("conv2_2", weight, bias, torch.float32)
    turned = torch.linalg.qr(torch.randn(128, 128, generator=generator))[0]
    same, workspace = narrow.NarrowConvolution(whole, turned), Workspace()
    x = torch.randn(1, inputs, 12, 16, generator=generator).contiguous(
        memory_format=torch.channels_last
    )
    expected = F.conv2d(x, weight, bias, padding=1).relu()
    torch.testing.assert_close(same.convolve(x, workspace), expected, atol=1e-4, rtol=1e-4)
    pooled, _ = same.convolve_and_pool(x, "max", workspace)
    torch.testing.assert_close(pooled, F.max_pool2d(expected, 2), atol=1e-4, rtol=1e-4)
    gradient = torch.randn(expected.shape, generator=generator)
    wanted = whole.gradient(x.shape, gradient, workspace)
    torch.testing.assert_close(
        same.gradient(x.shape, gradient, workspace), wanted, atol=1e-4, rtol=1e-4
    )


def test_it_sees_nearly_the_same_and_with_fewer_filters(trunk):
    picture = dead_leaves(96, torch.Generator().manual_seed(5))
    asked = ("conv1_1", "conv2_1", "conv3_1", "conv3_4")
    seen, nearly = trunk.features(picture, asked), trunk.narrow.features(picture, asked)
    assert torch.equal(nearly["conv1_1"], seen["conv1_1"])
    for layer in asked:
        apart = (nearly[layer] - seen[layer]).norm() / seen[layer].norm()
        assert float(apart) < 0.25, layer
    filters = trunk.narrow._frozen.convolutions["conv3_1"].filters
    assert len(filters) == narrow.FILTERS[3] < layers.channels("conv3_1")
    assert trunk.narrow is trunk.narrow
    assert trunk.narrow.is_narrow
    assert not trunk.is_narrow


def test_it_has_all_layers_that_strokes_may_look_at(trunk):
    reached = [layer for layer in layers.LAYERS if layers.block(layer) <= DEEPEST_BLOCK]
    assert list(trunk.narrow._frozen.convolutions) == reached


def test_its_gradient_is_that_of_what_it_sees(trunk):
    generator = torch.Generator().manual_seed(2)
    pixels = dead_leaves(32, generator)
    weights = torch.randn(1, 256, 8, 8, generator=generator)
    wanted = Wanted(["conv3_1"], ["conv1_1"])

    def loss(shown):
        look = trunk.narrow.look(shown, wanted)
        return (look.features["conv3_1"] * weights).sum() + look.grams["conv1_1"].sum()

    shown = pixels.clone().requires_grad_()
    loss(shown).backward()
    direction = torch.randn(pixels.shape, generator=generator)
    step = 1e-3
    slope = (loss(pixels + step * direction) - loss(pixels - step * direction)) / (2 * step)
    along = float((shown.grad * direction).sum())
    assert along == pytest.approx(float(slope), rel=0.02)


def test_it_is_the_same_however_many_threads_there_are(trunk):
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(narrow.narrowed(trunk._frozen))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    one, other = found
    assert torch.equal(one.stem.weight2, other.stem.weight2)
    for name in ("conv2_2", "conv3_1", "conv3_4"):
        made = one.convolutions[name], other.convolutions[name]
        assert torch.equal(made[0].filters, made[1].filters)
