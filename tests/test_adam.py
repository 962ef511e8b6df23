"""Adam against torch's own."""

from __future__ import annotations

import torch

from nst.adam import Adam


def test_equals_torchs_adam():
    pixels = torch.rand(1, 3, 4, 5)
    reference = torch.nn.Parameter(pixels.clone())
    optimizer = torch.optim.Adam([reference], lr=0.1, betas=(0.9, 0.99))
    adam = Adam(pixels)
    for step in range(20):
        gradient = torch.sin(pixels * 7 + step)
        reference.grad = torch.sin(reference.detach() * 7 + step)
        optimizer.step()
        adam.step(pixels, gradient, 0.1)
    torch.testing.assert_close(pixels, reference.detach(), rtol=1e-4, atol=1e-5)


def test_the_first_step_is_the_learning_rate_against_the_gradient():
    pixels = torch.zeros(1, 3, 2, 2)
    Adam(pixels).step(pixels, torch.full_like(pixels, -3.0), 0.25)
    torch.testing.assert_close(pixels, torch.full_like(pixels, 0.25))
