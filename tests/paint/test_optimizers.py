"""Adam against torch's own, L-BFGS on functions whose minimum is known."""

from __future__ import annotations

import copy

import pytest
import torch

from nst.paint.optimizers import FULL_STEP, LBFGS, Adam


def test_equals_torchs_adam():
    pixels = torch.rand(1, 3, 4, 5)
    reference = torch.nn.Parameter(pixels.clone())
    optimizer = torch.optim.Adam([reference], lr=0.1, betas=(0.9, 0.99))
    adam = Adam(pixels)
    for step in range(20):
        gradient = torch.sin(pixels * 7 + step)
        reference.grad = torch.sin(reference.detach() * 7 + step)
        optimizer.step()
        pixels = adam.step(pixels, gradient, 0.0, 0.1)
    torch.testing.assert_close(pixels, reference.detach(), rtol=1e-4, atol=1e-5)


def test_the_first_step_is_the_learning_rate_against_the_gradient():
    pixels = torch.zeros(1, 3, 2, 2)
    pixels = Adam(pixels).step(pixels, torch.full_like(pixels, -3.0), 0.0, 0.25)
    torch.testing.assert_close(pixels, torch.full_like(pixels, 0.25))


def test_lbfgs_finds_the_minimum_of_a_badly_scaled_bowl():
    scale = torch.logspace(0, 3, 60).view(1, 3, 4, 5)
    goal = torch.rand(1, 3, 4, 5)
    pixels, optimizer = torch.zeros(1, 3, 4, 5), LBFGS()
    closest = float("inf")  # once there, rounding alone makes steps that are taken back
    for _ in range(200):
        off = pixels - goal
        closest = min(closest, float(off.abs().max()))
        loss = float((scale * off.square()).sum())
        pixels = optimizer.step(pixels, 2 * scale * off, loss, FULL_STEP)
    assert closest < 1e-2


def test_lbfgs_returns_to_the_best_after_a_step_that_made_it_worse():
    pixels, optimizer = torch.zeros(1, 3, 2, 2), LBFGS()
    gradient = torch.ones(1, 3, 2, 2)
    pixels = optimizer.step(pixels, gradient, 1.0, FULL_STEP)
    pixels = optimizer.step(pixels, gradient, 5.0, FULL_STEP)
    # From where the loss was 1, half as far.
    torch.testing.assert_close(pixels, torch.full_like(pixels, -0.05))


def test_lbfgs_moves_no_pixel_too_far_however_flat_the_loss():
    pixels, optimizer = torch.zeros(1, 3, 2, 2), LBFGS()
    for step in range(5):
        before = pixels.clone()
        pixels = optimizer.step(pixels, torch.full_like(pixels, -1 + 1e-4 * step), 1.0, FULL_STEP)
        assert (pixels - before).abs().max() <= 0.5 + 1e-6


def test_a_gradient_of_zero_moves_nothing():
    for optimizer in (LBFGS(), Adam(torch.zeros(1, 3, 2, 2))):
        pixels = torch.zeros(1, 3, 2, 2)
        for _ in range(3):
            pixels = optimizer.step(pixels, torch.zeros_like(pixels), 0.0, FULL_STEP)
        assert torch.equal(pixels, torch.zeros_like(pixels))


@pytest.mark.parametrize("kind", [Adam, lambda _: LBFGS()])
def test_a_state_stays_as_it_was_while_steps_go_on(kind):
    pixels = torch.rand(1, 3, 4, 5)
    optimizer, states = kind(pixels), []
    for step in range(6):
        given, gradient = pixels.clone(), torch.sin(pixels * 7 + step)
        before, pixels = pixels, optimizer.step(pixels, gradient, 6.0 - step, 0.1)
        assert torch.equal(before, given)
        state = optimizer.state()
        states.append((state, copy.deepcopy(state)))
    for state, copied in states:
        assert state.numbers == copied.numbers
        assert state.tensors.keys() == copied.tensors.keys()
        assert all(torch.equal(state.tensors[name], copied.tensors[name]) for name in state.tensors)


def test_moments_are_copied_only_for_somebody_who_holds_them():
    pixels = torch.rand(1, 3, 4, 5)
    adam = Adam(pixels)
    places = []
    for holds in (False, True, False):
        state = adam.state()
        one = state.tensors["first"] if holds else None
        del state
        pixels = adam.step(pixels, torch.ones_like(pixels), 0.0, 0.1)
        places.append(adam.first.data_ptr())
        del one
    assert places[0] != places[1] == places[2]


@pytest.mark.parametrize("kind", [Adam, lambda _: LBFGS()])
def test_the_state_at_first_is_that_of_a_new_optimizer(kind):
    pixels = torch.rand(1, 3, 4, 5)
    fresh, restored = kind(pixels), kind(pixels)
    restored.step(pixels, torch.ones_like(pixels), 1.0, 0.1)
    restored.restore(type(fresh).state_at_first(pixels))
    gradient = torch.rand(1, 3, 4, 5)
    one, other = (each.step(pixels, gradient.clone(), 1.0, 0.1) for each in (fresh, restored))
    assert torch.equal(one, other)
