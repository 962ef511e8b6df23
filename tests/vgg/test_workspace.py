"""Transformed weights: kept, or made again in the memory of another layer's."""

from __future__ import annotations

import torch

from nst.vgg.workspace import Workspace


class Doubled:
    """A layer whose transformed weights are twice its own."""

    def __init__(self, name, weights):
        self.name, self._weights, self.made = name, weights, 0

    @property
    def transformed_size(self):
        return len(self._weights)

    def transform(self, out):
        self.made += 1
        out.copy_(2 * self._weights)


def test_weights_of_the_first_blocks_are_made_once():
    workspace = Workspace(blocks=2)
    shallow, deep = Doubled("conv2_1", torch.ones(3)), Doubled("conv3_1", torch.arange(5.0))
    for _ in range(3):
        assert torch.equal(workspace.weights(shallow), torch.full((3,), 2.0))
        assert torch.equal(workspace.weights(deep), 2 * torch.arange(5.0))
    assert (shallow.made, deep.made) == (1, 3)


def test_the_others_share_the_memory_of_the_largest():
    workspace = Workspace()
    small, large = Doubled("conv1_1", torch.ones(3)), Doubled("conv3_1", torch.arange(5.0))
    place = workspace.weights(large).data_ptr()
    assert workspace.weights(small).data_ptr() == place
    assert workspace.weights(large).data_ptr() == place


def test_what_is_not_to_be_kept_is_dropped():
    workspace = Workspace(blocks=5)
    shallow, deep = Doubled("conv2_1", torch.ones(3)), Doubled("conv3_1", torch.ones(5))
    for layer in (shallow, deep):
        workspace.weights(layer)
    workspace.keep(2)
    for layer in (shallow, deep):
        workspace.weights(layer)
    assert (shallow.made, deep.made) == (1, 2)


def test_workspaces_know_nothing_of_each_other():
    layer = Doubled("conv1_1", torch.ones(3))
    one, other = Workspace(5), Workspace(5)
    assert one.weights(layer).data_ptr() != other.weights(layer).data_ptr()
    assert layer.made == 2
