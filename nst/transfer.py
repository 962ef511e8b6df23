"""Style transfer as a generator: tensors in, one `Progress` an iteration out.

No printing, no files, no threads. To cancel is to stop iterating.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nst import losses
from nst.optimizers import LBFGS, Adam
from nst.schedule import Clock, Forecast, Stage, multiple_of_16, plan, pyramid
from nst.settings import Settings, UserError
from nst.vgg import VGG19

TINTED = 5  # px at the rim of a canvas whose colour is not to be trusted
LARGE = 400 * 400  # px; a canvas from which on memory counts more than a fiftieth of the time


@dataclass(frozen=True)
class Progress:
    """Where a run stands after an iteration."""

    iteration: int  # 1 for the first
    total: int  # the most iterations the run may take
    scale: int  # longer side of the canvas at the moment, px
    scales: tuple[int, ...]  # all longer sides of the run, from coarse to fine
    content_loss: float
    style_loss: float
    tv_loss: float
    total_loss: float  # the three, each times its weight
    seconds: float  # since the run began
    fraction: float  # of the work done, 0..1, by the time that it takes
    image: Tensor | None  # a preview, (1, 3, H, W) in 0..1 on the CPU, when one is due
    snapshot: Callable[[], Tensor]  # the picture as it is now, also between previews
    seconds_left: float = 0.0  # what the rest will take if the machine keeps its pace

    @property
    def finished(self) -> bool:
        """Whether this is the last iteration."""
        return self.fraction >= 1.0


class DivergedError(UserError):
    """The loss is no longer a finite number. `image` is the last good picture."""

    def __init__(self, iteration: int, image: Tensor) -> None:
        super().__init__(
            f"The painting fell apart at iteration {iteration}: its loss is no longer a finite "
            "number. Lower the learning rate or the weights; the last good picture is kept."
        )
        self.iteration, self.image = iteration, image


@dataclass(frozen=True)
class _Region:
    """A part of the canvas, or all of it, and the textures it shall have."""

    share: float  # of the canvas, 0..1
    grams: list[list[Tensor]]  # for each size of the pyramid, for each of the style layers


@dataclass(frozen=True)
class _Targets:
    """What the features of the picture are compared with at one scale."""

    content: Tensor
    sizes: list[tuple[int, int]]  # of the canvas and its reductions, on which style is judged
    regions: list[_Region]
    guides: Tensor | None  # of the regions, (R, H, W); None for the whole canvas
    variation: float  # of the styles, the mean of their total variation


@dataclass(frozen=True)
class _Losses:
    content: float
    style: float
    tv: float
    total: float


def stylize(
    content: Tensor,
    styles: Sequence[Tensor],
    settings: Settings,
    vgg: VGG19,
    init: Tensor | None = None,
    masks: Sequence[Tensor] = (),
) -> Tensor:
    """The finished picture, (1, 3, H, W) in 0..1; `steps` without looking at what it yields."""
    progress = None
    for progress in steps(content, styles, settings, vgg, init, masks):  # noqa: B007
        pass
    assert progress is not None
    assert progress.image is not None
    return progress.image


def steps(
    content: Tensor,
    styles: Sequence[Tensor],
    settings: Settings,
    vgg: VGG19,
    init: Tensor | None = None,
    masks: Sequence[Tensor] = (),
) -> Generator[Progress, None, None]:
    """Paint `content` in the style of `styles`, one `Progress` an iteration.

    `content` is (1, 3, H, W) in 0..1, both sides multiples of 16; it sets the size of the result.
    Each of `styles` is (1, 3, h, w); with the same longer side as the content its strokes keep
    their size relative to the picture. Several are blended as `settings.style_weights` say. `init`
    is where to start, (1, 3, h, w) of any size, instead of what `settings.init` names; "picture"
    needs it. With `masks`, one for each style, (1, 1, H, W) in 0..1 and of the content's size, a
    style is painted only where its mask is white; what no mask claims stays the photo.

    A preview comes with the first iteration, every `settings.refresh_every`, at the end of each
    scale and with the last iteration; on the first of several scales also after 2, 4, 8 ...
    iterations. The same input gives the same picture bit for bit on the same device.

    Gatys et al. (2016); coarse to fine and masks as in Gatys et al. (2017), "Controlling Perceptual
    Factors in Neural Style Transfer"; style judged on an image pyramid as in Snelgrove (2017),
    "High-Resolution Multi-Scale Neural Texture Synthesis". The latter keeps large strokes while
    fine ones are painted, so that a tenth of the iterations suffices at the full size.

    Raises `DivergedError`, what `Settings.check_inputs` raises, and ValueError for tensors of the
    wrong shape.
    """
    _check_shapes(content, styles, masks)
    settings.check_inputs(len(styles), len(masks), init is not None)
    began = time.perf_counter()
    stages = plan(settings, content.shape[2], content.shape[3])
    scales = tuple(stage.scale for stage in stages)
    clock = Clock(stages, settings, len(styles))
    forecast = Forecast()
    painter = _Painter(vgg, settings, content, styles, init, masks)

    for stage in stages:
        painter.begin(stage)
        while not clock.stage_over:
            loss = painter.step(clock.learning_rate)
            clock.tick(loss.total)
            seconds = time.perf_counter() - began
            yield Progress(
                iteration=clock.iteration,
                total=clock.total,
                scale=stage.scale,
                scales=scales,
                content_loss=loss.content,
                style_loss=loss.style,
                tv_loss=loss.tv,
                total_loss=loss.total,
                seconds=seconds,
                seconds_left=forecast.seconds_left(seconds, clock.spent, clock.fraction),
                fraction=clock.fraction,
                image=painter.image() if clock.preview_due else None,
                snapshot=painter.image,
            )
        clock.next_stage()


def _check_shapes(content: Tensor, styles: Sequence[Tensor], masks: Sequence[Tensor]) -> None:
    for name, image in [("content", content), *(("style", style) for style in styles)]:
        if image.ndim != 4 or image.shape[:2] != (1, 3):
            raise ValueError(f"{name} must be (1, 3, H, W), got {tuple(image.shape)}")
    if not styles:
        raise ValueError("at least one style is needed")
    if content.shape[2] % 16 or content.shape[3] % 16:
        raise ValueError(f"content's sides must be multiples of 16, got {tuple(content.shape)}")
    for mask in masks:
        if mask.shape != (1, 1, *content.shape[2:]):
            raise ValueError(f"a mask must be (1, 1, H, W) like the content, got {mask.shape}")


class _Painter:
    """The canvas, what it is compared with, and the optimiser; all on the trunk's device."""

    def __init__(
        self,
        vgg: VGG19,
        settings: Settings,
        content: Tensor,
        styles: Sequence[Tensor],
        init: Tensor | None,
        masks: Sequence[Tensor] = (),
    ) -> None:
        self.vgg, self.settings = vgg, settings
        self.content = vgg.normalize(content)
        self.styles = [vgg.normalize(style) for style in styles]
        # (1, R, H, W), and how much of each position is painted at all.
        self.masks = torch.cat([mask.to(vgg.device) for mask in masks], 1) if masks else None
        self.painted: Tensor | None = None
        self.pixels = vgg.normalize(self._start() if init is None else init)
        self.black = vgg.normalize(torch.zeros(1, 3, 1, 1))
        self.white = vgg.normalize(torch.ones(1, 3, 1, 1))
        self.iteration = 0

    def _start(self) -> Tensor:
        """What `settings.init` names, in 0..1."""
        if self.settings.init == "noise":
            # Drawn on the CPU: other devices have other generators.
            generator = torch.Generator().manual_seed(self.settings.seed)
            return torch.rand(self.content.shape, generator=generator)
        chosen = self.styles[0] if self.settings.init == "style" else self.content
        return self.vgg.denormalize(chosen)

    def begin(self, stage: Stage) -> None:
        """Go on at the size of `stage`."""
        height, width = stage.height, stage.width
        self.vgg.spare_memory(height * width > LARGE)
        content = _resize(self.content, height, width)
        coarse = _resize(self.content, *self.pixels.shape[2:])
        if self.iteration:
            # What changed is enlarged, not the picture: the details of the photo come back by
            # themselves instead of having to be painted again.
            self.pixels = content + _resize(self.pixels - coarse, height, width)
        else:
            self.pixels = _resize(self.pixels, height, width)
        self.pixels = self.pixels.clamp(self.black, self.white)
        if self.masks is not None:
            self.masks_here = F.interpolate(self.masks, (height, width), mode="area")
            self.painted = self.masks_here.sum(1, keepdim=True).clamp(max=1)
        self.photo = content
        self._leave_unclaimed()
        self.optimizer = LBFGS() if self.settings.optimizer == "lbfgs" else Adam(self.pixels)
        self.targets = self._targets(content)

    def _leave_unclaimed(self) -> None:
        """What no mask claims is the photo, whatever the optimiser thinks of it."""
        if self.painted is not None:
            torch.where(self.painted > 0, self.pixels, self.photo, out=self.pixels)

    @torch.no_grad()
    def _targets(self, content: Tensor) -> _Targets:
        height, width = content.shape[2:]
        layer, pooling = self.settings.content_layer, self.settings.pooling
        target = self.vgg.features(content, [layer], pooling)[layer]
        sizes = pyramid(height, width) if self.settings.coarse_to_fine else [(height, width)]
        grams = [self._style_grams(size) for size in sizes]
        weights = self.settings.style_weights or (1.0,) * len(self.styles)
        regions, guides = [], None
        if self.masks is None:
            blends = [_blend(by_style, weights) for by_style in grams]
            regions.append(_Region(1.0, blends))
        else:
            guides = self.masks_here[0]
            for number, guide in enumerate(guides):
                share = float(guide.mean()) * weights[number] / max(weights)
                regions.append(_Region(share, [by_style[number] for by_style in grams]))
        variation = sum(
            weight * float(losses.total_variation(style))
            for weight, style in zip(weights, self._styles_at(sizes[0]), strict=True)
        )
        return _Targets(target, sizes, regions, guides, variation / sum(weights))

    def _styles_at(self, size: tuple[int, int]) -> list[Tensor]:
        """The styles reduced as the canvas is, so that strokes keep their size."""
        scale = max(size) / max(self.content.shape[2:])
        return [
            _resize(style, *(multiple_of_16(side * scale) for side in style.shape[2:]))
            for style in self.styles
        ]

    def _style_grams(self, size: tuple[int, int]) -> list[list[Tensor]]:
        """For each style the Gram matrix of each style layer, for a canvas of this size."""
        layers, pooling = self.settings.style_layers, self.settings.pooling
        seen = [self.vgg.look(x, (), layers, pooling=pooling).grams for x in self._styles_at(size)]
        return [[grams[layer][0] for layer in layers] for grams in seen]

    def step(self, learning_rate: float) -> _Losses:
        """One iteration; raises `DivergedError` and leaves the picture as it was."""
        self.iteration += 1
        gradient, loss = self._evaluate(self.pixels)
        if not (math.isfinite(loss.total) and torch.isfinite(gradient).all()):
            raise DivergedError(self.iteration, self.image())
        self.optimizer.step(self.pixels, gradient, loss.total, learning_rate)
        # Staying displayable after each step: what a display would cut off grows speckle unseen.
        torch.clamp(self.pixels, self.black, self.white, out=self.pixels)
        self._leave_unclaimed()
        return loss

    def _evaluate(self, pixels: Tensor) -> tuple[Tensor, _Losses]:
        """The gradient of the weighted total, and the losses.

        Each size of the pyramid goes forward and backward by itself, so that only one of them is
        in memory at a time.
        """
        settings, targets = self.settings, self.targets
        pixels = pixels.detach().requires_grad_()
        variation = losses.relative_variation(pixels, targets.variation)
        (gradient,) = torch.autograd.grad(settings.tv_weight * variation, pixels)
        content, style, tv = 0.0, 0.0, float(variation.detach())
        for number, size in enumerate(targets.sizes):
            whole = number == 0
            seen = self.vgg.look(
                pixels if whole else _resize(pixels, *size),
                [settings.content_layer] if whole else [],
                settings.style_layers,
                targets.guides,
                settings.pooling,
            )
            error = self._style_error(seen.grams, number) / len(targets.sizes)
            loss = settings.style_weight * error
            if whole:
                found = seen.features[settings.content_layer]
                content_loss = losses.content_loss(found, targets.content)
                loss = loss + settings.content_weight * content_loss
                content = float(content_loss.detach())
            gradient += torch.autograd.grad(loss, pixels)[0]
            style += float(error.detach())
        total = (
            settings.content_weight * content
            + settings.style_weight * style
            + settings.tv_weight * tv
        )
        return gradient, _Losses(content, style, tv, total)

    def _style_error(self, seen: dict[str, Tensor], number: int) -> Tensor:
        """The style loss at one size of the pyramid.

        A region counts by its share, so that style and content are balanced at each position as
        they are without masks.
        """
        layers, weights = self.settings.style_layers, self.settings.style_layer_weights
        errors = [
            region.share
            * losses.style_loss(
                [seen[layer][index] for layer in layers], region.grams[number], weights
            )
            for index, region in enumerate(self.targets.regions)
        ]
        return torch.stack(errors).sum()

    def image(self) -> Tensor:
        """A detached copy of the picture, (1, 3, H, W) in 0..1 on the CPU."""
        pixels = self.photo + calm_rim(self.pixels.detach() - self.photo)
        if self.painted is not None:  # soft masks have soft edges
            pixels = torch.lerp(self.photo, pixels, self.painted)
        return self.vgg.denormalize(pixels).clamp(0, 1).cpu()


def calm_rim(change: Tensor) -> Tensor:
    """What was painted, less the tint that its outermost pixels get; (1, 3, H, W), same units.

    The zeros around a picture make features there too weak, and the optimiser makes up for it with
    colour that the texture does not have. The rim takes the colour mirrored from behind it and
    keeps its own light and dark.
    """
    luma = change.mean(1, keepdim=True)
    chroma = change - luma
    for axis, length in enumerate(change.shape[2:], 2):
        place = torch.arange(length, device=change.device)
        distance = torch.minimum(place, length - 1 - place)
        behind = torch.where(distance < TINTED, 2 * TINTED - 1 - distance, distance)
        mirrored = torch.where(place == distance, behind, length - 1 - behind)
        share = ((TINTED - distance) / 3).clamp(0, 1)
        share = share.view([-1 if dim == axis else 1 for dim in range(4)])
        chroma = torch.lerp(chroma, chroma.index_select(axis, mirrored), share)
    return luma + chroma


def _blend(styles: list[list[Tensor]], weights: Sequence[float]) -> list[Tensor]:
    """The weighted mean of the styles' Gram matrices, layer by layer."""
    shares = torch.tensor(weights) / sum(weights)
    return [
        torch.stack([gram * share for gram, share in zip(layer, shares.tolist(), strict=True)]).sum(
            0
        )
        for layer in zip(*styles, strict=True)
    ]


def _resize(image: Tensor, height: int, width: int) -> Tensor:
    if tuple(image.shape[2:]) == (height, width):
        return image
    return F.interpolate(image, (height, width), mode="bicubic", antialias=True)
