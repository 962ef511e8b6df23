"""What the masks claim of each place, and what several styles share."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from nst.paint import bank, brushwork, transfer
from nst.paint.claims import MOST_BLENDS, ROUNDING, Claims
from nst.paint.loop import Loop
from nst.paint.memory import WHOLE
from nst.paint.schedule import Stage
from nst.paint.transfer import Canvas
from nst.settings import CONTROLS, Settings

KINDS = pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)
WEIGHTS = pytest.mark.parametrize("weights", [(), (3.0, 1.0)])
BASE = Settings(resolution=96)


def masks_of(*values):
    """Masks of one row, from a list of values for each."""
    return torch.tensor(values)[None, :, None, :]


def halves(content):
    """A mask that is white on the left, and one that is all white."""
    left = torch.zeros(1, 1, *content.shape[2:])
    left[..., : content.shape[3] // 2] = 1
    return left, torch.ones_like(left)


def objective_of(trunk, canvas, settings, *, strokes, tile=WHOLE):
    """The objective of a painting, and pixels a little away from the photo."""
    painter = Loop(trunk, settings, canvas, transfer.Options(tile=tile))
    painter.begin(Stage(*canvas.content.shape[2:], 1, brushwork=strokes))
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(painter.pixels.shape, generator=generator)
    return painter.objective, painter.pixels + 0.3 * noise


def test_masks_that_do_not_overlap_stay_as_they_are_to_the_bit():
    generator = torch.Generator().manual_seed(0)
    soft = torch.rand(1, 1, 20, 30, generator=generator)
    masks = torch.cat([soft, 0.9 * (1 - soft)], 1)
    claims = Claims.of(masks, (1.0, 3.0))
    assert torch.equal(claims.masks, masks)
    assert claims.shared is None
    assert claims.blends == ((1.0, 0.0), (0.0, 1.0))
    assert claims.weights == (1.0, 3.0)


def test_masks_that_overlap_by_rounding_alone_do_not_overlap():
    masks = masks_of([128 / 255, 1.0], [128 / 255, 0.0])
    assert masks.sum(1).max() < 1 + 2 * ROUNDING + 1e-6
    claims = Claims.of(masks, (1.0, 1.0))
    assert claims.shared is None
    assert torch.equal(claims.masks, masks)


def test_a_shared_place_is_parted_by_mask_times_weight():
    """Four places: of the first style alone, shared, shared unevenly, and of nobody."""
    claims = Claims.of(masks_of([1.0, 1.0, 0.5, 0.0], [0.0, 1.0, 1.0, 0.0]), (3.0, 1.0))
    expected = masks_of([1.0, 0.75, 0.6, 0.0], [0.0, 0.25, 0.4, 0.0])
    torch.testing.assert_close(claims.masks, expected)
    assert claims.shared.flatten().tolist() == [0, 1, 1, 0]
    assert claims.painted.flatten().tolist() == pytest.approx([1, 1, 1, 0])
    first, second = claims.blends
    other = (0.75 * 0.25 + 0.6 * 0.4) / (1 + 0.75 + 0.6)
    assert first == pytest.approx((1 - other, other))
    other = (0.75 * 0.25 + 0.6 * 0.4) / (0.25 + 0.4)
    assert second == pytest.approx((other, 1 - other))
    assert claims.weights == pytest.approx((3, 3))  # the second has nothing that it does not share


def test_a_region_that_shares_nothing_keeps_its_style_and_weight():
    claims = Claims.of(masks_of([1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.7]), (2.0, 4.0, 1.0))
    assert claims.blends[2] == (0, 0, 1)
    assert claims.weights == pytest.approx((4, 4, 1))


def test_styles_without_weight_share_alike():
    claims = Claims.of(masks_of([1.0, 0.0], [1.0, 0.0], [0.0, 1.0]), (0.0, 0.0, 1.0))
    torch.testing.assert_close(claims.masks, masks_of([0.5, 0.0], [0.5, 0.0], [0.0, 1.0]))


def test_cells_that_are_shared_choose_from_all_their_styles():
    claims = Claims.of(
        masks_of([1.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.4], [0.0, 0.0, 0.01, 0.0]), (3.0, 1.0, 1.0)
    )
    owner, blends = claims.of_cells()
    assert owner.flatten().tolist() == [0, 3, 3, 1]
    assert blends[:3] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert blends[3] == pytest.approx((0.75, 0.25, 0), abs=0.01)


def test_there_are_no_more_than_so_many_blends():
    """Of seven styles any two share some place: those that share most have blends."""
    pairs = torch.combinations(torch.arange(7))
    places = torch.cat([pairs, pairs[:3]])  # three pairs share two places
    masks = torch.zeros(1, 7, 1, len(places))
    for place, pair in enumerate(places):
        masks[0, pair, 0, place] = 1
    owner, blends = Claims.of(masks, (1.0,) * 7).of_cells()
    assert len(blends) == 7 + MOST_BLENDS
    assert (owner[0, :3] >= 7).all()
    assert (owner[0] < 7).sum() == len(pairs) - MOST_BLENDS


@KINDS
@WEIGHTS
def test_white_masks_paint_as_the_plain_blend(content, style, trunk, kind, weights):
    """Loss and gradient: those of the blend, with styles as different as black and white."""
    styles = [style, (1 - style).flip(1)]
    settings = dataclasses.replace(BASE, style_weights=weights, style_loss=kind)
    white = torch.ones(1, 1, *content.shape[2:])
    strokes = kind == "neighbours"
    found, plain = (
        objective_of(trunk, Canvas(content, styles, masks=masks), settings, strokes=strokes)
        for masks in ([white, white], [])
    )
    (gradient, loss), (expected, its_loss) = (
        objective.evaluate(pixels) for objective, pixels in (found, plain)
    )
    assert loss.style == pytest.approx(its_loss.style, rel=1e-4)
    assert loss.total == pytest.approx(its_loss.total, rel=1e-4)
    torch.testing.assert_close(gradient, expected, rtol=1e-2, atol=1e-3 * float(expected.std()))


@WEIGHTS
def test_white_masks_choose_the_strokes_of_the_plain_blend(
    content, style, trunk, monkeypatch, weights
):
    monkeypatch.setattr(bank, "PLACES", 100)
    styles = [style, (1 - style).flip(1)]
    settings = dataclasses.replace(BASE, style_weights=weights)
    white = torch.ones(1, 1, *content.shape[2:])
    masked, plain = (
        objective_of(trunk, Canvas(content, styles, masks=masks), settings, strokes=True)[0]
        for masks in ([white, white], [])
    )
    chosen = masked._bank.rows[masked.choices.long()]
    assert torch.equal(chosen, plain._bank.rows[plain.choices.long()])


@KINDS
def test_white_masks_give_the_picture_of_the_plain_blend(content, style, trunk, kind):
    styles = [style, (1 - style).flip(1)]
    settings = Settings(resolution=96, iterations=4, style_loss=kind)
    white = torch.ones(1, 1, *content.shape[2:])
    torch.testing.assert_close(
        transfer.stylize(Canvas(content, styles, masks=[white, white]), settings, trunk),
        transfer.stylize(Canvas(content, styles), settings, trunk),
        rtol=0,
        atol=0.02,
    )


def test_where_one_mask_lies_on_another_strokes_of_both_are_chosen(content, style, trunk):
    styles = [style, (1 - style).flip(1)]
    objective, _ = objective_of(
        trunk, Canvas(content, styles, masks=halves(content)), BASE, strokes=True
    )
    middle = objective.choices.shape[1] // 2
    first = objective.choices < len(objective._bank.groups[0])
    assert 0 < first[:, :middle].sum() < first[:, :middle].numel()
    assert not first[:, middle:].any()


@pytest.mark.parametrize("strokes", [False, True])
def test_masks_that_overlap_are_the_same_in_tiles(content, style, trunk, strokes):
    canvas = Canvas(content, [style, (1 - style).flip(1)], masks=halves(content))
    (whole, pixels), (cut, _) = (
        objective_of(trunk, canvas, BASE, strokes=strokes, tile=tile) for tile in (WHOLE, 64)
    )
    if strokes:
        assert (whole.choices == cut.choices).float().mean() > 0.99
        cut = brushwork.Brushwork(cut.scene, pixels, whole.choices)
    (gradient, losses), (expected, its) = cut.evaluate(pixels), whole.evaluate(pixels)
    assert losses.total == pytest.approx(its.total, rel=1e-4)
    torch.testing.assert_close(gradient, expected, rtol=1e-2, atol=1e-2 * float(expected.std()))
