"""One picture looked at by several processes or machines, each of which has some of its tiles.

Each member of a team sends back the Gram matrices of its tiles, and then their gradients; both are
added up here, as `viewer` does for the tiles of one process. The picture itself and the optimiser
stay here, so that nothing is lost with a member.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nst.errors import UserError
from nst.paint import memory
from nst.paint.viewer import (
    Grams,
    LocalViewer,
    Part,
    Picture,
    Recall,
    Target,
    TargetMaker,
    Viewer,
    compute,
)
from nst.vgg.network import VGG19
from nst.vgg.tiles import Window, tiles
from nst.vgg.workspace import Workspace

# px, sides of tiles. Smaller tiles have so much around them that sharing saves nothing.
SHARED_SIDES = (1024, 512)
TILES_EACH = 4  # for each member, so that nobody waits long for a member with one tile more
MOST_LOSSES = 3  # times that one iteration is begun anew


Result = TypeVar("Result")
Work = Callable[..., Result]  # takes the member's network first
Held = list[object]  # references to things that the members hold, one of each member


class TeamLostError(Exception):
    """A member of the team is gone, and with it what it held."""


class TeamError(UserError):
    """The team does not get through an iteration."""

    def __init__(self) -> None:
        super().__init__(
            f"Workers were lost {MOST_LOSSES} times over one iteration, which mostly is for want "
            "of memory; give a smaller --tile, or the workers more memory."
        )


class Team(Protocol):
    """Several members, each with a network of its own and a memory for what it is given.

    Arguments and results have an entry for each member. All methods but the first two raise
    `TeamLostError`; then everything has to be given anew, after `regroup`.
    """

    def __len__(self) -> int: ...

    def regroup(self) -> bool:
        """Go on with the members that are there; returns whether they are others than before.

        Waits for a first member; raises `UserError` if none comes for long.
        """
        ...

    def give(self, parts: Iterable[object]) -> Held:
        """Give each member its part; returns references to the parts, for further calls."""
        ...

    def keep(self, work: Work[object], *arguments: Sequence[object]) -> Held:
        """Each member does `work(vgg, *arguments)` and keeps the result; returns references."""
        ...

    def fetch(self, work: Work[Result], *arguments: Sequence[object]) -> Iterator[Result]:
        """Each member does `work(vgg, *arguments)`; the results come here in their order."""
        ...


def tile_side(height: int, width: int, members: int) -> int:
    """The largest of `SHARED_SIDES` that gives each member `TILES_EACH` tiles of this canvas, px.

    The smallest if there is none; `memory.WHOLE` for what is no larger than that.
    """
    counts = {side: len(tiles(height, width, side)) for side in SHARED_SIDES}
    if counts[SHARED_SIDES[-1]] == 1:
        return memory.WHOLE
    return next(
        (side for side in SHARED_SIDES if counts[side] >= TILES_EACH * members), SHARED_SIDES[-1]
    )


@dataclass(frozen=True)
class Share:
    """The windows that one member of the team looks at."""

    windows: tuple[Window, ...]
    pooling: str
    narrow: bool  # whether `VGG19.narrow` looks

    def viewer(self, vgg: VGG19) -> LocalViewer:
        """Looks at the share's windows with the member's network."""
        vgg = vgg.narrow if self.narrow else vgg
        return LocalViewer(vgg, self.windows, self.pooling, Workspace(), short_of_memory=True)


Array = NDArray[np.float32]
Pieces = Mapping[Window, Array]  # the pixels of some windows


class SpreadViewer(Viewer[Held, Held]):
    """Looks with the members of a team, each of which looks at some windows."""

    def __init__(self, vgg: VGG19, windows: Sequence[Window], pooling: str, team: Team) -> None:
        super().__init__(vgg, windows, pooling)
        self._team = team
        count = len(team)
        borders = [len(windows) * number // count for number in range(count + 1)]
        self._shares = [
            Share(tuple(windows[first:last]), pooling, vgg.is_narrow)
            for first, last in itertools.pairwise(borders)
        ]

    def show(self, picture: Picture) -> Held:
        """Give each member the pixels of its windows."""
        return self._team.give(
            {window: _sent(picture(window)) for window in share.windows} for share in self._shares
        )

    def grams(self, shown: Held, layers: Sequence[str], guides: Tensor | None = None) -> Grams:
        """See `Viewer.grams`."""
        total: Grams = {}
        same = self._same(list(layers), _sent(guides))
        for found in self._team.fetch(_grams, self._shares, shown, *same):
            for layer, array in found.items():
                part = self._taken(array)
                total[layer] = total[layer] + part if layer in total else part
        return total

    def remember(self, shown: Held, maker: TargetMaker, recall: Recall = compute) -> Held:
        """Each member keeps the target of its windows; nothing is recalled from earlier runs."""
        return self._team.keep(_remember, self._shares, shown, *self._same(maker))

    def gradients(
        self, shown: Held, of_grams: Grams, guides: Tensor | None, content: Held | None
    ) -> Iterator[Part]:
        """See `Viewer.gradients`."""
        arrays = {layer: _sent(gradient) for layer, gradient in of_grams.items()}
        targets = self._same(None)[0] if content is None else content
        same = self._same(arrays, _sent(guides))
        found = self._team.fetch(_gradients, self._shares, shown, targets, *same)
        for share, parts in zip(self._shares, found, strict=True):
            for window, (loss, array) in zip(share.windows, parts, strict=True):
                yield Part(window, loss, self._taken(array))

    def _taken(self, array: Array) -> Tensor:
        return _taken(array, self.vgg)

    def _same(self, *arguments: object) -> list[list[object]]:
        """Each argument, the same for all members."""
        return [[argument] * len(self._shares) for argument in arguments]


# What a member of the team does; these functions can be pickled and sent.


def _grams(
    vgg: VGG19, share: Share, pieces: Pieces, layers: Sequence[str], guides: Array | None
) -> dict[str, Array]:
    found = share.viewer(vgg).grams(_picture(vgg, pieces), layers, _taken(guides, vgg))
    return {layer: _sent(gram) for layer, gram in found.items()}


def _remember(vgg: VGG19, share: Share, pieces: Pieces, maker: TargetMaker) -> Target:
    return maker.make(share.viewer(vgg), _picture(vgg, pieces), compute)


def _gradients(
    vgg: VGG19,
    share: Share,
    pieces: Pieces,
    content: Target | None,
    of_grams: Mapping[str, Array],
    guides: Array | None,
) -> list[tuple[float, Array]]:
    here = {layer: _taken(array, vgg) for layer, array in of_grams.items()}
    picture = _picture(vgg, pieces)
    parts = share.viewer(vgg).gradients(picture, here, _taken(guides, vgg), content)
    return [(part.content_loss, _sent(part.gradient)) for part in parts]


def _picture(vgg: VGG19, pieces: Pieces) -> Picture:
    return lambda window: _taken(pieces[window], vgg)


@overload
def _sent(tensor: Tensor) -> Array: ...
@overload
def _sent(tensor: None) -> None: ...
def _sent(tensor: Tensor | None) -> Array | None:
    """The tensor as it is sent: as an array, which is pickled without a copy."""
    return None if tensor is None else np.ascontiguousarray(tensor.detach().cpu().numpy())


@overload
def _taken(array: Array, vgg: VGG19) -> Tensor: ...
@overload
def _taken(array: None, vgg: VGG19) -> None: ...
def _taken(array: Array | None, vgg: VGG19) -> Tensor | None:
    """The array as a tensor on the network's device."""
    return None if array is None else torch.tensor(array, device=vgg.device)
