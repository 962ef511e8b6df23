"""The optimisation: what it yields, that it improves, repeats itself and can be stopped."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
import torch

from nst import losses, memory, transfer
from nst.checkpoint import CheckpointError
from nst.optimizers import LBFGS, Adam
from nst.schedule import multiple_of_16
from nst.settings import Settings
from nst.transfer import DivergedError

STYLE_LAYERS = Settings().style_layers
SMALL = Settings(resolution=96, effort=0.6)
BRIEF = Settings(resolution=96, iterations=8)  # where nothing has to look painted


@pytest.fixture(scope="module")
def run(content, style, trunk):
    """Every `Progress` of a short run."""
    return list(transfer.steps(content, [style], SMALL, trunk))


def test_it_counts_every_iteration(run):
    assert [progress.iteration for progress in run] == list(range(1, len(run) + 1))
    assert {progress.total for progress in run} == {len(run)}
    assert run[-1].finished
    assert not run[-2].finished
    assert run[len(run) // 2].seconds_left > run[-1].seconds_left == 0


def test_it_goes_from_coarse_to_fine(run):
    scales = [progress.scale for progress in run]
    assert scales == sorted(scales)
    assert tuple(sorted(set(scales))) == run[0].scales == (64, 96)


def test_previews_come_first_last_and_at_the_end_of_each_scale(run):
    shown = [progress.iteration for progress in run if progress.image is not None]
    ends = [a.iteration for a, b in itertools.pairwise(run) if a.scale != b.scale]
    doubling = [1, 2, 4, 8, 16]  # on the first canvas
    assert shown == sorted({*doubling, *ends, len(run)})


def test_pictures_are_displayable_and_of_the_contents_size(run, content):
    assert run[-1].image.shape == content.shape
    assert run[-1].image.dtype == torch.float32
    for progress in run:
        if progress.image is not None:
            assert 0 <= progress.image.min() <= progress.image.max() <= 1


def test_every_step_stays_within_what_can_be_displayed(content, style, trunk):
    settings = Settings(coarse_to_fine=False)
    painter = transfer._Painter(trunk, settings, content, [style], None)
    painter.begin(transfer.plan(settings, *content.shape[2:])[0])
    painter.step(learning_rate=1.0)
    assert (painter.pixels >= painter.black).all()
    assert (painter.pixels <= painter.white).all()


def test_an_enlarged_canvas_stays_within_what_can_be_displayed(trunk):
    """Bicubic resizing goes beyond black and white at edges like these."""
    stripes = (torch.arange(96) // 8 % 2).float().expand(1, 3, 96, 96)
    settings = Settings(resolution=96, style_layers=("conv1_1",), content_layer="conv1_1")
    painter = transfer._Painter(trunk, settings, stripes, [stripes], None)
    for stage in transfer.plan(settings, 96, 96):
        painter.begin(stage)
        painter.step(learning_rate=1.0)
        painter.begin(dataclasses.replace(stage, height=48, width=48))
        assert painter.pixels.shape == (1, 3, 48, 48)
        assert (painter.pixels >= painter.black).all()
        assert (painter.pixels <= painter.white).all()


@pytest.mark.parametrize(("tile", "expected"), [(None, []), (64, [True, False])])
def test_memory_is_spared_for_tiles_and_only_as_long(
    content, style, trunk, monkeypatch, tile, expected
):
    asked = []
    monkeypatch.setattr(memory, "spare", asked.append)
    settings = Settings(
        iterations=1, coarse_to_fine=False, content_layer="conv1_2", style_layers=("conv1_1",)
    )
    transfer.stylize(content, [style], settings, trunk, tile=tile)
    assert asked == expected


def test_pictures_of_8_bits_are_kept_in_8_bits(content):
    kept = transfer._compact(content)
    assert kept.dtype == torch.uint8
    assert torch.equal(kept.float() / 255, content)
    finer = content + 1 / 1000
    assert transfer._compact(finer) is finer


def test_previews_are_copies(run):
    before = run[0].image.clone()
    assert not torch.equal(before, run[-1].image[..., : before.shape[2], : before.shape[3]])
    assert torch.equal(run[-1].snapshot(), run[-1].image)


def test_the_style_error_falls_and_the_content_stays_recognisable(run, content, style, trunk):
    def style_error(image):
        pixels = [trunk.features(trunk.normalize(x), STYLE_LAYERS) for x in (image, style)]
        grams = [[losses.gram_matrix(f[layer]) for layer in STYLE_LAYERS] for f in pixels]
        return float(losses.style_loss(*grams))

    assert style_error(run[-1].image) < 0.6 * style_error(content)
    assert run[-1].content_loss < 2 * run[len(run) // 2].content_loss


def test_total_is_the_weighted_sum(run):
    for progress in run:
        assert progress.total_loss == pytest.approx(
            SMALL.content_weight * progress.content_loss
            + SMALL.style_weight * progress.style_loss
            + SMALL.tv_weight * progress.tv_loss,
            rel=1e-4,
        )


def test_the_same_input_gives_the_same_picture_bit_for_bit(run, content, style, trunk):
    other = dataclasses.replace(SMALL, refresh_every=1)
    again = transfer.stylize(content, [style], other, trunk)
    assert torch.equal(again, run[-1].image)


def test_stopping_early_keeps_the_last_picture(run, content, style, trunk):
    steps = transfer.steps(content, [style], SMALL, trunk)
    for progress in steps:
        if progress.iteration == 5:
            break
    steps.close()
    assert progress.image is None
    picture = progress.snapshot()
    assert picture.shape[:2] == (1, 3)
    assert torch.isfinite(picture).all()


def test_going_on_from_a_picture(content, style, trunk):
    settings = Settings(resolution=96, iterations=1, coarse_to_fine=False, learning_rate=0.001)
    start = torch.rand_like(content)
    result = transfer.stylize(content, [style], settings, trunk, init=start)
    inside = (..., *[slice(transfer.TINTED, -transfer.TINTED)] * 2)
    assert (result - start)[inside].abs().mean() < 0.01


@pytest.mark.parametrize("init", ["noise", "style"])
def test_where_it_starts(content, style, trunk, init):
    settings = Settings(iterations=1, coarse_to_fine=False, learning_rate=0.001, init=init)
    result = transfer.stylize(content, [style], settings, trunk)
    again = transfer.stylize(content, [style], settings, trunk)
    assert torch.equal(result, again)
    assert (result - content).abs().mean() > 0.05


def test_the_seed_chooses_the_noise(content, style, trunk):
    settings = Settings(iterations=1, coarse_to_fine=False, init="noise")
    results = [
        transfer.stylize(content, [style], dataclasses.replace(settings, seed=seed), trunk)
        for seed in (1, 2)
    ]
    assert (results[0] - results[1]).abs().mean() > 0.1


def test_a_loss_that_is_not_finite_ends_with_the_last_good_picture(
    content, style, trunk, monkeypatch
):
    calls = []

    def content_loss(features, target):
        calls.append(features)
        value = real(features, target)
        return value * float("nan") if len(calls) == 4 else value

    real = losses.content_loss
    monkeypatch.setattr(losses, "content_loss", content_loss)
    seen = []
    steps = transfer.steps(content, [style], SMALL, trunk)
    with pytest.raises(DivergedError) as failure:
        seen.extend(progress.snapshot() for progress in steps)
    assert torch.equal(failure.value.image, seen[-1])
    assert torch.isfinite(failure.value.image).all()
    assert str(failure.value) == (
        "The painting fell apart at iteration 4: its loss is no longer a finite number. Lower the "
        "learning rate or the weights; the last good picture is kept."
    )


@pytest.mark.parametrize("shade", [0.0, 0.002])
def test_flat_pictures_stay_finite(style, trunk, shade):
    flat = torch.full((1, 3, 64, 64), shade)
    for content, paint in ((flat, style), (style, flat)):
        result = transfer.stylize(content, [paint], BRIEF, trunk)
        assert torch.isfinite(result).all()


def test_a_panorama_and_a_style_of_another_shape(trunk):
    content, style = torch.rand(1, 3, 32, 256), torch.rand(1, 3, 64, 32)
    assert transfer.stylize(content, [style], BRIEF, trunk).shape == content.shape


def test_wrong_shapes_are_refused(style, trunk):
    for content, styles in (
        (torch.rand(3, 64, 64), [style]),
        (torch.rand(1, 3, 60, 64), [style]),
        (torch.rand(1, 3, 64, 64), []),
        (torch.rand(1, 3, 64, 64), [torch.rand(1, 1, 64, 64)]),
    ):
        with pytest.raises(ValueError, match=r"style|content"):
            next(transfer.steps(content, styles, SMALL, trunk))


def test_several_styles_are_blended_by_their_weights(content, style, trunk):
    other = style.flip(1)
    settings = Settings(resolution=96, iterations=12)

    def painted(weights, styles):
        changed = dataclasses.replace(settings, style_weights=weights)
        return transfer.stylize(content, styles, changed, trunk)

    alone = painted((), [style])
    torch.testing.assert_close(painted((3, 0), [style, other]), alone, rtol=0, atol=0.02)
    torch.testing.assert_close(painted((1, 1), [style, style]), alone, rtol=0, atol=0.02)
    assert (painted((1, 1), [style, other]) - alone).abs().mean() > 0.005


def test_what_no_mask_claims_stays_the_photo(content, style, trunk):
    mask = torch.zeros(1, 1, *content.shape[2:])
    mask[..., : content.shape[3] // 2] = 1
    settings = Settings(resolution=96, iterations=20)
    painted = transfer.stylize(content, [style], settings, trunk, masks=[mask])
    changed = (painted - content).abs().mean((0, 1, 2))
    half = content.shape[3] // 2
    assert changed[half:].max() < 1e-4
    assert changed[: half - 8].min() > 0.005
    noise = dataclasses.replace(settings, init="noise")
    painted = transfer.stylize(content, [style], noise, trunk, masks=[mask])
    assert (painted - content).abs()[..., half:].max() < 1e-4


def test_each_style_is_painted_into_its_own_region(content, style, trunk):
    """A light style above and a dark one below, and the other way round."""
    light, dark = 1 - 0.6 * style, 0.6 * style
    top = torch.zeros(1, 1, *content.shape[2:])
    top[..., : content.shape[2] // 2, :] = 1
    settings = Settings(resolution=96, iterations=20, early_stop=False)
    one = transfer.stylize(content, [light, dark], settings, trunk, masks=[top, 1 - top])
    other = transfer.stylize(content, [dark, light], settings, trunk, masks=[top, 1 - top])
    lighter = (one - other).mean((0, 1, 3))
    assert lighter[:16].mean() > 0.01
    assert lighter[-16:].mean() < -0.01


def test_one_white_mask_is_no_mask(content, style, trunk):
    settings = Settings(resolution=96, iterations=10)
    white = torch.ones(1, 1, *content.shape[2:])
    torch.testing.assert_close(
        transfer.stylize(content, [style], settings, trunk, masks=[white]),
        transfer.stylize(content, [style], settings, trunk),
        rtol=0,
        atol=0.02,
    )


def test_a_black_mask_paints_nothing(content, style, trunk):
    black = torch.zeros(1, 1, *content.shape[2:])
    settings = Settings(resolution=96, iterations=5)
    painted = transfer.stylize(content, [style], settings, trunk, masks=[black])
    torch.testing.assert_close(painted, content, rtol=0, atol=1e-4)


PLAINLY = Settings(resolution=96, iterations=6, coarse_to_fine=False)


@pytest.fixture(scope="module")
def plainly(content, style, trunk):
    return transfer.stylize(content, [style], PLAINLY, trunk)


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "lbfgs"},
        {"pooling": "avg"},
        {"content_layer": "conv1_1"},
        {"style_layers": ("conv1_1", "conv1_2", "conv4_4")},
        {"style_layer_weights": (5, 4, 3, 2, 1)},
        {"optimizer": "lbfgs", "pooling": "avg", "style_layers": ("conv2_2", "conv4_1")},
    ],
)
def test_every_control_of_the_engine_lowers_the_loss(content, style, trunk, plainly, changes):
    settings = dataclasses.replace(PLAINLY, **changes)
    run = list(transfer.steps(content, [style], settings, trunk))
    assert run[-1].total_loss < 0.9 * run[0].total_loss
    assert torch.isfinite(run[-1].image).all()
    assert (run[-1].image - plainly).abs().mean() > 1e-3


def test_the_optimiser_is_the_one_that_was_chosen(content, style, trunk):
    for name, kind in (("adam", Adam), ("lbfgs", LBFGS)):
        settings = dataclasses.replace(PLAINLY, optimizer=name)
        painter = transfer._Painter(trunk, settings, content, [style], None)
        painter.begin(transfer.plan(settings, *content.shape[2:])[0])
        assert type(painter.optimizer) is kind


@pytest.mark.parametrize("upright", [False, True])
def test_strokes_keep_their_size_relative_to_the_longer_side(content, style, trunk, upright):
    photo = content.mT if upright else content
    painter = transfer._Painter(trunk, PLAINLY, photo, [style], None)
    size = tuple(photo.shape[2:])
    assert next(painter._styles_at(size)).shape == style.shape
    half = next(painter._styles_at((size[0] // 2, size[1] // 2)))
    assert half.shape[2:] == tuple(multiple_of_16(side / 2) for side in style.shape[2:])


def test_whoever_wants_the_picture_only_can_go_on_as_well(content, style, trunk):
    run = transfer.steps(content, [style], PLAINLY, trunk)
    state = next(run).state()
    other = content[..., :64]
    with pytest.raises(CheckpointError, match="another size"):
        transfer.stylize(other, [style], PLAINLY, trunk, resume=state)


def test_masks_of_another_size_are_refused(content, style, trunk):
    with pytest.raises(ValueError, match="mask"):
        next(transfer.steps(content, [style], SMALL, trunk, masks=[torch.ones(1, 1, 8, 8)]))


def test_the_whole_gradient_against_plain_float32_autograd(content, style, trunk):
    """The oracle: the same loss written down plainly, with torch's own convolutions."""
    import torch.nn.functional as F

    from nst import vgg, weights

    layers = list(vgg.normalize_layers(weights.load_convolutions("original")))

    def features(x):
        kept = {}
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        for layer in layers:
            first = layer.name == "conv1_1"
            if layer.name.endswith("_1") and not first:
                x = F.max_pool2d(x, 2)
            x = F.conv2d(x, layer.weight, layer.bias, padding=0 if first else 1).relu()
            kept[layer.name] = x
        return kept

    def gram(f):
        return f[0].flatten(1) @ f[0].flatten(1).T / f[0, 0].numel()

    settings = Settings(coarse_to_fine=False)
    painter = transfer._Painter(trunk, settings, content, [style], None)
    painter.begin(transfer.plan(settings, *content.shape[2:])[0])
    pixels = (
        painter.pixels
        + 0.1 * torch.randn(painter.pixels.shape, generator=torch.Generator().manual_seed(1))
    ).requires_grad_()
    own, _ = painter._evaluate(pixels.detach())

    found = features(pixels)
    target = features(trunk.normalize(content))["conv4_2"].detach()
    styles = features(trunk.normalize(style))
    errors = []
    for layer in STYLE_LAYERS:
        a = gram(styles[layer]).detach()
        errors.append((gram(found[layer]) - a).square().sum() / a.square().sum())
    total = (
        10 * (found["conv4_2"] - target).square().mean()
        + 10_000 * losses.STYLE_UNIT * sum(errors) / 5
        + settings.tv_weight
        * losses.total_variation(pixels)
        / losses.total_variation(trunk.normalize(style))
    )
    (expected,) = torch.autograd.grad(total, pixels)
    # Rounding moves a few values across the kinks of ReLU and pooling.
    assert (own - expected).norm() / expected.norm() < 1e-2


@pytest.mark.parametrize("regions", [0, 2])
def test_the_loss_falls_as_its_gradient_says(content, style, trunk, regions):
    """All sizes of the pyramid and all regions are in the one as in the other."""
    left = torch.zeros(1, 1, *content.shape[2:])
    left[..., :40] = 1
    masks, styles = [left, 1 - left][:regions], [style, style.flip(1)][: max(1, regions)]
    settings = Settings(resolution=96, tv_weight=300, style_weights=(1.0, 2.0)[:regions])
    painter = transfer._Painter(trunk, settings, content, styles, None, masks)
    painter.begin(transfer.plan(settings, *content.shape[2:])[-1])
    assert len(painter.targets.sizes) > 1
    noise = torch.randn(painter.pixels.shape, generator=torch.Generator().manual_seed(1))
    pixels = painter.pixels + 0.3 * noise
    gradient, _ = painter._evaluate(pixels)
    step = 1e-3 * gradient / gradient.norm()
    (_, before), (_, after) = (painter._evaluate(pixels + sign * step) for sign in (-1, 1))
    assert min(before.content, before.style, before.tv) > 0
    expected = 2 * float((gradient * step).sum())
    assert after.total - before.total == pytest.approx(expected, rel=0.05)


def test_a_large_canvas_spares_memory_and_a_small_one_does_not(trunk, monkeypatch):
    asked = []
    monkeypatch.setattr(type(trunk), "spare_memory", lambda self, spare: asked.append(spare))
    monkeypatch.setattr(memory, "LARGE", 70 * 70)
    content, style = torch.rand(2, 1, 3, 96, 96)
    settings = Settings(resolution=96, iterations=3)
    scales = [progress.scale for progress in transfer.steps(content, [style], settings, trunk)]
    assert asked == [side > 70 for side in sorted(set(scales))]
    assert asked[-1]


def test_the_rim_takes_its_colour_from_behind_it():
    grey = torch.rand(1, 1, 32, 48).expand(1, 3, 32, 48)
    tinted = grey.clone()
    for edge in (tinted[..., :3, :], tinted[..., -3:, :], tinted[..., :3], tinted[..., -3:]):
        edge += torch.tensor([0.2, 0.0, -0.2]).view(1, 3, 1, 1)
    torch.testing.assert_close(transfer.calm_rim(tinted), grey)


def test_what_has_no_tint_at_its_rim_stays_as_it_is():
    even = torch.rand(1, 1, 32, 32) + torch.tensor([0.1, 0.0, 0.3]).view(1, 3, 1, 1)
    torch.testing.assert_close(transfer.calm_rim(even.clone()), even)
    inside = torch.rand(1, 3, 32, 48)
    calm = transfer.calm_rim(inside.clone())
    torch.testing.assert_close(calm[..., 5:-5, 5:-5], inside[..., 5:-5, 5:-5])
