"""The way of a picture through the network and back."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from nst import layers
from nst.vgg import gram
from nst.vgg.convolution import FrozenLayers
from nst.vgg.pooling import pool, unpool
from nst.vgg.stem import CELL, StemTape, averages, fold_rim, replicate_rim
from nst.vgg.tape import Step
from nst.vgg.tiles import Window
from nst.vgg.wanted import Look, Wanted
from nst.vgg.workspace import Workspace


class Passage:
    """One forward pass, and one backward pass after it.

    It keeps only what the backward pass through frozen weights needs, and lets go of it during that
    pass. The features on their way are an attribute: an argument would hold each layer's input for
    longer.
    """

    def __init__(self, frozen: FrozenLayers, wanted: Wanted, workspace: Workspace) -> None:
        self.wanted = wanted
        self._frozen, self._workspace = frozen, workspace
        self._tape: list[Step | StemTape] = []
        self._x: Tensor | None = None  # the features, then the gradient, on its way

    def forth(
        self, pixels: Tensor, guides: Tensor | None, window: Window, *, recorded: bool
    ) -> Look:
        """See `VGG19.look`. Only what is `recorded` can go `back`."""
        seen = Look({}, {})
        names = layers.up_to(self.wanted.deepest)
        if self._takes_the_stem():
            counted = _counted(guides, window, 1)
            self._through_stem(pixels, counted, seen, recorded)
            names = names[2:]
        else:
            padded = replicate_rim(pixels)
            self._x = padded.to(self._frozen.precision, memory_format=torch.channels_last)
            del padded
        for name in names:
            weighing = guides if name in self.wanted.grams else None
            counted = _counted(weighing, window, layers.block(name))
            self._through(name, window, counted, seen, recorded)
        self._x = None
        return Look(
            {name: seen.features[name] for name in self.wanted.features},
            {name: seen.grams[name] for name in self.wanted.grams},
        )

    def _takes_the_stem(self) -> bool:
        """Whether the first block can be computed in strips, without holding its features."""
        wanted = self.wanted
        deep = layers.block(wanted.deepest) > 1 and "conv1_2" not in wanted
        return deep and ("conv1_1" not in wanted.features or wanted.cell == CELL)

    def _through_stem(
        self, pixels: Tensor, counted: gram.Positions, seen: Look, recorded: bool
    ) -> None:
        averaged = "conv1_1" in self.wanted.features
        x, grams, cells, tape = self._frozen.stem.forward(
            pixels, counted, self.wanted.pooling, averaged
        )
        seen.grams["conv1_1"] = grams
        if cells is not None:
            seen.features["conv1_1"] = cells
        if recorded:
            self._tape.append(tape)
        if self.wanted.pooling == "avg":
            x *= self._frozen.average_gains[1]
        self._x = x

    def _through(
        self, name: str, window: Window, counted: gram.Positions, seen: Look, recorded: bool
    ) -> None:
        """One layer, with the pooling behind it if another block follows."""
        wanted, block = self.wanted, layers.block(name)
        layer = self._frozen.convolutions[name]
        x, self._x = self._x, None
        assert x is not None
        trimmed = (0, 0, 0, 0)
        if layers.begins_block(name) and block > 1:
            x, trimmed = _trim(x, window.trim(block))
        shape, output, pooled, gate = x.shape, None, None, None
        ends_block = layers.ends_block(name) and name != wanted.deepest
        if ends_block and name not in wanted:
            x, gate = layer.convolve_and_pool(x, wanted.pooling, self._workspace)
            pooled = x
        else:
            x = layer.convolve(x, self._workspace)
            if name in wanted.features:
                # A tensor of its own: the tape must not hold what holds the tape.
                core = x.detach()[:, :, counted.rows, counted.columns]
                seen.features[name] = averages(core, wanted.cell_side(name))
            if name in wanted.grams:
                seen.grams[name] = counted.grams(x)
            output = x
            if ends_block:
                x, gate = pool(x, wanted.pooling)
                pooled = x
        if ends_block and wanted.pooling == "avg":
            x *= self._frozen.average_gains[block]
        if recorded:
            self._tape.append(Step(layer, shape, output, pooled, gate, counted, trimmed))
        self._x = x

    def back(self, of_features: dict[str, Tensor], of_grams: Mapping[str, Tensor | None]) -> Tensor:
        """Gradient with respect to the pixels, given those with respect to what was seen; once.

        Takes out of `of_features` what has been used, so that it need not stay in memory.
        """
        if not self._tape:
            raise RuntimeError("a look can be differentiated only once; look again")
        while self._tape:
            if isinstance(self._tape[-1], StemTape):
                return self._back_through_stem(of_features, of_grams)
            self._back_through(of_features, of_grams)
        gradient, self._x = self._x, None
        assert gradient is not None
        return fold_rim(gradient.float())

    def _back_through_stem(
        self, of_features: dict[str, Tensor], of_grams: Mapping[str, Tensor | None]
    ) -> Tensor:
        tape, gradient, self._x = self._tape.pop(), self._x, None
        assert isinstance(tape, StemTape)
        assert gradient is not None
        if self.wanted.pooling == "avg":
            gradient *= self._frozen.average_gains[1]
        return self._frozen.stem.backward(
            tape, gradient, of_grams.get("conv1_1"), of_features.pop("conv1_1", None)
        )

    def _back_through(
        self, of_features: dict[str, Tensor], of_grams: Mapping[str, Tensor | None]
    ) -> None:
        """The last layer on the tape."""
        step, gradient, self._x = self._tape.pop(), self._x, None
        assert isinstance(step, Step)
        name, pooling = step.layer.name, self.wanted.pooling
        of_content, cell_side = of_features.pop(name, None), self.wanted.cell_side(name)
        if step.gate is not None:
            assert gradient is not None
            assert step.pooled is not None
            if pooling == "avg":
                gradient *= self._frozen.average_gains[layers.block(name)]
            if name not in self.wanted.grams:
                self._x = self._back_through_pooled(step, gradient, of_content)
                return
            gradient = unpool(gradient, step.pooled, step.gate, pooling)
        gradient = step.open(gradient, of_content, of_grams.get(name), cell_side)
        del of_content
        layer, shape, trimmed = step.layer, step.input_shape, step.trimmed
        del step  # and with it an output as large as the gradient
        gradient = layer.gradient(shape, gradient, self._workspace)
        self._x = F.pad(gradient, trimmed) if any(trimmed) else gradient

    def _back_through_pooled(
        self, step: Step, gradient: Tensor, of_content: Tensor | None
    ) -> Tensor:
        """A layer that was pooled right away: its gradient is never held as a whole, either."""
        pooled, gate, pooling = step.pooled, step.gate, self.wanted.pooling
        cell_side = self.wanted.cell_side(step.layer.name)
        assert pooled is not None
        assert gate is not None

        def unpooled(top: int, bottom: int) -> Tensor:
            rows = (..., slice(top // 2, bottom // 2), slice(None))
            strip = unpool(gradient[rows], pooled[rows], gate[rows], pooling)
            step.add(of_content, cell_side, strip, (top, bottom))
            step.close(strip, (top, bottom))
            return strip

        return step.layer.gradient_of_pooled(step.input_shape, unpooled, self._workspace)


def _trim(x: Tensor, part: tuple[slice, slice]) -> tuple[Tensor, tuple[int, int, int, int]]:
    """These rows and columns of `x`, and how many were cut off, as `F.pad` takes them."""
    rows, columns = part
    cut = (
        *(columns.start, x.shape[3] - columns.stop),
        *(rows.start, x.shape[2] - rows.stop),
    )
    if any(cut):
        x = x[:, :, rows, columns].contiguous(memory_format=torch.channels_last)
    return x, cut


def _counted(guides: Tensor | None, window: Window, block: int) -> gram.Positions:
    """Which positions of a block's features count in Gram matrices."""
    height, width = window.size(block)
    weights = gram.position_weights(guides, height, width)
    total = gram.total_weights(weights, height * width)
    if weights is not None:
        rows, columns = window.place(block)
        weights = weights[:, rows, columns]
    return gram.Positions(*window.core(block), weights, total)
