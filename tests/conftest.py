"""What all tests share: one loaded VGG19, small pictures, two threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings
from PIL import Image

from nst import easel, images, vgg

ROOT = Path(__file__).parent.parent

# Times say nothing on a busy machine; and mutmut runs the tests of a class from two places.
settings.register_profile(
    "busy", deadline=None, suppress_health_check=[HealthCheck.differing_executors]
)
settings.load_profile("busy")


@pytest.fixture(scope="session", autouse=True)
def _two_threads() -> None:
    torch.set_num_threads(min(2, torch.get_num_threads()))


@pytest.fixture(autouse=True)
def _same_noise() -> None:
    """Whatever ran before, a test draws the same random numbers."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _one_thread_with_helpers() -> Iterator[None]:
    """As in a process that only paints: a second one's helpers would slow down all other tests."""
    yield
    if easel._thread.cache_info().currsize:
        easel._thread().shutdown()
        easel._thread.cache_clear()


@pytest.fixture(scope="session")
def trunk() -> vgg.VGG19:
    """The real weights, in float32 so that results do not depend on the processor's precisions."""
    return vgg.load("original", "cpu", torch.float32)


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    return images.open_picture(ROOT / "Resources" / "content" / "cat.jpg")


@pytest.fixture(scope="session")
def artwork() -> Image.Image:
    return images.open_picture(ROOT / "Resources" / "styles" / "night_sky.jpg")


@pytest.fixture(scope="session")
def content(photo: Image.Image) -> torch.Tensor:
    """A photo, 96 px on the longer side, (1, 3, 64, 96) in 0..1."""
    return images.to_tensor(images.fit(photo, 96))


@pytest.fixture(scope="session")
def style(artwork: Image.Image) -> torch.Tensor:
    """An artwork, 96 px on the longer side, in 0..1."""
    return images.to_tensor(images.fit(artwork, 96))
