"""Without any content weight the photo has no influence: a texture in the style alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from files import noise
from PIL import Image

from nst.paint import faces, transfer
from nst.paint.transfer import Canvas
from nst.pictures import fitting
from nst.settings import CONTROLS, Settings
from nst.studio.engine import VGGPainter
from nst.studio.order import Pictures
from nst.studio.studio import Painting

KINDS = pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)
# Large enough for two sizes, so that a canvas is enlarged.
SETTINGS = Settings(resolution=128, iterations=4, content_weight=0, seed=3)


@pytest.fixture
def face_everywhere(monkeypatch):
    """A face is found in every photo, and it is all of it."""
    monkeypatch.setattr(faces, "find", lambda photo: torch.ones(1, 1, *photo.shape[2:]))


def painted(trunk, photo: Image.Image, artwork: Image.Image, settings: Settings):
    """A painting, and its last `Progress`."""
    painting = Painting(Pictures(photo, [artwork]), settings)
    *_, last = painting.steps(VGGPainter(trunk).paint)
    return painting, last


@KINDS
@pytest.mark.usefixtures("face_everywhere")
def test_two_photos_give_the_same_texture(trunk, photo, artwork, kind):
    """Also of 16 bits, and larger than the canvas, where paintings gain detail from the photo."""
    settings = dataclasses.replace(SETTINGS, style_loss=kind)
    photo = fitting.fit(photo, 192)
    results = []
    for each in (photo, noise(*photo.size)):
        painting, last = painted(trunk, each, artwork, settings)
        results.append((painting.finish(last.image), painting.finish_deep(last.image), last))
        assert last.content_loss == 0 or kind == "neighbours"
    (one, deep, last), (other, its_deep, its_last) = results
    assert torch.equal(last.image, its_last.image)
    assert last.total_loss == its_last.total_loss
    assert one.size == photo.size
    assert one.tobytes() == other.tobytes()
    assert np.array_equal(deep, its_deep)
    with_photo = [
        painted(trunk, each, artwork, dataclasses.replace(settings, content_weight=0.1))[1].image
        for each in (photo, noise(*photo.size))
    ]
    assert not torch.allclose(*with_photo, atol=0.05)


@KINDS
def test_the_seed_makes_another_texture(trunk, content, style, kind):
    settings = dataclasses.replace(SETTINGS, resolution=96, iterations=2, style_loss=kind)
    one, other = (
        transfer.stylize(Canvas(content, [style]), dataclasses.replace(settings, seed=seed), trunk)
        for seed in (0, 1)
    )
    assert not torch.allclose(one, other, atol=0.05)


@KINDS
def test_a_texture_may_begin_with_a_picture(trunk, content, style, kind):
    settings = dataclasses.replace(
        SETTINGS, resolution=96, iterations=1, learning_rate=0.001, init="picture", style_loss=kind
    )
    start = style.flip(2)[..., : content.shape[2], :]
    found = transfer.stylize(Canvas(content, [style], start), settings, trunk)
    expected = transfer.stylize(Canvas(1 - content, [style], start), settings, trunk)
    assert torch.equal(found, expected)


@KINDS
def test_a_texture_nears_its_style(trunk, content, style, kind):
    settings = dataclasses.replace(SETTINGS, resolution=96, iterations=16, style_loss=kind)
    losses = [
        progress.style_loss
        for progress in transfer.steps(Canvas(content, [style]), settings, trunk)
    ]
    assert losses[-1] < 0.5 * losses[0]


def test_a_mask_keeps_the_photo_beside_a_texture(trunk, content, style):
    mask = torch.zeros(1, 1, *content.shape[2:])
    mask[..., : content.shape[3] // 2] = 1
    settings = dataclasses.replace(SETTINGS, resolution=96, iterations=3)
    found = transfer.stylize(Canvas(content, [style], masks=[mask]), settings, trunk)
    free = (..., slice(content.shape[3] // 2, None))
    torch.testing.assert_close(found[free], content[free], rtol=0, atol=1e-4)
