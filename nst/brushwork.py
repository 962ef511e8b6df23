"""Brushwork: each place of the canvas gets the features of the artwork's place most like it.

Gram matrices compose a picture and do not say which stroke belongs where; nearest neighbours do,
and leave an even sky even. So this begins with a composition, and has Gram matrices beside it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nst import losses
from nst.composition import regions, style_error
from nst.neighbours import CELL, DEEP, LAYERS, Matcher, hypercolumns, shares
from nst.objective import Losses, Scene
from nst.schedule import COMPOSED
from nst.settings import Settings
from nst.tiles import Window
from nst.tiling import Compared, Eye, Features, Judge, Picture, Target, photo_of

BANK = 4096  # places of the artworks to choose from: more are no better, and cost more
RIM = 2  # cells at the rim of an artwork that are never chosen, as zeros lie beside them
SAMPLE = 4096  # places of the canvas that stand for all when neighbours are weighed
LEAD = 0.35  # how far the photo leads the choice of neighbours, with the default weights
# What the distance from the neighbours counts times the content weight, and the Gram error times
# the style weight: with the default weights both alike.
LEAD_POWER = 0.5
STROKES, TEXTURE = 28.0, 1.0
VARIATION = 2.0  # what total variation counts, times its weight in a composition


def photo_lead(settings: Settings) -> float:
    """How much of the photo there is in what is compared with the artwork, 0..1.

    It follows the ratio of content to style weight: about 0 gives another view of the artwork, near
    1 every place of the photo the artwork's place that looks most like it.
    """
    usual = Settings()
    ratio = settings.content_weight / usual.content_weight
    ratio /= settings.style_weight / usual.style_weight
    odds = LEAD / (1 - LEAD) * ratio**LEAD_POWER
    return odds / (1 + odds)


class Brushwork:
    """Distance from chosen neighbours, with Gram losses beside it; an `Objective`.

    The neighbours are chosen once, when it is made: for what is painted so far, `pixels`, or as
    the `choices` of an earlier run say.
    """

    def __init__(self, scene: Scene, pixels: Tensor, choices: Tensor | None = None) -> None:
        self.scene = scene
        self.lead = photo_lead(scene.settings)
        # What deep layers see is large: it is settled while the canvas is small.
        self.deepest = DEEP if max(scene.size) <= COMPOSED else DEEP - 1
        self.layers = [layer for layer in LAYERS if int(layer[4]) <= self.deepest]
        self.style_layers = [
            layer for layer in scene.settings.style_layers if int(layer[4]) <= self.deepest
        ]
        self.layer_weights = [
            weight
            for layer, weight in zip(
                scene.settings.style_layers, scene.settings.style_layer_weights, strict=False
            )
            if layer in self.style_layers
        ]
        if not any(self.layer_weights or [1]):
            self.style_layers = []
        self.regions = regions(scene, [scene.size], self.style_layers)
        self.variation = scene.variation()
        self._owner, self._painted = _owners(scene)
        self._bank = _Bank.of(scene)
        self._choices = self._choose(pixels) if choices is None else choices
        self._judge: Judge | None = None

    @property
    def choices(self) -> Tensor:
        """See `Objective.choices`: for each cell the number of its neighbour in the bank."""
        return self._choices

    def forget(self) -> None:
        """See `Objective.forget`."""
        self._judge = None

    def evaluate(self, pixels: Tensor) -> tuple[Tensor, Losses]:
        """See `Objective.evaluate`."""
        settings = self.scene.settings
        if self._judge is None:
            self._judge = self._make_judge()
        gradient = torch.zeros_like(pixels)
        strokes, style = self._judge.add_gradient(pixels, gradient)
        unit = losses.variation_unit(self.variation)
        weight = VARIATION * settings.tv_weight
        tv = losses.variation(pixels, weight / unit, gradient) / unit
        total = (
            STROKES * settings.content_weight * strokes
            + TEXTURE * settings.style_weight * style
            + weight * tv
        )
        return gradient, Losses(strokes, style, tv, total)

    def _make_judge(self) -> Judge:
        scene, settings = self.scene, self.scene.settings
        eye = scene.eye(scene.size, self.layers)
        bank = {layer: rows for layer, rows in self._bank.layers.items() if layer in self.layers}
        weight = STROKES * settings.content_weight
        plan = NeighbourPlan(bank, self._choices, self._painted, weight)
        target = eye.remember(photo_of(scene.photo, scene.vgg), plan)
        weight = TEXTURE * settings.style_weight
        return Judge(eye, self.style_layers, self._texture_loss, weight, scene.guides, target)

    def _texture_loss(self, seen: dict[str, Tensor]) -> Tensor:
        return style_error(self.regions, 0, self.style_layers, self.layer_weights, seen)

    def _choose(self, pixels: Tensor) -> Tensor:
        """The neighbour of each cell, (H / 4, W / 4)."""
        scene = self.scene
        eye, query = scene.eye_here(scene.size, LAYERS), self._query(pixels)
        look = functools.partial(_rows_of, eye, query)
        if len(eye.windows) == 1:
            look = functools.cache(look)  # it is asked for twice
        matchers = self._matchers(eye, look)
        choices = torch.zeros(self._owner.shape, dtype=torch.int32, device=pixels.device)
        for window in eye.windows:
            place = window.place(3)
            rows, owner = look(window), self._owner[place].flatten()
            here = torch.zeros(len(rows), dtype=torch.int32, device=pixels.device)
            for number, matcher in matchers.items():
                asked = (owner == number).nonzero()[:, 0]
                found = matcher.nearest(rows[asked]) + self._bank.groups[number].start
                here[asked] = found.to(torch.int32)
            choices[place] = here.view(choices[place].shape)
        eye.rest()
        return choices

    def _matchers(self, eye: Eye, look: Callable[[Window], Tensor]) -> dict[int, Matcher]:
        """One for each group of the bank that any cell belongs to."""
        owner = self._owner.flatten()
        sampled: dict[int, list[Tensor]] = {}
        chosen = torch.zeros_like(owner, dtype=torch.bool)
        for number in owner.unique().tolist():
            places = (owner == number).nonzero()[:, 0]
            count = min(SAMPLE, len(places))
            even = torch.arange(count, device=places.device) * len(places) // count
            chosen[places[even]] = True
            sampled[number] = []
        chosen = chosen.view(self._owner.shape)
        for window in eye.windows:
            place = window.place(3)
            here = chosen[place].flatten().nonzero()[:, 0]
            rows, owners = look(window)[here], self._owner[place].flatten()[here]
            for number, parts in sampled.items():
                parts.append(rows[owners == number])
        return {
            number: Matcher(self._bank.rows[self._bank.groups[number]], torch.cat(parts))
            for number, parts in sampled.items()
        }

    def _query(self, pixels: Tensor) -> Picture:
        """What is compared with the artworks: the painting, led by the photo."""
        photo, lead = photo_of(self.scene.photo, self.scene.vgg), self.lead

        def picture(window: Window) -> Tensor:
            seen = photo(window)
            # A painting that was just enlarged lacks what tells fine things from each other.
            fine = seen - F.avg_pool2d(seen, 2).repeat_interleave(2, 2).repeat_interleave(2, 3)
            return torch.lerp(pixels[(..., *window.pixels)] + fine, seen, lead)

        return picture


def _rows_of(eye: Eye, picture: Picture, window: Window) -> Tensor:
    """The hypercolumns of a window, (cells, channels)."""
    return hypercolumns(eye.features(picture(window), window, LAYERS, CELL))


def _owners(scene: Scene) -> tuple[Tensor, Tensor | None]:
    """Which group of the bank each cell chooses from, and how much of it is painted at all.

    Both (H / 4, W / 4); without masks there is one group, and everything is painted.
    """
    height, width = (side // CELL for side in scene.size)
    if scene.masks is None:
        device = scene.vgg.device
        return torch.zeros(height, width, dtype=torch.int64, device=device), None
    claims = F.interpolate(scene.masks, (height, width), mode="area")[0]
    return claims.argmax(0), claims.sum(0).clamp(max=1)


@dataclass(frozen=True)
class _Bank:
    """Places of the artworks to choose from."""

    rows: Tensor  # (n, channels), their hypercolumns
    groups: list[slice]  # of the rows that belong together: all of them, or those of each mask

    @classmethod
    def of(cls, scene: Scene) -> _Bank:
        """Chosen by chance from all styles, by their weights; from each alone for masks."""
        styles = list(scene.styles_here())
        grids = [_inner_cells(style) for style in styles]
        offered = [len(grid) for grid in grids]
        if scene.masks is None:
            counts = shares(BANK, scene.weights, offered)
        else:
            counts = [min(BANK, count) for count in offered]
        parts = [
            scene.recall(
                (digest, *style.shape, scene.tile, "bank", count, scene.settings.seed, pooling),
                functools.partial(_sample, scene, style, grid, count),
            )[0]
            for digest, style, grid, count, pooling in zip(
                scene.digests[1:],
                styles,
                grids,
                counts,
                [scene.settings.pooling] * len(styles),
                strict=True,
            )
        ]
        ends = [sum(map(len, parts[: number + 1])) for number in range(len(parts))]
        if scene.masks is None:
            groups = [slice(0, ends[-1])]
        else:
            groups = [slice(end - len(part), end) for part, end in zip(parts, ends, strict=True)]
        return cls(torch.cat(parts), groups)

    @property
    def layers(self) -> dict[str, Tensor]:
        """The features of the places by layer, (n, C) each, as the trunk gives them."""
        found, start = {}, 0
        for layer in LAYERS:
            channels = losses_channels(layer)
            found[layer] = self.rows[:, start : start + channels] * channels**0.5
            start += channels
        return found


def losses_channels(layer: str) -> int:
    return {1: 64, 2: 128, 3: 256, 4: 512}[int(layer[4])]


def _inner_cells(style: Tensor) -> Tensor:
    """Numbers of the cells of an artwork that may be chosen, row by row."""
    height, width = (side // CELL for side in style.shape[2:])
    numbers = torch.arange(height * width).view(height, width)
    return numbers[RIM : height - RIM, RIM : width - RIM].flatten()


def _sample(scene: Scene, style: Tensor, grid: Tensor, count: int) -> list[Tensor]:
    """The hypercolumns of so many cells of the grid, (count, channels)."""
    generator = torch.Generator().manual_seed(scene.settings.seed)
    height, width = style.shape[2:]
    chosen = torch.zeros(height // CELL * (width // CELL), dtype=torch.bool)
    chosen[grid[torch.randperm(len(grid), generator=generator)[:count]]] = True
    chosen = chosen.view(height // CELL, width // CELL).to(scene.vgg.device)
    eye = scene.eye_here((height, width), LAYERS)
    picture = photo_of(style, scene.vgg)
    rows = [
        _rows_of(eye, picture, window)[chosen[window.place(3)].flatten()] for window in eye.windows
    ]
    eye.rest()
    return [torch.cat(rows)]


@dataclass(frozen=True)
class NeighbourPlan:
    """The neighbours of all cells, and how to compare with them; see `tiling.Plan`."""

    bank: dict[str, Tensor]  # (n, C) for each layer
    choices: Tensor  # (h, w), a number in the bank for each cell
    painted: Tensor | None  # (h, w), 0..1
    weight: float

    def make(self, eye: Eye, picture: Picture, recall: Callable[[Features], Tensor]) -> Target:
        """See `tiling.Plan.make`; the photo is in the choices already."""
        return NeighbourTarget(self, eye)


class NeighbourTarget:
    """The features of the chosen neighbours, fetched anew at each look; see `tiling.Target`."""

    def __init__(self, plan: NeighbourPlan, eye: Eye) -> None:
        self.layers, self.cell = list(plan.bank), CELL
        self._eye, self._weight = eye, plan.weight
        device = eye.vgg.device
        self._bank = {layer: rows.to(device) for layer, rows in plan.bank.items()}
        self._choices = plan.choices.to(device)
        self._painted = None if plan.painted is None else plan.painted.to(device)
        # The loss is relative to the energy of all that is compared with.
        energy = torch.stack([rows.square().mean(1) for rows in self._bank.values()]).sum(0)
        energies = energy[self._choices.long()]
        if self._painted is not None:
            energies = energies * self._painted
        self._scale = 1 / max(float(energies.sum(dtype=torch.float64)), 1e-12)

    @torch.no_grad()
    def compare(self, found: Mapping[str, Tensor], number: int) -> Compared:
        """See `tiling.Target.compare`."""
        window, loss = self._eye.windows[number], 0.0
        gradients = {}
        for layer in self.layers:
            target, counted = self._wanted(layer, window)
            difference = found[layer].float() - target
            scale = self._scale / difference.shape[1]
            if int(layer[4]) == DEEP:
                scale *= 4  # cells
            weighted = difference if counted is None else difference * counted
            loss += scale * float((weighted * difference).sum())
            weighted *= 2 * scale * self._weight
            gradients[layer] = weighted.to(found[layer].dtype)
        return Compared(loss, gradients)

    def _wanted(self, layer: str, window: Window) -> tuple[Tensor, Tensor | None]:
        """What a layer shall see in the core of a window, and how much each place counts."""
        place = window.place(3)
        choices = self._choices[place].long()
        rows = self._bank[layer]
        counted = None if self._painted is None else self._painted[place][None, None]
        if int(layer[4]) != DEEP:
            wanted = rows[choices.flatten()].view(*choices.shape, -1).permute(2, 0, 1)[None]
            return wanted, _without_rim(counted, layer, window)
        quarters = [choices[i::2, j::2] for i in (0, 1) for j in (0, 1)]
        wanted = sum(rows[each.flatten()] for each in quarters)
        assert isinstance(wanted, Tensor)
        wanted = (wanted / 4).view(*quarters[0].shape, -1).permute(2, 0, 1)[None]
        if counted is not None:
            counted = F.avg_pool2d(counted, 2)
        return wanted, _without_rim(counted, layer, window)


def _without_rim(counted: Tensor | None, layer: str, window: Window) -> Tensor | None:
    """`counted`, 0 where zeros lie beside a place."""
    block = max(3, int(layer[4]))
    if int(layer[4]) < 3:
        return counted
    (rows, columns), (height, width) = window.place(block), window.size(block)
    shape = (1, 1, rows.stop - rows.start, columns.stop - columns.start)
    weights = torch.ones(shape) if counted is None else counted.clone()
    if rows.start == 0:
        weights[:, :, 0] = 0
    if rows.stop == height:
        weights[:, :, -1] = 0
    if columns.start == 0:
        weights[..., 0] = 0
    if columns.stop == width:
        weights[..., -1] = 0
    return weights
