"""Drafts: small and quick pictures of what a painting may become, made while nobody paints.

A draft is no job. It has no place in the queue or in anybody's history, and it is never in the way:
it begins only while no job waits or runs, and is given up at its next step when one is submitted.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from PIL import ImageFilter

from nst.errors import UserError
from nst.pictures import previews, tensors
from nst.queue import footprint
from nst.queue.bounds import Bounds
from nst.queue.painter import Painter
from nst.settings import Settings
from nst.studio.order import Order, Pictures
from nst.studio.studio import Painting

if TYPE_CHECKING:
    from torch import Tensor

# On a canvas of 192 x 128 px and with 17 iterations a draft is seen 1.4 to 2.0 s after choosing,
# where nothing else runs. In the same time, more pixels with fewer iterations look less like the
# finished painting, and so do fewer pixels with more iterations.
SIDE, AREA = 192, 192 * 128
ITERATIONS = 17
# What says how carefully a painting is made, and nothing of what it shows.
CARE = (
    *("effort", "refresh_every", "learning_rate", "optimizer"),
    *("early_stop", "coarse_to_fine", "anneal"),
)
# So few iterations leave lines of one pixel in the canvas; this takes them away and hardly more.
SOFTENED = ImageFilter.Kernel((3, 3), (1, 2, 1, 2, 4, 2, 1, 2, 1))
QUALITY = 80  # of the JPEG
MOST_WISHES = 4  # that wait or are painted; each takes a second and a half

log = logging.getLogger(__name__)


class Draft(NamedTuple):
    """What there is of a draft."""

    picture: bytes | None = None  # JPEG of the photo's size, or smaller
    awaited: str = ""  # what to ask `Drafts.awaits` for while it is under way


@dataclass(frozen=True, eq=False)
class Wish:
    """A draft that a visitor would like to see."""

    visitor: str
    order: Order  # with the settings of a draft
    key: str  # the same for the same pictures and settings

    @classmethod
    def of(cls, order: Order, visitor: str) -> Wish:
        """The wish for a draft of what is ordered."""
        plain = Settings()
        settings = dataclasses.replace(
            order.settings,
            resolution=SIDE,
            iterations=ITERATIONS,
            init="content" if order.init is None else "picture",
            **{name: getattr(plain, name) for name in CARE},
        )
        order = dataclasses.replace(order, settings=settings)
        return cls(visitor, order, str(order.recipe.ingredients))


class Drafts:
    """Makes drafts one after the other, in a thread of its own, and keeps the latest.

    Each visitor has one wish, the newest. `idle` says whether no job waits or runs. All methods may
    be called from any thread and return at once.
    """

    def __init__(self, painter: Painter, bounds: Bounds, idle: Callable[[], bool]) -> None:
        self._painter, self._bounds, self._idle = painter, bounds, idle
        self._lock = threading.Lock()  # guards all below
        self._made: dict[str, bytes] = {}  # the latest is the last; b"" for what cannot be made
        self._wishes: dict[str, Wish] = {}  # by visitor; who came first is served first
        self._worker: threading.Thread | None = None

    def wish(self, order: Order, visitor: str) -> Draft:
        """The draft of what is ordered, or what to ask for until it is there.

        Neither of them if there will be none: others paint, memory is short, or the host wants no
        drafts.
        """
        memory = self._bounds.memory
        short = memory is not None and footprint.needed(SIDE, SIDE) > memory
        if short or not self._bounds.drafts:
            return Draft()
        wish, idle = Wish.of(order, visitor), self._idle()
        with self._lock:
            if wish.key in self._made:
                self._wishes.pop(visitor, None)
                picture = self._made[wish.key] = self._made.pop(wish.key)
                return Draft(picture or None)
            before = self._wishes.get(visitor)
            if not idle or (before is None and len(self._wishes) >= MOST_WISHES):
                self._wishes.pop(visitor, None)
                return Draft()
            if before is None or before.key != wish.key:
                self._wishes[visitor] = wish
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="drafts", daemon=True)
                self._worker.start()
            return Draft(awaited=wish.key)

    def awaits(self, key: str) -> bool:
        """Whether the draft is still under way; asking does not renew the wish."""
        with self._lock:
            return any(wish.key == key for wish in self._wishes.values())

    def close(self) -> threading.Thread | None:
        """Give up all drafts; the thread that then comes to its end, if there is one."""
        with self._lock:
            self._wishes.clear()
            return self._worker

    def _work(self) -> None:
        """Make drafts until none is wished for, or a job comes."""
        try:
            while wish := self._next_wish():
                self._keep(wish, self._made_of(wish))
        finally:
            # Also if it ends by an error: the next wish starts another.
            with self._lock:
                if self._worker is threading.current_thread():
                    self._worker = None

    def _next_wish(self) -> Wish | None:
        """The first wish; None ends the worker."""
        idle = self._idle()
        with self._lock:
            if not idle:
                self._wishes.clear()
            if self._wishes:
                return next(iter(self._wishes.values()))
            # Under the same lock as the look at the wishes: `wish` then starts another worker.
            self._worker = None
            return None

    def _wanted(self, wish: Wish) -> bool:
        """Whether the visitor wishes for nothing else and no job has come."""
        idle = self._idle()
        with self._lock:
            return idle and self._wishes.get(wish.visitor) is wish

    def _made_of(self, wish: Wish) -> bytes | None:
        """The draft; None if it is wanted no longer, and b"" if it cannot be made."""
        try:
            return self._paint(wish)
        except UserError as error:
            log.warning("A draft cannot be made: %s", error)
        except Exception:
            log.exception("A draft failed")
        return b""

    def _paint(self, wish: Wish) -> bytes | None:
        """The draft; None as soon as it is wanted no longer."""
        self._painter.load()
        pictures = wish.order.open()
        painting = Painting(pictures, sized(wish.order.settings, pictures))
        if not self._wanted(wish):
            return None
        snapshot: Callable[[], Tensor] | None = None
        with contextlib.closing(painting.steps(self._painter.paint)) as steps:
            for progress in steps:
                if not self._wanted(wish):
                    return None
                snapshot = progress.snapshot
        assert snapshot is not None
        canvas = tensors.to_picture(snapshot()).filter(SOFTENED)
        [shown] = painting.finish_small([canvas], previews.SHOWN_SIDE)
        return previews.encoded(shown, QUALITY)

    def _keep(self, wish: Wish, picture: bytes | None) -> None:
        """Take in what came of a wish, and drop what was not asked for for longest."""
        with self._lock:
            if self._wishes.get(wish.visitor) is wish:
                del self._wishes[wish.visitor]
            if picture is not None:
                self._made[wish.key] = picture
                for key in list(self._made)[: -self._bounds.drafts]:
                    del self._made[key]


def sized(settings: Settings, pictures: Pictures) -> Settings:
    """The settings, with a canvas of `AREA` whatever the photo's shape."""
    width, height = (1, 1) if settings.square else pictures.content.size
    side = math.sqrt(AREA * max(width, height) / min(width, height))
    return dataclasses.replace(settings, resolution=min(2 * SIDE, 16 * round(side / 16)))
