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


@pytest.fixture
def wide() -> FrozenConvolution:
    """A layer in float32 whose channels are enough for Winograd's convolution."""
    layer = FrozenConvolution(
        "conv3_1", torch.randn(24, 128, 3, 3) / 30, torch.randn(24), torch.float32
    )
    if layer.packed is None:
        pytest.skip("torch does not compute with packed weights here")
    return layer


@pytest.mark.parametrize(("size", "quickest"), [((5, 7), "packed"), ((40, 52), "winograd")])
def test_in_float32_small_maps_take_packed_weights_and_large_ones_winograds(wide, size, quickest):
    workspace = Workspace(3, may_round=True)
    x = torch.randn(1, 128, *size).contiguous(memory_format=LAST)
    gradient = torch.randn(1, 24, *size).contiguous(memory_format=LAST)
    assert wide._quick(x.shape, workspace) is getattr(wide, quickest)
    found = (
        wide.linear(x, workspace),
        wide.gradient(x.shape, gradient, workspace),
        wide.gradient_of_pooled(x.shape, rows_of(gradient), workspace),
        wide.convolve_and_pool(x, "max", workspace)[0],
    )
    answer = F.conv2d(x, wide.filters, wide.bias, padding=1)
    back = conv2d_input(x.shape, wide.filters, gradient, padding=1)
    wanted = answer, back, back, F.max_pool2d(answer.relu(), 2)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_in_float32_bits_depend_on_whether_they_may_and_not_on_what_is_kept(wide):
    x = torch.randn(1, 128, 5, 7).contiguous(memory_format=LAST)
    for may_round in (False, True):
        few, many = (wide.linear(x, Workspace(blocks, may_round=may_round)) for blocks in (0, 3))
        assert torch.equal(few, many)
    assert wide._quick(x.shape, Workspace(3)) is wide.winograd


@pytest.mark.parametrize(
    ("precision", "forget", "anew"),
    [
        (torch.bfloat16, lambda workspace: workspace.keep(3), False),
        (torch.float32, lambda workspace: workspace.keep(3), True),
        (torch.bfloat16, Workspace.clear, True),
    ],
    ids=["another canvas", "another canvas in float32", "another network"],
)
def test_what_is_packed_anew(precision, forget, anew):
    workspace = Workspace(blocks=3)
    first = workspace.packed("conv3_1", "forward", lambda: torch.zeros(2, dtype=precision))
    assert workspace.packed("conv3_1", "forward", lambda: torch.ones(2)) is first
    forget(workspace)
    again = workspace.packed("conv3_1", "forward", lambda: torch.ones(2))
    assert (again is not first) == anew


def test_without_onednn_nothing_is_packed(weight, monkeypatch):
    monkeypatch.setattr(packed.torch.ops, "mkldnn", object())
    assert not packed.can_pack(weight)
    assert FrozenConvolution("conv3_1", weight, torch.zeros(64), torch.bfloat16).packed is None
