"""What all tests share: one loaded VGG19, small pictures, the cores."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nst  # noqa: F401  # before torch: OpenMP reads then what this sets

# isort: split
import pytest
import torch
from hypothesis import HealthCheck, settings
from PIL import Image

from nst.batch import painting_thread
from nst.pictures import fitting, reading, tensors
from nst.vgg import network

ROOT = Path(__file__).parent.parent

# Times say nothing on a busy machine; and mutmut runs the tests of a class from two places.
settings.register_profile(
    "busy", deadline=None, suppress_health_check=[HealthCheck.differing_executors]
)
settings.load_profile("busy")


# As one of several processes (pytest -n 2), which have a core each.
SHARING = "PYTEST_XDIST_WORKER" in os.environ


def pytest_configure() -> None:
    """Threads of torch, and no drafts unless a test asks for them, here and in servers."""
    os.environ.setdefault("NST_DRAFTS", "off")
    if SHARING:
        os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1 if SHARING else min(2, torch.get_num_threads()))


def pytest_collection_finish() -> None:
    """What is there before the first test stays: to look through it again and again takes long."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What shares fixtures stays in one process: the browser's tests, and those of a file."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "browser" if "/browser/" in file else file

    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def _same_noise() -> None:
    """Whatever ran before, a test draws the same random numbers."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _one_thread_with_helpers() -> Iterator[None]:
    """As in a process that only paints: a second one's helpers would slow down all other tests."""
    yield
    if painting_thread._thread.cache_info().currsize:
        painting_thread._thread().shutdown()
        painting_thread._thread.cache_clear()


@pytest.fixture(scope="session")
def vgg19() -> network.VGG19:
    """The real weights, in float32 so that results do not depend on the processor's precisions."""
    return network.load("original", "cpu", torch.float32)


@pytest.fixture(scope="session")
def trunk(vgg19: network.VGG19) -> network.VGG19:
    """The network that tests look with: VGG19, or in some rooms a slim one."""
    return vgg19


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    return reading.open_picture(ROOT / "Resources" / "content" / "cat.jpg")


@pytest.fixture(scope="session")
def artwork() -> Image.Image:
    return reading.open_picture(ROOT / "Resources" / "styles" / "night_sky.jpg")


@pytest.fixture(scope="session")
def content(photo: Image.Image) -> torch.Tensor:
    """A photo, 96 px on the longer side, (1, 3, 64, 96) in 0..1."""
    return tensors.to_tensor(fitting.fit(photo, 96))


@pytest.fixture(scope="session")
def style(artwork: Image.Image) -> torch.Tensor:
    """An artwork, 96 px on the longer side, in 0..1."""
    return tensors.to_tensor(fitting.fit(artwork, 96))
