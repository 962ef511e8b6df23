"""Pictures as tensors, (1, 3, H, W): resized, and in 8 bits where they have no more."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from nst.vgg.network import VGG19
from nst.vgg.strips import picture_strips

LUMINANCE = (0.299, 0.587, 0.114)  # Rec. 601
LEAST_COLOUR = 2.5 / 255  # a difference of channels that JPEG and rounding leave of none


def expand(picture: Tensor) -> Tensor:
    """A picture in 0..1; one in 8 bits is converted."""
    return picture.float().div_(255) if picture.dtype == torch.uint8 else picture


def compact(image: Tensor) -> Tensor:
    """A picture in 0..1 as it is, or in 8 bits if it has no more: a quarter of the memory."""
    bytes_ = torch.empty(image.shape, dtype=torch.uint8, device=image.device)
    for strip in picture_strips(image):
        bytes_[strip] = (image[strip] * 255).round()
        if not torch.equal(expand(bytes_[strip]), image[strip]):
            return image
    return bytes_


def grey(pixels: Tensor, vgg: VGG19) -> Tensor:
    """A picture in the network's units without its colours: the luminance of Rec. 601."""
    image = vgg.denormalize(pixels)
    shares = torch.tensor(LUMINANCE, device=pixels.device).view(1, 3, 1, 1)
    return vgg.normalize((image * shares).sum(1, keepdim=True).expand_as(image))


def is_grey(image: Tensor) -> bool:
    """Whether no channel of a `compact` picture differs from another by more than rounding."""
    picture = expand(image)
    return float((picture.amax(1) - picture.amin(1)).max()) <= LEAST_COLOUR


def reduced(image: Tensor, height: int, width: int) -> Tensor:
    """A `compact` picture at another size; the picture itself if it has that size."""
    same = tuple(image.shape[2:]) == (height, width)
    return image if same else resize(expand(image), height, width)


def resize(image: Tensor, height: int, width: int) -> Tensor:
    """The picture at another size, bicubic and without aliasing; itself if it has that size."""
    if tuple(image.shape[2:]) == (height, width):
        return image
    return F.interpolate(image, (height, width), mode="bicubic", antialias=True)


def resized_copy(pixels: Tensor, height: int, width: int) -> Tensor:
    """`resize`, but always a copy, as others may hold the pixels."""
    resized = resize(pixels, height, width)
    return resized.clone() if resized is pixels else resized


def add_resize_gradient(small: Tensor, gradient: Tensor) -> None:
    """Add the gradient with respect to a picture, given that of its `resize`d copy, in place.

    One channel at a time, for the memory.
    """
    for channel in range(3):
        one = slice(channel, channel + 1)
        gradient[:, one] += torch.ops.aten._upsample_bicubic2d_aa_backward(
            small[:, one], small.shape[2:], (1, 1, *gradient.shape[2:]), False, None, None
        )
