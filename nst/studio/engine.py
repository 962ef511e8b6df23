"""What paints prepared pictures: the interface, and the engine with VGG19.

An `Engine` is a plain value that can be sent to another process. Opened there, it is a `Painter`,
which holds the network. The command line, the page, a batch and its workers paint with these.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nst.settings import Settings
from nst.studio.preparation import Prepared

# torch is imported when an engine is opened: neither `--help` nor a page must wait for it.
if TYPE_CHECKING:
    from nst.paint.checkpoint import RunState
    from nst.paint.transfer import Options, Progress
    from nst.vgg.network import VGG19


class Painter(Protocol):
    """Paints prepared pictures, one `Progress` an iteration."""

    def paint(self, prepared: Prepared, settings: Settings) -> Generator[Progress, None, None]:
        """Begin a painting; to stop is to iterate no further."""
        ...


class Engine(Protocol):
    """What opens a painter; it is equal on every worker, so it can be sent and compared."""

    @property
    def weights(self) -> str:
        """The name of the weights, as a recipe keeps it."""
        ...

    def __hash__(self) -> int: ...

    def checksum(self) -> str:
        """SHA-256 of the weights."""
        ...

    def open(self, threads: int | None = None) -> Painter:
        """A painter that is ready, with so many threads, or as many as there are cores."""
        ...


@dataclass(frozen=True)
class VGGEngine:
    """VGG19 with these weights on this device; see `network.load`."""

    weights: str = "original"
    device: str = "auto"

    def checksum(self) -> str:
        """SHA-256 of the weights; raises `WeightsError` if there are none."""
        from nst.vgg import weights

        return weights.checksum(self.weights)

    def open(self, threads: int | None = None) -> VGGPainter:
        """A painter that computes what it compares with once for all paintings."""
        import torch

        from nst.paint.targets import TargetCache
        from nst.paint.transfer import Options

        if threads:
            torch.set_num_threads(threads)
        return VGGPainter(self.load(), Options(known=TargetCache()))

    def load(self) -> VGG19:
        """The network alone; raises `UserError` if there is no such device or weights."""
        from nst.vgg import network

        return network.load(self.weights, self.device)


@dataclass(frozen=True)
class VGGPainter:
    """Paints with `transfer.steps` and this network, which may paint any number of pictures."""

    vgg: VGG19
    options: Options | None = None  # None: the defaults

    def paint(
        self, prepared: Prepared, settings: Settings, resume: RunState | None = None
    ) -> Generator[Progress, None, None]:
        """Begin a painting, or go on where `resume` says."""
        from nst.paint import transfer

        # No generator: its frame would hold on to the pictures while it is painted.
        options = self.options or transfer.Options()
        return transfer.steps(prepared.canvas(), settings, self.vgg, resume=resume, options=options)
