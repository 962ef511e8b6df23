"""A cache of what the network saw in pictures that it will be shown again."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable

from torch import Tensor

# At 384 px a style's Gram matrices take 17 MB and a photo's content targets 5 MB.
LIMIT = 1024**3


class TargetCache:
    """Gram matrices and content features of earlier runs, for one network and one thread at a time.

    Holds up to `limit` bytes of tensors; what was asked for longest ago is forgotten first.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit, self._bytes = limit, 0
        self._kept: OrderedDict[Hashable, list[Tensor]] = OrderedDict()

    def recall(self, key: Hashable, make: Callable[[], list[Tensor]]) -> list[Tensor]:
        """What `make` gave for this key before, or gives now; nobody may change it."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        made = self._kept[key] = make()
        self._bytes += _size(made)
        while self._bytes > self._limit:
            self._bytes -= _size(self._kept.popitem(last=False)[1])
        return made


def digest(image: Tensor) -> str:
    """SHA-256 of a picture's values and shape, 64 hex digits: the same for the same picture."""
    values = image.detach().cpu().contiguous()
    found = hashlib.sha256(repr(tuple(values.shape)).encode())
    found.update(values.numpy().data)
    return found.hexdigest()


def _size(tensors: list[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
