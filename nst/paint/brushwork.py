"""Brushwork: each place of the canvas gets the features of the artwork's place most like it.

Gram matrices compose a picture and do not say which stroke belongs where; nearest neighbours do,
and leave an even sky even. So this begins with a composition, and has Gram matrices beside it.
"""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

from nst import layers
from nst.paint import losses
from nst.paint.balance import Balance
from nst.paint.bank import Bank, look_at_styles
from nst.paint.checkpoint import CheckpointError
from nst.paint.composition import regions, style_error
from nst.paint.neighbour_target import NeighbourMaker
from nst.paint.neighbours import DEEPEST_BLOCK, Matcher, hypercolumns, pieces
from nst.paint.objective import Losses, Scene
from nst.paint.sampling import SeeWindow, columns, evenly, seen_in
from nst.paint.tensors import grey
from nst.paint.viewer import (
    Content,
    GramsByRegion,
    Judge,
    LocalViewer,
    Picture,
    Style,
    photo_of,
    pixels_of,
)
from nst.vgg.stem import CELL
from nst.vgg.tiles import Window

# How much of a face's cells is the photo's own, how much further the photo leads the choice there,
# and the longest side of a canvas, px, beyond which there are pixels enough for a face. Chosen by
# eye, with the astronaut in all sample styles, as is the next number.
FACES, FACES_LEAD, LARGEST_FACES = 0.45, 0.7, 768
MOST_STRETCH = 3.0  # the most that a channel's deviation is multiplied by


class Brushwork:
    """Distance from chosen neighbours, with Gram losses beside it; an `Objective`.

    The neighbours are chosen once, when it is made: for what is painted so far, `pixels`, or as
    the `choices` of an earlier run say.
    """

    blocks = DEEPEST_BLOCK  # of the network that it looks at

    def __init__(self, scene: Scene, pixels: Tensor, choices: Tensor | None = None) -> None:
        self.scene = scene
        self.balance = Balance.of(scene.settings, refining=scene.refining)
        # What deeper layers see is large, and was settled by the composition.
        self.style_layers = [
            layer for layer in scene.settings.style_layers if layers.block(layer) <= DEEPEST_BLOCK
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
        seen = look_at_styles(scene, self.style_layers)
        self.regions = regions(scene, [[grams for _, *grams in seen]])
        self.variation = scene.variation()
        self._owner, self._painted, blends = _owners(scene)
        parts = [places for places, *_ in seen]
        self._bank = Bank.of_blends(scene, parts, blends) if blends else Bank.of(parts)
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
        viewer = scene.viewer(scene.size, (*scene.compared, *self.style_layers))
        maker = NeighbourMaker(
            scene.compared, self._rows, self._chosen, self._painted, balance.strokes
        )
        style = Style(self.style_layers, self._texture_loss, balance.texture, scene.guides)
        return viewer.judge(style, Content(photo_of(scene.photo, scene.vgg), maker))

    def _texture_loss(self, seen: GramsByRegion) -> Tensor:
        return style_error(self.regions, 0, self.style_layers, self.layer_weights, seen)

    def _choose(self, pixels: Tensor) -> Tensor:
        """The neighbour of each cell, (H / 4, W / 4)."""
        scene = self.scene
        viewer = scene.viewer_here(scene.size, scene.compared)
        look: SeeWindow = functools.partial(seen_in, viewer, self._query(pixels), scene.compared)
        if len(viewer.windows) == 1:
            look = functools.cache(look)  # it is asked for twice
        matchers = self._matchers(viewer, look)
        choices = torch.zeros(self._owner.shape, dtype=torch.int32, device=pixels.device)
        for window in viewer.windows:
            features, place = look(window), window.place(DEEPEST_BLOCK)
            owners, here = self._owner[place], choices[place]
            for top, bottom in pieces(*owners.shape):
                rows = hypercolumns(features, top, bottom)
                here[top:bottom] = self._nearest(matchers, rows, owners[top:bottom])
            viewer.rest()
        return choices

    def _checked(self, choices: Tensor) -> Tensor:
        """The choices of an earlier run; raises `CheckpointError` if they cannot be of this one."""
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
        viewer = scene.viewer_here(scene.size, scene.compared)
        look = functools.partial(seen_in, viewer, photo_of(scene.photo, scene.vgg), scene.compared)
        kept = share > 0
        sample = columns(viewer, look, evenly(torch.zeros_like(self._owner)))
        own = _in_range_of(bank, columns(viewer, look, kept), sample)
        part = (FACES * self.balance.faces * share[kept])[:, None]
        own = torch.lerp(bank[self._choices[kept].long()], own, part)
        chosen = self._choices.clone()
        numbers = torch.arange(len(bank), len(bank) + len(own), device=chosen.device)
        chosen[kept] = numbers.to(chosen.dtype)
        return torch.cat([bank, own]), chosen

    def _nearest(self, matchers: dict[int, Matcher], rows: Tensor, owners: Tensor) -> Tensor:
        """The numbers of the neighbours of some cells, in the shape of `owners`."""
        found = torch.zeros(len(rows), dtype=torch.int32, device=rows.device)
        for number, matcher in matchers.items():
            asked = (owners.flatten() == number).nonzero()[:, 0]
            nearest = self._bank.groups[number][matcher.nearest(rows[asked])]
            found[asked] = nearest.to(torch.int32)
        return found.view(owners.shape)

    def _matchers(self, viewer: LocalViewer, look: SeeWindow) -> dict[int, Matcher]:
        """A matcher for each group of the bank that any cell chooses from."""
        chosen = evenly(self._owner)
        sample, owners = columns(viewer, look, chosen), self._owner[chosen]
        return {
            number: Matcher(
                self._bank.rows[self._bank.groups[number]],
                sample[owners == number],
                self.balance.evenness,
                self.scene.vgg.precision,
            )
            for number in torch.unique(owners).tolist()
        }

    def _query(self, pixels: Tensor) -> Picture:
        """What is compared with the artworks: the painting, led by the photo unless it is out."""
        scene, lead = self.scene, self.balance.lead
        if scene.settings.is_texture:
            return pixels_of(pixels)
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


def _owners(scene: Scene) -> tuple[Tensor, Tensor | None, list[tuple[float, ...]]]:
    """Which group of the bank each cell chooses from, and how much of it is painted at all.

    Both (H / 4, W / 4); and for each group how much each style counts in it. Without masks there is
    one group, of which nothing needs to be said, and everything is painted.
    """
    height, width = (side // CELL for side in scene.size)
    if scene.claims is None:
        device = scene.vgg.device
        return torch.zeros(height, width, dtype=torch.int64, device=device), None, []
    claims = scene.claims.resized(height, width)
    owner, blends = claims.of_cells()
    return owner, claims.painted[0, 0], blends
