"""Targets that are computed once."""

from __future__ import annotations

import torch

from nst import targets, transfer
from nst.settings import Settings
from nst.targets import TargetCache


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


def test_a_known_pair_is_not_looked_at_again_and_gives_the_same_picture(
    trunk, content, style, monkeypatch
):
    content, style = content[..., :64], style[..., :64, :64]
    settings = Settings(resolution=64, iterations=1, coarse_to_fine=False)
    known = TargetCache()
    looks = []
    look = type(trunk).look
    monkeypatch.setattr(
        type(trunk),
        "look",
        lambda self, pixels, *more, **named: (
            looks.append(pixels.requires_grad) or look(self, pixels, *more, **named)
        ),
    )

    def paint(content, settings=settings, known=known):
        looks.clear()
        *_, last = transfer.steps(content, [style], settings, trunk, known=known)
        return last.image, looks.count(False)

    plain, plain_targets = paint(content, known=None)
    first, first_targets = paint(content)
    again, again_targets = paint(content)
    assert torch.equal(plain, first)
    assert torch.equal(plain, again)
    assert (first_targets, again_targets) == (plain_targets, 0)
    # Of another photo only the content is looked at; other layers and poolings are others.
    scales = len(transfer.plan(settings, *content.shape[2:]))
    other, other_targets = paint(content.flip(3))
    assert not torch.equal(plain, other)
    assert other_targets == scales
    for changes in (
        {"pooling": "avg"},
        {"style_layers": ("conv2_1",)},
        {"content_layer": "conv3_1"},
    ):
        changed = Settings(resolution=64, iterations=1, coarse_to_fine=False, **changes)
        fresh = transfer.stylize(content, [style], changed, trunk)
        assert torch.equal(paint(content, changed)[0], fresh)
