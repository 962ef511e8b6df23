"""Adam and L-BFGS on one tensor of pixels, (1, 3, H, W).

Written out because torch.optim takes a second to import its compiler; because torch's Adam, fused
or not, changes the pixels in place where this one leaves them to whoever shows them, and rounds
differently (by 2e-7 after 30 steps), which would change every picture's last bits; and because
L-BFGS must know that the pixels are clamped after each step.
"""

from __future__ import annotations

import weakref
from collections import deque
from dataclasses import dataclass

import torch
from torch import Tensor

from nst.vgg.strips import picture_strips
from nst.vgg.threads import all_threads

HISTORY = 10  # pairs of moves and gradient changes that stand for the curvature
FIRST_MOVE, LARGEST_MOVE = 0.1, 0.5  # how far a pixel may go at first, and at any time
WORSE = 1.2  # a loss so many times the best means that the curvature was misjudged
FULL_STEP = 0.1  # the learning rate at which L-BFGS goes all the way


@dataclass(frozen=True)
class OptimizerState:
    """All that an optimiser remembers of the steps it has taken."""

    tensors: dict[str, Tensor]  # (1, 3, H, W) each
    numbers: dict[str, float | list[float]]

    def to(self, device: torch.device) -> OptimizerState:
        """The same on a device."""
        moved = {name: tensor.to(device) for name, tensor in self.tensors.items()}
        return OptimizerState(moved, self.numbers)


class Adam:
    """Kingma and Ba (2015): two moments a pixel and a step count."""

    def __init__(self, like: Tensor, betas: tuple[float, float] = (0.9, 0.99)) -> None:
        self.first, self.second = torch.zeros_like(like), torch.zeros_like(like)
        self.betas, self.count = betas, 0
        self._given: list[weakref.ref[Tensor]] = []  # the tensors of the latest `state`

    def state(self) -> OptimizerState:
        """What `restore` takes. It stays as it is: later steps leave its tensors alone.

        The moments are copied, but only by the next step, and only if somebody still holds them
        then: nearly always nobody does, and two pictures are a lot of memory.
        """
        tensors = {"first": self.first.detach(), "second": self.second.detach()}
        self._given = [weakref.ref(tensor) for tensor in tensors.values()]
        return OptimizerState(tensors, {"count": float(self.count)})

    @staticmethod
    def state_at_first(like: Tensor) -> OptimizerState:
        """The `state` before the first step on such pixels; takes no memory."""
        zeros = like.new_zeros(()).expand_as(like)
        return OptimizerState({"first": zeros, "second": zeros}, {"count": 0.0})

    def restore(self, state: OptimizerState) -> None:
        """Go on where another stood; raises KeyError for what is no state of this optimiser."""
        self.first.copy_(state.tensors["first"])
        self.second.copy_(state.tensors["second"])
        self.count = int(_number(state, "count"))
        if self.count < 0:
            raise KeyError("count")

    @torch.no_grad()
    def step(self, pixels: Tensor, gradient: Tensor, loss: float, learning_rate: float) -> Tensor:
        """The pixels after a step against the gradient, in the memory of the gradient.

        `loss` is that of the pixels as given, which stay as they are.
        """
        if any(tensor() is not None for tensor in self._given):
            self.first, self.second = self.first.clone(), self.second.clone()
        self._given = []
        self.count += 1
        beta1, beta2 = self.betas
        rate = learning_rate / (1 - beta1**self.count)
        for strip in picture_strips(pixels):
            first, second, slope = self.first[strip], self.second[strip], gradient[strip]
            first.lerp_(slope, 1 - beta1)
            second.lerp_(slope.square(), 1 - beta2)
            deviation = (second / (1 - beta2**self.count)).sqrt_().add_(1e-8)
            torch.addcdiv(pixels[strip], first, deviation, value=-rate, out=slope)
        return gradient


class LBFGS:
    """Liu and Nocedal (1989), guarded against divergence; one evaluation a step, no line search.

    Written out because the pixels are clamped after each step: the pairs must hold how far they
    really moved, not how far they were sent.
    """

    def __init__(self) -> None:
        self._pairs: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=HISTORY)
        self._last: tuple[Tensor, Tensor] | None = None  # pixels and gradient
        self._best: tuple[float, Tensor, Tensor] | None = None  # loss, pixels and gradient
        self._reach = FIRST_MOVE  # how far a pixel may go now

    @torch.no_grad()
    @all_threads()  # for its sums
    def step(self, pixels: Tensor, gradient: Tensor, loss: float, learning_rate: float) -> Tensor:
        """The pixels after a step; a learning rate of `FULL_STEP` or more is a full Newton step.

        After a step that made the `loss` much worse it returns to the best pixels, forgets the
        curvature and goes half as far. Pixels and gradient are kept and must not be changed.
        """
        if self._best is not None and loss > WORSE * self._best[0]:
            _, pixels, gradient = self._best
            self._pairs.clear()
            self._reach /= 2
        else:
            self._reach = min(LARGEST_MOVE, 2 * self._reach) if self._pairs else self._reach
            self._remember(pixels, gradient)
            if self._best is None or loss < self._best[0]:
                self._best = loss, pixels, gradient
        self._last = pixels, gradient
        move = self._newton(gradient)
        largest = float(move.abs().max())
        if largest > self._reach or not self._pairs:
            move *= self._reach / max(largest, torch.finfo(torch.float32).tiny)
        return torch.add(pixels, move, alpha=-min(1.0, learning_rate / FULL_STEP), out=move)

    def state(self) -> OptimizerState:
        """All that the next step needs to know; later steps do not change these tensors."""
        tensors: dict[str, Tensor] = {}
        for number, (moved, change, _) in enumerate(self._pairs):
            tensors |= {f"moved{number}": moved, f"change{number}": change}
        numbers: dict[str, float | list[float]] = {
            "reach": self._reach,
            "curvatures": [curvature for _, _, curvature in self._pairs],
        }
        if self._last is not None:
            tensors |= {"last_pixels": self._last[0], "last_gradient": self._last[1]}
        if self._best is not None:
            tensors |= {"best_pixels": self._best[1], "best_gradient": self._best[2]}
            numbers["best_loss"] = self._best[0]
        return OptimizerState(tensors, numbers)

    @staticmethod
    def state_at_first(like: Tensor) -> OptimizerState:
        """The state before the first step, which has no tensors yet."""
        return LBFGS().state()

    def restore(self, state: OptimizerState) -> None:
        """Go on from a `state`; raises KeyError if that is not one of L-BFGS."""
        tensors = state.tensors
        curvatures = state.numbers["curvatures"]
        if not isinstance(curvatures, list):
            raise KeyError("curvatures")
        self._reach = _number(state, "reach")
        if not 0 <= self._reach <= LARGEST_MOVE:
            raise KeyError("reach")
        self._pairs.clear()
        for number, curvature in enumerate(curvatures):
            moved, change = tensors[f"moved{number}"], tensors[f"change{number}"]
            if not _goes_downhill(moved, change, curvature):
                raise KeyError("curvatures")
            self._pairs.append((moved, change, curvature))
        self._last = self._best = None
        if "last_pixels" in tensors:
            self._last = tensors["last_pixels"], tensors["last_gradient"]
        if "best_loss" in state.numbers:
            loss = _number(state, "best_loss")
            self._best = loss, tensors["best_pixels"], tensors["best_gradient"]

    def _remember(self, pixels: Tensor, gradient: Tensor) -> None:
        """Learn from where the last step really led."""
        if self._last is None:
            return
        moved, change = pixels - self._last[0], gradient - self._last[1]
        curvature = float((moved * change).sum())
        if _goes_downhill(moved, change, curvature):
            self._pairs.append((moved, change, curvature))

    def _newton(self, gradient: Tensor) -> Tensor:
        """The inverse Hessian times `gradient`, by the two-loop recursion."""
        direction = gradient.clone()
        shares = []
        for moved, change, curvature in reversed(self._pairs):
            share = float((moved * direction).sum()) / curvature
            direction.sub_(change, alpha=share)
            shares.append(share)
        if self._pairs:
            _, change, curvature = self._pairs[-1]
            direction *= curvature / float(change.square().sum())
        for (moved, change, curvature), share in zip(self._pairs, reversed(shares), strict=True):
            correction = float((change * direction).sum()) / curvature
            direction.add_(moved, alpha=share - correction)
        return direction


def _goes_downhill(moved: Tensor, change: Tensor, curvature: float) -> bool:
    """Whether the next step does with such a pair: the curvature must be clearly positive."""
    return curvature > 1e-6 * float(moved.norm() * change.norm())


def _number(state: OptimizerState, name: str) -> float:
    value = state.numbers[name]
    if isinstance(value, list):
        raise KeyError(name)
    return value
