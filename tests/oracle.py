"""VGG19 and distances in float64, as anybody would write them: no strips, tiles or tapes."""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F

from nst.vgg import calibration, weights


@functools.cache
def layers():
    """The trunk's layers, weights and biases in float64, and how poolings by the mean are scaled.

    By name: (weight, bias, gain).
    """
    return {
        layer.name: (layer.weight.double(), layer.bias.double(), layer.average_gain)
        for layer in calibration.normalize_layers(weights.load_convolutions("original"))
    }


def features(pixels, pooling="max", deepest="conv5_1"):
    """Features after the ReLU of every layer up to the deepest one, in float64."""
    x, gain, seen = F.pad(pixels.double(), (1, 1, 1, 1), mode="replicate"), 1.0, {}
    for name, (weight, bias, next_gain) in layers().items():
        first = name == "conv1_1"
        if name.endswith("_1") and not first:
            x = F.max_pool2d(x, 2) if pooling == "max" else F.avg_pool2d(x, 2) * gain
        x = F.conv2d(x, weight, bias, padding=0 if first else 1).relu()
        seen[name], gain = x, next_gain
        if name == deepest:
            break
    return seen


def over_cells(found, layer, cell):
    """The mean of features over cells of so many px, where they have finer positions."""
    positions = cell // 2 ** (int(layer[4]) - 1)
    return F.avg_pool2d(found, positions) if positions > 1 else found


def gram(found, guide=None):
    """The mean over positions of the products of any two channels; by a guide (h, w), weighted."""
    height, width = found.shape[2:]
    flat = found[0].flatten(1)
    if guide is None:
        return flat @ flat.T / (height * width)
    here = F.adaptive_avg_pool2d(guide[None, None].double(), (height, width)).flatten()
    return (flat * here) @ flat.T / here.sum()


def gradient(loss, pixels):
    """The value of `loss` at some pixels, and how it depends on each of them, in float64."""
    pixels = pixels.detach().double().requires_grad_()
    value = loss(pixels)
    (slope,) = torch.autograd.grad(value, pixels)
    return float(value.detach()), slope


def apart(one, other):
    """How far two tensors are apart, as a part of the length of the second."""
    return float((one.double() - other.double()).norm() / other.double().norm())
