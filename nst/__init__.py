"""Neural style transfer: paint one picture's content in another picture's style.

After Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks" (2016).
No module is imported here but `os`, so that `nst.settings` is available without waiting for torch.
"""

import os

__version__ = "1.1.0"

# OpenMP's threads wait for each other spinning, so that whatever else runs on the machine stops a
# painting: beside one busy process it takes three times as long. They shall give up soon and sleep.
# OpenMP reads this when torch is imported, which is later; who has set any of it knows better.
_WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
if not any(name in os.environ for name in _WAITING):
    os.environ["GOMP_SPINCOUNT"] = "1000"  # of GCC's OpenMP: rounds, some microseconds
    os.environ["KMP_BLOCKTIME"] = "0"  # of Intel's and LLVM's: milliseconds
