"""Draw the pictures of "How it works": what layers see, what a style is, and from coarse to fine.

    python -m Resources.draw_how_it_works [ROW ...] [--out FOLDER] [--size PX] [--steps N]

Without names everything is drawn. Rows: layers (a photo drawn again from what one layer saw of it),
textures (a sheet filled with what more and more layers know of an artwork), scales (the canvases of
one painting). Gatys et al. (2016) show the first two in their figure 1.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import Tensor

from nst.paint import losses, transfer
from nst.paint.losses import GramTarget
from nst.paint.optimizers import LBFGS
from nst.pictures import fitting, reading, tensors, writing
from nst.settings import Settings
from nst.studio.order import Pictures
from nst.studio.preparation import prepare
from nst.vgg import network
from nst.vgg.wanted import Wanted

HERE = Path(__file__).parent
FOLDER = HERE / "how_it_works"
PHOTO, ARTWORK = "cat", "night_sky"
LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
SIZE = 256  # px, longer side of what is drawn from noise
STEPS = 150  # by which the pictures no longer change to the eye
QUALITY = 80
CALM = 0.01  # of the total variation: noise that no layer sees would stay
SEED = 0

Loss = Callable[[Tensor], Tensor]


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw what is named, or all of it."""
    parser = argparse.ArgumentParser(description='Draw the pictures of "How it works".')
    parser.add_argument("rows", metavar="ROW", nargs="*", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the pictures")
    parser.add_argument("--size", type=int, default=SIZE, help="longer side of the pictures, px")
    parser.add_argument("--steps", type=int, default=STEPS, help="iterations from noise")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.rows) - set(ROWS))
    if unknown:
        parser.error(f"there is no row {unknown[0]!r}; choose from {', '.join(ROWS)}")
    options.out.mkdir(parents=True, exist_ok=True)
    trunk = network.load()
    for row in options.rows or ROWS:
        for name, picture in ROWS[row](trunk, options.size, options.steps).items():
            data = writing.encode(picture, "JPEG", QUALITY)
            writing.write_atomically(data, options.out / f"{name}.jpg")


def draw_layers(trunk: network.VGG19, size: int, steps: int) -> dict[str, Image.Image]:
    """The photo, and what is found when only one layer's view of it is drawn again."""
    photo = fitting.fit(sample("content", PHOTO), size)
    pixels = trunk.normalize(tensors.to_tensor(photo))
    drawn = {"photo": photo}
    for layer in LAYERS:
        target = trunk.features(pixels, [layer])[layer]

        def loss(seen: Tensor, layer: str = layer, target: Tensor = target) -> Tensor:
            return losses.content_loss(trunk.features(seen, [layer])[layer], target)

        drawn[f"layer_{layer}"] = from_noise(trunk, pixels.shape, loss, steps)
    return drawn


def draw_textures(trunk: network.VGG19, size: int, steps: int) -> dict[str, Image.Image]:
    """The artwork, and sheets filled with what its first layer, its first two ... know of it."""
    width, height = fitting.fit_size(sample("content", PHOTO).size, size)
    artwork = sample("styles", ARTWORK)
    pixels = trunk.normalize(tensors.to_tensor(fitting.fit(artwork, size)))
    drawn = {"artwork": ImageOps.fit(artwork, (width, height), Image.Resampling.LANCZOS)}
    for count in range(1, len(LAYERS) + 1):
        layers = LAYERS[:count]
        known = trunk.look(pixels, Wanted((), layers)).grams
        targets = [GramTarget.of(known[layer][0]) for layer in layers]

        def loss(
            seen: Tensor, layers: Sequence[str] = layers, targets: Sequence[GramTarget] = targets
        ) -> Tensor:
            grams = trunk.look(seen, Wanted((), layers)).grams
            return losses.style_loss([grams[layer][0] for layer in layers], targets)

        drawn[f"texture_{count}"] = from_noise(trunk, (1, 3, height, width), loss, steps)
    return drawn


def draw_scales(trunk: network.VGG19, size: int, steps: int) -> dict[str, Image.Image]:
    """The canvas of each size when it is finished, all shown at one size; default settings."""
    del steps  # as many as the settings say
    photo, settings = sample("content", PHOTO), Settings()
    prepared = prepare(Pictures(photo, [sample("styles", ARTWORK)]), settings)
    finished: dict[int, Tensor] = {}
    for progress in transfer.steps(prepared.canvas(), settings, trunk):
        if progress.image is not None:
            finished[progress.scale] = progress.image
    shape = fitting.fit_size(photo.size, size)
    return {
        # With the squares of its pixels, so that a small canvas is seen to be small.
        f"scale_{number}": tensors.to_picture(image).resize(
            shape, Image.Resampling.NEAREST if scale < size else Image.Resampling.LANCZOS
        )
        for number, (scale, image) in enumerate(finished.items(), 1)
    }


ROWS: dict[str, Callable[[network.VGG19, int, int], dict[str, Image.Image]]] = {
    "layers": draw_layers,
    "textures": draw_textures,
    "scales": draw_scales,
}


def from_noise(trunk: network.VGG19, shape: Sequence[int], loss: Loss, steps: int) -> Image.Image:
    """What noise of this shape, (1, 3, H, W), becomes when its `loss` is made small."""
    noise = torch.rand(tuple(shape), generator=torch.Generator().manual_seed(SEED))
    pixels = trunk.normalize(noise)
    black, white = (trunk.normalize(torch.full((1, 3, 1, 1), value)) for value in (0.0, 1.0))
    optimizer = LBFGS()
    # L-BFGS is scaled for the losses of a painting, which are about 1 at first.
    unit = float(loss(pixels))
    for _ in range(steps):
        seen = pixels.detach().requires_grad_()
        value = loss(seen) / unit + CALM * _variation(seen)
        (gradient,) = torch.autograd.grad(value, seen)
        pixels = optimizer.step(pixels, gradient, float(value.detach()), 0.1)
        torch.clamp(pixels, black, white, out=pixels)
    return tensors.to_picture(trunk.denormalize(pixels).clamp(0, 1).cpu())


def _variation(image: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels, for autograd."""
    down = image[..., 1:, :] - image[..., :-1, :]
    right = image[..., :, 1:] - image[..., :, :-1]
    return down.square().mean() + right.square().mean()


def sample(folder: str, name: str) -> Image.Image:
    """A sample picture by its name."""
    return reading.open_picture(HERE / folder / f"{name}.jpg")


if __name__ == "__main__":
    main()
