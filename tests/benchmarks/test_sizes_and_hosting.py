"""What is measured of sizes and of little memory, as sections of the results."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks import hosting, sizes
from benchmarks.hosting import Lasting, Little
from benchmarks.sizes import Run


def test_medians_of_time_and_memory_are_each_their_own() -> None:
    runs = [Run(128, 80, seconds, peak) for seconds, peak in ((1, 9), (3, 7), (2, 8))]
    assert sizes.median(runs) == Run(128, 80, 2, 8)


def test_a_painting_costs_some_iterations_on_its_whole_canvas() -> None:
    assert 5 < sizes.share(2048, 1376, 2048) < 60


def test_the_new_version_is_told_as_a_part_of_the_old_one() -> None:
    text = sizes.section([(Run(128, 80, 4.0, 10**9), Run(128, 80, 3.0, 9 * 10**8))], "abcdefgh")
    assert "| 128 x 80 px | 4.0 s | 3.0 s | 0.75 | 1.00 GB | 0.90 GB | 0.90 |" in text
    assert "commit abcdefg." in text


@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is told by Linux")
def test_what_a_process_holds_is_its_own_and_that_of_files() -> None:
    own, files = hosting.resident(os.getpid())
    assert own > 10**7
    assert files > 10**6
    assert hosting.resident(2**22 + 1) == (0, 0)  # larger than any process' number


def test_what_is_held_is_told_for_each_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting.footprint, "built_for_cuda", lambda: False)
    found = {"fastest": {"at rest": (10**8, 10**7)}, "float32": {"at rest": (2 * 10**8, 10**7)}}
    text = hosting.held_section(found)
    assert "built for the CPU" in text
    assert "| at rest | 100 | 10 | 200 | 10 |" in text


def test_what_is_held_after_a_long_time() -> None:
    text = hosting.lasting_section([Lasting(0, 1, (10**8, 10**7)), Lasting(60, 9, (2 * 10**8, 0))])
    assert "| 0 | 1 | 100 | 10 |" in text
    assert "| 60 | 9 | 200 | 0 |" in text


def test_what_little_memory_is_enough_for() -> None:
    found = Little(0.7, "float32", 256, 3, (6 * 10**8, 5 * 10**7), {512: True})
    row = "| float32 | 256 px | 3 of 3 | 600 MB | 50 MB | yes |"
    assert row in hosting.little_section([found])


def test_a_file_of_a_package_can_be_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(os, "posix_fadvise"):
        pytest.skip("the system has no such call")
    (tmp_path / "a.so").write_bytes(b"a")
    monkeypatch.setattr(hosting.sysconfig, "get_path", lambda _: str(tmp_path))
    hosting.drop_files()
    assert (tmp_path / "a.so").read_bytes() == b"a"
