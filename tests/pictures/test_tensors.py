"""Pictures to tensors and back."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from files import RED, WHITE, noise
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nst.pictures import tensors


class TestTensor:
    def test_by_hand(self):
        picture = Image.new("RGB", (3, 2), (0, 51, 255))
        picture.putpixel((2, 1), RED)
        tensor = tensors.to_tensor(picture)
        assert tensor.shape == (1, 3, 2, 3)
        assert tensor.dtype == torch.float32
        assert tensor.is_contiguous()
        assert tensor[0, :, 0, 0].tolist() == pytest.approx([0, 0.2, 1])
        assert tensor[0, :, 1, 2].tolist() == [1, 0, 0]

    def test_the_picture_is_not_shared(self):
        picture = noise()
        tensors.to_tensor(picture).zero_()
        assert picture.tobytes() == noise().tobytes()

    @given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**32 - 1))
    def test_round_trip_is_exact(self, width, height, seed):
        picture = noise(width, height, seed)
        back = tensors.to_picture(tensors.to_tensor(picture))
        assert back.size == picture.size
        assert back.tobytes() == picture.tobytes()

    def test_round_trip_of_all_256_values(self):
        ramp = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (1, 1, 3)))
        assert tensors.to_picture(tensors.to_tensor(ramp)).tobytes() == ramp.tobytes()

    def test_rounds_and_clamps(self):
        values = torch.tensor([0.999 / 255, 1.4 / 255, -3.0, 7.0, 254.6 / 255])
        picture = tensors.to_picture(values.expand(1, 3, 1, 5))
        assert np.asarray(picture)[0, :, 0].tolist() == [1, 1, 0, 255, 255]

    def test_takes_any_float_type_and_gradients(self):
        for dtype in (torch.float64, torch.bfloat16, torch.float16):
            tensor = torch.ones(1, 3, 4, 5, dtype=dtype, requires_grad=True)
            assert tensors.to_picture(tensor).getpixel((0, 0)) == WHITE
        channels_last = tensors.to_tensor(noise()).contiguous(memory_format=torch.channels_last)
        assert tensors.to_picture(channels_last).tobytes() == noise().tobytes()

    def test_leaves_the_tensor_alone(self):
        tensor = torch.full((1, 3, 4, 4), 2.0)
        tensors.to_picture(tensor)
        assert (tensor == 2).all()

    @pytest.mark.parametrize("shape", [(3, 4, 4), (2, 3, 4, 4), (1, 1, 4, 4), (1, 3, 0, 4), ()])
    def test_wrong_shape(self, shape):
        with pytest.raises(ValueError, match=re.escape(f"got {shape}")):
            tensors.to_picture(torch.zeros(shape))

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
    def test_not_finite(self, value):
        tensor = torch.zeros(1, 3, 4, 4)
        tensor[0, 1, 2, 3] = value
        with pytest.raises(ValueError, match="finite"):
            tensors.to_picture(tensor)

    def test_wrong_mode(self):
        with pytest.raises(ValueError, match="mode RGB, got RGBA"):
            tensors.to_tensor(Image.new("RGBA", (4, 4)))
