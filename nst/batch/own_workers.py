"""Worker processes on this machine: a Dask cluster of our own."""

from __future__ import annotations

import logging
import os
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import SpecCluster

GPU = "GPU"  # the resource of which a worker with a graphics card has 1


def graphics_cards() -> int:
    """How many CUDA devices this process may use."""
    import torch

    return torch.cuda.device_count()


def _devices(cards: int) -> list[str]:
    """The name that CUDA has for each of the devices of this process: a number or an identifier.

    CUDA_VISIBLE_DEVICES may allow this process only some of the machine's devices.
    """
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [] if given is None else [name.strip() for name in given.split(",")]
    return names[:cards] if len(names) >= cards else [str(number) for number in range(cards)]


def start(workers: int | None) -> SpecCluster:
    """Worker processes on this machine, which share its cores and are replaced when they die.

    Without `workers` there is one a graphics card.
    """
    import dask
    from dask.system import CPU_COUNT  # that this process may use
    from distributed import Nanny, Scheduler, SpecCluster

    cards = graphics_cards()
    options = _options(workers or max(1, cards), cards, CPU_COUNT)
    # A painting can neither be put aside nor moved to disk; only the last limit is of use.
    memory = {f"distributed.worker.memory.{name}": False for name in ("target", "spill", "pause")}
    with dask.config.set(memory):
        return SpecCluster(
            workers={
                number: {"cls": Nanny, "options": given} for number, given in enumerate(options)
            },
            # It is counted here how often a job may be tried.
            scheduler={
                "cls": Scheduler,
                "options": {
                    "host": "127.0.0.1",
                    "dashboard": False,
                    "dashboard_address": "127.0.0.1:0",
                    "allowed_failures": 0,
                },
            },
            silence_logs=logging.CRITICAL,
        )


def _options(count: int, cards: int, cores: int) -> list[dict[str, Any]]:
    """What each of `count` workers is started with: its share of the cores, and one card."""
    threads = max(1, cores // count)
    devices = _devices(cards)
    return [
        {
            "nthreads": threads,
            "memory_limit": "auto",
            "resources": {GPU: 1} if devices else {},
            "env": {"OMP_NUM_THREADS": str(threads)}
            | ({"CUDA_VISIBLE_DEVICES": devices[number % cards]} if devices else {}),
            "silence_logs": logging.CRITICAL,
            "preload": [__name__],
        }
        for number in range(count)
    ]


def dask_setup(worker: object) -> None:
    """Dask calls this in a worker of ours: a terminal's Ctrl-C is for the batch alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
