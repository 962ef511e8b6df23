"""Looking at a picture in tiles must be no different from looking at it at once."""

from __future__ import annotations

import pytest
import torch

from nst import errors
from nst.paint import brushwork, loop, memory, neighbours, transfer
from nst.paint.content_target import ContentMaker, Packed
from nst.paint.loop import Loop
from nst.paint.memory import WHOLE
from nst.paint.schedule import Stage, plan
from nst.paint.transfer import Canvas
from nst.paint.viewer import LocalViewer, photo_of
from nst.pictures import tensors
from nst.settings import CONTROLS, Settings
from nst.vgg import network, weights
from nst.vgg.passage import Passage
from nst.vgg.tiles import Tile, Window, margins, tiles
from nst.vgg.wanted import Wanted
from nst.vgg.workspace import Workspace

KINDS = pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)


def evaluate(trunk, settings, content, styles, masks, tile):
    """Gradient and losses of a composition a little away from the photo."""
    painter = Loop(
        trunk, settings, Canvas(content, styles, None, masks), transfer.Options(tile=tile)
    )
    painter.begin(Stage(*content.shape[2:], 1))
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(painter.pixels.shape, generator=generator)
    return painter.objective.evaluate(painter.pixels + 0.1 * noise)


def eye_of(trunk, size, side, deepest):
    windows = [Window(tile, deepest) for tile in tiles(*size, side)]
    return LocalViewer(trunk, windows, "max", Workspace(), short_of_memory=True)


MASKED = {
    "content_layer": "conv2_2",
    "style_layers": ("conv1_2", "conv3_4", "conv4_2"),
    "style_weights": (1.0, 2.0),
}


@pytest.mark.parametrize(
    ("size", "tile", "changes", "regions"),
    [
        ((160, 96), 64, {}, 0),  # six tiles, the lower ones half as high
        ((272, 64), 128, {"pooling": "avg", "coarse_to_fine": False, "tv_weight": 0.0}, 0),
        ((96, 144), 64, MASKED, 2),
    ],
)
def test_the_gradient_of_a_composition_is_that_of_the_whole_picture(
    trunk, photo, artwork, size, tile, changes, regions
):
    content = tensors.to_tensor(photo.resize(size))
    sizes = (size, (96, 80))[: max(1, regions)]
    styles = [tensors.to_tensor(artwork.resize(each)) for each in sizes]
    generator = torch.Generator().manual_seed(2)
    masks = [torch.rand(1, 1, *content.shape[2:], generator=generator) for _ in range(regions)]
    settings = Settings(resolution=max(size), **changes)
    whole, losses = evaluate(trunk, settings, content, styles, masks, WHOLE)
    found, its_losses = evaluate(trunk, settings, content, styles, masks, tile)
    assert (found - whole).norm() < 1e-4 * whole.norm()
    assert (found - whole).abs().max() < 1e-4 * whole.abs().max()
    assert its_losses.total == pytest.approx(losses.total, rel=1e-5)
    assert its_losses.content == pytest.approx(losses.content, rel=1e-4)
    assert its_losses.style == pytest.approx(losses.style, rel=1e-4)


@KINDS
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_the_picture_is_the_same(trunk, photo, artwork, optimizer, kind):
    content, style = (tensors.to_tensor(picture.resize((96, 80))) for picture in (photo, artwork))
    settings = Settings(
        optimizer=optimizer,
        style_loss=kind,
        iterations=3,
        coarse_to_fine=False,
        content_layer="conv3_1",
        style_layers=("conv1_1", "conv3_1"),
    )
    one, other = (
        transfer.stylize(
            Canvas(content, [style]), settings, trunk, options=transfer.Options(tile=tile)
        )
        for tile in (WHOLE, 64)
    )
    assert (one - other).abs().max() < 2 / 255


@pytest.mark.parametrize(
    ("kind", "deepest", "stages"),
    [("gram", "conv2_1", [False]), ("neighbours", neighbours.COMPARED[-1], [False, True])],
)
def test_nothing_larger_than_a_tile_and_its_surroundings_is_looked_at(
    trunk, monkeypatch, kind, deepest, stages
):
    seen = []
    forth = Passage.forth

    def spy(self, pixels, *others, **how):
        seen.append(pixels.shape[2:])
        return forth(self, pixels, *others, **how)

    monkeypatch.setattr(Passage, "forth", spy)
    content, style = torch.rand(2, 1, 3, 64, 256)
    settings = Settings(
        style_loss=kind,
        iterations=len(stages),
        coarse_to_fine=False,
        content_layer="conv2_1",
        style_layers=("conv1_1",),
    )
    assert [stage.brushwork for stage in plan(settings, 64, 256)] == stages
    transfer.stylize(Canvas(content, [style]), settings, trunk, options=transfer.Options(tile=64))
    assert len(seen) >= 4 * 4 * len(stages)  # style, content, Gram matrices, gradient; four tiles
    assert max(max(shape) for shape in seen) == 64 + 2 * margins(deepest)[1] < 256


@pytest.fixture(scope="module")
def half():
    """The first four layers, in half precision."""
    layers = list(weights.load_convolutions("original"))[:4]
    return network.VGG19(layers, torch.device("cpu"), torch.bfloat16)


@pytest.mark.parametrize("regions", [0, 2])
def test_tiles_are_planned_for_what_is_painted(half, content, style, monkeypatch, regions):
    asked = []

    def tile_side(canvas, free):
        asked.append((canvas, free))
        return 64

    monkeypatch.setattr(memory, "tile_side", tile_side)
    monkeypatch.setattr(memory, "free_memory", lambda device: 1234 if device == half.device else 0)
    settings = Settings(
        iterations=1,
        coarse_to_fine=False,
        content_layer="conv1_2",
        style_layers=("conv1_1",),
        style_loss="gram",
    )
    styles, masks = [style] * max(1, regions), [torch.ones(1, 1, *content.shape[2:])] * regions
    (progress,) = transfer.steps(Canvas(content, styles, masks=masks), settings, half)
    assert asked == [(memory.Workload(64, 96, settings, regions, element_size=2), 1234)]
    assert progress.tile == 64


def test_bfloat16_is_tiled_as_well(half, content):
    picture = photo_of(content[..., :96], half)
    whole, parts = (eye_of(half, (64, 96), tile, "conv2_2") for tile in (WHOLE, 64))
    one, other = (eye.grams(picture, ["conv2_1"])["conv2_1"] for eye in (whole, parts))
    assert (one - other).norm() < 0.01 * one.norm()


@pytest.mark.parametrize("layer", ["conv1_2", "conv3_2"])
def test_content_is_looked_at_in_tiles(trunk, content, layer):
    eye = eye_of(trunk, (64, 96), 64, layer)
    target = eye.remember(eye.show(photo_of(content, trunk)), ContentMaker(layer, 1.0))
    whole = trunk.features(trunk.normalize(content), [layer])[layer]
    for number, window in enumerate(eye.windows):
        expected = whole[(..., *window.place(int(layer[4])))]
        torch.testing.assert_close(target._features(number), expected, rtol=1e-4, atol=1e-4)


def test_packing_loses_nothing():
    x = torch.randn(1, 16, 3, 5).relu_().contiguous(memory_format=torch.channels_last)
    packed = Packed(x)
    assert torch.equal(packed.unpack(), x)
    assert packed._values.numel() == (x > 0).sum()


def test_a_window_is_differentiable_like_a_picture(trunk):
    pixels = torch.rand(1, 3, 32, 32, requires_grad=True)
    window = Window(Tile.whole(32, 32), "conv2_1")
    seen = trunk.look(pixels, Wanted(["conv2_1"], []), window=window)
    (one,) = torch.autograd.grad(seen.features["conv2_1"].sum(), pixels)
    (other,) = torch.autograd.grad(trunk.features(pixels, ["conv2_1"])["conv2_1"].sum(), pixels)
    assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("kind", "fails"),
    [("gram", 1), ("neighbours", 1), ("neighbours", 2), ("neighbours", 3)],
)
def test_it_goes_on_in_smaller_tiles_when_memory_runs_out(
    trunk, photo, artwork, monkeypatch, kind, fails
):
    """From the step that failed, to the same picture."""
    content, style = (tensors.to_tensor(picture.resize((208, 80))) for picture in (photo, artwork))
    settings = Settings(
        style_loss=kind,
        iterations=4,
        coarse_to_fine=False,
        content_layer="conv2_2",
        style_layers=("conv2_1",),
        refresh_every=1000,
    )
    expected = transfer.stylize(
        Canvas(content, [style]), settings, trunk, options=transfer.Options(tile=128)
    )
    forth, steps = Passage.forth, []

    def short_of_memory(self, pixels, *others, **more):
        if pixels.shape[3] == 208 and len(steps) >= fails:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")
        return forth(self, pixels, *others, **more)

    monkeypatch.setattr(Passage, "forth", short_of_memory)
    monkeypatch.setattr(memory, "SIDES", (memory.WHOLE, 128))
    monkeypatch.setattr(memory, "free_memory", lambda device: 10**12)
    for progress in transfer.steps(Canvas(content, [style]), settings, trunk):
        steps.append(progress.tile)
    assert steps == [0] * fails + [128] * (4 - fails)
    assert (progress.image - expected).abs().max() < 2 / 255


def test_strokes_that_memory_ran_out_over_are_gone_on_with(trunk, photo, artwork, monkeypatch):
    """A run that went on in smaller tiles, and was saved then, is resumed with its own strokes."""
    content, style = (tensors.to_tensor(picture.resize((208, 80))) for picture in (photo, artwork))
    forth, short = Passage.forth, []

    def short_of_memory(self, pixels, *others, **more):
        if pixels.shape[3] == 208 and short:
            raise MemoryError
        return forth(self, pixels, *others, **more)

    monkeypatch.setattr(Passage, "forth", short_of_memory)
    monkeypatch.setattr(memory, "SIDES", (memory.WHOLE, 64))
    monkeypatch.setattr(memory, "free_memory", lambda device: 10**12)
    stage = Stage(80, 208, 3, brushwork=True)
    one, other = (Loop(trunk, Settings(), Canvas(content, [style])) for _ in range(2))
    one.begin(stage)
    one.step(0.1)
    short.append("from now on")
    one.step(0.1)
    assert one.tile == 64
    other.begin(stage, resume=one.state([1.0, 1.0], 0.0)())
    assert other.tile == 64
    assert other.step(0.1).total == pytest.approx(one.step(0.1).total, rel=1e-5)
    torch.testing.assert_close(other.pixels, one.pixels, rtol=0, atol=1e-3)


def test_without_memory_for_any_tile_it_says_so(trunk, content, style, monkeypatch):
    def no_memory(*_, **__):
        raise MemoryError

    monkeypatch.setattr(Passage, "forth", no_memory)
    monkeypatch.setattr(memory, "SIDES", (memory.WHOLE, 64))
    run = transfer.steps(Canvas(content, [style]), Settings(resolution=96), trunk)
    with pytest.raises(errors.NoMemoryError, match="lower resolution"):
        next(run)


def test_without_memory_for_the_strokes_of_any_tile_it_says_so(trunk, content, style, monkeypatch):
    """The composition is there, and can be kept."""

    def no_memory(*_, **__):
        raise MemoryError

    monkeypatch.setattr(brushwork, "Matcher", no_memory)
    monkeypatch.setattr(memory, "SIDES", (memory.WHOLE, 64))
    run = transfer.steps(Canvas(content, [style]), Settings(resolution=96, iterations=4), trunk)
    seen = []
    with pytest.raises(errors.NoMemoryError, match="lower resolution"):
        seen.extend(progress.snapshot() for progress in run)
    assert 0 < len(seen) < 4
    assert torch.isfinite(seen[-1]).all()


def test_pictures_that_there_is_no_memory_for(trunk, content, style, monkeypatch):
    """What grows with the canvas whatever its tiles."""

    def no_memory(*_, **__):
        raise MemoryError

    monkeypatch.setattr(loop, "Adam", no_memory)
    settings = Settings(content_layer="conv1_1", style_layers=("conv1_1",))
    with pytest.raises(errors.NoMemoryError, match="96 x 64 px"):
        next(transfer.steps(Canvas(content, [style]), settings, trunk))


def test_another_error_is_not_taken_for_a_lack_of_memory(trunk, content, style, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("something else")

    monkeypatch.setattr(Passage, "forth", broken)
    with pytest.raises(RuntimeError, match="something else"):
        next(transfer.steps(Canvas(content, [style]), Settings(resolution=96), trunk))
