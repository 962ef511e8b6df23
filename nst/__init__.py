"""Neural style transfer: paint one picture's content in another picture's style.

    import nst
    nst.paint("photo.jpg", "painting.jpg", resolution=512).save("out.png")

After Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks" (2016).
Importing `nst` is instant: torch, Pillow and numpy are imported when they are first needed.
"""

import importlib
import os
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nst.api import Result as Result
    from nst.api import Run as Run
    from nst.api import paint as paint
    from nst.api import steps as steps
    from nst.errors import UserError as UserError
    from nst.paint.transfer import Progress as Progress
    from nst.pictures.reading import open_picture as open_picture
    from nst.settings import Settings as Settings

__version__ = "1.1.0"

# OpenMP's threads wait for each other spinning, so that whatever else runs on the machine stops a
# painting: beside one busy process it takes three times as long. They shall give up soon and sleep.
# OpenMP reads this when torch is imported, which is later; who has set any of it knows better.
_WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
if not any(name in os.environ for name in _WAITING):
    os.environ["GOMP_SPINCOUNT"] = "1000"  # of GCC's OpenMP: rounds, some microseconds
    os.environ["KMP_BLOCKTIME"] = "0"  # of Intel's and LLVM's: milliseconds

# torch's library for convolutions, oneDNN, keeps what it has made ready for each size of picture,
# 1,024 of each kind: a page or a batch would grow by 10 MB with every new size for a long time. A
# painting needs some 40 at a time. Read at the first convolution.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128")
os.environ.setdefault("LRU_CACHE_CAPACITY", "64")  # of torch's own layer over it

# Where the names of the public face are; they are imported when they are asked for.
_FACE = {
    "Progress": "nst.paint.transfer",
    "Result": "nst.api",
    "Run": "nst.api",
    "Settings": "nst.settings",
    "UserError": "nst.errors",
    "open_picture": "nst.pictures.reading",
    "steps": "nst.api",
}
__all__ = ["__version__", "paint", *_FACE]


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module 'nst' has no attribute {name!r}")
    return getattr(importlib.import_module(_FACE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_FACE})


class _PaintRoom(ModuleType):
    """The folder nst/paint, which can also be called: `nst.paint(...)` is `nst.api.paint`."""

    def __call__(self, *given: Any, **settings: Any) -> Any:
        return importlib.import_module("nst.api").paint(*given, **settings)


# Python binds the folder to the name `paint` when the first module in it is imported; so it is the
# folder that must be callable. It is empty but for a docstring, and costs nothing here.
importlib.import_module("nst.paint").__class__ = _PaintRoom
