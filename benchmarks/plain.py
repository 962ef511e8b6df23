"""What everyone writes: Gatys' loop in float32, NCHW, autograd, one scale, a fixed step count.

The other side of every comparison. It shares nothing with the package but the weights, so that a
change in the package cannot slow it down.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from nst import weights

STYLE_LAYERS = (0, 2, 4, 8, 12)  # conv1_1 ... conv5_1, counted in convolutions
CONTENT_LAYER = 9  # conv4_2
POOL_BEFORE = (2, 4, 8, 12)
STEPS = 1000


class PlainLoop:
    """Content and style targets and one step of the optimisation."""

    def __init__(self, content: Tensor, style: Tensor) -> None:
        self.convolutions = weights.load_convolutions("original")
        mean, std = (
            torch.tensor(values).view(1, 3, 1, 1) for values in (weights.MEAN, weights.STD)
        )
        self.pixels = ((content - mean) / std).requires_grad_()
        with torch.no_grad():
            self.target = self._features(self.pixels)[CONTENT_LAYER]
            features = self._features((style - mean) / std)
            self.grams = [_gram(features[layer]) for layer in STYLE_LAYERS]
        self.optimizer = torch.optim.Adam([self.pixels], lr=0.1)

    def _features(self, x: Tensor) -> list[Tensor]:
        kept = []
        for number, (weight, bias) in enumerate(self.convolutions):
            if number in POOL_BEFORE:
                x = F.max_pool2d(x, 2)
            x = F.relu(F.conv2d(x, weight, bias, padding=1))
            kept.append(x)
        return kept

    def step(self) -> float:
        """One iteration; its loss."""
        self.optimizer.zero_grad()
        features = self._features(self.pixels)
        content = F.mse_loss(features[CONTENT_LAYER], self.target)
        style = torch.stack(
            [
                F.mse_loss(_gram(features[layer]), gram)
                for layer, gram in zip(STYLE_LAYERS, self.grams, strict=True)
            ]
        ).mean()
        loss = 10 * content + 10_000 * style
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return float(loss)


def _gram(features: Tensor) -> Tensor:
    flat = features[0].flatten(1)
    return flat @ flat.T / flat.numel()
