"""Packed weights: the same convolution to the bit, packed once, and only where they are kept."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch.nn.grad import conv2d_input

from nst.vgg import packed
from nst.vgg.convolution import FrozenConvolution, Unpooled
from nst.vgg.workspace import Workspace

LAST = torch.channels_last


def of(*shape: int) -> torch.Tensor:
    return torch.randn(shape).bfloat16().contiguous(memory_format=LAST)


def rows_of(gradient: torch.Tensor) -> Unpooled:
    return lambda top, bottom: gradient[:, :, top:bottom]


@pytest.fixture
def weight() -> torch.Tensor:
    """Weights of 48 channels to 64."""
    found = of(64, 48, 3, 3)
    if not packed.can_pack(found):
        pytest.skip("torch or this processor does not compute in bfloat16 with packed weights")
    return found


def test_packed_weights_give_the_same_to_the_bit(weight):
    bias, workspace = torch.randn(64).bfloat16(), Workspace(blocks=3)
    convolution = packed.PackedConv(weight, bias, "conv3_1")
    for height, width in ((3, 4), (12, 7), (40, 52)):  # packed for the first, right for all
        x, gradient = of(1, 48, height, width), of(1, 64, height, width)
        found = convolution.forward(x, workspace)
        assert torch.equal(found, F.conv2d(x, weight, bias, padding=1))
        assert found.is_contiguous(memory_format=LAST)
        found = convolution.backward(gradient, workspace)
        assert torch.equal(found, conv2d_input(x.shape, weight, gradient, padding=1))


def test_a_layer_packs_its_weights_once_where_they_are_kept(weight, monkeypatch):
    layer = FrozenConvolution("conv3_1", weight.float(), torch.zeros(64), torch.bfloat16)
    x, made, pack = of(1, 48, 5, 6), [], packed._pack

    def counted(*given):
        made.append(given)
        return pack(*given)

    monkeypatch.setattr(packed, "_pack", counted)
    outputs = []
    for blocks, times in ((2, 0), (3, 2)):
        workspace = Workspace(blocks)
        for _ in range(3):
            output = layer.convolve(x, workspace)
            outputs += [output, layer.gradient(x.shape, output, workspace)]
        assert len(made) == times
    for number, each in enumerate(outputs):
        assert torch.equal(each, outputs[number % 2])


@pytest.mark.parametrize(
    "other",
    [torch.zeros(8, 8, 1, 1), torch.zeros(8, 8, 3, 3, device="meta")],
    ids=["1x1", "another device"],
)
def test_nothing_else_is_packed(other):
    assert not packed.can_pack(other)


def test_in_float32_small_maps_take_packed_weights_and_large_ones_winograds():
    weight, bias = torch.randn(24, 128, 3, 3) / 30, torch.randn(24)
    if not packed.can_pack(weight):
        pytest.skip("torch does not compute with packed weights here")
    layer, workspace = FrozenConvolution("conv3_1", weight, bias, torch.float32), Workspace(3)
    for height, width, quickest in ((5, 7, layer.packed), (40, 52, layer.winograd)):
        x = torch.randn(1, 128, height, width).contiguous(memory_format=LAST)
        gradient = torch.randn(1, 24, height, width).contiguous(memory_format=LAST)
        assert layer._quicker(x.shape, workspace) is quickest
        found = (
            layer.linear(x, workspace),
            layer.gradient(x.shape, gradient, workspace),
            layer.gradient_of_pooled(x.shape, rows_of(gradient), workspace),
            layer.convolve_and_pool(x, "max", workspace)[0],
        )
        answer = F.conv2d(x, weight, bias, padding=1)
        back = conv2d_input(x.shape, weight, gradient, padding=1)
        wanted = answer, back, back, F.max_pool2d(answer.relu(), 2)
        for one, other in zip(found, wanted, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
    # To the bit the same where nothing is kept.
    x = torch.randn(1, 128, 5, 7).contiguous(memory_format=LAST)
    assert torch.equal(layer.linear(x, Workspace()), layer.linear(x, workspace))


def test_the_next_canvas_packs_anew(weight):
    workspace = Workspace(blocks=3)
    first = workspace.packed("conv3_1", "forward", lambda: weight)
    assert workspace.packed("conv3_1", "forward", lambda: weight.clone()) is first
    workspace.keep(3)
    assert workspace.packed("conv3_1", "forward", lambda: weight.clone()) is not first


def test_without_onednn_nothing_is_packed(weight, monkeypatch):
    monkeypatch.setattr(packed.torch.ops, "mkldnn", object())
    assert not packed.can_pack(weight)
    assert FrozenConvolution("conv3_1", weight, torch.zeros(64), torch.bfloat16).packed is None
