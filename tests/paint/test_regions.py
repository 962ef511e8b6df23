"""Several styles in one picture: blended, or each in the region of its mask."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from brief import KINDS, SMALL

from nst.paint import transfer
from nst.paint.transfer import Canvas
from nst.settings import Settings


@KINDS
def test_several_styles_are_blended_by_their_weights(content, style, trunk, kind):
    other = style.flip(1)
    settings = Settings(resolution=96, iterations=8, style_loss=kind)

    def painted(weights, styles):
        changed = dataclasses.replace(settings, style_weights=weights)
        return transfer.stylize(Canvas(content, styles), changed, trunk)

    alone = painted((), [style])
    torch.testing.assert_close(painted((3, 0), [style, other]), alone, rtol=0, atol=0.02)
    torch.testing.assert_close(painted((1, 1), [style, style]), alone, rtol=0, atol=0.02)
    assert (painted((1, 1), [style, other]) - alone).abs().mean() > 0.005


@KINDS
def test_what_no_mask_claims_stays_the_photo(content, style, trunk, kind):
    mask = torch.zeros(1, 1, *content.shape[2:])
    mask[..., : content.shape[3] // 2] = 1
    settings = Settings(resolution=96, iterations=6, style_loss=kind)
    painted = transfer.stylize(Canvas(content, [style], masks=[mask]), settings, trunk)
    changed = (painted - content).abs().mean((0, 1, 2))
    half = content.shape[3] // 2
    assert changed[half:].max() < 1e-4
    assert changed[: half - 8].min() > 0.005
    noise = dataclasses.replace(settings, init="noise")
    painted = transfer.stylize(Canvas(content, [style], masks=[mask]), noise, trunk)
    assert (painted - content).abs()[..., half:].max() < 1e-4


@KINDS
def test_each_style_is_painted_into_its_own_region(content, style, trunk, kind):
    """A light style above and a dark one below, and the other way round."""
    light, dark = 1 - 0.6 * style, 0.6 * style
    top = torch.zeros(1, 1, *content.shape[2:])
    top[..., : content.shape[2] // 2, :] = 1
    settings = Settings(resolution=96, iterations=20, early_stop=False, style_loss=kind)
    one = transfer.stylize(Canvas(content, [light, dark], masks=[top, 1 - top]), settings, trunk)
    other = transfer.stylize(Canvas(content, [dark, light], masks=[top, 1 - top]), settings, trunk)
    lighter = (one - other).mean((0, 1, 3))
    assert lighter[:16].mean() > 0.01
    assert lighter[-16:].mean() < -0.01


@KINDS
def test_one_white_mask_is_no_mask(content, style, trunk, kind):
    settings = Settings(resolution=96, iterations=4, style_loss=kind)
    white = torch.ones(1, 1, *content.shape[2:])
    torch.testing.assert_close(
        transfer.stylize(Canvas(content, [style], masks=[white]), settings, trunk),
        transfer.stylize(Canvas(content, [style]), settings, trunk),
        rtol=0,
        atol=0.02,
    )


@KINDS
def test_a_black_mask_paints_nothing(content, style, trunk, kind):
    black = torch.zeros(1, 1, *content.shape[2:])
    settings = Settings(resolution=96, iterations=3, style_loss=kind)
    painted = transfer.stylize(Canvas(content, [style], masks=[black]), settings, trunk)
    torch.testing.assert_close(painted, content, rtol=0, atol=1e-4)


def test_masks_of_another_size_are_refused(content, style, trunk):
    with pytest.raises(ValueError, match="mask"):
        next(transfer.steps(Canvas(content, [style], masks=[torch.ones(1, 1, 8, 8)]), SMALL, trunk))
