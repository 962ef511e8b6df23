"""Pooling and its way back against torch's."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from nst.settings import CONTROLS
from nst.vgg import strips
from nst.vgg.pooling import pool, unpool

PLAIN = {"max": F.max_pool2d, "avg": F.avg_pool2d}


@pytest.mark.parametrize("kind", CONTROLS["pooling"].choices)
@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
def test_both_directions_equal_autograd(kind, half_height, half_width, seed):
    generator = torch.Generator().manual_seed(seed)
    before = torch.randn(1, 5, 2 * half_height, 2 * half_width, generator=generator)
    before.requires_grad_()
    expected = PLAIN[kind](before.relu(), 2)
    gradient = torch.randn(expected.shape, generator=generator)
    (expected_gradient,) = torch.autograd.grad(expected, before, gradient)
    pooled, gate = pool(before.detach().relu(), kind)
    torch.testing.assert_close(pooled, expected)
    torch.testing.assert_close(unpool(gradient, pooled, gate, kind), expected_gradient)


@pytest.mark.parametrize("kind", CONTROLS["pooling"].choices)
def test_strips_and_rows_cut_out_change_nothing(kind, monkeypatch):
    x = torch.randn(1, 3, 24, 10).relu()
    pooled, gate = pool(x, kind)
    gradient = torch.randn(pooled.shape)
    whole = unpool(gradient, pooled, gate, kind)
    monkeypatch.setattr(strips, "STRIP_BYTES", 1)
    for one, other in zip(pool(x, kind), (pooled, gate), strict=True):
        assert torch.equal(one, other)
    assert torch.equal(unpool(gradient, pooled, gate, kind), whole)
    part = unpool(gradient[:, :, 3:7], pooled[:, :, 3:7], gate[:, :, 3:7], kind)
    assert torch.equal(part, whole[:, :, 6:14])


def test_equal_neighbours_share_no_gradient():
    pooled, gate = pool(torch.ones(1, 1, 2, 2), "max")
    assert unpool(torch.ones_like(pooled), pooled, gate, "max").sum() == 1
