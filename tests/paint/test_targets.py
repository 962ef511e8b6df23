"""Targets that are computed once."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from nst.paint import targets, transfer
from nst.paint.schedule import plan
from nst.paint.targets import TargetCache
from nst.settings import Settings


def test_it_keeps_what_was_used_last_within_its_limit():
    made = []

    def recall(key):
        return cache.recall(key, lambda: made.append(key) or [torch.zeros(10)])

    cache = TargetCache(limit=100)  # two of 40 bytes
    for key in "abacab":
        recall(key)
    assert made == ["a", "b", "c", "b"]


def test_pictures_differ_by_values_and_shape():
    image = torch.rand(1, 3, 16, 32, generator=torch.Generator().manual_seed(0))
    changed = image.clone()
    changed[0, 2, 15, 31] += 1e-6
    different = [image, changed, image.reshape(1, 3, 32, 16), image.flip(3)]
    assert len({targets.digest(other) for other in different}) == 4
    assert targets.digest(image.clone()) == targets.digest(image)


@pytest.fixture
def paint(trunk, content, style, monkeypatch):
    """Paints, and counts the looks that serve no gradient."""
    looks, look = [], type(trunk).look
    monkeypatch.setattr(
        type(trunk),
        "look",
        lambda self, pixels, *more, **named: (
            looks.append(pixels.requires_grad) or look(self, pixels, *more, **named)
        ),
    )

    def paint(settings, known=None, flipped=False):
        looks.clear()
        photo, artwork = content[..., :64], style[..., :64, :64]
        photo = photo.flip(3) if flipped else photo
        *_, last = transfer.steps(
            transfer.Canvas(photo, [artwork]),
            settings,
            trunk,
            options=transfer.Options(known=known),
        )
        return last.image, looks.count(False)

    return paint


COMPOSED = Settings(resolution=64, iterations=1, coarse_to_fine=False, style_loss="gram")
DRAWN = Settings(resolution=64, iterations=2, coarse_to_fine=False)


def stages(settings):
    return plan(settings, 64, 64)


# At each size the photo and what was painted so far are looked at together, to choose neighbours.
@pytest.mark.parametrize(("settings", "anew"), [(COMPOSED, 0), (DRAWN, 1)])
def test_a_known_pair_is_not_looked_at_again_and_gives_the_same_picture(paint, settings, anew):
    known = TargetCache()
    plain, plain_targets = paint(settings)
    first, first_targets = paint(settings, known)
    again, again_targets = paint(settings, known)
    assert torch.equal(plain, first)
    assert torch.equal(plain, again)
    assert (first_targets, again_targets) == (plain_targets, anew)
    assert plain_targets > anew
    # Of another photo only the content is looked at.
    other, other_targets = paint(settings, known, flipped=True)
    assert not torch.equal(plain, other)
    assert other_targets == anew + sum(not stage.brushwork for stage in stages(settings))


@pytest.mark.parametrize("settings", [COMPOSED, DRAWN], ids=["composed", "drawn"])
@pytest.mark.parametrize(
    "changes",
    [
        {"pooling": "avg"},
        {"style_layers": ("conv2_1",)},
        {"content_layer": "conv3_1"},
        {"seed": 1},
        {"coarse_to_fine": True, "resolution": 96},
    ],
)
def test_what_is_known_of_other_settings_is_not_used(paint, settings, changes):
    known = TargetCache()
    paint(settings, known)
    changed = dataclasses.replace(settings, **changes)
    fresh, _ = paint(changed)
    assert torch.equal(paint(changed, known)[0], fresh)
