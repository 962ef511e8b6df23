"""With `style_loss` "gram" a painting is, to the bit, what it was before there were strokes."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from nst.layers import suitable_side
from nst.paint import clock, losses, schedule, transfer
from nst.paint.losses import GramTarget
from nst.paint.moment import calm_rim
from nst.paint.optimizers import Adam
from nst.paint.tensors import add_resize_gradient, resize
from nst.pictures import tensors
from nst.settings import Settings
from nst.vgg.wanted import Wanted

GRAM = Settings(style_loss="gram", resolution=96, iterations=6, early_stop=False)


def style_grams(trunk, style, size, full, settings):
    """For a canvas of this size those of the artwork, reduced as the canvas is."""
    scale = max(size) / full
    small = resize(style, *(suitable_side(side * scale) for side in style.shape[2:]))
    with torch.no_grad():
        grams = trunk.look(
            trunk.normalize(small), Wanted((), settings.style_layers, settings.pooling)
        ).grams
    return [GramTarget.of(grams[layer][0]) for layer in settings.style_layers], small


def painted_plainly(content, style, settings, trunk):
    """The whole run as one loop, without an eye, an objective, a cache, a tile or a strip.

    Coarse to fine, what changed is enlarged and not the picture, style judged at up to three sizes.
    """
    full, pixels = max(content.shape[2:]), None
    black, white = (trunk.normalize(torch.full((1, 3, 1, 1), value)) for value in (0.0, 1.0))
    for stage in schedule.plan(settings, *content.shape[2:]):
        size = (stage.height, stage.width)
        photo = trunk.normalize(resize(content, *size))
        if pixels is None:
            pixels = photo.clone()
        else:
            before = trunk.normalize(resize(content, *pixels.shape[2:]))
            pixels = resize(pixels - before, *size) + photo
        pixels = pixels.clamp(black, white)
        sizes = schedule.pyramid(*size) if settings.coarse_to_fine else [size]
        wanted = [style_grams(trunk, style, each, full, settings)[0] for each in sizes]
        artwork = trunk.normalize(style_grams(trunk, style, size, full, settings)[1])
        unit = max(losses.variation(artwork), losses.LEAST_VARIATION)
        layer = settings.content_layer
        target = trunk.features(photo, [layer], settings.pooling)[layer]

        def judged(pixels, number, content_layers, wanted=wanted, target=target):
            """The gradient of the losses at one size of the pyramid."""
            pixels = pixels.detach().requires_grad_()
            layers = settings.style_layers
            seen = trunk.look(pixels, Wanted(content_layers, layers, settings.pooling))
            grams = [seen.grams[layer][0] for layer in layers]
            error = losses.style_loss(grams, wanted[number], settings.style_layer_weights)
            loss = settings.style_weight * (error / len(wanted))
            for features in seen.features.values():
                loss = loss + settings.content_weight * losses.content_loss(features, target)
            return torch.autograd.grad(loss, pixels)[0]

        adam = Adam(pixels)
        for step in range(stage.iterations):
            gradient = torch.zeros_like(pixels)
            # From the smallest size to the largest: in another order the last bits would differ.
            for number in range(len(sizes) - 1, 0, -1):
                small = judged(resize(pixels, *sizes[number]), number, ())
                add_resize_gradient(small, gradient)
            gradient += judged(pixels, 0, [layer])
            losses.variation(pixels, settings.tv_weight / unit, gradient)
            rate = settings.learning_rate
            if settings.anneal:
                course = (1 + math.cos(math.pi * step / stage.iterations)) / 2
                course = clock.FINAL_RATE + (1 - clock.FINAL_RATE) * course
                rate = 2 * rate * course * min(1.0, (step + 1) / clock.WARM_UP)
            pixels = adam.step(pixels, gradient, 0.0, rate)
            pixels = pixels.clamp(black, white)
    photo = trunk.normalize(content)
    calm = photo + calm_rim(pixels - photo)
    return trunk.denormalize(calm).clamp(0, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"coarse_to_fine": False, "anneal": False, "tv_weight": 0.0, "iterations": 4},
        {"pooling": "avg", "style_layer_weights": (5.0, 4.0, 3.0, 2.0, 1.0), "iterations": 6},
        {"content_layer": "conv2_2", "style_layers": ("conv3_1", "conv1_2"), "iterations": 6},
    ],
    ids=["coarse to fine", "one canvas", "means and weights", "other layers"],
)
def test_it_is_the_painting_of_a_plain_loop(content, style, trunk, changes):
    settings = dataclasses.replace(GRAM, **changes)
    expected = painted_plainly(content, style, settings, trunk)
    found = transfer.stylize(transfer.Canvas(content, [style]), settings, trunk)
    assert torch.equal(found, expected)
    assert (found - content).abs().mean() > 0.02


def test_so_it_is_of_a_canvas_with_three_sizes(photo, artwork, trunk):
    content, style = (tensors.to_tensor(picture.resize((144, 128))) for picture in (photo, artwork))
    settings = dataclasses.replace(GRAM, iterations=2, coarse_to_fine=True)
    (stage,) = schedule.plan(settings, 128, 144)[-1:]
    assert len(schedule.pyramid(stage.height, stage.width)) == 3
    expected = painted_plainly(content, style, settings, trunk)
    assert torch.equal(
        transfer.stylize(transfer.Canvas(content, [style]), settings, trunk), expected
    )


def test_no_size_has_strokes(content, style, trunk):
    for progress in transfer.steps(transfer.Canvas(content, [style]), GRAM, trunk):
        assert progress.state().choices is None
