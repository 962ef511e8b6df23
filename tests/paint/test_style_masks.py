"""Only a part of an artwork counts: its textures, its strokes, its colours."""

from __future__ import annotations

import pytest
import torch
from files import encoded, noise
from PIL import Image

from nst.errors import UserError
from nst.paint import bank, composition, transfer
from nst.paint.inputs import Canvas
from nst.paint.loop import Loop
from nst.paint.schedule import plan
from nst.pictures import color
from nst.settings import Settings
from nst.studio.order import Input, Order, Pictures
from nst.studio.preparation import prepare

GRAM = Settings(resolution=96, iterations=2, style_loss="gram")
STROKES = Settings(resolution=96, iterations=3)


@pytest.fixture
def two_halves(style: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """An artwork whose right half is black, and what counts of it: the left half."""
    halved, counted = style.clone(), torch.zeros(1, 1, *style.shape[2:])
    middle = style.shape[3] // 2
    halved[..., middle:] = 0
    counted[..., :middle] = 1
    return halved, counted


def scene_of(trunk, canvas: Canvas, settings: Settings):
    loop = Loop(trunk, settings, canvas)
    stage = plan(settings, *canvas.content.shape[2:])[-1]
    loop.photo = canvas.content
    scene = loop._scene(None)
    loop.thrift.end()
    assert stage.height == canvas.content.shape[2]
    return scene


def test_gram_matrices_are_those_of_what_counts(vgg19, content, style, two_halves):
    halved, counted = two_halves
    size = tuple(content.shape[2:])
    layers = ("conv1_1", "conv3_1")

    def grams(artwork, masks=()):
        scene = scene_of(vgg19, Canvas(content, [artwork], style_masks=masks), GRAM)
        return composition._style_grams(scene, size, layers)[0]

    left = grams(style[..., : style.shape[3] // 2])

    def errors(found):
        return [float((a - b).norm() / b.norm()) for a, b in zip(found, left, strict=True)]

    masked, plain = errors(grams(halved, [counted])), errors(grams(halved))
    assert masked[0] < 0.1 < 0.5 < plain[0]
    assert masked[1] < 0.8 * plain[1]  # deeper layers look across the border


def test_strokes_are_taken_from_what_counts(two_halves):
    halved, counted = two_halves
    width = halved.shape[3] // bank.CELL
    everything = bank._inner_cells(halved, None)
    chosen = bank._inner_cells(halved, counted[0])
    assert 0 < len(chosen) < len(everything)
    assert int((chosen % width).max()) < width // 2
    only = torch.zeros_like(counted)
    only[..., 40, 40] = 1
    (cell,) = bank._inner_cells(halved, only[0]).tolist()
    assert cell == 40 // bank.CELL * width + 40 // bank.CELL


@pytest.mark.parametrize("settings", [GRAM, STROKES], ids=["gram", "neighbours"])
def test_a_mask_of_all_that_there_is_changes_nothing(trunk, content, style, settings):
    everything = torch.ones(1, 1, *style.shape[2:])
    plain = transfer.stylize(Canvas(content, [style]), settings, trunk)
    masked = transfer.stylize(Canvas(content, [style], style_masks=[everything]), settings, trunk)
    none = transfer.stylize(Canvas(content, [style], style_masks=[None]), settings, trunk)
    assert torch.equal(plain, none)
    assert float((plain - masked).abs().mean()) < 0.01


@pytest.mark.parametrize("settings", [GRAM, STROKES], ids=["gram", "neighbours"])
def test_what_does_not_count_darkens_nothing(trunk, content, two_halves, settings):
    halved, counted = two_halves
    plain = transfer.stylize(Canvas(content, [halved]), settings, trunk)
    masked = transfer.stylize(Canvas(content, [halved], style_masks=[counted]), settings, trunk)
    assert not torch.equal(plain, masked)
    assert float(masked.mean()) > float(plain.mean())


def test_a_mask_of_another_shape_is_refused(content, style):
    with pytest.raises(ValueError, match="a style's mask must be"):
        Canvas(content, [style], style_masks=[torch.ones(1, 1, 8, 8)]).check()
    with pytest.raises(ValueError, match="zip"):
        Canvas(content, [style], style_masks=[None, None]).check()


def artwork(hidden: Image.Image) -> bytes:
    """The left half visible, the right half transparent, whatever is stored there."""
    picture = hidden.convert("RGBA")
    picture.putalpha(0)
    picture.paste(noise(48, 96, 7).convert("RGBA"), (0, 0))
    return encoded(picture)


@pytest.mark.parametrize("kept", ["off", "match", "luminance"])
def test_transparent_parts_of_an_artwork_have_no_influence(kept):
    settings = Settings(resolution=64, preserve_color=kept)
    prepared = [
        prepare(
            Order(
                Input("Photo", encoded(noise(96, 96)), "a.png"),
                (Input("Style", artwork(hidden), "b.png"),),
                settings,
            ).open(),
            settings,
        )
        for hidden in (noise(96, 96, 1), Image.new("RGB", (96, 96), "white"))
    ]
    first, second = prepared
    assert first.styles[0].tobytes() == second.styles[0].tobytes()
    (mask,) = first.style_masks
    assert mask.size == first.styles[0].size
    assert (mask.getpixel((2, 9)), mask.getpixel((60, 9))) == (255, 0)
    assert [each.shape for each in first.canvas().style_masks] == [(1, 1, 64, 64)]


@pytest.mark.parametrize("kept", ["off", "match", "luminance"])
def test_what_a_style_mask_has_black_has_no_influence(kept):
    """Masks have any size; together with transparency both count."""
    settings = Settings(resolution=64, preserve_color=kept)
    mask = Image.new("L", (48, 48))
    mask.paste(255, (0, 0, 48, 24))  # of the upper half
    prepared = []
    for seed in (1, 2):
        whole = noise(96, 96, seed)
        whole.paste(noise(96, 48, 7), (0, 0))
        pictures = Pictures(noise(96, 96), [whole], style_masks=[mask])
        prepared.append(prepare(pictures, settings))
    first, second = prepared
    assert first.styles[0].tobytes() == second.styles[0].tobytes()
    counted = first.style_masks[0]
    assert counted.size == first.styles[0].size
    assert (counted.getpixel((9, 2)), counted.getpixel((9, 60))) == (255, 0)


def test_a_style_mask_and_transparency_both_count():
    """Visible on the left, white above."""
    settings = Settings(resolution=64)
    cut = Input("Style", artwork(noise(96, 96)), "b.png").open(ground=None)
    mask = Image.new("L", (96, 96))
    mask.paste(255, (0, 0, 96, 48))
    found = prepare(Pictures(noise(96, 96), [cut], style_masks=[mask]), settings).style_masks[0]
    corners = [found.getpixel(place) for place in ((2, 2), (60, 2), (2, 60), (60, 60))]
    assert corners == [255, 0, 0, 0]
    nowhere = Image.new("L", (96, 96))
    nowhere.paste(255, (60, 0, 96, 96))
    with pytest.raises(UserError, match="Style mask 1 leaves nothing to be seen of its style"):
        prepare(Pictures(noise(96, 96), [cut], style_masks=[nowhere]), settings)


def test_a_white_style_mask_is_none():
    settings = Settings(resolution=64)
    white = Image.new("L", (8, 8), 255)
    pictures = Pictures(noise(96, 96), [noise(96, 96)], style_masks=[white])
    assert prepare(pictures, settings).style_masks == ()


def test_an_opaque_artwork_has_no_mask():
    settings = Settings(resolution=64)
    plain = Order(
        Input("Photo", encoded(noise(96, 96)), "a.png"),
        (Input("Style", encoded(noise(96, 96)), "b.png"),),
        settings,
    )
    assert prepare(plain.open(), settings).style_masks == ()


@pytest.mark.parametrize("match", [color.match_color, color.match_luminance])
def test_colours_are_matched_by_what_counts(match):
    left, photo = noise(40, 40, 3), noise(40, 40, 4).point(lambda value: value // 2)
    whole = Image.new("RGB", (80, 40), "white")
    whole.paste(left, (0, 0))
    counted = Image.new("L", (80, 40))
    counted.paste(255, (0, 0, 40, 40))
    matched = match(whole, photo, counted).crop((0, 0, 40, 40))
    assert matched.tobytes() == match(left, photo).tobytes()
