"""Pictures to tensors and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    import torch


def to_tensor(picture: Image.Image) -> torch.Tensor:
    """An RGB picture as a float32 tensor of shape (1, 3, height, width) in 0..1."""
    import numpy as np
    import torch

    if picture.mode != "RGB":
        raise ValueError(f"expected a picture in mode RGB, got {picture.mode}")
    pixels = torch.from_numpy(np.array(picture))  # (height, width, 3)
    return pixels.permute(2, 0, 1)[None].contiguous().float() / 255


def to_picture(tensor: torch.Tensor) -> Image.Image:
    """A tensor of shape (1, 3, height, width) as a picture; 0..1 is rounded to 0..255, and clamped.

    Raises `ValueError` for another shape or values that are not finite.
    """
    import numpy as np

    # By NumPy, in a quarter of the time: a small picture is made of a painting under way, and for
    # each of PyTorch's passes its threads are woken.
    levels = planes(tensor).numpy() * np.float32(255)
    np.rint(levels, out=levels).clip(0, 255, out=levels)
    pixels = np.empty((*levels.shape[1:], 3), np.uint8)
    for channel, plane in enumerate(levels):
        pixels[..., channel] = plane
    return Image.fromarray(pixels)


def planes(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of shape (1, 3, height, width) as (3, height, width) in float32 on the CPU.

    Raises `ValueError` for another shape or values that are not finite.
    """
    import numpy as np
    import torch

    if tensor.ndim != 4 or tensor.shape[:2] != (1, 3) or tensor.numel() == 0:
        raise ValueError(f"expected shape (1, 3, height, width), got {tuple(tensor.shape)}")
    pixels = tensor.detach().to("cpu", torch.float32)
    if not np.isfinite(pixels.numpy()).all():
        raise ValueError("expected finite values, got NaN or infinity")
    return pixels[0]
