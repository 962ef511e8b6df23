"""Quality of a painting, scored the same for every engine: float32, plain convolutions.

Smaller is better in all four. `style`: the mean relative Gram error over conv1_1 ... conv5_1 and
three sizes of the picture. `content`: the relative error at conv4_2. `speckle`: the energy of the
Laplacian as a part of the larger of photo's and artwork's; about 1 is what they have themselves.
`grid`: the power at the periods of VGG19's pooling over that at neighbouring frequencies; 2 shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.plain import CONTENT_LAYER, STYLE_LAYERS, features, gram, normalized
from nst.paint.losses import STYLE_UNIT
from nst.settings import Settings
from nst.vgg import weights


@dataclass(frozen=True)
class Score:
    """What the yardstick reads off a painting."""

    style: float
    content: float
    speckle: float
    grid: float

    @property
    def loss(self) -> float:
        """Both errors as the default settings weigh them: one number for every engine."""
        settings = Settings()
        style = settings.style_weight * STYLE_UNIT * self.style
        return settings.content_weight * self.content + style


class Yardstick:
    """Scores paintings of one content in one style, (1, 3, H, W) in 0..1 each."""

    def __init__(self, content: Tensor, style: Tensor) -> None:
        self.convolutions = list(weights.load_convolutions("original"))
        self.content, self.style = content, style

    @torch.no_grad()
    def score(self, painting: Tensor) -> Score:
        """The painting's three scores."""
        painting = F.interpolate(painting, self.content.shape[2:], mode="bicubic", antialias=True)
        errors = []
        for factor in (1, 2, 4):
            found, wanted = (
                features(self.convolutions, normalized(F.avg_pool2d(image, factor)))
                for image in (painting, self.style)
            )
            errors += [_relative(gram(found[i]), gram(wanted[i])) for i in STYLE_LAYERS]
        found, wanted = (
            features(self.convolutions, normalized(image)) for image in (painting, self.content)
        )
        reference = max(_roughness(self.content), _roughness(self.style))
        return Score(
            sum(errors) / len(errors),
            _relative(found[CONTENT_LAYER], wanted[CONTENT_LAYER]),
            _roughness(painting) / reference,
            _grid(painting),
        )


def _relative(found: Tensor, wanted: Tensor) -> float:
    return float((found - wanted).square().sum() / wanted.square().sum())


def _roughness(image: Tensor) -> float:
    grey = image.mean(1, keepdim=True)
    laplacian = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]).view(1, 1, 3, 3)
    return float(F.conv2d(grey, laplacian).abs().mean())


def _grid(image: Tensor) -> float:
    ratios = []
    grey = image.mean((0, 1))
    for lines in (grey, grey.T):
        centred = lines - lines.mean(1, keepdim=True)
        power = torch.fft.rfft(centred, dim=1).abs().square().mean(0)
        for period in (4, 8, 16):
            for harmonic in range(1, period // 2, 2):
                at = round(harmonic * lines.shape[1] / period)
                near = torch.cat([power[at - 5 : at - 1], power[at + 2 : at + 6]])
                ratios.append(float(power[at] / near.mean()))
    return sum(ratios) / len(ratios)
