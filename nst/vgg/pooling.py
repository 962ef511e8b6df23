"""2x2 pooling behind a ReLU, and the backward pass through both.

`torch.max_pool2d` keeps 8 bytes for each pooled value, and its backward pass through the ReLU needs
the whole input beside them. Two bytes are enough to say where the gradient goes, and the pooled
value says whether it goes anywhere.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from nst.vgg.strips import strips


def pool(x: Tensor, kind: str) -> tuple[Tensor, Tensor]:
    """(1, C, H, W), nowhere negative, both sides even -> (1, C, H/2, W/2) and its gate.

    `kind` is "max" or "avg". The gate has the shape of the result, and `unpool` needs both.
    """
    channels, height, width = x.shape[1:]
    size = (1, channels, height // 2, width // 2)
    pooled = torch.empty(size, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
    gate = torch.empty_like(pooled, dtype=torch.int16)
    for top, bottom in strips(size[2], 8 * channels * width, x.device):
        rows, strip = x[:, :, 2 * top : 2 * bottom], slice(top, bottom)
        if kind == "avg":
            pooled[:, :, strip] = F.avg_pool2d(rows, 2)
            bits = [(corner > 0).short() << bit for bit, corner in enumerate(_corners(rows))]
            gate[:, :, strip] = sum(bits)
        else:
            best, index = F.max_pool2d(rows, 2, return_indices=True)
            pooled[:, :, strip] = best
            # Counted from the first of its two rows, an index fits 16 bits at any size.
            index -= _first_of_rows(bottom - top, rows)
            gate[:, :, strip] = index
    return pooled, gate


def unpool(gradient: Tensor, pooled: Tensor, gate: Tensor, kind: str) -> Tensor:
    """Gradient in front of the ReLU, (1, C, H, W), given that of the pooled, (1, C, H/2, W/2).

    Rows of the three may be cut out of a larger picture.
    """
    channels, height, width = gradient.shape[1:]
    whole = torch.empty(
        (1, channels, 2 * height, 2 * width),
        dtype=gradient.dtype,
        device=gradient.device,
        memory_format=torch.channels_last,
    )
    for top, bottom in strips(height, 16 * channels * width, gradient.device):
        rows, given = whole[:, :, 2 * top : 2 * bottom], gradient[:, :, top:bottom]
        where = gate[:, :, top:bottom]
        if kind == "avg":
            for bit, corner in enumerate(_corners(rows)):
                corner.copy_(given / 4 * ((where >> bit) & 1))
        else:
            index = where.long().add_(_first_of_rows(bottom - top, rows))
            opened = torch.ops.aten.threshold_backward(given, pooled[:, :, top:bottom], 0)
            rows.copy_(
                torch.ops.aten.max_pool2d_with_indices_backward(
                    opened, rows, [2, 2], [2, 2], [0, 0], [1, 1], False, index
                )
            )
    return whole


def _corners(x: Tensor) -> tuple[Tensor, ...]:
    return tuple(x[:, :, row::2, column::2] for row in (0, 1) for column in (0, 1))


def _first_of_rows(rows: int, x: Tensor) -> Tensor:
    """The index in `x` of the first value that each pooled row looks at."""
    return (2 * x.shape[3] * torch.arange(rows, device=x.device)).view(1, 1, rows, 1)
