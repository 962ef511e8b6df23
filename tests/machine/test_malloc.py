"""The settings of the C library, which have one owner."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from nst.machine import malloc


def test_what_is_freed_can_go_back_at_once() -> None:
    code = "import platform; from nst.machine import malloc; print(malloc.give_back_early(), "
    code += "platform.libc_ver()[0] == 'glibc')"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    done, glibc = answer.stdout.split()
    assert done == glibc, answer.stderr


MANY_THREADS = """
import ctypes, sys, threading
from nst.machine import malloc
shared = malloc.share_arenas() if sys.argv[1] == "shared" else False
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
together = threading.Barrier(6)
def take():
    together.wait()
    libc.malloc(1000)  # without Python's own arenas
    together.wait()
threads = [threading.Thread(target=take) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_few_arenas() -> None:
    arenas = {}
    environment = {name: os.environ[name] for name in os.environ if name != "MALLOC_ARENA_MAX"}
    for how in ("shared", "by itself"):
        answer = subprocess.run(
            [sys.executable, "-c", MANY_THREADS, how],
            capture_output=True,
            text=True,
            env=environment,
        )
        assert answer.returncode == 0, answer.stderr
        arenas[how] = answer.stdout.count("<heap nr=")
    assert arenas["shared"] <= malloc.ARENAS < arenas["by itself"]


SPARING = {malloc.TRIM_THRESHOLD: 16 * 2**20, malloc.MMAP_THRESHOLD: 4 * 2**20}
KEPT = {malloc.TRIM_THRESHOLD: 256 * 2**20, malloc.MMAP_THRESHOLD: 32 * 2**20}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """What the C library was told last, by parameter."""
    told: dict[int, int] = {}

    def mallopt(parameter: int, value: int) -> bool:
        told[parameter] = value
        return True

    monkeypatch.setattr(malloc, "_mallopt", mallopt)
    monkeypatch.setattr(malloc, "_chosen", [malloc.KEEPING])
    monkeypatch.setattr(malloc, "_thrifty", set())
    return told


def test_sparing_ends_where_it_began(told: dict[int, int]) -> None:
    thrift = malloc.Thrift()
    thrift.begin()
    assert told == SPARING
    thrift.begin()
    thrift.end()
    assert told == KEPT


def test_sparing_goes_on_until_the_last_has_ended(told: dict[int, int]) -> None:
    one, other, idle = malloc.Thrift(), malloc.Thrift(), malloc.Thrift()
    one.begin()
    other.begin()
    for ending in (idle, one, one):
        ending.end()
        assert told == SPARING
    other.end()
    assert told == KEPT


def test_what_is_freed_is_kept_while_nobody_is_thrifty(told: dict[int, int]) -> None:
    assert malloc.keep_for_later()
    assert told == KEPT
    thrift = malloc.Thrift()
    thrift.begin()
    assert malloc.keep_for_later()
    assert told == SPARING


def test_a_server_that_gives_back_early_keeps_to_it(told: dict[int, int]) -> None:
    assert malloc.give_back_early()
    thrift = malloc.Thrift()
    for turn in (malloc.keep_for_later, thrift.begin, thrift.end):
        turn()
        assert told == {malloc.TRIM_THRESHOLD: 65536, malloc.MMAP_THRESHOLD: 65536}


def test_what_was_kept_goes_back_at_the_end(
    told: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[str] = []
    monkeypatch.setattr(malloc, "give_back", lambda: ends.append("given back"))
    malloc.Thrift().end()  # whether it had begun or not
    assert ends == ["given back"]


# Blocks of 20 MB, as an iteration's, taken and freed again; how often a page had to be cleared.
ITERATIONS = """
import resource, sys
from nst.machine import malloc
if sys.argv[1] == "kept":
    assert malloc.keep_for_later()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    blocks = [bytearray(20 * 2**20) for _ in range(5)]
    del blocks
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_what_an_iteration_frees_is_there_for_the_next() -> None:
    cleared = {}
    for how in ("kept", "by itself"):
        command = [sys.executable, "-c", ITERATIONS, how]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        cleared[how] = int(answer.stdout)
    assert cleared["kept"] < 0.2 * cleared["by itself"]


def test_a_system_that_cannot_be_asked_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(malloc, "_glibc", lambda: None)
    monkeypatch.setattr(malloc, "_thrifty", set())
    malloc.Thrift().begin()
    malloc.give_back()
