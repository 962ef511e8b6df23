"""3x3 convolutions whose weights lie in memory as the processor wants them.

torch hands its own order of weights to oneDNN, which brings them into another one at each call. On
small canvases that takes longer than the convolution itself: 0.3 of 0.5 ms in bfloat16 for 512
channels of 8 x 6 positions. Brought there once, the weights of a painting save it for good. In
bfloat16 what comes out is the same to the bit.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nst.vgg.workspace import Workspace

PADDING, STRIDE, DILATION, GROUPS = [1, 1], [1, 1], [1, 1], 1


def can_pack(weight: Tensor) -> bool:
    """Whether torch and the processor compute with packed weights of this kind."""
    operations = torch.ops.mkldnn
    return (
        weight.device.type == "cpu"
        and weight.shape[2:] == (3, 3)
        # torch's compiler uses these; a torch without oneDNN does not have them.
        and hasattr(operations, "_reorder_convolution_weight")
        and hasattr(operations, "_convolution_pointwise")
        and (weight.dtype == torch.float32 or operations._is_mkldnn_bf16_supported())
    )


class PackedConv:
    """A frozen 3x3 convolution, stride 1, zero padding 1, in bfloat16 or float32 on the CPU.

    Takes weights of (O, I, 3, 3) that one `can_pack`, a bias of (O,), and the name of the layer.
    """

    def __init__(self, weight: Tensor, bias: Tensor, name: str) -> None:
        self.weight, self.bias, self.name = weight, bias, name

    def forward(self, x: Tensor, workspace: Workspace) -> Tensor:
        """(1, I, H, W) -> (1, O, H, W), both channels last."""
        packed = workspace.packed(self.name, "forward", lambda: _pack(self.weight, x))
        return _convolve(x, packed, self.bias)

    def backward(self, gradient: Tensor, workspace: Workspace) -> Tensor:
        """Gradient with respect to the input, (1, I, H, W), given that of the output."""
        packed = workspace.packed(self.name, "backward", lambda: _pack(self._turned(), gradient))
        return _convolve(gradient, packed, None)

    def _turned(self) -> Tensor:
        """The weights by which the backward pass is a convolution, too."""
        return self.weight.flip(2, 3).transpose(0, 1)


def _pack(weight: Tensor, x: Tensor) -> Tensor:
    """The weights in the order that is best for inputs of the size of `x`; right for any."""
    packed: Tensor = torch.ops.mkldnn._reorder_convolution_weight(
        weight.contiguous(memory_format=torch.channels_last),
        PADDING,
        STRIDE,
        DILATION,
        GROUPS,
        [*x.shape],
    )
    return packed


def _convolve(x: Tensor, packed: Tensor, bias: Tensor | None) -> Tensor:
    found: Tensor = torch.ops.mkldnn._convolution_pointwise(
        x, packed, bias, PADDING, STRIDE, DILATION, GROUPS, "none", [], ""
    )
    return found
