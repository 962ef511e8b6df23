"""The names, blocks and channels of VGG19's layers, and the sides of pictures that suit them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nst import layers
from nst.errors import UserError
from nst.layers import LAYERS


def test_blocks_channels_and_poolings_are_those_of_vgg19():
    from torchvision.models.vgg import cfgs  # takes seconds, for this test alone

    block, number, seen = 1, 0, []
    for step in cfgs["E"]:
        if step == "M":
            block, number = block + 1, 0
        elif len(seen) < len(LAYERS):
            number += 1
            seen.append((f"conv{block}_{number}", block, step))
    assert [(name, layers.block(name), layers.channels(name)) for name in LAYERS] == seen
    assert [name for name in LAYERS if layers.ends_block(name)] == [
        *("conv1_2", "conv2_2", "conv3_4", "conv4_4"),
    ]
    assert [layers.block(name) for name in LAYERS if layers.begins_block(name)] == [1, 2, 3, 4, 5]
    assert layers.BLOCKS == 5


def test_the_way_to_a_layer():
    assert layers.deepest(["conv3_1", "conv1_2", "conv2_2"]) == "conv3_1"
    assert layers.up_to("conv2_1") == ("conv1_1", "conv1_2", "conv2_1")


def test_names_are_checked():
    assert layers.checked(["conv2_1", "conv1_1", "conv2_1"]) == ("conv1_1", "conv2_1")
    for name in ("conv1_3", "conv6_1", "relu1_1", "pool1", "", "conv5_2"):
        with pytest.raises(UserError, match="There is no layer called"):
            layers.checked(["conv1_1", name])


@pytest.mark.parametrize(
    ("side", "expected"),
    [(1, 32), (39.9, 32), (40, 32), (40.1, 48), (56, 64), (72, 64), (136, 128), (360, 352)],
)
def test_a_suitable_side(side, expected):
    assert layers.suitable_side(side) == expected


@given(st.floats(32, 5000))
def test_a_suitable_side_is_near_and_stays_what_it_is(side):
    found = layers.suitable_side(side)
    assert found % layers.DIVISOR == 0
    assert abs(found - side) <= layers.DIVISOR / 2
    assert layers.suitable_side(found) == found
