"""Adam (Kingma and Ba, 2015) on one tensor of pixels whose size grows on the way."""

from __future__ import annotations

import torch
from torch import Tensor


class Adam:
    """The optimiser's state: two moments a pixel and a step count.

    Written out because torch.optim takes a second to import its compiler, and because the moments
    have to be resized with the picture.
    """

    def __init__(self, like: Tensor, betas: tuple[float, float] = (0.9, 0.99)) -> None:
        self.first, self.second = torch.zeros_like(like), torch.zeros_like(like)
        self.betas, self.count = betas, 0

    @torch.no_grad()
    def step(self, pixels: Tensor, gradient: Tensor, learning_rate: float) -> None:
        """Move `pixels` in place against `gradient`, (1, 3, H, W) both."""
        self.count += 1
        beta1, beta2 = self.betas
        self.first.lerp_(gradient, 1 - beta1)
        self.second.lerp_(gradient.square(), 1 - beta2)
        deviation = (self.second / (1 - beta2**self.count)).sqrt_().add_(1e-8)
        pixels.addcdiv_(self.first, deviation, value=-learning_rate / (1 - beta1**self.count))
