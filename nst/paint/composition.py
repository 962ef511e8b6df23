"""Composition: the photo's shapes in the artwork's textures, as Gatys et al. compare them.

Content in place, style as Gram matrices over the whole picture or a region of it: on the canvas
and, unless strokes are drawn upon it, on smaller copies of it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nst.paint import losses
from nst.paint.content_target import ContentMaker
from nst.paint.losses import GramTarget
from nst.paint.objective import Losses, Scene
from nst.paint.schedule import canvases
from nst.paint.tensors import add_resize_gradient, resize
from nst.paint.viewer import Content, GramsByRegion, Judge, MakeFeatures, Style, photo_of


@dataclass(frozen=True)
class Region:
    """A part of the canvas, or all of it, and the textures it shall have."""

    share: float  # of the canvas, 0..1
    grams: list[list[GramTarget]]  # for each size of the pyramid, for each of the style layers


def regions(scene: Scene, grams: Sequence[list[list[Tensor]]]) -> list[Region]:
    """The canvas with the blend of its styles, or the region of each mask with its style.

    Where styles share places, the regions of their masks have a blend, too.

    `grams` are, for each size of the pyramid, those of each style by layer.
    """
    claims, weights = scene.claims, scene.weights
    if claims is None:
        return [Region(1.0, [_blend(by_style, weights) for by_style in grams])]
    return [
        Region(
            float(guide.mean()) * weight / max(weights),
            [_blend(by_style, blend) for by_style in grams],
        )
        for guide, weight, blend in zip(claims.masks[0], claims.weights, claims.blends, strict=True)
    ]


def style_error(
    parts: Sequence[Region],
    number: int,
    layers: Sequence[str],
    weights: Sequence[float],
    seen: GramsByRegion,
) -> Tensor:
    """The style loss at the size of this `number` in the pyramid, a scalar.

    A region counts by its share, so that style and content are balanced at each position as they
    are without masks.
    """
    by_region = zip(*(seen[layer] for layer in layers), strict=True)
    errors = [
        region.share * losses.style_loss(grams, region.grams[number], weights)
        for region, grams in zip(parts, by_region, strict=True)
    ]
    return torch.stack(errors).sum()


class Composition:
    """Content and Gram losses of a canvas; an `Objective`."""

    choices = None
    blocks = 5  # of the network that it may look at

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.sizes = canvases(*scene.size, scene.settings)
        layers = scene.settings.style_layers
        self.regions = regions(scene, [_style_grams(scene, size, layers) for size in self.sizes])
        self.variation = scene.variation()
        self._judges: list[Judge] = []

    def forget(self) -> None:
        """See `Objective.forget`."""
        self._judges.clear()

    def evaluate(self, pixels: Tensor) -> tuple[Tensor, Losses]:
        """See `Objective.evaluate`.

        Each size of the pyramid goes forward and backward by itself, so that only one of them is
        in memory at a time.
        """
        settings = self.scene.settings
        if not self._judges:
            self._make_judges()
        (_, *sizes), (whole, *judges) = self.sizes, self._judges
        style, gradients = 0.0, []
        # The small ones first, while there is no gradient of the whole picture yet.
        for size, judge in zip(sizes, judges, strict=True):
            small = resize(pixels, *size)
            gradients.append(torch.zeros_like(small))
            style += judge.add_gradient(small, gradients[-1])[1]
            del small
        gradient = torch.zeros_like(pixels)
        while gradients:
            add_resize_gradient(gradients.pop(), gradient)
        content, error = whole.add_gradient(pixels, gradient)
        style += error
        unit = losses.variation_unit(self.variation)
        tv = losses.variation(pixels, settings.tv_weight / unit, gradient) / unit
        total = (
            settings.content_weight * content
            + settings.style_weight * style
            + settings.tv_weight * tv
        )
        return gradient, Losses(content, style, tv, total)

    def _make_judges(self) -> None:
        """One for each size, cut as the memory allows."""
        scene, settings = self.scene, self.scene.settings
        layers = settings.style_layers
        for number, size in enumerate(self.sizes):
            compared = number == 0 and not settings.is_texture
            looked_at = (settings.content_layer, *layers) if compared else layers
            viewer = scene.viewer(size, looked_at)
            content = None
            if compared:
                maker = ContentMaker(settings.content_layer, settings.content_weight)
                content = Content(photo_of(scene.photo, scene.vgg), maker, self._recall)
            error = functools.partial(self._style_error, number)
            style = Style(layers, error, settings.style_weight, scene.guides)
            self._judges.append(viewer.judge(style, content))

    def _recall(self, make: MakeFeatures) -> Tensor:
        """The photo's features, from an earlier run if they are known."""
        scene, settings = self.scene, self.scene.settings
        key = (scene.digests[0], *scene.photo.shape, settings.content_layer, settings.pooling)
        return scene.recall(key, lambda: [make()])[0]

    def _style_error(self, number: int, seen: GramsByRegion) -> Tensor:
        settings = self.scene.settings
        layers, weights = settings.style_layers, settings.style_layer_weights
        return style_error(self.regions, number, layers, weights, seen) / len(self.sizes)


def _style_grams(scene: Scene, size: tuple[int, int], layers: Sequence[str]) -> list[list[Tensor]]:
    """For each style the Gram matrix of each of the layers, for a canvas of this size."""

    def look(style: Tensor, guides: Tensor | None) -> list[Tensor]:
        height, width = style.shape[2:]
        viewer = scene.viewer((height, width), layers)
        grams = viewer.grams_of(photo_of(style, scene.vgg), layers, guides)
        return [grams[layer][0] for layer in layers]

    return [
        scene.recall(
            (name, *style.shape, scene.tile, layers, scene.settings.pooling),
            functools.partial(look, style, guides),
        )
        for name, style, guides in zip(
            scene.digests[1:], scene.styles_here(size), scene.style_guides(size), strict=True
        )
    ]


def _blend(styles: list[list[Tensor]], weights: Sequence[float]) -> list[GramTarget]:
    """The weighted mean of the styles' Gram matrices, layer by layer."""
    if max(weights) == sum(weights):  # of one style alone
        return [GramTarget.of(gram) for gram in styles[weights.index(max(weights))]]
    shares = torch.tensor(weights) / sum(weights)
    blended = [
        torch.stack([gram * share for gram, share in zip(layer, shares.tolist(), strict=True)]).sum(
            0
        )
        for layer in zip(*styles, strict=True)
    ]
    return [GramTarget.of(gram) for gram in blended]
