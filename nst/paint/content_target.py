"""Comparing a canvas with the photo's features, in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from nst.layers import block
from nst.paint import losses, memory
from nst.paint.viewer import Compared, LocalViewer, MakeFeatures, Picture, Target, compute
from nst.vgg.threads import all_threads
from nst.vgg.tiles import Window


@dataclass(frozen=True)
class ContentMaker:
    """Makes the target of a photo's features at a layer; see `viewer.TargetMaker`."""

    layer: str
    weight: float  # of the loss

    def make(
        self, viewer: LocalViewer, picture: Picture, recall: Callable[[MakeFeatures], Tensor]
    ) -> Target:
        """See `viewer.TargetMaker.make`."""
        return ContentTarget(viewer, picture, self.layer, self.weight, recall)


class ContentTarget:
    """A photo's features, to compare a picture's with in place, window by window.

    `recall` may know the features of a whole picture from an earlier run.
    """

    def __init__(
        self,
        viewer: LocalViewer,
        picture: Picture,
        layer: str,
        weight: float,
        recall: Callable[[MakeFeatures], Tensor] = compute,
    ) -> None:
        self.layers, self.cell = (layer,), 1
        self.layer, self._weight = layer, weight
        self._viewer, self._picture = viewer, picture
        self._kept: list[Tensor | Packed] = []
        # Features of the first blocks are as large as many pictures, and soon looked at again.
        if len(viewer.windows) == 1:
            self._kept = [recall(lambda: self._look(viewer.windows[0]))]
        elif block(layer) >= memory.SHALLOW:
            self._kept = [Packed(self._look(window)) for window in viewer.windows]
        viewer.rest()

    @all_threads()
    def compare(self, found: Mapping[str, Tensor], number: int) -> Compared:
        """See `viewer.Target.compare`: the mean squared error, a window by its share of it."""
        features = found[self.layer]
        height, width = self._viewer.windows[number].size(block(self.layer))
        share = features[0, 0].numel() / (height * width)
        known = features.detach().requires_grad_()
        loss = share * losses.content_loss(known, self._features(number))
        (gradient,) = torch.autograd.grad(self._weight * loss, known)
        return Compared(float(loss.detach()), {self.layer: gradient})

    def _features(self, number: int) -> Tensor:
        if not self._kept:
            return self._look(self._viewer.windows[number])
        kept = self._kept[number]
        return kept.unpack() if isinstance(kept, Packed) else kept

    def _look(self, window: Window) -> Tensor:
        return self._viewer.features(self._picture(window), window, [self.layer])[self.layer]


class Packed:
    """Activations after a ReLU, most of which are 0: a bit for each, and the values above 0."""

    def __init__(self, x: Tensor) -> None:
        last = x.permute(0, 2, 3, 1)
        self._shape = last.shape
        flat = last.reshape(-1, 8)
        positive = flat > 0
        self._values = flat[positive]
        self._bits = (positive.to(torch.uint8) << self._places(x.device)).sum(1, dtype=torch.uint8)

    def unpack(self) -> Tensor:
        """(1, C, H, W), channels last."""
        positive = (self._bits[:, None] >> self._places(self._bits.device)) & 1
        flat = torch.zeros(positive.shape, dtype=self._values.dtype, device=self._bits.device)
        flat[positive.bool()] = self._values
        return flat.view(self._shape).permute(0, 3, 1, 2)

    @staticmethod
    def _places(device: torch.device) -> Tensor:
        return torch.arange(8, dtype=torch.uint8, device=device)
