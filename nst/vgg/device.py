"""Where the network computes, on how many threads, and in which precision."""

from __future__ import annotations

import functools
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch.nn.grad import conv2d_input

from nst.errors import UserError
from nst.machine import limits

# Turns of each precision, of which the fastest counts: the least, and the most while in doubt.
PRECISION_ROUNDS, DOUBTFUL_ROUNDS = 7, 50
FASTER = 1.3  # times as fast as float32 is what bfloat16 has to be
CLEARLY_FASTER, EMULATED = 1.6, 0.1  # beyond these more turns would change nothing


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; for "auto" CUDA if it is there, else MPS, else the CPU.

    Raises `UserError` for a device that is unknown or not there.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UserError(
            f"The device {name!r} is not available here; choose auto, cpu, cuda or mps."
        ) from error
    return device


def keep_to_granted_cores() -> None:
    """Let torch use no more threads than this process may use cores; fewer stay fewer.

    torch counts the cores of the host: more threads than a container's share of them only stop one
    another. Where the share has a fraction, it is rounded up.
    """
    torch.set_num_threads(max(1, min(torch.get_num_threads(), math.ceil(limits.cores()))))


@functools.lru_cache
def fastest_precision(device: torch.device) -> torch.dtype:
    """bfloat16 if a small convolution shows that the device computes it in hardware, else float32.

    Measured, since names and flags do not tell: emulated, bfloat16 is a hundred times slower. It
    must win clearly, so that the choice, and with it the picture, is the same every time.
    """
    seconds = {torch.float32: float("inf"), torch.bfloat16: float("inf")}
    for turn in range(1, DOUBTFUL_ROUNDS + 1):
        for dtype in seconds:
            # The best of several turns: another program, such as a visitor's browser, may slow
            # any one of them tenfold, but makes none faster.
            seconds[dtype] = min(seconds[dtype], _time_convolution(device, dtype))
        ratio = seconds[torch.float32] / seconds[torch.bfloat16]
        if ratio < EMULATED or (turn >= PRECISION_ROUNDS and ratio > CLEARLY_FASTER):
            break
    return torch.bfloat16 if ratio > FASTER else torch.float32


@torch.no_grad()
def _time_convolution(device: torch.device, dtype: torch.dtype) -> float:
    """Seconds that a convolution of 128 channels on a 32x32 map takes, forward and backward.

    The backward pass counts: some processors emulate it although the forward pass is fast. Infinity
    if the device cannot compute in this precision. On the CPU only the time counts in which this
    thread computes, so that other programs change it little; Windows counts that in steps of 16 ms,
    too coarse for this.
    """
    cpu_time = device.type == "cpu" and sys.platform != "win32"
    clock = time.thread_time if cpu_time else time.perf_counter
    try:
        x = torch.ones(1, 128, 32, 32, device=device)
        weight = torch.ones(128, 128, 3, 3, device=device)
        x, weight = (tensor.to(dtype, memory_format=torch.channels_last) for tensor in (x, weight))
        x[0, 0, 0, 0].item()
        start = clock()
        y = F.conv2d(x, weight, padding=1)
        gradient = conv2d_input(x.shape, weight, y, padding=1)  # type: ignore[no-untyped-call]
        gradient[0, 0, 0, 0].item()  # waits for the device, whichever it is
        return clock() - start
    except (RuntimeError, TypeError, NotImplementedError):
        return float("inf")
