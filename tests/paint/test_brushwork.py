"""Strokes: which place of the artwork each place of the canvas is given, and how it gets there."""

from __future__ import annotations

import dataclasses

import definitions
import numpy as np
import oracle
import pytest
import torch
import torch.nn.functional as F
from strokes import BASE, begun, columns_of, elsewhere, face_in, inner, left_and_right

from nst.paint import bank, brushwork, losses, transfer
from nst.paint.balance import Balance
from nst.paint.loop import Loop
from nst.paint.memory import WHOLE
from nst.paint.neighbours import COMPARED, DEEPEST_BLOCK, Matcher, layer_of
from nst.paint.schedule import Stage
from nst.paint.transfer import Canvas
from nst.pictures import fitting, tensors
from nst.settings import Settings
from nst.studio.finishing import finish
from nst.studio.order import Pictures
from nst.studio.preparation import prepare
from nst.vgg.stem import CELL
from nst.vgg.wanted import Wanted


def strokes_by_the_book(objective, seen, painted):
    """The distance of all cells and layers from their neighbours, as a part of these' own size.

    Each divided by its channels.
    """
    choices, rows = objective._chosen.long(), objective._rows.double()
    distance, size = 0.0, 0.0
    for layer in COMPARED:
        wanted = layer_of(rows, layer)[choices].permute(2, 0, 1)  # by the root of its channels
        size += (wanted.square().sum(0) * painted).sum()
        counted, found = painted.clone(), oracle.over_cells(seen[layer], layer, CELL)[0]
        if int(layer[4]) == DEEPEST_BLOCK:  # zeros lie beside its rim
            counted[0] = counted[-1] = 0
            counted[:, 0] = counted[:, -1] = 0
        difference = found / len(found) ** 0.5 - wanted
        distance += (difference.square().sum(0) * counted).sum()
    return distance / size


def textures_by_the_book(objective, seen, styles, settings, guides):
    """The mean relative error of the Gram matrices; of each region by its share."""
    artworks, weights = [oracle.features(style) for style in styles], settings.style_weights
    weights = weights or (1.0,) * len(styles)
    by_layer = dict(zip(settings.style_layers, settings.style_layer_weights, strict=False))

    def error(layer, guide, wanted):
        found = oracle.gram(seen[layer], guide)
        share = by_layer.get(layer, 1.0) / sum(by_layer.get(n, 1.0) for n in objective.style_layers)
        return share * (found - wanted).square().sum() / wanted.square().sum()

    total = 0.0
    for layer in objective.style_layers:
        grams = [oracle.gram(artwork[layer]) for artwork in artworks]
        if guides is None:
            blend = sum(w * g for w, g in zip(weights, grams, strict=True)) / sum(weights)
            total += error(layer, None, blend)
            continue
        for guide, gram, weight in zip(guides, grams, weights, strict=True):
            total += guide.double().mean() * weight / max(weights) * error(layer, guide, gram)
    return losses.STYLE_UNIT * total


def total_by_the_book(painter, pixels, styles, masks):
    objective, settings, trunk = painter.objective, painter.settings, painter.vgg
    guides = torch.cat(list(masks), 1)[0] if masks else None
    painted = torch.ones(objective.choices.shape, dtype=torch.float64)
    if guides is not None:
        painted = F.avg_pool2d(guides[None], CELL)[0].sum(0).clamp(max=1).double()
    seen = oracle.features(pixels, settings.pooling)
    normalized = [trunk.normalize(style) for style in styles]
    strokes = strokes_by_the_book(objective, seen, painted)
    textures = textures_by_the_book(objective, seen, normalized, settings, guides)
    weights = settings.style_weights or (1.0,) * len(styles)
    varied = sum(
        weight * definitions.total_variation(style)
        for weight, style in zip(weights, normalized, strict=True)
    ) / sum(weights)
    speckle = definitions.total_variation(pixels) / max(varied, losses.LEAST_VARIATION)
    return (
        objective.balance.strokes * strokes
        + objective.balance.texture * textures
        + settings.tv_weight * speckle
    )


@pytest.mark.parametrize("regions", [0, 2])
def test_loss_and_gradient_are_those_of_float64(vgg19, content, style, regions):
    masks = left_and_right(content)[:regions]
    if masks:
        masks = (masks[0], 0.7 * masks[1])  # of which one does not claim all
        masks[1][:, :, :20] = 0
    styles = [style, style.flip(1)][: max(1, regions)]
    settings = dataclasses.replace(
        BASE,
        tv_weight=100,
        style_weights=(1.0, 2.0)[:regions],
        style_layer_weights=(1.0, 2.0, 3.0, 4.0, 5.0) if regions else (),
    )
    painter = begun(vgg19, content, styles, settings, masks)
    pixels = elsewhere(painter.pixels)
    value, expected = oracle.gradient(
        lambda x: total_by_the_book(painter, x, styles, masks), pixels
    )
    gradient, found = painter.objective.evaluate(pixels)
    assert found.total == pytest.approx(value, rel=1e-4)
    assert min(found.content, found.style, found.tv) > 0
    # Rounding moves a few values across the kinks of ReLU and pooling.
    assert oracle.apart(gradient, expected) < 1e-2


@pytest.mark.parametrize("face", [False, True])
@pytest.mark.parametrize("regions", [0, 2])
def test_the_loss_falls_as_its_gradient_says(content, style, trunk, regions, face):
    masks, styles = (
        left_and_right(content)[:regions],
        [style, style.flip(1)][: max(1, regions)],
    )
    settings = dataclasses.replace(BASE, tv_weight=300, style_weights=(1.0, 2.0)[:regions])
    map_ = face_in(content) if face else None
    painter = begun(trunk, content, styles, settings, masks, face=map_)
    pixels = elsewhere(painter.pixels)
    gradient, _ = painter.objective.evaluate(pixels)
    step = 1e-3 * gradient / gradient.norm()
    (_, before), (_, after) = (painter.objective.evaluate(pixels + sign * step) for sign in (-1, 1))
    expected = 2 * float((gradient * step).sum())
    assert after.total - before.total == pytest.approx(expected, rel=0.05)


def test_the_total_is_the_weighted_sum(content, style, trunk):
    painter = begun(trunk, content, [style])
    _, found = painter.objective.evaluate(elsewhere(painter.pixels))
    assert found.total == pytest.approx(
        BASE.style_weight * losses.STYLE_UNIT * found.content
        + BASE.style_weight * found.style
        + BASE.tv_weight * found.tv
    )


def test_a_canvas_that_has_all_it_was_given_is_no_distance_away(style, trunk, monkeypatch):
    """The artwork as a photo: led by it, each place is given itself."""
    monkeypatch.setattr(bank, "RIM", 0)
    painter = begun(trunk, style, [style], dataclasses.replace(BASE, content_weight=1000))
    _, found = painter.objective.evaluate(painter.pixels)
    _, away = painter.objective.evaluate(elsewhere(painter.pixels))
    assert found.content < 0.1 * away.content
    assert found.style < 1e-6


@pytest.mark.parametrize(
    "layers", [("conv4_1", "conv5_1"), ("conv1_1",), ("conv3_4", "conv5_1")], ids=" ".join
)
def test_any_style_layers(content, style, trunk, layers):
    """Also those that strokes leave out: what they see is large, and settled before."""
    settings = dataclasses.replace(BASE, style_layers=layers)
    painter = begun(trunk, content, [style], settings)
    gradient, found = painter.objective.evaluate(elsewhere(painter.pixels))
    assert torch.isfinite(gradient).all()
    assert (found.style > 0) == (layers[0] < "conv4")


def test_layers_without_weight_may_be_all_that_is_left(content, style, trunk):
    settings = dataclasses.replace(
        BASE, style_layers=("conv1_1", "conv5_1"), style_layer_weights=(0, 1)
    )
    painter = begun(trunk, content, [style], settings)
    _, found = painter.objective.evaluate(elsewhere(painter.pixels))
    assert found.finite
    assert found.style == 0


@pytest.mark.parametrize(
    ("size", "tile", "changes", "regions"),
    [
        ((160, 96), 64, {}, 0),  # six tiles, the lower ones half as high; no deep layers
        ((128, 112), 64, {"pooling": "avg"}, 0),
        ((144, 64), 64, {"style_layers": ("conv3_4", "conv1_2")}, 0),  # deeper than its neighbours
        ((96, 144), 64, {"style_weights": (1.0, 2.0)}, 2),
    ],
)
def test_tiles_are_no_different_from_the_whole(trunk, photo, artwork, size, tile, changes, regions):
    """With a face that lies in several of them."""
    content = tensors.to_tensor(photo.resize(size))
    sizes = (size, (96, 80))[: max(1, regions)]
    styles = [tensors.to_tensor(artwork.resize(each)) for each in sizes]
    generator = torch.Generator().manual_seed(2)
    masks = [torch.rand(1, 1, *content.shape[2:], generator=generator) for _ in range(regions)]
    settings = Settings(resolution=max(size), **changes)
    face = face_in(content)
    whole, parts = (
        begun(trunk, content, styles, settings, masks, each, face) for each in (WHOLE, tile)
    )
    assert torch.equal(whole.objective.choices, parts.objective.choices)
    pixels = elsewhere(whole.pixels, by=0.2)
    (expected, its_losses), (found, own_losses) = (
        painter.objective.evaluate(pixels) for painter in (whole, parts)
    )
    assert (found - expected).norm() < 1e-4 * expected.norm()
    assert (found - expected).abs().max() < 1e-4 * expected.abs().max()
    for name in ("content", "style", "tv", "total"):
        one, other = (getattr(each, name) for each in (own_losses, its_losses))
        assert one == pytest.approx(other, rel=1e-4)


def test_cut_otherwise_the_neighbours_stay(trunk, content, style):
    """As when memory runs out: what was chosen is not chosen again."""
    painter = begun(trunk, content, [style])
    pixels = elsewhere(painter.pixels, by=0.1)
    choices = painter.objective.choices.clone()
    expected, _ = painter.objective.evaluate(pixels)
    painter.scene.tile = 64
    painter.objective.forget()
    found, _ = painter.objective.evaluate(pixels)
    assert (found - expected).norm() < 1e-4 * expected.norm()
    assert torch.equal(painter.objective.choices, choices)


def test_each_place_of_the_artwork_is_found_again(style, trunk):
    """Led by a photo that is the artwork, nearly every place is given itself."""
    settings = dataclasses.replace(BASE, content_weight=1000, style_weight=100)
    painter = begun(trunk, style, [style], settings)
    numbers = inner(style)
    chosen = painter.objective.choices.flatten()[numbers]
    assert (chosen == torch.arange(len(numbers))).float().mean() > 0.9


@pytest.mark.parametrize("face", [False, True])
def test_neighbours_are_those_of_the_painting_led_by_the_photo(content, style, trunk, face):
    """With the photo's finest details put back in; and faces led further."""
    painter = Loop(trunk, BASE, Canvas(content, [style]))
    where = face_in(content) if face else torch.zeros(1, 1, *content.shape[2:])
    painter.faces = where if face else None
    painter.begin(Stage(32, 48, 1, brushwork=True))
    painter.iteration = 1
    painter.pixels = elsewhere(painter.pixels)
    painter.begin(Stage(*content.shape[2:], 1, brushwork=True))
    photo, lead = trunk.normalize(content), Balance.of(BASE).lead
    means = torch.nn.Upsample(scale_factor=2)(F.avg_pool2d(photo, 2))
    leads = lead + (1 - lead) * brushwork.FACES_LEAD * where
    query = (1 - leads) * (painter.pixels + photo - means) + leads * photo
    places, bank = columns_of(trunk, trunk.denormalize(query)), columns_of(trunk, style)
    expected = Matcher(bank[inner(style)], places).nearest(places)
    # Rounding may choose another one of two that are equally near.
    assert (painter.objective.choices.flatten() == expected).float().mean() > 0.99


def test_each_mask_has_the_strokes_of_its_own_style(content, style, trunk):
    masks = left_and_right(content)
    objective = begun(trunk, content, [style, style.flip(1)], BASE, masks).objective
    halves = objective.choices[:, : 40 // CELL], objective.choices[:, 40 // CELL :]
    assert [int(group[0]) for group in objective._bank.groups] == [0, len(inner(style))]
    for half, group, own in zip(
        halves, objective._bank.groups, (style, style.flip(1)), strict=True
    ):
        assert set(half.flatten().tolist()) <= set(group.tolist())
        expected = columns_of(trunk, own)[inner(own)]
        torch.testing.assert_close(objective._bank.rows[group], expected, rtol=1e-4, atol=1e-4)


def test_each_mask_has_a_whole_bank_to_choose_from(content, style, trunk, monkeypatch):
    monkeypatch.setattr(bank, "PLACES", 100)
    settings = dataclasses.replace(BASE, style_weights=(1.0, 9.0))
    masks = left_and_right(content)
    objective = begun(trunk, content, [style, style.flip(1)], settings, masks).objective
    first, second = (group.tolist() for group in objective._bank.groups)
    assert (first, second) == ([*range(100)], [*range(100, 200)])


def test_where_masks_overlap_the_whiter_one_chooses(content, style, trunk):
    low, high = torch.full((2, 1, 1, *content.shape[2:]), 0.3)
    low[..., :48] = 0.6
    objective = begun(trunk, content, [style, style.flip(1)], BASE, [low, high]).objective
    first = objective.choices < len(objective._bank.groups[0])
    assert first[:, : 48 // CELL].all()
    low[..., 48:], high[...] = 0.0, 0.1
    objective = begun(trunk, content, [style, style.flip(1)], BASE, [low, high]).objective
    first = objective.choices < len(objective._bank.groups[0])
    assert first[:, : 48 // CELL].all()
    assert not first[:, 48 // CELL :].any()


def test_what_nobody_claims_has_no_weight(content, style, trunk):
    claimed, _ = left_and_right(content)
    objective = begun(trunk, content, [style], BASE, [claimed]).objective
    target = objective._make_judge().content
    seen = trunk.look(trunk.normalize(content), Wanted(target.layers, cell=CELL)).features
    before = target.compare(seen, 0)
    other = {layer: features.clone() for layer, features in seen.items()}
    for layer, gradient in before.gradients.items():
        free = (..., slice(40 // CELL, None))
        assert gradient[..., : 40 // CELL].abs().max() > 0
        assert not gradient[free].any()
        other[layer][free] += 1
    assert target.compare(other, 0).loss == before.loss


def test_a_faces_cells_are_mixed_with_its_own_in_the_artworks_range(content, style, trunk):
    face = face_in(content)
    objective = begun(trunk, content, [style], face=face).objective
    share = F.avg_pool2d(face, CELL).flatten()
    bank, own = (columns_of(trunk, picture).double() for picture in (style, content))
    bank = bank[inner(style)]
    stretch = (bank.std(0) / own.std(0).clamp_min(1e-6)).clamp(max=brushwork.MOST_STRETCH)
    own = ((own - own.mean(0)) * stretch + bank.mean(0)).clamp_min(0)
    part = (brushwork.FACES * share)[:, None].double()
    expected = (1 - part) * bank[objective.choices.flatten().long()] + part * own
    found = objective._rows[objective._chosen.flatten().long()].double()
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
    assert 0 < (share > 0).sum() < len(share)


def test_a_face_is_as_far_from_its_neighbours_as_the_weights_say(content, style, trunk):
    """With hardly any of the photo in the painting, there is hardly any in its faces."""

    def moved(**changes):
        settings = dataclasses.replace(BASE, **changes)
        objective = begun(trunk, content, [style], settings, face=face_in(content)).objective
        bank = objective._bank.rows[objective.choices.flatten().long()]
        return float((objective._rows[objective._chosen.flatten().long()] - bank).norm())

    assert 0 < moved(content_weight=0.1, style_weight=1_000_000) < 0.7 * moved()


def test_a_large_canvas_has_pixels_enough_for_a_face(content, style, trunk, monkeypatch):
    monkeypatch.setattr(brushwork, "LARGEST_FACES", 95)
    objective = begun(trunk, content, [style], face=face_in(content)).objective
    assert torch.equal(objective._rows, objective._bank.rows)
    assert torch.equal(objective._chosen, objective.choices)


def test_a_resumed_run_has_the_same_face(content, style, trunk):
    one, other = (Loop(trunk, BASE, Canvas(content, [style])) for _ in range(2))
    one.faces = other.faces = face_in(content)
    stage = Stage(*content.shape[2:], 3, brushwork=True)
    one.begin(stage)
    one.step(0.1)
    other.begin(stage, resume=one.state([1.0], 0.0)())
    assert torch.equal(one.objective._rows, other.objective._rows)
    assert torch.equal(one.objective._chosen, other.objective._chosen)
    assert one.step(0.1) == other.step(0.1)


def test_an_artwork_without_colour_gives_a_painting_without(content, style, trunk):
    grey = style.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    settings = dataclasses.replace(BASE, iterations=8)
    painted = transfer.stylize(Canvas(content, [grey]), settings, trunk)
    assert (painted.amax(1) - painted.amin(1)).max() < 0.5 / 255
    assert (painted - painted.mean()).abs().mean() > 0.05


def test_strokes_without_colour_are_drawn_without(content, style, trunk):
    """From the first step, however much colour was composed before."""
    grey = style.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    painter = begun(trunk, content, [grey])
    for _ in range(2):
        image = trunk.denormalize(painter.pixels)
        assert (image.amax(1) - image.amin(1)).max() < 1e-4
        painter.step(0.5)


def test_one_coloured_style_among_grey_ones_gives_colour(content, style, trunk):
    grey = style.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    settings = dataclasses.replace(BASE, iterations=8)
    painted = transfer.stylize(Canvas(content, [grey, style]), settings, trunk)
    assert (painted.amax(1) - painted.amin(1)).mean() > 0.02


def test_a_grey_photo_stays_grey_where_its_colours_are_kept(photo, artwork, trunk):
    grey = fitting.fit(photo, 96).convert("L").convert("RGB")
    settings = dataclasses.replace(BASE, iterations=8, preserve_color="match")
    prepared = prepare(Pictures(grey, [artwork]), settings)
    painted = tensors.to_picture(transfer.stylize(prepared.canvas(), settings, trunk))
    finished = np.asarray(finish(painted, grey, settings), int)
    assert np.ptp(finished, axis=2).max() <= 1
    assert abs(finished - np.asarray(grey, int)).mean() > 5
