"""Winograd's convolution against torch's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from nst.vgg import strips
from nst.vgg.winograd import WinogradConv


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
    conv = WinogradConv(weight, bias)
    torch.testing.assert_close(conv.forward(x.detach()), expected, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(conv.backward(gradient), expected_gradient, rtol=1e-3, atol=1e-3)


def test_without_a_bias():
    x, weight, _ = both(8, 8)
    torch.testing.assert_close(
        WinogradConv(weight, None).forward(x), F.conv2d(x, weight, padding=1), rtol=1e-3, atol=1e-3
    )


def test_strips_join_without_a_seam(monkeypatch):
    x, weight, bias = both(40, 24)
    conv = WinogradConv(weight, bias)
    whole = conv.forward(x), conv.backward(F.conv2d(x, weight, padding=1))
    monkeypatch.setattr(strips, "STRIP_BYTES", 1)
    parts = conv.forward(x), conv.backward(F.conv2d(x, weight, padding=1))
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)


def test_the_input_is_left_as_it_was():
    x, weight, bias = both(9, 10)
    before = x.clone()
    WinogradConv(weight, bias).forward(x)
    assert torch.equal(x, before)


def test_strips_of_the_output_are_those_of_the_whole(monkeypatch):
    x, weight, bias = both(22, 17)
    conv = WinogradConv(weight, bias)
    whole = conv.forward(x)
    monkeypatch.setattr(strips, "STRIP_BYTES", 1)
    parts = list(conv.forward_strips(x))
    assert [part[:2] for part in parts] == [(0, 4), (4, 8), (8, 12), (12, 16), (16, 20), (20, 22)]
    torch.testing.assert_close(
        torch.cat([rows for _, _, rows in parts], 2), whole, rtol=1e-3, atol=1e-3
    )


def test_what_is_not_kept_is_made_again_with_the_same_result():
    x, weight, bias = both(16, 12)
    gradient = torch.randn(1, 7, 16, 12)
    conv = WinogradConv(weight, bias)
    kept = conv.forward(x), conv.backward(gradient)
    conv.keep(False)
    other = WinogradConv(torch.randn(9, 9, 3, 3), None, keep=False)
    first = conv.forward(x)
    other.forward(torch.randn(1, 9, 8, 8))  # takes the same room
    for one, two in zip(kept, (first, conv.backward(gradient)), strict=True):
        assert torch.equal(one, two)


def test_the_transformed_weights_are_given_back():
    x, weight, bias = both(8, 8, inputs=16, outputs=16)
    conv = WinogradConv(weight, bias)
    conv.forward(x)
    assert largest(conv) == 36 * 16 * 16
    conv.keep(False)
    assert largest(conv) == 9 * 16 * 16


def largest(conv):
    return max(value.numel() for value in vars(conv).values() if isinstance(value, torch.Tensor))
