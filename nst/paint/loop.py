"""The optimisation loop: what it holds between iterations, and what it does in each of them."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from nst import errors
from nst.machine import malloc
from nst.paint import faces, memory, spread
from nst.paint.brushwork import Brushwork
from nst.paint.checkpoint import CheckpointError, RunState
from nst.paint.claims import Claims
from nst.paint.composition import Composition
from nst.paint.inputs import Canvas, Options
from nst.paint.moment import Moment
from nst.paint.objective import Losses, Objective, Scene
from nst.paint.optimizers import LBFGS, Adam
from nst.paint.progress import DivergedError
from nst.paint.schedule import Stage
from nst.paint.spread import TeamLostError
from nst.paint.steady import Steady
from nst.paint.targets import digest
from nst.paint.tensors import compact, expand, grey, is_grey, reduced, resize, resized_copy
from nst.settings import Settings
from nst.vgg.network import VGG19
from nst.vgg.strips import picture_strips
from nst.vgg.workspace import Workspace

T = TypeVar("T")


class Loop:
    """A canvas, its objective and the optimiser between the iterations, on the network's device.

    Once a canvas is cut into tiles, pictures are as large as everything else together. So what is
    given is neither copied nor `normalize`d as a whole, and all else goes in strips.

    `pixels` are never changed in place once they were shown to anybody: each iteration makes new
    ones, in the memory of its gradient.
    """

    def __init__(
        self,
        vgg: VGG19,
        settings: Settings,
        canvas: Canvas,
        options: Options = Options(),
    ) -> None:
        self.vgg, self.settings, self.asked_tile = vgg, settings, options.tile
        self.known, self.team = options.known, options.team
        # The cache knows targets by the digests of their pictures; without a cache nobody asks.
        pictures = (canvas.content, *canvas.styles)
        self.digests = [digest(image) if options.known else "" for image in pictures]
        counted = canvas.style_masks or [None] * len(canvas.styles)
        self.style_masks = [None if each is None else each.to(vgg.device) for each in counted]
        for number, each in enumerate(counted, 1):
            if each is not None and options.known:
                self.digests[number] += digest(each)
        self.content = compact(canvas.content).to(vgg.device)
        self.styles = [compact(style).to(vgg.device) for style in canvas.styles]
        self.claims = self._claims(canvas)  # at the content's size
        self.painted: Tensor | None = None  # (1, 1, h, w), how much the masks claim of each place
        self.moved = canvas.moved
        init = canvas.init if self.moved is None else self.moved.picture
        self.start = self._start() if init is None else init.to(vgg.device)
        self.pixels = torch.empty(0)
        self.black = vgg.normalize(torch.zeros(1, 3, 1, 1))
        self.white = vgg.normalize(torch.ones(1, 3, 1, 1))
        self.iteration = 0
        strokes = settings.style_loss == "neighbours"
        self.workspace, self.thrift = Workspace(may_round=strokes), malloc.Thrift()
        self.looking = vgg  # the network that looks at this size, the narrow one or all of it
        # A painting in styles without colour has none, either, once strokes are drawn.
        self.colourless = all(is_grey(style) for style in self.styles)
        self.faces = faces.find(self.content) if strokes and not settings.is_texture else None
        self.scene: Scene | None = None  # none before the first size
        self.objective: Objective | None = None

    def _claims(self, canvas: Canvas) -> Claims | None:
        """What the masks claim, if there are any."""
        if not canvas.masks:
            return None
        masks = torch.cat([mask.to(self.vgg.device) for mask in canvas.masks], 1)
        return Claims.of(masks, self.settings.style_weights or (1.0,) * len(canvas.styles))

    def _start(self) -> Tensor:
        """What `settings.init` names, in 0..1."""
        # The photo as a start would show in a texture to the end.
        start = self.settings.init
        if start == "noise" or (start == "content" and self.settings.is_texture):
            # Drawn on the CPU: other devices have other generators.
            generator = torch.Generator().manual_seed(self.settings.seed)
            noise = torch.rand(self.content.shape, generator=generator)
            return noise.to(self.vgg.device)
        return self.styles[0] if start == "style" else self.content

    def begin(self, stage: Stage, last: bool = False, resume: RunState | None = None) -> None:
        """Go on at the size of `stage`, or with `resume` where an earlier run stood at that size.

        The styles are not needed any more after the `last` stage has begun.
        """
        kind = Brushwork if stage.brushwork else Composition
        looking = self.vgg.narrow if stage.narrow else self.vgg
        if looking is not self.looking:
            self.looking = looking
            self.workspace.clear()  # it holds the other's weights
        self.workspace.keep(kind.blocks if memory.keeps_weights(stage.area) else 0)
        self.optimizer: Adam | LBFGS | None = None
        self._forget()  # cycles in it would keep its memory until the next collection of garbage
        self.objective = None
        self.photo = reduced(self.content, stage.height, stage.width)
        if resume is not None:
            self._take_over(resume)
        elif not self.iteration:
            self._prime()
        elif stage.brushwork or self.settings.is_texture:
            self.pixels = resized_copy(self.pixels, stage.height, stage.width)
        else:
            self._enlarge_change(stage)
        self.start = torch.empty(0)
        if self.moved is not None:
            self.moved_here = self.moved.at(self.photo.shape[2:], self.vgg)
            self.pixels = self.pixels.lerp(self.moved_here.picture, self.moved_here.held)
        torch.clamp(self.pixels, self.black, self.white, out=self.pixels)
        self.scene, self.brushwork = self._scene(resume, stage.refining), stage.brushwork
        self._keep_to_what_is_painted()
        self.objective = self._within_memory(
            lambda: self._objective(resume.choices if resume is not None else None)
        )
        if last:
            self.styles.clear()
        lbfgs = self.settings.optimizer == "lbfgs"
        self.optimizer = LBFGS() if lbfgs else Adam(self.pixels, stage.betas)
        if resume is not None:
            self._restore(resume)

    @property
    def tile(self) -> int:
        """The longest side of the tiles that the canvas is cut into, px."""
        return memory.WHOLE if self.scene is None else self.scene.tile

    def _prime(self) -> None:
        """Put on the canvas what the run starts from."""
        start = reduced(self.start, *self.photo.shape[2:])
        self.pixels = torch.empty_like(start, dtype=torch.float32)
        for strip in picture_strips(self.pixels):
            self.pixels[strip] = self.vgg.normalize(expand(start[strip]))

    def _enlarge_change(self, stage: Stage) -> None:
        """Enlarge what changed against the photo, not the picture.

        While the photo's shapes are compared in place, its details come back by themselves instead
        of having to be painted again.
        """
        coarse = reduced(self.content, *self.pixels.shape[2:])
        change = self.pixels - self.vgg.normalize(expand(coarse))
        pixels = resize(change, stage.height, stage.width)
        del change
        for strip in picture_strips(pixels):
            pixels[strip] += self._photo(strip)
        self.pixels = pixels

    def _scene(self, resume: RunState | None, refining: bool = False) -> Scene:
        """All that the objective of this size may look at, cut as the memory allows."""
        height, width = self.photo.shape[2:]
        claims = None
        if self.claims is not None:
            claims = self.claims.resized(height, width)
            self.painted = claims.painted
        kept = resume.tile if resume is not None else 0  # to the bit the same
        tile = self.asked_tile or kept or self._tile_side()
        if tile < memory.WHOLE:
            self.thrift.begin()
        return Scene(
            self.looking,
            self.settings,
            self.photo,
            self.styles,
            self.workspace,
            max(self.content.shape[2:]),
            self.digests,
            claims,
            tile,
            self.known,
            self.team,
            self.colourless,
            self._faces_here(),
            self.style_masks,
            refining,
        )

    def _faces_here(self) -> Tensor | None:
        """Where the photo has faces, at the size of the canvas."""
        if self.faces is None:
            return None
        return F.interpolate(self.faces, self.photo.shape[2:], mode="area")

    def _objective(self, choices: Tensor | None) -> Objective:
        assert self.scene is not None
        objective: Objective = (
            Brushwork(self.scene, self.pixels, choices)
            if self.brushwork
            else Composition(self.scene)
        )
        return objective if self.moved is None else Steady(objective, self.moved_here)

    def _take_over(self, state: RunState) -> None:
        """The pixels of an earlier run."""
        if state.pixels.shape != self.photo.shape:
            raise CheckpointError(
                "The checkpoint is of a canvas of another size; give the pictures and settings "
                "that it was made with."
            )
        self.pixels = state.pixels.to(self.vgg.device, copy=True)
        self.iteration = len(state.losses)

    def _restore(self, state: RunState) -> None:
        """What the optimiser remembered of an earlier run."""
        assert self.optimizer is not None
        try:
            self.optimizer.restore(state.optimizer.to(self.vgg.device))
        except KeyError as error:
            raise CheckpointError(
                "The checkpoint is of a run with another optimizer, or it is damaged; give the "
                "settings that it was made with, or start anew without it."
            ) from error

    def state(
        self, losses: Sequence[float], seconds: float, *, over: bool = False
    ) -> Callable[[], RunState]:
        """What tells, at any later time, where the run stands now.

        `losses` may grow meanwhile. Once a scale is `over`, nobody will use what the optimiser
        remembers, so that it is left out.
        """
        assert self.optimizer is not None
        assert self.objective is not None
        pixels, optimizer = self.pixels, self.optimizer
        remembered = type(optimizer).state_at_first(pixels) if over else optimizer.state()
        state = RunState((), seconds, self.tile, pixels, remembered, self.objective.choices)
        return functools.partial(_with_losses, state, losses, len(losses))

    def _tile_side(self) -> int:
        """The longest side of tiles that the memory suffices for, px."""
        masks = 0 if self.claims is None else len(self.claims.weights)
        height, width = self.photo.shape[2:]
        asked = memory.Workload(height, width, self.settings, masks, self.vgg.precision.itemsize)
        fitting = memory.tile_side(asked, memory.free_memory(self.vgg.device))
        return (
            min(fitting, spread.tile_side(height, width, len(self.team))) if self.team else fitting
        )

    def _within_memory(self, work: Callable[[], T]) -> T:
        """What `work` returns, which is done again in smaller tiles whenever memory runs out.

        It is also done again when a member of the team is lost.
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
            except Exception as error:
                if not errors.is_out_of_memory(error):
                    raise
            # Only here, behind the `except`, is the error gone, which kept all memory in use.
            assert self.scene is not None
            self.scene.tile = memory.smaller(self.tile, *self.photo.shape[2:])
            self.thrift.begin()
            self._forget()

    def _forget(self) -> None:
        if self.objective is not None:
            self.objective.forget()

    def _regroup(self) -> None:
        """Go on with the members of the team that are there."""
        if self.team is not None and self.team.regroup():
            self._forget()  # members that are gone held some of the targets

    def _photo(self, strip: tuple[slice, ...]) -> Tensor:
        """A strip of the photo at the size of the canvas, in the network's units."""
        return self.vgg.normalize(expand(self.photo[strip]))

    def _keep_to_what_is_painted(self) -> None:
        """Undo what the optimiser may not do, in place.

        Colours that the styles do not have become grey, and places that no mask claims become the
        photo's.
        """
        if self.colourless and self.brushwork:
            for strip in picture_strips(self.pixels):
                self.pixels[strip] = grey(self.pixels[strip], self.vgg)
        if self.painted is None:
            return
        for strip in picture_strips(self.pixels):
            pixels, claimed = self.pixels[strip], self.painted[strip] > 0
            pixels.copy_(torch.where(claimed, pixels, self._photo(strip)))

    def step(self, learning_rate: float) -> Losses:
        """Take one iteration; raises `DivergedError`, and then leaves the picture as it was."""
        self.iteration += 1
        self._regroup()
        assert self.objective is not None
        objective = self.objective
        gradient, loss = self._within_memory(lambda: objective.evaluate(self.pixels))
        # A sum is finite only if all of its terms are; asking each would take another picture.
        if not (loss.finite and math.isfinite(float(gradient.sum()))):
            raise DivergedError(self.iteration, self.moment().image())
        assert self.optimizer is not None
        self.pixels = self.optimizer.step(self.pixels, gradient, loss.total, learning_rate)
        # Staying displayable after each step: what a display would cut off grows speckle unseen.
        torch.clamp(self.pixels, self.black, self.white, out=self.pixels)
        self._keep_to_what_is_painted()
        return loss

    def end(self) -> None:
        """Let go of all but the picture."""
        self._forget()
        self.optimizer = self.objective = None
        self.thrift.end()

    def moment(self) -> Moment:
        """The canvas as it is now."""
        return Moment(
            self.vgg,
            self.pixels,
            self.content,
            not (self.brushwork or self.settings.is_texture),
            self.colourless and self.brushwork,
            self.painted,
        )


def _with_losses(state: RunState, losses: Sequence[float], count: int) -> RunState:
    """The state with the first `count` of the losses: copied only now, as there may be many."""
    return dataclasses.replace(state, losses=tuple(losses[:count]))
