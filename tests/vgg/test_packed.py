"""Packed weights: the same convolution to the bit, packed once, and only where they are kept."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch.nn.grad import conv2d_input

from nst.vgg import packed
from nst.vgg.convolution import FrozenConvolution
from nst.vgg.workspace import Workspace

LAST = torch.channels_last


def of(*shape: int) -> torch.Tensor:
    return torch.randn(shape).bfloat16().contiguous(memory_format=LAST)


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
    "other", [torch.zeros(8, 8, 3, 3), torch.zeros(8, 8, 1, 1).bfloat16()], ids=["float32", "1x1"]
)
def test_nothing_else_is_packed(other):
    assert not packed.can_pack(other)


def test_without_onednn_nothing_is_packed(weight, monkeypatch):
    monkeypatch.setattr(packed.torch.ops, "mkldnn", object())
    assert not packed.can_pack(weight)
    assert FrozenConvolution("conv3_1", weight, torch.zeros(64), torch.bfloat16).packed is None
