"""Layer names, normalisation, gradients, device and precision."""

from __future__ import annotations

import definitions
import oracle
import pytest
import torch
import torch.nn.functional as F

from nst.layers import LAYERS, deepest
from nst.machine import malloc
from nst.vgg import calibration, network, strips, weights
from nst.vgg.stem import CELL
from nst.vgg.tiles import Window, tiles
from nst.vgg.wanted import Look, Wanted
from nst.vgg.workspace import Workspace

# As a hypercolumn has them, and one whose positions are larger than a cell.
COLUMN = ("conv1_1", "conv2_1", "conv2_2", "conv3_1", "conv3_3", "conv4_2")


@pytest.fixture(scope="module")
def convolutions():
    return list(weights.load_convolutions("original"))


@pytest.fixture(scope="module")
def normalized(convolutions):
    return list(calibration.normalize_layers(convolutions))


def test_features_are_torchvisions_up_to_the_scale_of_a_layer(trunk, convolutions):
    from torchvision.models.vgg import cfgs, make_layers  # takes seconds, for this test alone

    layers = make_layers(cfgs["E"])
    frozen = [layer for layer in layers if isinstance(layer, torch.nn.Conv2d)]
    for layer, (weight, bias) in zip(frozen, convolutions, strict=False):
        layer.weight.data, layer.bias.data = weight, bias
    # Constant towards the rim, which is padded differently.
    pixels = trunk.normalize(F.pad(torch.rand(1, 3, 32, 48), (64,) * 4, value=0.5))
    found = trunk.features(pixels, ["conv1_1", "conv3_4", "conv4_2"])
    for name, index, rim in (("conv1_1", 1, 2), ("conv3_4", 17, 10), ("conv4_2", 22, 8)):
        with torch.no_grad():
            inner = (..., slice(rim, -rim), slice(rim, -rim))
            expected = layers[: index + 1](pixels)[inner].double()
            own = found[name][inner].double()
        scale = own.norm() / expected.norm()
        assert (own - expected * scale).norm() / own.norm() < 1e-4


def test_every_layer_has_a_mean_activation_of_one_on_photo_like_pictures(normalized):
    x = calibration.dead_leaves(128, torch.Generator().manual_seed(0))
    for layer in normalized:
        if layer.name.endswith("_1") and layer.name != "conv1_1":
            x = F.max_pool2d(x, 2)
        x = F.conv2d(x, layer.weight, layer.bias, padding=1).relu()
        assert float(x.mean()) == pytest.approx(1, rel=1e-3)


def test_discs_lie_on_top_of_each_other_to_their_last_pixel():
    """To the bit: all weights are scaled by what the network answers to them."""
    side, generator = 40, torch.Generator().manual_seed(3)
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    expected = torch.full((3, side, side), 0.5)
    for _ in range(calibration.DISCS):
        u, v, r, grey, *rgb = torch.rand(7, generator=generator)
        radius = (1 / 2 - (1 / 2 - 1 / side) * r.sqrt()) * side / 2
        inside = (x - u * side).square() + (y - v * side).square() < radius.square()
        colour = 0.5 + 0.7 * (0.75 * grey + 0.25 * torch.stack(rgb) - 0.5)
        expected[:, inside] = colour[:, None]
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (weights.MEAN, weights.STD))
    found = calibration.dead_leaves(side, torch.Generator().manual_seed(3))
    assert torch.equal(found, (expected - mean) / std)


def test_activations_on_a_real_photo_are_of_that_order(trunk, content):
    features = trunk.features(trunk.normalize(content), LAYERS)
    for activation in features.values():
        assert 0.4 < float(activation.mean()) < 2.5


def test_gradient_is_that_of_autograd(trunk, normalized):
    pixels = torch.randn(1, 3, 32, 48)

    def plain(x):
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        for number, layer in enumerate(normalized[:9]):
            if layer.name.endswith("_1") and number:
                x = F.max_pool2d(x, 2)
            x = F.conv2d(x, layer.weight, layer.bias, padding=1 if number else 0).relu()
        return x

    gradients = []
    for run in (plain, lambda x: trunk.features(x, ["conv4_1"])["conv4_1"]):
        x = pixels.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(run(x).square().mean(), x)
        gradients.append(gradient)
    error = (gradients[1] - gradients[0]).norm() / gradients[0].norm()
    assert error < 2e-3


@pytest.mark.parametrize("pooling", ["max", "avg"])
@pytest.mark.parametrize("guided", [False, True])
@pytest.mark.parametrize(
    ("content_layers", "style_layers"),
    [
        (["conv4_2"], ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"]),
        (["conv2_2"], ["conv1_1", "conv3_4"]),
        (["conv1_2", "conv4_4"], ["conv1_1", "conv4_4", "conv2_2"]),
        (["conv1_1"], ["conv1_2"]),
        ([], ["conv1_1"]),
        (["conv3_2"], []),
    ],
)
def test_any_layers_in_both_directions(
    normalized, trunk, content_layers, style_layers, guided, pooling
):
    guides = torch.rand(2, 32, 48) if guided else None
    last = deepest([*content_layers, *style_layers])

    def plain(x):
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        kept, gain = {}, 1.0
        for number, layer in enumerate(normalized):
            if layer.name.endswith("_1") and number:
                x = F.max_pool2d(x, 2) if pooling == "max" else F.avg_pool2d(x, 2) * gain
            x = F.conv2d(x, layer.weight, layer.bias, padding=1 if number else 0).relu()
            kept[layer.name], gain = x, layer.average_gain
            if layer.name == last:
                break
        grams = {name: definitions.gram_matrices(kept[name], guides) for name in style_layers}
        return Look({name: kept[name] for name in content_layers}, grams)

    pixels = torch.randn(1, 3, 32, 48, generator=torch.Generator().manual_seed(1))
    gradients = []
    for run in (
        plain,
        lambda x: trunk.look(x, Wanted(content_layers, style_layers, pooling), guides),
    ):
        x = pixels.clone().requires_grad_()
        seen = run(x)
        assert set(seen.features) == set(content_layers)
        assert set(seen.grams) == set(style_layers)
        parts = [seen.features[name].square().mean() for name in content_layers]
        parts += [seen.grams[name].square().mean() for name in style_layers]
        gradients.append(torch.autograd.grad(torch.stack(parts).sum(), x)[0])
    error = (gradients[1] - gradients[0]).norm() / gradients[0].norm()
    # Rounding moves a few values across the kinks of ReLU and pooling.
    assert error < 1e-2


def noisy(*size):
    return torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("pooling", ["max", "avg"])
@pytest.mark.parametrize("cell", [2, CELL])
@pytest.mark.parametrize("layers", [COLUMN, ("conv1_2", "conv2_1"), ("conv1_1",)])
def test_over_cells_features_are_means_where_they_are_finer(trunk, layers, cell, pooling):
    pixels = noisy(32, 48)
    fine = trunk.features(pixels, layers, pooling)
    found = trunk.look(pixels, Wanted(layers, (), pooling, cell=cell)).features
    assert set(found) == set(layers)
    for layer in layers:
        expected = oracle.over_cells(fine[layer], layer, cell)
        assert found[layer].shape == expected.shape
        torch.testing.assert_close(found[layer], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("pooling", ["max", "avg"])
@pytest.mark.parametrize("guided", [False, True])
@pytest.mark.parametrize(
    ("layers", "style_layers"),
    [
        (COLUMN, ("conv1_1", "conv2_1", "conv3_1", "conv4_1")),
        (COLUMN, ()),
        (("conv1_1", "conv3_3"), ("conv2_1",)),  # of the first layer means, and no textures
        (("conv1_2", "conv2_2"), ("conv1_1", "conv1_2")),  # the first block is no stem
        (("conv1_1",), ("conv1_1",)),
    ],
)
def test_the_gradient_through_cells_is_that_of_float64(
    trunk, layers, style_layers, guided, pooling
):
    pixels = noisy(32, 48)
    guides = torch.rand(2, 32, 48) if guided else None
    like = trunk.look(pixels, Wanted(layers, style_layers, pooling, cell=CELL), guides)
    wanted = {name: torch.randn(seen.shape) for name, seen in like.features.items()}

    def distance(features, grams):
        """All layers count about as much."""
        parts = [(features[name] - wanted[name]).square().mean() for name in layers]
        return sum(parts) + sum(gram.square().mean() for gram in grams)

    def plain(x):
        seen = oracle.features(x, pooling, deepest((*layers, *style_layers)))
        regions = [None] if guides is None else guides
        grams = [
            torch.stack([oracle.gram(seen[name], region) for region in regions])
            for name in style_layers
        ]
        return distance({n: oracle.over_cells(seen[n], n, CELL) for n in layers}, grams)

    value, expected = oracle.gradient(plain, pixels)
    pixels.requires_grad_()
    seen = trunk.look(pixels, Wanted(layers, style_layers, pooling, cell=CELL), guides)
    loss = distance(seen.features, [seen.grams[name] for name in style_layers])
    (found,) = torch.autograd.grad(loss, pixels)
    assert float(loss.detach()) == pytest.approx(value, rel=1e-4)
    # Rounding moves a few values across the kinks of ReLU and pooling.
    assert oracle.apart(found, expected) < 5e-3


@pytest.mark.parametrize("style_layers", [(), ("conv1_1", "conv3_1")])
def test_through_windows_cells_are_those_of_the_whole(trunk, style_layers):
    pixels = noisy(96, 144).requires_grad_()
    whole = trunk.look(pixels, Wanted(COLUMN, style_layers, cell=CELL))
    outputs = [*whole.features.values(), *whole.grams.values()]
    slopes = [torch.randn(output.shape) for output in outputs]
    (expected,) = torch.autograd.grad(outputs, pixels, slopes)
    found = torch.zeros_like(expected)
    reach = deepest((*COLUMN, *style_layers))
    for tile in tiles(96, 144, 64):
        window = Window(tile, reach)
        part = pixels[(..., *window.pixels)].detach().requires_grad_()
        seen = trunk.look(part, Wanted(COLUMN, style_layers, cell=CELL), window=window)
        gradients = slopes.copy()
        for number, (name, features) in enumerate(whole.features.items()):
            place = (..., *window.place(max(3, int(name[4]))))  # block 3 has a position a cell
            torch.testing.assert_close(seen.features[name], features[place], rtol=1e-4, atol=1e-4)
            gradients[number] = slopes[number][place]
        outputs = [*seen.features.values(), *seen.grams.values()]
        (gradient,) = torch.autograd.grad(outputs, part, gradients)
        found[(..., *window.pixels)] += gradient
    assert oracle.apart(found, expected) < 1e-3


@pytest.mark.parametrize("side", [0, 64])
def test_in_strips_the_gradient_of_features_behind_a_pooling_is_the_same(trunk, monkeypatch, side):
    pixels = noisy(96, 144)
    window = Window(tiles(96, 144, side or 144)[-1], "conv3_3")
    part = pixels[(..., *window.pixels)]
    gradients = []
    for strip_bytes in (2**30, 2**14):
        monkeypatch.setattr(strips, "STRIP_BYTES", strip_bytes)
        wanted = Wanted(COLUMN[:5], cell=CELL)
        look, back = trunk.glimpse(part, wanted, None, window, Workspace())
        generator = torch.Generator().manual_seed(0)
        slopes = {
            name: torch.randn(found.shape, generator=generator)
            for name, found in look.features.items()
        }
        gradients.append(back(slopes, {}))
    assert oracle.apart(*gradients) < 1e-4


@pytest.mark.parametrize("pooling", ["max", "avg"])
@pytest.mark.parametrize("style_layers", [(), ("conv1_1", "conv2_2", "conv3_1")])
def test_a_glimpse_goes_back_as_autograd_does(trunk, style_layers, pooling):
    pixels = noisy(80, 96)
    window = Window(tiles(80, 96, 64)[0], "conv4_2")
    part = pixels[(..., *window.pixels)].clone().requires_grad_()
    seen = trunk.look(part, Wanted(COLUMN, style_layers, pooling, cell=CELL), window=window)
    slopes = {name: torch.randn(output.shape) for name, output in seen.features.items()}
    of_grams = {name: torch.randn(output.shape) for name, output in seen.grams.items()}
    (expected,) = torch.autograd.grad(
        [*seen.features.values(), *seen.grams.values()],
        part,
        [*slopes.values(), *of_grams.values()],
    )
    glimpse = trunk.glimpse(
        part, Wanted(COLUMN, style_layers, pooling, cell=CELL), None, window, Workspace()
    )
    for kind in ("features", "grams"):
        found, known = getattr(glimpse.look, kind), getattr(seen, kind)
        assert [*found] == [*known]
        assert all(torch.equal(found[name], known[name]) for name in known)
    assert torch.equal(glimpse.back(slopes, of_grams), expected)
    assert not slopes  # nothing of them is held
    with pytest.raises(RuntimeError, match="only once"):
        glimpse.back({}, of_grams)


def test_average_pooling_keeps_the_size_of_activations(trunk, content):
    pixels = trunk.normalize(content)
    means = [
        [float(x.mean()) for x in trunk.features(pixels, LAYERS, kind).values()]
        for kind in ("max", "avg")
    ]
    for one, other in zip(*means, strict=True):
        assert 0.5 < one / other < 2


def test_a_look_is_differentiated_once(trunk):
    pixels = torch.rand(1, 3, 32, 32, requires_grad=True)
    loss = trunk.features(pixels, ["conv2_1"])["conv2_1"].sum()
    torch.autograd.grad(loss, pixels, retain_graph=True)
    with pytest.raises(RuntimeError, match="only once"):
        torch.autograd.grad(loss, pixels)


def test_bfloat16_is_close_to_float32(trunk, content):
    half = network.VGG19(
        list(weights.load_convolutions("original"))[:4], torch.device("cpu"), torch.bfloat16
    )
    pixels = trunk.normalize(content)[..., :32, :32]
    exact = trunk.features(pixels, ["conv2_2"])["conv2_2"]
    found = half.features(pixels, ["conv2_2"])["conv2_2"]
    assert found.dtype == torch.bfloat16
    assert (found.float() - exact).norm() / exact.norm() < 0.03


def test_normalize_and_back(trunk):
    image = torch.rand(1, 3, 4, 5)
    torch.testing.assert_close(trunk.denormalize(trunk.normalize(image)), image)


def test_bfloat16_gradient_is_close_to_float32(trunk, content):
    half = network.VGG19(
        list(weights.load_convolutions("original"))[:4], torch.device("cpu"), torch.bfloat16
    )
    gradients = []
    for precise in (trunk, half):
        pixels = trunk.normalize(content)[..., :32, :32].requires_grad_()
        seen = precise.look(pixels, Wanted(["conv2_2"], ["conv1_1", "conv2_1"]))
        loss = seen.features["conv2_2"].float().square().mean() + sum(
            gram.square().mean() for gram in seen.grams.values()
        )
        gradients.append(torch.autograd.grad(loss, pixels)[0])
    assert (gradients[1] - gradients[0]).norm() / gradients[0].norm() < 0.05


def test_from_the_first_network_on_freed_memory_is_kept(monkeypatch):
    told = []
    monkeypatch.setattr(malloc, "keep_for_later", lambda: told.append("kept"))
    monkeypatch.setattr(network, "VGG19", lambda *_: None)
    network.load("original", "cpu", torch.float32)
    assert told == ["kept"]
