"""Networks with VGG19's layers and fewer channels: a quarter of them paints in a fifth of the time.

For tests of sums, tiles, bits and files, of which none is about what a painting looks like; and
half of them for those that only ask whether a painting is more like one thing than another.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator

import pytest
import torch

from nst import layers
from nst.vgg import weights
from nst.vgg.network import VGG19

HALF, QUARTER = 2, 4  # times fewer channels


@functools.cache
def _network(thinner: int) -> VGG19:
    """Every second or fourth of VGG19's filters, each with as few of what it looks at."""
    whole = weights.load_convolutions("original")
    slim = (
        (weight[::thinner, :: 1 if weight.shape[1] == 3 else thinner], bias[::thinner])
        for weight, bias in whole
    )
    return VGG19(slim, torch.device("cpu"))


@contextlib.contextmanager
def slim(thinner: int) -> Iterator[VGG19]:
    """The network with so many times fewer channels, while the engine counts on them."""
    with pytest.MonkeyPatch.context() as patch:
        for block, count in layers.CHANNELS.items():
            patch.setitem(layers.CHANNELS, block, count // thinner)
        yield _network(thinner)


@pytest.fixture
def trunk() -> Iterator[VGG19]:
    """A quarter of the network; import it into a room's conftest to have it instead of VGG19."""
    with slim(QUARTER) as network:
        yield network
