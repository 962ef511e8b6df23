"""What a run tells after each iteration, and how it ends when it cannot go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from nst.errors import UserError
from nst.paint.checkpoint import RunState


@dataclass(frozen=True)
class Progress:
    """Where a run stands after an iteration: a value, good as long as it is kept.

    `snapshot` and `state` tell of this iteration, also when the run has gone on, ended or failed.
    So whoever keeps a `Progress` keeps its canvas in memory: 12 bytes a pixel, and within a scale
    24 more for Adam's moments. Whoever lets go of it before the next iteration (`del`) saves them.
    """

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
    snapshot: Callable[[], Tensor]  # the picture, also between previews
    seconds_left: float = 0.0  # what the rest will take if the machine keeps its pace
    tile: int = 0  # px, the longest side of the tiles that the canvas is cut into; 0 if it is not
    # What `steps` takes to go on from here.
    state: Callable[[], RunState] | None = None

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
