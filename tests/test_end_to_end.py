"""The real thing at a small size: it must look painted, and the plain loop must be its equal."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from benchmarks import judges, speed
from benchmarks.plain import PlainLoop
from nst.paint import losses, transfer
from nst.pictures import fitting, tensors
from nst.settings import PRESETS, Settings
from nst.vgg import network

STYLE_LAYERS = Settings().style_layers


def gram_error(trunk, image, style):
    """Mean relative Gram error, independent of the loss that was minimised."""
    errors = []
    found, wanted = (trunk.features(trunk.normalize(x), STYLE_LAYERS) for x in (image, style))
    for layer in STYLE_LAYERS:
        f, a = found[layer][0].flatten(1), wanted[layer][0].flatten(1)
        f, a = f @ f.T / f.shape[1], a @ a.T / a.shape[1]
        errors.append(float((f - a).square().sum() / a.square().sum()))
    return sum(errors) / len(errors)


@pytest.fixture(scope="module")
def pair(photo, artwork):
    return tuple(tensors.to_tensor(fitting.fit(picture, 160)) for picture in (photo, artwork))


@pytest.fixture(scope="module")
def painted(pair, trunk):
    content, style = pair
    return transfer.stylize(transfer.Canvas(content, [style]), Settings(resolution=160), trunk)


def test_the_default_run_takes_over_style_and_keeps_content(pair, painted, trunk):
    """By judges that are not minimised, and by one that is."""
    content, style = pair
    photo, artwork, painting = map(tensors.to_picture, (content, style, painted))
    assert judges.patch(painting, artwork) < 0.5 * judges.patch(photo, artwork)
    assert judges.edges(painting, photo) < 0.92 * judges.edges(artwork.resize(photo.size), photo)
    assert gram_error(trunk, painted, style) < 0.35 * gram_error(trunk, content, style)


def test_so_does_a_composition(content, style, trunk):
    settings = Settings(resolution=96, effort=0.5, style_loss="gram")
    composed = transfer.stylize(transfer.Canvas(content, [style]), settings, trunk)
    assert gram_error(trunk, composed, style) < 0.5 * gram_error(trunk, content, style)
    features = [
        trunk.features(trunk.normalize(x), ["conv4_2"])["conv4_2"]
        for x in (composed, content, torch.rand_like(content))
    ]
    assert losses.content_loss(features[0], features[1]) < 0.5 * losses.content_loss(
        features[2], features[1]
    )


def test_no_speckle(pair, painted):
    """High frequencies stay within what photo and artwork have themselves."""

    def energy(x):
        grey = x.mean(1, keepdim=True)
        kernel = torch.tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]]).view(1, 1, 3, 3).float()
        return float(torch.nn.functional.conv2d(grey, kernel).abs().mean())

    content, style = pair
    assert energy(painted) < 1.2 * max(energy(content), energy(style))


def test_no_coloured_rim(painted):
    """The outermost pixels are on average as those a little further in, on every side."""
    for image in (painted, painted.flip(2), painted.transpose(2, 3), painted.flip(3).mT):
        rim, inside = image[..., :2, 16:-16], image[..., 4:12, 16:-16]
        assert (rim.mean((0, 2, 3)) - inside.mean((0, 2, 3))).abs().max() < 0.2


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_paints(name, pair, trunk):
    settings = Settings.preset(name, iterations=3, refresh_every=1, resolution=64)
    picture = tensors.to_picture(pair[0])
    content = tensors.to_tensor(fitting.fit(picture, settings.resolution, settings.square))
    result = transfer.stylize(transfer.Canvas(content, [pair[1]]), settings, trunk)
    assert result.shape == content.shape
    assert not torch.equal(result, content)


def test_loading_measures_precision_and_paints(pair):
    """Colours as well as a grey photo, of which bfloat16 has fewer values."""
    trunk = network.load()
    assert trunk.precision in (torch.float32, torch.bfloat16)
    settings = Settings(resolution=64, effort=0.1)
    for content in (pair[0], pair[0].mean(1, keepdim=True).expand(-1, 3, -1, -1)):
        painting = transfer.stylize(transfer.Canvas(content, [pair[1]]), settings, trunk)
        assert torch.isfinite(painting).all()


def test_the_plain_loop_of_the_benchmarks_improves(pair):
    plain = PlainLoop(*(x[..., :32, :32] for x in pair))
    before = [plain.step() for _ in range(3)]
    after = [plain.step() for _ in range(5)]
    assert after[-1] < max(before)


def test_the_speed_benchmark_prints_a_ratio(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["speed", "--resolution", "64", "--rounds", "1"])
    settings = dataclasses.replace(Settings(), effort=0.1)
    monkeypatch.setitem(
        PRESETS,
        "balanced",
        dataclasses.replace(PRESETS["balanced"], changes={"effort": settings.effort}),
    )
    speed.main()
    assert "ratio:" in capsys.readouterr().out
