"""What the machine gives, read from made-up /proc and /sys."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nst.machine import limits

GB = 10**9
KB = 1024


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 8 GB, of which 6 are free, and 16 cores; the process has 1 GB of addresses."""
    write(tmp_path, "proc/meminfo", f"MemTotal: {8 * GB // KB} kB\nMemAvailable: {6 * GB // KB} kB")
    write(tmp_path, "proc/self/cgroup", "0::/")
    monkeypatch.setattr(limits, "_own_address_space", lambda root: GB)
    monkeypatch.setattr(limits, "_own_cores", lambda: 16)
    limit_addresses(monkeypatch, -1)
    return tmp_path


def limit_addresses(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda which: (limit, resource.RLIM_INFINITY))


def write(root: Path, name: str, text: object) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def close_to(size: float) -> object:
    return pytest.approx(size, rel=1e-6)  # /proc counts in kilobytes


def test_without_a_container_the_machine_is_what_there_is(root: Path) -> None:
    assert limits.memory_limit(root) == close_to(8 * GB)
    assert limits.memory_available(root) == close_to(6 * GB)
    assert limits.cores(root) == 16


def test_a_container_that_sees_its_own_group_as_the_outermost(root: Path) -> None:
    write(root, "sys/fs/cgroup/memory.max", GB)
    write(root, "sys/fs/cgroup/memory.current", 700_000_000)
    write(root, "sys/fs/cgroup/memory.stat", "anon 1\ninactive_file 200000000\nactive_file 7")
    write(root, "sys/fs/cgroup/cpu.max", "150000 100000")
    assert limits.memory_limit(root) == GB
    assert limits.memory_available(root) == 500_000_000  # files that are only kept count as free
    assert limits.cores(root) == 1.5


@pytest.mark.parametrize("mount", ["", "unified/"])
def test_the_least_of_groups_within_one_another_counts(root: Path, mount: str) -> None:
    write(root, "proc/self/cgroup", "0::/user/app/worker")
    base = f"sys/fs/cgroup/{mount}"
    write(root, f"{base}user/app/worker/memory.max", "max")
    write(root, f"{base}user/app/worker/cpu.max", "max 100000")
    write(root, f"{base}user/app/memory.max", 3 * GB)
    write(root, f"{base}user/app/memory.current", GB)
    write(root, f"{base}user/app/cpu.max", "50000 100000")
    write(root, f"{base}user/memory.max", 4 * GB)
    write(root, f"{base}user/memory.current", 3_500_000_000)
    assert limits.memory_limit(root) == 3 * GB
    assert limits.memory_available(root) == 500_000_000  # what the outer group has left
    assert limits.cores(root) == 0.5
    write(root, f"{base}user/app/memory.high", 2 * GB)  # from here on it is slowed down
    assert limits.memory_limit(root) == 2 * GB


def test_version_1_of_control_groups(root: Path) -> None:
    lines = "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n1:name=systemd:/docker/abc"
    write(root, "proc/self/cgroup", lines)
    unlimited = 9223372036854771712
    write(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", unlimited)
    write(root, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", -1)
    write(root, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", 100_000)
    assert limits.memory_limit(root) == close_to(8 * GB)
    assert limits.cores(root) == 16
    write(root, "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", GB)
    write(root, "sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", 900_000_000)
    write(root, "sys/fs/cgroup/memory/docker/abc/memory.stat", "total_inactive_file 100000000")
    write(root, "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", 200_000)
    write(root, "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", 100_000)
    assert limits.memory_limit(root) == GB
    assert limits.memory_available(root) == 200_000_000
    assert limits.cores(root) == 2


def test_paths_that_are_only_true_outside_are_passed_over(root: Path) -> None:
    write(root, "proc/self/cgroup", "0::/../../elsewhere")
    write(root, "sys/fs/cgroup/memory.max", GB)
    write(root, "sys/elsewhere/memory.max", 1)
    write(root, "elsewhere/memory.max", 1)
    assert limits.memory_limit(root) == GB


def test_more_used_than_allowed_is_nothing_left(root: Path) -> None:
    write(root, "sys/fs/cgroup/memory.max", GB)
    write(root, "sys/fs/cgroup/memory.current", 2 * GB)
    assert limits.memory_available(root) == 0


def test_the_limit_of_the_process_itself_counts(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_addresses(monkeypatch, 3 * GB)
    assert limits.memory_limit(root) == 3 * GB
    assert limits.memory_available(root) == 2 * GB


def test_a_system_without_such_files_still_answers(tmp_path: Path) -> None:
    assert limits.memory_limit(tmp_path) >= 10**8
    assert limits.memory_available(tmp_path) == limits.memory_limit(tmp_path)
    assert limits.memory_peak(tmp_path) == 0
    assert limits.cores(tmp_path) >= 1


@pytest.mark.skipif(sys.platform != "linux", reason="the others do not tell")
def test_this_machine() -> None:
    assert 10**8 < limits.memory_available() <= limits.memory_limit() < 10**14
    assert 10**7 < limits.memory_peak() < limits.memory_limit()
    assert 0 < limits.cores() <= 4096


@pytest.mark.parametrize(
    ("size", "short", "tight"),
    [(700_000_000, True, True), (900_000_000, True, False), (2_000_000_000, False, False)],
)
def test_memory_is_short_or_even_tight(
    monkeypatch: pytest.MonkeyPatch, size: int, short: bool, tight: bool
) -> None:
    monkeypatch.setattr(limits, "memory_limit", lambda: size)
    assert (limits.memory_is_short(), limits.memory_is_tight()) == (short, tight)
