"""Losses and gradients against float64, bfloat16 within bounds, and laws of Gram matrices."""

from __future__ import annotations

import definitions
import oracle
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from nst.paint import losses
from nst.paint.losses import GramTarget
from nst.settings import Settings
from nst.vgg import gram, weights
from nst.vgg.network import VGG19
from nst.vgg.wanted import Wanted

DEFAULTS = Settings()


@pytest.fixture(scope="module")
def half() -> VGG19:
    return VGG19(weights.load_convolutions("original"), torch.device("cpu"), torch.bfloat16)


def loss_by_the_book(pixels, content, style, guides) -> Tensor:
    found, target, texture = (oracle.features(x) for x in (pixels, content, style))
    errors = []
    for guide in [None] if guides is None else guides:
        for name in DEFAULTS.style_layers:
            aim = oracle.gram(texture[name])
            difference = oracle.gram(found[name], guide) - aim
            errors.append(difference.square().sum() / aim.square().sum())
    layer = DEFAULTS.content_layer
    error = (found[layer] - target[layer]).square().mean()
    return DEFAULTS.content_weight * error + (
        DEFAULTS.style_weight * losses.STYLE_UNIT * torch.stack(errors).mean()
    )


def loss_of_the_trunk(vgg19: VGG19, pixels, content, style, guides) -> Tensor:
    names, layer = DEFAULTS.style_layers, DEFAULTS.content_layer
    seen = vgg19.look(pixels, Wanted([layer], names), guides)
    target = vgg19.features(content, [layer])[layer]
    aims = vgg19.look(style, Wanted((), names)).grams
    count = 1 if guides is None else len(guides)
    errors = [
        losses.style_loss(
            [seen.grams[name][region] for name in names],
            [GramTarget.of(aims[name][0]) for name in names],
        )
        for region in range(count)
    ]
    error = losses.content_loss(seen.features[layer], target)
    return DEFAULTS.content_weight * error + DEFAULTS.style_weight * torch.stack(errors).mean()


def masks(height: int, width: int) -> Tensor:
    ramp = torch.linspace(0, 1, width).expand(height, width)
    return torch.stack([ramp, 1 - ramp])


def value_and_gradient(loss, pixels: Tensor) -> tuple[float, Tensor]:
    pixels = pixels.clone().requires_grad_()
    value = loss(pixels)
    (gradient,) = torch.autograd.grad(value, pixels)
    return float(value.detach()), gradient.double()


@pytest.mark.parametrize(
    "guided",
    [pytest.param(False, marks=pytest.mark.long, id="whole"), pytest.param(True, id="masks")],
)
def test_loss_and_gradient_are_those_of_float64(vgg19, half, content, style, guided):
    # A picture somewhat away from the photo: at the photo itself there is no content error.
    noise = torch.rand(content.shape, generator=torch.Generator().manual_seed(0))
    pixels = vgg19.normalize(torch.lerp(content, noise, 0.3))
    photo, artwork = vgg19.normalize(content), vgg19.normalize(style)
    guides = masks(*content.shape[2:]) if guided else None
    exact, gradient = oracle.gradient(lambda x: loss_by_the_book(x, photo, artwork, guides), pixels)
    value, own = value_and_gradient(
        lambda x: loss_of_the_trunk(vgg19, x, photo, artwork, guides), pixels
    )
    assert value == pytest.approx(exact, rel=1e-5)
    assert oracle.apart(own, gradient) < 2e-3
    value, own = value_and_gradient(
        lambda x: loss_of_the_trunk(half, x, photo, artwork, guides), pixels
    )
    assert value == pytest.approx(exact, rel=0.02)
    assert oracle.apart(own, gradient) < 0.25
    assert float(F.cosine_similarity(own.flatten(), gradient.flatten(), 0)) > 0.97


FEATURES = st.tuples(
    st.integers(1, 6), st.integers(1, 9), st.integers(1, 9), st.integers(0, 10_000)
)


def features_of(shape: tuple[int, int, int, int]) -> Tensor:
    channels, height, width, seed = shape
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, channels, height, width, generator=generator, dtype=torch.float64)


@settings(deadline=None)
@given(FEATURES)
def test_gram_matrices_are_symmetric_and_never_negative(shape):
    gram = definitions.gram_matrix(features_of(shape)).double()
    assert torch.equal(gram, gram.T)
    assert torch.linalg.eigvalsh(gram).min() > -1e-5 * gram.trace().abs()


@settings(deadline=None)
@given(FEATURES, st.floats(0.1, 10))
def test_gram_matrices_grow_with_the_square(shape, factor):
    features = features_of(shape)
    grown = definitions.gram_matrix(features * factor)
    torch.testing.assert_close(grown, definitions.gram_matrix(features) * factor**2)


@settings(deadline=None)
@given(FEATURES, st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_tiles_add_up_to_the_whole(shape, row, column, guided):
    features = features_of(shape).float()
    height, width = features.shape[2:]
    guides = (
        torch.rand(2, height, width, generator=torch.Generator().manual_seed(1)) if guided else None
    )
    whole = gram.gram_sums(features, guides)
    added = torch.zeros_like(whole)
    for rows in (slice(0, row), slice(row, None)):
        for columns in (slice(0, column), slice(column, None)):
            part = None if guides is None else guides[:, rows, columns]
            added += gram.gram_sums(features[:, :, rows, columns], part)
    torch.testing.assert_close(added, whole, rtol=1e-4, atol=1e-4)


@settings(deadline=None)
@given(FEATURES, st.integers(2, 4))
def test_masks_that_share_a_picture_out_add_up_to_it(shape, count):
    features = features_of(shape).float()
    height, width = features.shape[2:]
    shares = torch.rand(count, height, width, generator=torch.Generator().manual_seed(2)).softmax(0)
    parts = definitions.gram_matrices(features, shares)
    weights = shares.mean((1, 2))[:, None, None]
    torch.testing.assert_close(
        (parts * weights).sum(0), definitions.gram_matrix(features), rtol=1e-4, atol=1e-4
    )


@settings(deadline=None)
@given(FEATURES)
def test_a_picture_is_its_own_style_and_content(shape):
    features = features_of(shape).float()
    gram = definitions.gram_matrix(features)
    assert losses.style_loss([gram], [GramTarget.of(gram)]) == 0
    assert losses.content_loss(features, features) == 0


def test_gradients_of_the_losses_are_those_of_float64():
    features = features_of((3, 4, 5, 0)).requires_grad_()
    target = GramTarget.of(torch.rand(3, 3, dtype=torch.float64))
    other = features_of((3, 4, 5, 1))
    assert torch.autograd.gradcheck(
        lambda x: target.error(x[0].flatten(1) @ x[0].flatten(1).T), features
    )
    assert torch.autograd.gradcheck(lambda x: definitions.total_variation(x), features)
    assert torch.autograd.gradcheck(lambda x: (x - other).square().mean(), features)
