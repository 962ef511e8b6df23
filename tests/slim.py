"""A network with VGG19's layers and a quarter of its channels: paints in a fifth of the time.

For tests of sums, tiles, bits and files, of which none is about what a painting looks like.
"""

from __future__ import annotations

import functools

import pytest
import torch

from nst import layers
from nst.vgg import weights
from nst.vgg.network import VGG19

THINNER = 4  # times fewer channels


@functools.cache
def _network() -> VGG19:
    """Every fourth of VGG19's filters, each with every fourth of what it looks at."""
    whole = weights.load_convolutions("original")
    slim = (
        (weight[::THINNER, :: 1 if weight.shape[1] == 3 else THINNER], bias[::THINNER])
        for weight, bias in whole
    )
    return VGG19(slim, torch.device("cpu"))


@pytest.fixture
def trunk(monkeypatch: pytest.MonkeyPatch) -> VGG19:
    """The slim network; import it into a room's conftest to have it there instead of VGG19."""
    for block, count in layers.CHANNELS.items():
        monkeypatch.setitem(layers.CHANNELS, block, count // THINNER)
    return _network()
