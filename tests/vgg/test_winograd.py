"""Winograd's convolution against torch's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from nst.vgg import strips
from nst.vgg.winograd import WinogradConv
from nst.vgg.workspace import Workspace

LAYER = "conv2_1"


def both(height, width, inputs=5, outputs=7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, inputs, height, width, generator=generator)
    weight = torch.randn(outputs, inputs, 3, 3, generator=generator)
    bias = torch.randn(outputs, generator=generator)
    return x.to(memory_format=torch.channels_last), weight, bias


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 21), st.integers(1, 21), st.integers(0, 99))
def test_forward_and_backward_equal_the_plain_convolution(height, width, seed):
    x, weight, bias = both(height, width, seed=seed)
    x.requires_grad_()
    expected = F.conv2d(x, weight, bias, padding=1)
    gradient = torch.randn(expected.shape)
    (expected_gradient,) = torch.autograd.grad(expected, x, gradient)
    conv = WinogradConv(weight, bias, LAYER)
    torch.testing.assert_close(
        conv.forward(x.detach(), Workspace()), expected, rtol=1e-3, atol=1e-3
    )
    torch.testing.assert_close(
        conv.backward(gradient, Workspace()), expected_gradient, rtol=1e-3, atol=1e-3
    )


def test_without_a_bias():
    x, weight, _ = both(8, 8)
    torch.testing.assert_close(
        WinogradConv(weight, None, LAYER).forward(x, Workspace()),
        F.conv2d(x, weight, padding=1),
        rtol=1e-3,
        atol=1e-3,
    )


def test_strips_join_without_a_seam(monkeypatch):
    x, weight, bias = both(40, 24)
    conv = WinogradConv(weight, bias, LAYER)
    whole = conv.forward(x, Workspace()), conv.backward(F.conv2d(x, weight, padding=1), Workspace())
    monkeypatch.setattr(strips, "STRIP_BYTES", 1)
    parts = conv.forward(x, Workspace()), conv.backward(F.conv2d(x, weight, padding=1), Workspace())
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)


def test_the_input_is_left_as_it_was():
    x, weight, bias = both(9, 10)
    before = x.clone()
    WinogradConv(weight, bias, LAYER).forward(x, Workspace())
    assert torch.equal(x, before)


def test_strips_of_the_output_are_those_of_the_whole(monkeypatch):
    x, weight, bias = both(22, 17)
    conv = WinogradConv(weight, bias, LAYER)
    whole = conv.forward(x, Workspace())
    monkeypatch.setattr(strips, "STRIP_BYTES", 1)
    parts = list(conv.forward_strips(x, Workspace()))
    assert [part[:2] for part in parts] == [(0, 4), (4, 8), (8, 12), (12, 16), (16, 20), (20, 22)]
    torch.testing.assert_close(
        torch.cat([rows for _, _, rows in parts], 2), whole, rtol=1e-3, atol=1e-3
    )


def test_the_transformed_weights_may_be_made_for_each_pass():
    x, weight, bias = both(16, 12)
    gradient = torch.randn(1, 7, 16, 12)
    conv, keeping, sharing = WinogradConv(weight, bias, LAYER), Workspace(5), Workspace()
    kept = conv.forward(x, keeping), conv.backward(gradient, keeping)
    first = conv.forward(x, sharing)
    other = WinogradConv(torch.randn(9, 9, 3, 3), None, "conv3_1")
    other.forward(torch.randn(1, 9, 8, 8), sharing)  # overwrites the weights
    for one, two in zip(kept, (first, conv.backward(gradient, sharing)), strict=True):
        assert torch.equal(one, two)
