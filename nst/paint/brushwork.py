"""Brushwork: each place of the canvas gets the features of the artwork's place most like it.

Gram matrices compose a picture and do not say which stroke belongs where; nearest neighbours do,
and leave an even sky even. So this begins with a composition, and has Gram matrices beside it.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nst import layers
from nst.paint import losses
from nst.paint.checkpoint import CheckpointError
from nst.paint.composition import regions, style_error
from nst.paint.neighbours import (
    CELL,
    DEEPEST,
    LAYERS,
    Features,
    Matcher,
    hypercolumns,
    layer_of,
    pieces,
    shares,
    unit,
)
from nst.paint.objective import Losses, Scene
from nst.paint.tensors import grey
from nst.paint.tiling import Compared, Eye, Judge, Picture, Target, photo_of
from nst.settings import Settings
from nst.vgg.strips import strips
from nst.vgg.tiles import Window

BANK = 4096  # places of the artworks to choose from: more are no better, and cost more
RIM = 2  # cells at the rim of an artwork that are never chosen, as zeros lie beside them
SAMPLE = 2048  # places of the canvas that stand for all when neighbours are weighed
LEAD = 0.5  # how far the photo leads the choice of neighbours, with the default weights
# How much of a face's cells is the photo's own, how much further the photo leads the choice there,
# and the longest side of a canvas, px, beyond which there are pixels enough for a face.
FACES, FACES_LEAD, LARGEST_FACES = 0.45, 0.7, 768
MOST_STRETCH = 3.0  # of a channel's deviation
# The powers of the ratio of content to style weight, where that is below and above 1: by which the
# lead grows, and by which Gram matrices lose.
FREER, CLOSER = 0.06, 0.5
RICHER, PLAINER = -0.1, -0.5
FACES_POWER = 0.25  # of that ratio, where it is below 1, by which faces are an exception


@dataclass(frozen=True)
class Balance:
    """What the weights of content and style come to where neighbours are chosen."""

    lead: float  # 0..1, how much of the photo there is in what is compared with the artwork
    faces: float  # 0..1, how much of an exception faces are
    evenness: float  # 0..1, how much all places of the artwork are to be chosen alike often
    strokes: float  # weight of the distance from the neighbours
    texture: float  # weight of the style loss

    @classmethod
    def of(cls, settings: Settings) -> Balance:
        """The balance of such settings; only the ratio of the two weights counts.

        With more of the content weight the photo leads the choice of neighbours, up to the place of
        the artwork that looks most like each of the photo's; with more of the style weight all of
        the artwork is used, and the painting is another view of it. Textures count as much as
        strokes, less where the photo shall be kept, and a little more where it may go.
        """
        usual, ratio = Settings().style_weight, settings.content_to_style
        odds = LEAD / (1 - LEAD) * math.pow(ratio, FREER if ratio < 1 else CLOSER)
        free = min(1.0, ratio)
        texture = math.pow(ratio, RICHER if ratio < 1 else PLAINER)
        return cls(
            lead=odds / (1 + odds),
            faces=math.pow(free, FACES_POWER),
            evenness=1 - free,
            strokes=usual * losses.STYLE_UNIT,
            texture=usual * texture,
        )


Look = Callable[[Window], Features]


class Brushwork:
    """Distance from chosen neighbours, with Gram losses beside it; an `Objective`.

    The neighbours are chosen once, when it is made: for what is painted so far, `pixels`, or as
    the `choices` of an earlier run say.
    """

    blocks = DEEPEST  # of the network that it looks at

    def __init__(self, scene: Scene, pixels: Tensor, choices: Tensor | None = None) -> None:
        self.scene = scene
        self.balance = Balance.of(scene.settings)
        # What deeper layers see is large, and was settled by the composition.
        self.style_layers = [
            layer for layer in scene.settings.style_layers if layers.block(layer) <= DEEPEST
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
        seen = _look_at_styles(scene, self.style_layers)
        self.regions = regions(scene, [[grams for _, *grams in seen]])
        self.variation = scene.variation()
        self._owner, self._painted = _owners(scene)
        self._bank = _Bank.of([places for places, *_ in seen], scene.masks is not None)
        self._choices = self._choose(pixels) if choices is None else self._checked(choices)
        self._rows, self._chosen = self._with_faces()
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
        tv = losses.variation(pixels, settings.tv_weight / unit, gradient) / unit
        total = (
            self.balance.strokes * strokes + self.balance.texture * style + settings.tv_weight * tv
        )
        return gradient, Losses(strokes, style, tv, total)

    def _make_judge(self) -> Judge:
        scene, balance = self.scene, self.balance
        eye = scene.eye(scene.size, (*LAYERS, *self.style_layers))
        plan = NeighbourPlan(self._rows, self._chosen, self._painted, balance.strokes)
        target = eye.remember(eye.show(photo_of(scene.photo, scene.vgg)), plan)
        error, weight = self._texture_loss, balance.texture
        return Judge(eye, self.style_layers, error, weight, scene.guides, target)

    def _texture_loss(self, seen: dict[str, Tensor]) -> Tensor:
        return style_error(self.regions, 0, self.style_layers, self.layer_weights, seen)

    def _choose(self, pixels: Tensor) -> Tensor:
        """The neighbour of each cell, (H / 4, W / 4)."""
        scene = self.scene
        eye = scene.eye_here(scene.size, LAYERS)
        look: Look = functools.partial(_seen, eye, self._query(pixels))
        if len(eye.windows) == 1:
            look = functools.cache(look)  # it is asked for twice
        matchers = self._matchers(eye, look)
        choices = torch.zeros(self._owner.shape, dtype=torch.int32, device=pixels.device)
        for window in eye.windows:
            features, place = look(window), window.place(DEEPEST)
            owners, here = self._owner[place], choices[place]
            for top, bottom in pieces(*owners.shape):
                rows = hypercolumns(features, top, bottom)
                here[top:bottom] = self._nearest(matchers, rows, owners[top:bottom])
            eye.rest()
        return choices

    def _checked(self, choices: Tensor) -> Tensor:
        """The choices of an earlier run, if they can be of this one."""
        known = choices.shape == self._owner.shape and choices.numel()
        if not known or int(choices.min()) < 0 or int(choices.max()) >= len(self._bank.rows):
            raise CheckpointError(
                "The checkpoint is of other pictures, or it is damaged; give those that it was "
                "made with, or start anew without it."
            )
        return choices.to(self._owner.device)

    def _with_faces(self) -> tuple[Tensor, Tensor]:
        """The bank and the choices from it, with places of their own for the cells of faces.

        There is seldom an eye in the artwork. So a face's cells are given what they have in the
        photo, in the artwork's range of values, mixed with their neighbours.
        """
        scene, bank = self.scene, self._bank.rows
        if scene.faces is None or max(scene.size) > LARGEST_FACES:
            return bank, self._choices
        share = F.avg_pool2d(scene.faces, CELL)[0, 0]
        eye = scene.eye_here(scene.size, LAYERS)
        look = functools.partial(_seen, eye, photo_of(scene.photo, scene.vgg))
        kept = share > 0
        sample = _columns(eye, look, _evenly(torch.zeros_like(self._owner)))
        own = _in_range_of(bank, _columns(eye, look, kept), sample)
        part = (FACES * self.balance.faces * share[kept])[:, None]
        own = torch.lerp(bank[self._choices[kept].long()], own, part)
        chosen = self._choices.clone()
        numbers = torch.arange(len(bank), len(bank) + len(own), device=chosen.device)
        chosen[kept] = numbers.to(chosen.dtype)
        return torch.cat([bank, own]), chosen

    def _nearest(self, matchers: dict[int, Matcher], rows: Tensor, owners: Tensor) -> Tensor:
        """For the hypercolumns of some cells the numbers of their neighbours, as `owners` lie."""
        found = torch.zeros(len(rows), dtype=torch.int32, device=rows.device)
        for number, matcher in matchers.items():
            asked = (owners.flatten() == number).nonzero()[:, 0]
            nearest = matcher.nearest(rows[asked]) + self._bank.groups[number].start
            found[asked] = nearest.to(torch.int32)
        return found.view(owners.shape)

    def _matchers(self, eye: Eye, look: Look) -> dict[int, Matcher]:
        """One for each group of the bank that any cell belongs to."""
        chosen = _evenly(self._owner)
        sample, owners = _columns(eye, look, chosen), self._owner[chosen]
        return {
            number: Matcher(
                self._bank.rows[self._bank.groups[number]],
                sample[owners == number],
                self.balance.evenness,
            )
            for number in torch.unique(owners).tolist()
        }

    def _query(self, pixels: Tensor) -> Picture:
        """What is compared with the artworks: the painting, led by the photo."""
        scene, lead = self.scene, self.balance.lead
        more = (1 - lead) * FACES_LEAD * self.balance.faces
        photo = photo_of(scene.photo, scene.vgg)
        faces = scene.faces

        def picture(window: Window) -> Tensor:
            seen = photo(window)
            if scene.colourless:
                seen = grey(seen, scene.vgg)
            # A painting that was just enlarged lacks what tells fine things from each other.
            fine = seen - F.avg_pool2d(seen, 2).repeat_interleave(2, 2).repeat_interleave(2, 3)
            painted = pixels[(..., *window.pixels)] + fine
            if faces is None:
                return torch.lerp(painted, seen, lead)
            here = lead + more * faces[(..., *window.pixels)]
            return torch.lerp(painted, seen, here)

        return picture


def _in_range_of(bank: Tensor, rows: Tensor, sample: Tensor) -> Tensor:
    """Rows of a picture with the mean and deviation of each channel of the bank.

    Huang and Belongie (2017), "Arbitrary Style Transfer in Real-time with Adaptive Instance
    Normalization". `sample` stands for all rows of the picture.
    """
    stretch = bank.std(0) / sample.std(0).clamp_min(1e-6)
    return ((rows - sample.mean(0)) * stretch.clamp(max=MOST_STRETCH) + bank.mean(0)).clamp_min(0)


def _seen(eye: Eye, picture: Picture, window: Window) -> Features:
    """What hypercolumns are made of, in the core of a window."""
    return eye.features(picture(window), window, LAYERS, CELL)


def _columns(eye: Eye, look: Look, chosen: Tensor) -> Tensor:
    """The hypercolumns of the chosen cells, (n, channels), row by row however the canvas is cut."""
    numbers = torch.arange(chosen.numel(), device=chosen.device).view(chosen.shape)
    rows, found = [], []
    for window in eye.windows:
        features, place = look(window), window.place(DEEPEST)
        here, names = chosen[place], numbers[place]
        for top, bottom in pieces(*here.shape):
            asked = here[top:bottom]
            rows.append(hypercolumns(features, top, bottom)[asked.flatten()])
            found.append(names[top:bottom][asked])
        eye.rest()
    return torch.cat(rows)[torch.cat(found).argsort()]


def _evenly(owner: Tensor) -> Tensor:
    """Which cells are the sample: of each owner at most `SAMPLE`, spread over all it has."""
    flat = owner.flatten()
    chosen = torch.zeros_like(flat, dtype=torch.bool)
    for number in torch.unique(flat).tolist():
        places = (flat == number).nonzero()[:, 0]
        count = min(SAMPLE, len(places))
        chosen[places[torch.arange(count, device=flat.device) * len(places) // count]] = True
    return chosen.view(owner.shape)


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
    def of(cls, parts: Sequence[Tensor], masked: bool) -> _Bank:
        """All places of all styles, or, for masks, each style's by themselves."""
        ends = list(itertools.accumulate(map(len, parts)))
        if not masked:
            return cls(torch.cat([*parts]), [slice(0, ends[-1])])
        groups = [slice(end - len(part), end) for part, end in zip(parts, ends, strict=True)]
        return cls(torch.cat([*parts]), groups)


def _look_at_styles(scene: Scene, wanted: Sequence[str]) -> list[list[Tensor]]:
    """For each style hypercolumns of some of its places, (n, channels), and its Gram matrices.

    The places are chosen by chance: from all styles as many as their weights say, or, for masks, as
    many as there may be from each.
    """
    styles = list(scene.styles_here())
    offered = [len(_inner_cells(style)) for style in styles]
    if scene.masks is None:
        counts = shares(BANK, scene.weights, offered)
    else:
        counts = [min(BANK, count) for count in offered]
    settings = scene.settings
    return [
        scene.recall(
            (digest, *style.shape, scene.tile, *wanted, settings.pooling, count, settings.seed),
            functools.partial(_look_at, scene, style, count, wanted),
        )
        for digest, style, count in zip(scene.digests[1:], styles, counts, strict=True)
    ]


def _inner_cells(style: Tensor) -> Tensor:
    """Numbers of the cells of an artwork that may be chosen, row by row."""
    height, width = (side // CELL for side in style.shape[2:])
    numbers = torch.arange(height * width).view(height, width)
    return numbers[RIM : height - RIM, RIM : width - RIM].flatten()


def _look_at(scene: Scene, style: Tensor, count: int, wanted: Sequence[str]) -> list[Tensor]:
    """Hypercolumns of so many cells of an artwork, and its Gram matrices in these layers."""
    generator = torch.Generator().manual_seed(scene.settings.seed)
    height, width = style.shape[2:]
    inner = _inner_cells(style)
    chosen = torch.zeros(height // CELL * (width // CELL), dtype=torch.bool)
    chosen[inner[torch.randperm(len(inner), generator=generator)[:count]]] = True
    chosen = chosen.view(height // CELL, width // CELL).to(scene.vgg.device)
    eye = scene.eye_here((height, width), (*LAYERS, *wanted))
    picture = photo_of(style, scene.vgg)
    grams: dict[str, Tensor] = {}

    def look(window: Window) -> Features:
        seen = eye.see(picture(window), window, LAYERS, wanted, CELL)
        for layer, gram in seen.grams.items():
            grams[layer] = grams[layer] + gram if layer in grams else gram
        return seen.features

    return [_columns(eye, look, chosen), *(grams[layer][0] for layer in wanted)]


@dataclass(frozen=True)
class NeighbourPlan:
    """The neighbours of all cells, and how to compare with them; see `tiling.Plan`."""

    bank: Tensor  # (n, channels), hypercolumns
    choices: Tensor  # (h, w), a number in the bank for each cell
    painted: Tensor | None  # (h, w), 0..1
    weight: float

    def make(self, eye: Eye, picture: Picture, recall: object = None) -> Target:
        """See `tiling.Plan.make`; the photo is in the choices already."""
        return NeighbourTarget(self, eye)


class NeighbourTarget:
    """The features of the chosen neighbours, fetched anew at each look; see `tiling.Target`."""

    def __init__(self, plan: NeighbourPlan, eye: Eye) -> None:
        self.layers, self.cell = LAYERS, CELL
        self._eye, self._weight = eye, plan.weight
        device = eye.vgg.device
        bank = plan.bank.to(device)
        self._bank = {layer: layer_of(bank, layer) for layer in self.layers}
        self._choices = plan.choices.to(device)
        self._painted = None if plan.painted is None else plan.painted.to(device)
        # The loss is relative to the energy of all that is compared with.
        energy = torch.stack([rows.square().sum(1) for rows in self._bank.values()]).sum(0)
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
            seen, counted = found[layer], self._counted(layer, window)
            gradient = torch.empty_like(seen)
            height, row_bytes = seen.shape[2], 4 * seen[0, :, 0].numel()
            for top, bottom in strips(height, row_bytes, seen.device):
                rows = (..., slice(top, bottom), slice(None))
                difference = seen[rows].float() / unit(layer)
                difference -= self._wanted(layer, window, top, bottom)
                weighted = difference if counted is None else difference * counted[rows]
                loss += self._scale * float((weighted * difference).sum())
                gradient[rows] = weighted.mul_(2 * self._scale * self._weight / unit(layer))
            gradients[layer] = gradient
        return Compared(loss, gradients)

    def _wanted(self, layer: str, window: Window, top: int, bottom: int) -> Tensor:
        """What a layer shall see in some rows of the core of a window, (1, C, rows, w)."""
        choices = self._choices[window.place(DEEPEST)][top:bottom].long()
        chosen = self._bank[layer][choices.flatten()]
        return chosen.view(*choices.shape, -1).permute(2, 0, 1)[None]

    def _counted(self, layer: str, window: Window) -> Tensor | None:
        """How much each place in the core of a window counts, (1, 1, h, w)."""
        painted = self._painted
        counted = None if painted is None else painted[window.place(DEEPEST)][None, None]
        return _without_rim(counted, layer, window, self._choices.device)


def _without_rim(
    counted: Tensor | None, layer: str, window: Window, device: torch.device
) -> Tensor | None:
    """`counted`, 0 where zeros lie beside a place."""
    block = layers.block(layer)
    if block < DEEPEST:
        return counted
    (rows, columns), (height, width) = window.place(block), window.size(block)
    shape = (1, 1, rows.stop - rows.start, columns.stop - columns.start)
    weights = torch.ones(shape, device=device) if counted is None else counted.clone()
    if rows.start == 0:
        weights[:, :, 0] = 0
    if rows.stop == height:
        weights[:, :, -1] = 0
    if columns.start == 0:
        weights[..., 0] = 0
    if columns.stop == width:
        weights[..., -1] = 0
    return weights
