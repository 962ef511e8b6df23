"""Results of 16 bits: the same as those of 8 bits but for their rounding."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from nst.pictures import color, tensors
from nst.settings import CONTROLS, Settings
from nst.studio import deep_finishing, finishing

SIZE = (40, 24)  # px, of the photo
HALF, WHOLE = 0.5 / 255, 1 / 255


def noise(seed: int, size: tuple[int, int] = SIZE) -> torch.Tensor:
    """A painting of shape (1, 3, height, width), of any values in 0..1."""
    return torch.rand(1, 3, size[1], size[0], generator=torch.manual_seed(seed))


def picture(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    return tensors.to_picture(noise(seed, size))


def mask(*, soft: bool = False) -> Image.Image:
    """The left half is painted; with `soft` only some of it."""
    white = Image.new("RGB", SIZE, "black")
    white.paste((40,) * 3 if soft else "white", (0, 0, SIZE[0] // 2, SIZE[1]))
    return white


@pytest.mark.parametrize("strength", [0, 0.3, 1])
@pytest.mark.parametrize("masks", [[], [mask()], [mask(soft=True)]], ids=["", "mask", "soft"])
@pytest.mark.parametrize("colors", ["off", "luminance"])
def test_it_is_the_result_of_8_bits_but_for_the_rounding(strength, masks, colors, monkeypatch):
    monkeypatch.setattr(color, "STRIP_PIXELS", 100)  # two rows
    # Where colours fade into black, a painting that is rounded is several steps away.
    painting = tensors.to_tensor(picture(1))
    photo, settings = picture(2), Settings(strength=strength, preserve_color=colors)
    coarse = finishing.finish(tensors.to_picture(painting), photo, settings, masks)
    fine = deep_finishing.finish(painting, photo, settings, masks)
    assert (fine.dtype, fine.shape) == (np.uint16, (SIZE[1], SIZE[0], 3))
    # Each step of the coarser one is rounded.
    steps = (colors == "luminance") + bool(masks) + (strength < 1)
    difference = np.abs(fine / 65535 - np.asarray(coarse) / 255)
    assert difference.max() <= max(1, steps) * HALF + 1e-4
    if steps <= 2:
        assert difference.max() <= WHOLE + 1e-4


@pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)
@pytest.mark.parametrize("size", [(20, 12), (80, 48)])
def test_it_is_enlarged_and_reduced_as_with_8_bits(size, kind):
    painting, photo, settings = noise(3, size), picture(4), Settings(style_loss=kind)
    coarse = finishing.finish(tensors.to_picture(painting), photo, settings)
    fine = deep_finishing.finish(painting, photo, settings)
    difference = np.abs(fine / 65535 - np.asarray(coarse) / 255)
    assert difference.mean() < HALF
    assert difference.max() < 3 * WHOLE  # Pillow rounds twice on its way


def test_the_painting_has_16_bits():
    """A gradient of all values, exact to the last bit; and one that is enlarged from few."""
    values = torch.arange(65536).reshape(1, 1, 256, 256).expand(1, 3, -1, -1) / 65535
    photo = Image.new("RGB", (256, 256))
    fine = deep_finishing.finish(values, photo, Settings())
    np.testing.assert_array_equal(fine[..., 1].ravel(), np.arange(65536))
    blended = deep_finishing.finish(values, photo, Settings(strength=0.5))
    assert len(np.unique(blended)) > 30_000
    assert (np.diff(blended[..., 0].ravel().astype(int)) >= 0).all()
    few = torch.linspace(0, 1, 16).expand(1, 3, 16, 16)
    assert len(np.unique(deep_finishing.finish(few, photo.resize((2048, 16)), Settings()))) > 1000


def test_by_hand():
    """Half the light of white is 0.7354 of its value; brown at 40 % as in the tests of colour."""
    white, black = torch.ones(1, 3, 2, 2), Image.new("RGB", (2, 2))
    half = deep_finishing.finish(white, black, Settings(strength=0.5))
    assert np.abs(half - 0.735357 * 65535).max() < 1
    brown = Image.new("RGB", (2, 2), (120, 80, 40))
    grey = deep_finishing.finish(white * 100 / 255, brown, Settings(preserve_color="luminance"))
    assert np.abs(grey[0, 0] / 257 - (132.6, 92.6, 52.6)).max() < 0.02


def test_ends_and_clamping():
    photo = picture(5)
    out = deep_finishing.finish(noise(6), photo, Settings(strength=0))
    np.testing.assert_array_equal(out, np.asarray(photo).astype(np.uint16) * 257)
    beyond = torch.tensor([-0.5, 1.5]).expand(1, 3, 24, 2).repeat(1, 1, 1, 20)
    out = deep_finishing.finish(beyond, photo, Settings())
    assert {int(value) for value in np.unique(out)} == {0, 65535}
    left = deep_finishing.finish(noise(6), photo, Settings(), [mask()])
    np.testing.assert_array_equal(left[:, 24:], np.asarray(photo)[:, 24:].astype(np.uint16) * 257)


@pytest.mark.parametrize(
    "tensor", [torch.zeros(3, 24, 40), torch.zeros(1, 1, 24, 40), torch.full((1, 3, 2, 2), np.nan)]
)
def test_what_is_no_painting_is_refused(tensor):
    with pytest.raises(ValueError, match="expected"):
        deep_finishing.finish(tensor, picture(7), Settings())
