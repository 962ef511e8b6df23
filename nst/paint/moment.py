"""The canvas at one moment of a run: what `Progress` shows of it, whenever it is asked."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nst.paint.tensors import expand, grey, reduced
from nst.vgg.network import VGG19
from nst.vgg.strips import picture_strips

TINTED = 5  # px at the rim of a canvas whose colour is not to be trusted


@dataclass(frozen=True)
class Moment:
    """A canvas between two iterations. Nobody changes its tensors any more."""

    vgg: VGG19
    pixels: Tensor  # (1, 3, H, W) in the network's units
    content: Tensor  # `tensors.compact`, as it was given, of any size
    on_photo: bool  # whether the photo is what was painted on, and so keeps its own rim
    colourless: bool  # whether it shall have no colour
    painted: Tensor | None  # (1, 1, H, W) in 0..1, how much of each place the masks claim

    def image(self) -> Tensor:
        """The picture as it is shown, (1, 3, H, W) in 0..1 on the CPU; a copy."""
        # The photo is made again: kept, it would take as much memory as the picture.
        photo = None
        if self.on_photo or self.painted is not None:
            photo = reduced(self.content, *self.pixels.shape[2:])
        image = self.pixels.clone()
        if photo is not None and self.on_photo:
            for strip in picture_strips(image):
                image[strip] -= self.vgg.normalize(expand(photo[strip]))
        calm_rim(image)
        for strip in picture_strips(image):
            image[strip] = self._shown(image, photo, strip)
        return image.cpu()

    def _shown(self, image: Tensor, photo: Tensor | None, strip: tuple[slice, ...]) -> Tensor:
        """A strip of the picture in 0..1, with what the photo adds to it."""
        pixels = image[strip]
        given = None if photo is None else self.vgg.normalize(expand(photo[strip]))
        if given is not None and self.on_photo:
            pixels = given + pixels
        if self.colourless:
            pixels = grey(pixels, self.vgg)  # `calm_rim` gave the rim some colour
        if given is not None and self.painted is not None:  # soft masks have soft edges
            pixels = torch.lerp(given, pixels, self.painted[strip])
        return self.vgg.denormalize(pixels).clamp(0, 1)


def calm_rim(change: Tensor) -> Tensor:
    """Take the tint off the outermost pixels of what was painted, (1, 3, H, W), in place.

    The zeros around a picture make features there too weak, and the optimiser makes up for it with
    colour that the texture does not have. The rim takes the colour mirrored from behind it and
    keeps its own light and dark.
    """
    near = torch.arange(TINTED, device=change.device)
    behind = 2 * TINTED - 1 - near
    share = ((TINTED - near) / 3).clamp(0, 1)
    for axis in (2, 3):
        here = share.view([-1 if dim == axis else 1 for dim in range(4)])
        last = change.shape[axis] - 1
        for rim, mirrored in ((near, behind), (last - near, last - behind)):
            luma, chroma = _split(change.index_select(axis, rim))
            _, other = _split(change.index_select(axis, mirrored))
            change.index_copy_(axis, rim, luma + torch.lerp(chroma, other, here))
    return change


def _split(image: Tensor) -> tuple[Tensor, Tensor]:
    """Light and dark, (1, 1, H, W), and what is left: the colour, (1, 3, H, W)."""
    luma = image.mean(1, keepdim=True)
    return luma, image - luma
