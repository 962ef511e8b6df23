"""VGG19's layers: their names, blocks and channels, and the sides of pictures that suit them.

Layers are named convB_N, the N-th convolution of block B; a pooling ends each block. Needs no
torch, so that settings can name layers.
"""

from __future__ import annotations

from collections.abc import Iterable

from nst.errors import UserError

# The layers that can be looked at, from strokes of a pixel to whole objects; style transfer uses
# none behind them. Written out, as importing torchvision takes two seconds; a test compares both.
LAYERS = (
    *("conv1_1", "conv1_2", "conv2_1", "conv2_2"),
    *("conv3_1", "conv3_2", "conv3_3", "conv3_4"),
    *("conv4_1", "conv4_2", "conv4_3", "conv4_4", "conv5_1"),
)
CHANNELS = {1: 64, 2: 128, 3: 256, 4: 512, 5: 512}  # of each layer of a block
BLOCKS = len(CHANNELS)
DIVISOR = 16  # px; four poolings divide a multiple of it without a rest
SHORTEST = 32  # px, the least side that leaves conv5_1 more than one row


def block(layer: str) -> int:
    """The number of a layer's block, 1 to 5."""
    return int(layer[4])


def channels(layer: str) -> int:
    """How many channels a layer's features have."""
    return CHANNELS[block(layer)]


def deepest(layers: Iterable[str]) -> str:
    """The last of some layers, at least one, on a picture's way through the network."""
    return max(layers, key=LAYERS.index)


def up_to(layer: str) -> tuple[str, ...]:
    """All layers on the way to one, with it."""
    return LAYERS[: LAYERS.index(layer) + 1]


def begins_block(layer: str) -> bool:
    """Whether a layer is the first of its block."""
    return layer.endswith("_1")


def ends_block(layer: str) -> bool:
    """Whether a pooling follows upon a layer, so that another block follows."""
    following = LAYERS[LAYERS.index(layer) + 1 :]
    return bool(following) and begins_block(following[0])


def checked(layers: Iterable[str]) -> tuple[str, ...]:
    """Each of the layers once, in order; raises `UserError` for a name that is none."""
    for name in (found := sorted({*layers})):
        if name not in LAYERS:
            raise UserError(f"There is no layer called {name!r}; choose from {', '.join(LAYERS)}.")
    return tuple(found)


def suitable_side(side: float) -> int:
    """The multiple of `DIVISOR` nearest to a side in px, at least `SHORTEST`.

    Of two that are as near, the multiple of 32.
    """
    return max(SHORTEST, round(side / DIVISOR) * DIVISOR)
