"""What the machine gives to this process, or the container around it: memory and processor cores.

Inside a container the usual answers (`os.cpu_count`, `/proc/meminfo`) are those of its host. What
counts there are the limits of the process' control groups, of which there may be several within
one another, in the files of Linux' version 2 or of version 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path("/")
UNKNOWN = 4 * 1024**3  # bytes taken to be there where a system does not tell
SHORT = 2_000_000_000  # bytes: with less, every tenth of a GB counts
TIGHT = 900_000_000  # bytes: with less, it counts more than time


def memory_limit(root: Path = ROOT) -> int:
    """Bytes that this process may use at most: container, RLIMIT_AS and physical memory.

    `root` is where /proc and /sys are.
    """
    limits = [limit for limit, _ in _memory_groups(root)]
    return min(_physical_memory(root), _address_space(), *limits)


def memory_is_short() -> bool:
    """Whether this process may use so little memory that to save some is worth some time."""
    return memory_limit() < SHORT


def memory_is_tight() -> bool:
    """Whether it may use so little that to save some is worth twice the time."""
    return memory_limit() < TIGHT


def memory_available(root: Path = ROOT) -> int:
    """Bytes that this process may still take before the machine or its container has no more.

    What the system keeps of files only to be faster counts as free. Where a system does not tell
    what is free, this is `memory_limit`.
    """
    free = [max(0, limit - used) for limit, used in _memory_groups(root)]
    address_space = _address_space() - _own_address_space(root)
    physical = _sizes(root / "proc" / "meminfo").get("MemAvailable", _physical_memory(root))
    return min(physical, max(0, address_space), *free)


def memory_peak(root: Path = ROOT) -> int:
    """The most bytes that this process has held so far; 0 where a system does not tell."""
    return _sizes(root / "proc" / "self" / "status").get("VmHWM", 0)


def cores(root: Path = ROOT) -> float:
    """Processor cores that this process may use: those it may run on, within its container's share.

    The share may be a fraction: half a core is half of the time of one.
    """
    return min(_own_cores(), *_shares(root))


def _memory_groups(root: Path) -> Iterator[tuple[int, int]]:
    """(limit, use) in bytes of every control group around the process that has a limit."""
    for group in _groups(root, ""):
        current = _number(group / "memory.current")
        used = current - _stat(group, "inactive_file")
        for name in ("memory.max", "memory.high"):  # beyond high it is slowed down to a crawl
            if (limit := _number(group / name, sys.maxsize)) < sys.maxsize:
                yield limit, used
    for group in _groups(root, "memory"):
        used = _number(group / "memory.usage_in_bytes") - _stat(group, "total_inactive_file")
        if (limit := _number(group / "memory.limit_in_bytes", sys.maxsize)) < sys.maxsize:
            yield limit, used


def _shares(root: Path) -> Iterator[float]:
    """The cores that each control group around the process allows; infinity where all."""
    yield float("inf")
    for group in _groups(root, ""):
        quota, _, period = _text(group / "cpu.max").partition(" ")
        if quota.isdigit() and period.strip().isdigit():
            yield int(quota) / int(period)
    for group in _groups(root, "cpu"):
        time, window = _number(group / "cpu.cfs_quota_us"), _number(group / "cpu.cfs_period_us")
        if time > 0 and window > 0:
            yield time / window


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of the control groups around the process, the innermost first.

    `controller` is "" for version 2, else one of version 1: memory or cpu. A container often sees
    its own group as the outermost, under a path that is only true outside: what does not exist is
    passed over by those who read.
    """
    mounts = root / "sys" / "fs" / "cgroup"
    for line in _text(root / "proc" / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller not in controllers.split(","):
            continue
        if controller:
            bases = [mounts / controllers, mounts / controller]
        else:
            bases = [mounts, mounts / "unified"]
        inside = PurePosixPath(path)
        for base in dict.fromkeys(bases):
            for folder in (inside, *inside.parents):
                if ".." not in folder.parts:
                    yield base / folder.relative_to("/")


def _physical_memory(root: Path) -> int:
    if total := _sizes(root / "proc" / "meminfo").get("MemTotal"):
        return total
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" in names:  # macOS
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return UNKNOWN


def _sizes(path: Path) -> dict[str, int]:
    """The lines of one of the tables in /proc that are sizes, in bytes."""
    found = {}
    for line in _text(path).splitlines():
        name, _, value = line.partition(":")
        number, _, unit = value.strip().partition(" ")
        if unit == "kB":
            found[name] = int(number) * 1024
    return found


def _address_space() -> int:
    """The process' own limit (`ulimit -v`), in bytes; `sys.maxsize` if there is none."""
    try:
        import resource
    except ImportError:  # Windows
        return sys.maxsize
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def _own_address_space(root: Path) -> int:
    """Bytes of address space that the process has taken."""
    pages = _text(root / "proc" / "self" / "statm").partition(" ")[0]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") if pages else 0


def _own_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _stat(group: Path, name: str) -> int:
    """A line of a group's memory.stat, in bytes."""
    for line in _text(group / "memory.stat").splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _number(path: Path, otherwise: int = 0) -> int:
    """The number in a file; `otherwise` where there is none, as in one that says "max"."""
    text = _text(path).strip()
    return int(text) if text.lstrip("-").isdigit() else otherwise


def _text(path: Path) -> str:
    """A file's text; "" where the system has no such file, or shows it to nobody."""
    try:
        return path.read_text()
    except OSError:
        return ""
