"""What everyone writes: Gatys' loop in float32, NCHW, autograd, one scale, a fixed step count.

The other side of every comparison. It shares nothing with the package but the weights, so that a
change in the package cannot slow it down.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from nst.vgg import weights

STYLE_LAYERS = (0, 2, 4, 8, 12)  # conv1_1 ... conv5_1, counted in convolutions
CONTENT_LAYER = 9  # conv4_2
POOL_BEFORE = (2, 4, 8, 12)
STEPS = 1000


class PlainLoop:
    """Content and style targets and one step of the optimisation; (1, 3, H, W) in 0..1 both."""

    def __init__(self, content: Tensor, style: Tensor) -> None:
        self.convolutions = list(weights.load_convolutions("original"))
        self.pixels = normalized(content).requires_grad_()
        with torch.no_grad():
            self.target = features(self.convolutions, self.pixels)[CONTENT_LAYER]
            painted = features(self.convolutions, normalized(style))
            self.grams = [gram(painted[layer]) for layer in STYLE_LAYERS]
        self.optimizer = torch.optim.Adam([self.pixels], lr=0.1)

    def step(self) -> float:
        """One iteration; its loss."""
        self.optimizer.zero_grad()
        found = features(self.convolutions, self.pixels)
        content = F.mse_loss(found[CONTENT_LAYER], self.target)
        errors = [
            F.mse_loss(gram(found[layer]), wanted)
            for layer, wanted in zip(STYLE_LAYERS, self.grams, strict=True)
        ]
        loss = 10 * content + 10_000 * torch.stack(errors).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return float(loss.detach())

    def image(self) -> Tensor:
        """The picture as it is, (1, 3, H, W) in 0..1."""
        mean, std = _statistics()
        return (self.pixels.detach() * std + mean).clamp(0, 1)


def features(convolutions: list[weights.Convolution], x: Tensor) -> list[Tensor]:
    """Activations after the ReLU of every convolution."""
    kept = []
    for number, (weight, bias) in enumerate(convolutions):
        if number in POOL_BEFORE:
            x = F.max_pool2d(x, 2)
        x = F.relu(F.conv2d(x, weight, bias, padding=1))
        kept.append(x)
    return kept


def gram(activation: Tensor) -> Tensor:
    """The Gram matrix over the size of the layer, as the paper's followers have it."""
    flat = activation[0].flatten(1)
    return flat @ flat.T / flat.numel()


def normalized(image: Tensor) -> Tensor:
    """RGB in 0..1 in ImageNet's units."""
    mean, std = _statistics()
    return (image - mean) / std


def _statistics() -> tuple[Tensor, Tensor]:
    mean, std = (torch.tensor(x).view(1, 3, 1, 1) for x in (weights.MEAN, weights.STD))
    return mean, std
