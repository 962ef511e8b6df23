"""How the C library keeps the memory that this process has freed: one owner for all its settings.

They hold for the whole process, whoever sets them. So this module keeps, for the process,
what a server chose for good and who spares memory at the moment. Only glibc can be told; other C
libraries are left alone.
"""

from __future__ import annotations

import ctypes
import functools
from typing import NamedTuple

# Of glibc's mallopt: how much may stay free behind the last block, from which size on a block has
# pages of its own, and how many arenas there may be.
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
ARENAS = 2


class Thresholds(NamedTuple):
    """Bytes that glibc goes by."""

    trim: int  # that stay free behind the last block
    mmap: int  # from which on a block has pages of its own, which are given back with it


# What one iteration frees is for the next: asked for anew, each page of it would be cleared first,
# which takes 3 to 4 % of a painting at 384 px and more. glibc takes at most 32 MB for blocks.
KEEPING = Thresholds(trim=256 * 2**20, mmap=32 * 2**20)
# While a large picture is painted in pieces: the blocks of a strip are smaller.
SPARING = Thresholds(trim=16 * 2**20, mmap=4 * 2**20)
EARLY = Thresholds(trim=65536, mmap=65536)

_chosen = [KEEPING]  # what holds while nobody is thrifty
_thrifty: set[Thrift] = set()


def give_back_early() -> bool:
    """Let memory go back to the system as soon as it is free, for good, at some cost of time.

    By itself the C library keeps what was freed between blocks that are still in use, and takes
    more where none of the gaps is large enough. Says whether the library could be told.
    """
    _chosen[:] = [EARLY]
    return _set(EARLY)


def keep_for_later() -> bool:
    """Keep what is freed in a painting until it ends, unless memory is given back early.

    To be called before the first painting. Says whether the library could be told.
    """
    return bool(_thrifty) or _set(_chosen[0])


class Thrift:
    """Gives every large block back once it is free, from `begin` to `end`.

    Otherwise the library keeps those of up to 32 MB for later, in between the small ones that are
    in use: a third more memory for a tile. To ask for them anew takes some time. While several
    such objects in a process have begun, the last one that ends is the one that counts.
    """

    def begin(self) -> None:
        """May be called again, without a difference."""
        _thrifty.add(self)
        # A server that gives back early keeps to it: `SPARING` would raise the thresholds.
        _set(min(SPARING, _chosen[0]))

    def end(self) -> None:
        """Do again what was done before, unless others have still to end; a painting has ended.

        Whatever was kept for it goes back to the system.
        """
        if self in _thrifty:
            _thrifty.discard(self)
            if not _thrifty:
                _set(_chosen[0])
        give_back()


def give_back() -> None:
    """Give the system what was freed and kept for later."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


@functools.cache
def share_arenas() -> bool:
    """Let all threads take memory from the same few arenas, for a server that begins many threads.

    By itself the C library has up to eight arenas a core, and what was freed in one of them is no
    use to a thread of another: with every visitor a server takes more. Those that there are stay,
    and when there are more than eight the limit has no effect: to be called before there are many
    threads. Says whether the library could be told.
    """
    return _mallopt(ARENA_MAX, ARENAS)


def _set(thresholds: Thresholds) -> bool:
    return _mallopt(TRIM_THRESHOLD, thresholds.trim) and _mallopt(MMAP_THRESHOLD, thresholds.mmap)


def _mallopt(parameter: int, value: int) -> bool:
    """Whether the C library took the value."""
    library = _glibc()
    return library is not None and bool(library.mallopt(parameter, value))


@functools.cache
def _glibc() -> ctypes.CDLL | None:
    """The C library of most Linux systems, or None elsewhere."""
    try:
        library = ctypes.CDLL("libc.so.6")
    except OSError:
        return None
    return library if hasattr(library, "malloc_trim") else None
