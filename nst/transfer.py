"""Style transfer as a generator: tensors in, one `Progress` an iteration out.

No printing, no files, no threads. To cancel is to stop iterating.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from nst import faults, losses, memory, spread
from nst.checkpoint import CheckpointError, State
from nst.optimizers import LBFGS, Adam
from nst.schedule import Clock, Forecast, Stage, multiple_of_16, plan, pyramid
from nst.settings import LAYERS, Settings, UserError
from nst.spread import SpreadEye, Team, TeamLostError
from nst.strips import picture_strips
from nst.targets import TargetCache, digest
from nst.tiles import Window, tiles
from nst.tiling import Eye, Features, Judge, expand, photo_of
from nst.vgg import VGG19

T = TypeVar("T")
TINTED = 5  # px at the rim of a canvas whose colour is not to be trusted


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
    tile: int = 0  # px, the longest side of the tiles that the canvas is cut into; 0 if it is not
    # What `steps` takes to go on from here; good until the next iteration.
    state: Callable[[], State] | None = None

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
    """What the textures of the picture are compared with at one scale."""

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
    tile: int | None = None,
    resume: State | None = None,
    team: Team | None = None,
) -> Tensor:
    """The finished picture, (1, 3, H, W) in 0..1; `steps` without looking at what it yields."""
    progress = None
    run = steps(content, styles, settings, vgg, init, masks, tile, resume, team=team)
    for progress in run:  # noqa: B007
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
    tile: int | None = None,
    resume: State | None = None,
    known: TargetCache | None = None,
    team: Team | None = None,
) -> Generator[Progress, None, None]:
    """Paint `content` in the style of `styles`, one `Progress` an iteration.

    `content` is (1, 3, H, W) in 0..1, both sides multiples of 16; it sets the size of the result.
    Each of `styles` is (1, 3, h, w); with the same longer side as the content its strokes keep
    their size relative to the picture. Several are blended as `settings.style_weights` say. `init`
    is where to start, (1, 3, h, w) of any size, instead of what `settings.init` names; "picture"
    needs it. With `masks`, one for each style, (1, 1, H, W) in 0..1 and of the content's size, a
    style is painted only where its mask is white; what no mask claims stays the photo. `known`
    keeps what is computed of the content and the styles for further runs; the picture is the same.
    A `team` looks at the pieces of canvases that are worth cutting, instead of this process.

    A preview comes with the first iteration, every `settings.refresh_every`, at the end of each
    scale and with the last iteration; on the first of several scales also after 2, 4, 8 ...
    iterations. The same input gives the same picture bit for bit on the same device.

    Gatys et al. (2016); coarse to fine and masks as in Gatys et al. (2017), "Controlling Perceptual
    Factors in Neural Style Transfer"; style judged on an image pyramid as in Snelgrove (2017),
    "High-Resolution Multi-Scale Neural Texture Synthesis". The latter keeps large strokes while
    fine ones are painted, so that a tenth of the iterations suffices at the full size.

    A canvas that there is not enough memory for is cut into tiles, again if memory runs out during
    the run; that changes nothing but the time. `tile` is the longest side that they may have, px,
    instead of what the memory suggests.

    `resume` is the `state` of a run with the same input, which is gone on with as if it had never
    ended; its next iteration comes first.

    Raises `DivergedError`, `faults.NoMemoryError`, what `Settings.check_inputs` raises, ValueError
    for tensors of the wrong shape, and what the `team` raises once nobody of it is left.
    """
    _check_shapes(content, styles, masks)
    settings.check_inputs(len(styles), len(masks), init is not None)
    began = time.perf_counter() - (resume.seconds if resume else 0)
    stages = plan(settings, content.shape[2], content.shape[3])
    scales = tuple(stage.scale for stage in stages)
    clock = Clock(stages, settings, len(styles))
    forecast = Forecast()
    painter = _Painter(vgg, settings, content, styles, init, masks, tile, known, team)
    del content, styles, init, masks  # the painter lets go of what it does not need any more
    totals = list(resume.losses) if resume else []
    first = clock.replay(totals)

    try:
        for stage in stages[first:]:
            painter.begin(stage, stage is stages[-1], resume)
            resume = None
            while not clock.stage_over:
                loss = painter.step(clock.learning_rate)
                clock.tick(loss.total)
                totals.append(loss.total)
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
                    tile=painter.tile if painter.tile < stage.scale else 0,
                    state=functools.partial(painter.state, totals, seconds),
                )
            clock.next_stage()
    except (MemoryError, RuntimeError) as error:
        if faults.is_out_of_memory(error):
            raise memory.too_large(stages[-1].height, stages[-1].width) from error
        raise
    finally:
        painter.rest()


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
    """The canvas, what it is compared with, and the optimiser; all on the trunk's device.

    Pictures are as large as everything else together once they are painted in tiles. So what is
    given is neither copied nor `normalize`d as a whole, and the rest goes in strips.
    """

    def __init__(
        self,
        vgg: VGG19,
        settings: Settings,
        content: Tensor,
        styles: Sequence[Tensor],
        init: Tensor | None,
        masks: Sequence[Tensor] = (),
        tile: int | None = None,
        known: TargetCache | None = None,
        team: Team | None = None,
    ) -> None:
        self.vgg, self.settings, self.asked_tile = vgg, settings, tile
        self.known, self.team = known, team
        # What the targets are known by; without a cache nobody asks.
        self.digests = [digest(image) if known else "" for image in (content, *styles)]
        self.tile = memory.WHOLE
        self.judges: list[Judge] = []
        self.content = _compact(content).to(vgg.device)
        self.styles = [_compact(style).to(vgg.device) for style in styles]
        # (1, R, H, W), and how much of each position is painted at all.
        self.masks = torch.cat([mask.to(vgg.device) for mask in masks], 1) if masks else None
        self.painted: Tensor | None = None
        self.start = self._start() if init is None else init.to(vgg.device)
        self.pixels = torch.empty(0)
        self.black = vgg.normalize(torch.zeros(1, 3, 1, 1))
        self.white = vgg.normalize(torch.ones(1, 3, 1, 1))
        self.iteration = 0

    def _start(self) -> Tensor:
        """What `settings.init` names, in 0..1."""
        if self.settings.init == "noise":
            # Drawn on the CPU: other devices have other generators.
            generator = torch.Generator().manual_seed(self.settings.seed)
            noise = torch.rand(self.content.shape, generator=generator)
            return noise.to(self.vgg.device)
        return self.styles[0] if self.settings.init == "style" else self.content

    def begin(self, stage: Stage, last: bool = False, resume: State | None = None) -> None:
        """Go on at the size of `stage`; after the `last` the styles are not needed any more.

        With `resume`, where a run stood at that size.
        """
        height, width = stage.height, stage.width
        self.vgg.spare_memory(height * width > memory.LARGE)
        self.optimizer: Adam | LBFGS | None = None  # of the stage before
        self.photo = _reduced(self.content, height, width)
        if resume is not None:
            self._take_over(resume)
        elif self.iteration:
            # What changed is enlarged, not the picture: the details of the photo come back by
            # themselves instead of having to be painted again.
            coarse = _reduced(self.content, *self.pixels.shape[2:])
            self.pixels -= self.vgg.normalize(expand(coarse))
            self.pixels = _resize(self.pixels, height, width)
            for strip in picture_strips(self.pixels):
                self.pixels[strip] += self._photo(strip)
        else:
            start = _reduced(self.start, height, width)
            self.pixels = torch.empty_like(start, dtype=torch.float32)
            for strip in picture_strips(self.pixels):
                self.pixels[strip] = self.vgg.normalize(expand(start[strip]))
            del start
        self.start = torch.empty(0)
        torch.clamp(self.pixels, self.black, self.white, out=self.pixels)
        if self.masks is not None:
            self.masks_here = F.interpolate(self.masks, (height, width), mode="area")
            self.painted = self.masks_here.sum(1, keepdim=True).clamp(max=1)
        self._leave_unclaimed()
        kept = resume.tile if resume is not None else 0  # to the bit the same
        self.tile = self.asked_tile or kept or self._tile_side()
        if self.tile < memory.WHOLE:
            memory.spare(True)
        self.judges.clear()
        self.targets = self._within_memory(self._style_targets)
        if last:
            self.styles.clear()
        self.optimizer = LBFGS() if self.settings.optimizer == "lbfgs" else Adam(self.pixels)
        if resume is not None:
            self._restore(resume)

    def _take_over(self, state: State) -> None:
        """The pixels of an earlier run."""
        if state.pixels.shape != self.photo.shape:
            raise CheckpointError(
                "The checkpoint is of a canvas of another size; give the pictures and settings "
                "that it was made with."
            )
        self.pixels = state.pixels.to(self.vgg.device, copy=True)
        self.iteration = len(state.losses)

    def _restore(self, state: State) -> None:
        """What the optimiser remembered of an earlier run."""
        assert self.optimizer is not None
        try:
            self.optimizer.restore(state.optimizer.to(self.vgg.device))
        except KeyError as error:
            raise CheckpointError(
                "The checkpoint is of a run with another optimizer, or it is damaged; give the "
                "settings that it was made with, or start anew without it."
            ) from error

    def state(self, losses: Sequence[float], seconds: float) -> State:
        """Where the run stands; its tensors are not copied."""
        assert self.optimizer is not None
        return State(tuple(losses), seconds, self.tile, self.pixels, self.optimizer.state())

    def _tile_side(self) -> int:
        """Of tiles that there is memory for."""
        masks = 0 if self.masks is None else self.masks.shape[1]
        height, width = self.photo.shape[2:]
        canvas = memory.Canvas(height, width, self.settings, masks, self.vgg.precision.itemsize)
        fitting = memory.tile_side(canvas, memory.free_memory(self.vgg.device))
        return (
            min(fitting, spread.tile_side(height, width, len(self.team))) if self.team else fitting
        )

    def _within_memory(self, work: Callable[[], T]) -> T:
        """What `work` returns; in smaller and smaller tiles while memory runs out over it.

        It is done again, too, when one of the team is lost.
        """
        lost = 0
        while True:
            try:
                return work()
            except TeamLostError as error:
                lost += 1
                if lost == spread.MOST_LOSSES:
                    raise spread.TeamError() from error
                self._regroup()
                continue
            except (MemoryError, RuntimeError) as error:
                if not faults.is_out_of_memory(error):
                    raise
            # Not before the error is gone, which holds on to all that was in memory.
            self.tile = memory.smaller(self.tile, *self.photo.shape[2:])
            memory.spare(True)
            self.judges.clear()

    def _regroup(self) -> None:
        """Go on with those of the team who are there."""
        if self.team is not None and self.team.regroup():
            self.judges.clear()  # what they compare with is with those who are gone

    def _photo(self, strip: tuple[slice, ...]) -> Tensor:
        """What was given, at the size of the canvas and in the network's units."""
        return self.vgg.normalize(expand(self.photo[strip]))

    def _leave_unclaimed(self) -> None:
        """What no mask claims is the photo, whatever the optimiser thinks of it."""
        if self.painted is None:
            return
        for strip in picture_strips(self.pixels):
            pixels, claimed = self.pixels[strip], self.painted[strip] > 0
            pixels.copy_(torch.where(claimed, pixels, self._photo(strip)))

    def _style_targets(self) -> _Targets:
        height, width = self.photo.shape[2:]
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
            weight * losses.variation(self.vgg.normalize(expand(style)))
            for weight, style in zip(weights, self._styles_at(sizes[0]), strict=True)
        )
        return _Targets(sizes, regions, guides, variation / sum(weights))

    def _make_judges(self) -> None:
        """One for each size, cut as the memory allows."""
        settings, targets = self.settings, self.targets
        layers = settings.style_layers
        for number, size in enumerate(targets.sizes):
            looked_at = layers if number else (settings.content_layer, *layers)
            eye = self._eye(size, looked_at)
            content = None
            if number == 0:
                content = self._remember(eye)
            self.judges.append(
                Judge(
                    eye,
                    layers,
                    functools.partial(self._style_error, number),
                    settings.style_weight,
                    targets.guides,
                    content,
                )
            )

    def _eye(self, size: tuple[int, int], layers: Sequence[str]) -> Eye:
        """What looks at pictures of this height and width, up to the deepest of the layers."""
        deepest = max(layers, key=LAYERS.index)
        windows = [Window(tile, deepest) for tile in tiles(*size, self.tile)]
        spared, pooling = self.tile < memory.WHOLE, self.settings.pooling
        if self.team is not None and len(windows) > 1:
            return SpreadEye(self.vgg, windows, pooling, spared, self.team)
        return Eye(self.vgg, windows, pooling, spared)

    def _remember(self, eye: Eye) -> Any:
        """What the content is compared with."""
        settings = self.settings
        key = (self.digests[0], *self.photo.shape, settings.content_layer, settings.pooling)

        def recall(make: Features) -> Tensor:
            return self._recall(key, lambda: [make()])[0]

        shown = eye.show(photo_of(self.photo, self.vgg))
        return eye.remember(shown, settings.content_layer, settings.content_weight, recall)

    def _styles_at(self, size: tuple[int, int]) -> Iterator[Tensor]:
        """The styles reduced as the canvas is, so that strokes keep their size; as `_compact`."""
        scale = max(size) / max(self.content.shape[2:])
        for style in self.styles:
            yield _reduced(style, *(multiple_of_16(side * scale) for side in style.shape[2:]))

    def _style_grams(self, size: tuple[int, int]) -> list[list[Tensor]]:
        """For each style the Gram matrix of each style layer, for a canvas of this size."""
        layers, pooling = self.settings.style_layers, self.settings.pooling

        def look(style: Tensor) -> list[Tensor]:
            height, width = style.shape[2:]
            eye = self._eye((height, width), layers)
            grams = eye.grams(eye.show(photo_of(style, self.vgg)), layers)
            return [grams[layer][0] for layer in layers]

        return [
            self._recall(
                (name, *style.shape, self.tile, layers, pooling), functools.partial(look, style)
            )
            for name, style in zip(self.digests[1:], self._styles_at(size), strict=True)
        ]

    def _recall(self, key: Hashable, make: Callable[[], list[Tensor]]) -> list[Tensor]:
        return self.known.recall(key, make) if self.known else make()

    def step(self, learning_rate: float) -> _Losses:
        """One iteration; raises `DivergedError` and leaves the picture as it was."""
        self.iteration += 1
        self._regroup()
        gradient, loss = self._within_memory(lambda: self._evaluate(self.pixels))
        # A sum is finite only if all of its terms are; asking each would take another picture.
        if not (math.isfinite(loss.total) and math.isfinite(float(gradient.sum()))):
            raise DivergedError(self.iteration, self.image())
        assert self.optimizer is not None
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
        if not self.judges:
            self._make_judges()
        (_, *sizes), (whole, *judges) = targets.sizes, self.judges
        style, gradients = 0.0, []
        # The small ones first, while there is no gradient of the whole picture yet.
        for size, judge in zip(sizes, judges, strict=True):
            small = _resize(pixels, *size)
            gradients.append(torch.zeros_like(small))
            style += judge.add_gradient(small, gradients[-1])[1]
            del small
        gradient = torch.zeros_like(pixels)
        while gradients:
            _add_resize_gradient(gradients.pop(), gradient)
        content, error = whole.add_gradient(pixels, gradient)
        style += error
        unit = losses.variation_unit(targets.variation)
        tv = losses.variation(pixels, settings.tv_weight / unit, gradient) / unit
        total = (
            settings.content_weight * content
            + settings.style_weight * style
            + settings.tv_weight * tv
        )
        return gradient, _Losses(content, style, tv, total)

    def _style_error(self, number: int, seen: dict[str, Tensor]) -> Tensor:
        """The part of one size of the pyramid in the style loss.

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
        return torch.stack(errors).sum() / len(self.targets.sizes)

    def rest(self) -> None:
        """Let go of all but the picture."""
        self.optimizer = None
        self.judges.clear()
        if self.tile < memory.WHOLE:
            memory.spare(False)

    def image(self) -> Tensor:
        """A detached copy of the picture, (1, 3, H, W) in 0..1 on the CPU."""
        image = torch.empty_like(self.pixels)
        for strip in picture_strips(self.pixels):
            image[strip] = self.pixels[strip] - self._photo(strip)
        calm_rim(image)
        for strip in picture_strips(self.pixels):
            pixels = self._photo(strip) + image[strip]
            if self.painted is not None:  # soft masks have soft edges
                pixels = torch.lerp(self._photo(strip), pixels, self.painted[strip])
            image[strip] = self.vgg.denormalize(pixels).clamp(0, 1)
        return image.cpu()


def calm_rim(change: Tensor) -> Tensor:
    """What was painted, less the tint that its outermost pixels get; (1, 3, H, W), same units.

    The zeros around a picture make features there too weak, and the optimiser makes up for it with
    colour that the texture does not have. The rim takes the colour mirrored from behind it and
    keeps its own light and dark. Changes its argument.
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
    """Light and dark, and what is left: the colour."""
    luma = image.mean(1, keepdim=True)
    return luma, image - luma


def _add_resize_gradient(small: Tensor, gradient: Tensor) -> None:
    """Add that of a picture, for that of its `_resize`d copy; one channel at a time, for memory."""
    for channel in range(3):
        one = slice(channel, channel + 1)
        gradient[:, one] += torch.ops.aten._upsample_bicubic2d_aa_backward(
            small[:, one], small.shape[2:], (1, 1, *gradient.shape[2:]), False, None, None
        )


def _blend(styles: list[list[Tensor]], weights: Sequence[float]) -> list[Tensor]:
    """The weighted mean of the styles' Gram matrices, layer by layer."""
    shares = torch.tensor(weights) / sum(weights)
    return [
        torch.stack([gram * share for gram, share in zip(layer, shares.tolist(), strict=True)]).sum(
            0
        )
        for layer in zip(*styles, strict=True)
    ]


def _compact(image: Tensor) -> Tensor:
    """A picture in 0..1 as it is, or in 8 bits if it has no more: a quarter of the memory."""
    compact = torch.empty(image.shape, dtype=torch.uint8, device=image.device)
    for strip in picture_strips(image):
        compact[strip] = (image[strip] * 255).round()
        if not torch.equal(expand(compact[strip]), image[strip]):
            return image
    return compact


def _reduced(image: Tensor, height: int, width: int) -> Tensor:
    """A `_compact` picture at a size; itself if it has that."""
    same = tuple(image.shape[2:]) == (height, width)
    return image if same else _resize(expand(image), height, width)


def _resize(image: Tensor, height: int, width: int) -> Tensor:
    if tuple(image.shape[2:]) == (height, width):
        return image
    return F.interpolate(image, (height, width), mode="bicubic", antialias=True)
