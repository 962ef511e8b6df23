"""The page's memory, and what little memory is enough for: sections of RESULTS.md.

    python -m benchmarks.hosting                                ten to twenty minutes
    python -m benchmarks.hosting --parts held                   what the page holds
    python -m benchmarks.hosting --parts little --memory 0.7    what so many GB are enough for
    python -m benchmarks.hosting --parts lasting --minutes 60   what it holds after so long

`held` starts the page as a host would, with `HELD_GIGABYTES`, and reads what its process has: at
rest, with the network ready, at most while it paints at each resolution, and at rest again after
paintings of many more sizes. `little` starts it with less, paints three times in a row at the
highest resolution that it offers there, and then with the command line. `lasting`, which is only
done when it is asked for, has one visitor after the other paint another sample photo in another
sample artwork at another size. All of it happens in control groups without swap, which need root
on Linux.

The visitor is `benchmarks.tab`, outside the group. What the system keeps of files counts for the
group that read them first; so those of the packages are dropped from its cache beforehand, which
leaves out what other processes use at the moment: run it where nothing else uses PyTorch. The photo
is square, and few iterations are painted, as more of them take no more memory; but over a long
time all is as the settings have it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from websockets.exceptions import ConnectionClosed

from benchmarks.__main__ import replace_section
from benchmarks.load import free_address
from benchmarks.sharing import GROUPS
from benchmarks.tab import Tab
from nst import samples
from nst.queue import footprint
from Resources.make_screenshots import ROOT, wait_until_up

HELD, LITTLE = "## Memory of the page", "## The page with {} GB"  # a section for each
LASTING = "## Memory of the page after a long time"
HELD_GIGABYTES = 1.9  # where memory is short, and all resolutions are offered
PHOTO, ARTWORK = "astronaut", "night_sky"
RESOLUTIONS = (192, 384, 512, 640, 1024)  # px
ITERATIONS = 8  # of each size on the way to the canvas' one or more
VARIED = range(208, 384, 16)  # px, the sides of the paintings that come one after the other
VISITED = range(192, 528, 16)  # px, the resolutions that visitors choose over a long time
TOLD = 6  # times that it is told over a long time what the page holds
GIGABYTES = (1.0, 0.7)
IN_A_ROW = 3
COMMAND_LINE = (512,)  # px
LOOK = 0.01  # seconds between two looks at a process
READY = 15.0  # seconds in which the network is loaded and a draft is made
PATIENCE = 400.0  # seconds that a painting may take
# oneDNN computes with what processors had before bfloat16; otherwise in what is fastest here.
PRECISIONS = {"fastest": {}, "float32": {"ONEDNN_MAX_CPU_ISA": "AVX2"}}
GB, MB = 1_000_000_000, 1_000_000

Held = dict[str, tuple[int, int]]  # when -> bytes of the process' own, and of files


class Lasting(NamedTuple):
    """What the page holds after so many minutes and paintings."""

    minutes: int
    paintings: int
    held: tuple[int, int]  # bytes of the process' own, and of files


class Little(NamedTuple):
    """What so much memory was enough for."""

    gigabytes: float
    precision: str
    offered: int  # px
    painted: int  # of `IN_A_ROW`
    most: tuple[int, int]  # bytes of the process' own, and of files
    command_line: dict[int, bool]  # px -> whether it was painted


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Measure the page's memory.")
    parts = ("held", "little", "lasting")
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts[:2])
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=list(PRECISIONS))
    parser.add_argument("--resolutions", type=int, nargs="+", default=RESOLUTIONS, metavar="PX")
    parser.add_argument("--memory", type=float, nargs="+", default=GIGABYTES, metavar="GB")
    parser.add_argument("--minutes", type=float, default=60)
    options = parser.parse_args()
    if "held" in options.parts:
        found = {name: held(options.resolutions, name) for name in options.precisions}
        replace_section(held_section(found))
    if "little" in options.parts:
        for gigabytes in options.memory:
            rows = [little(gigabytes, precision) for precision in options.precisions]
            replace_section(little_section(rows))
    if "lasting" in options.parts:
        replace_section(lasting_section(lasting(60 * options.minutes)))


def held(resolutions: Sequence[int], precision: str) -> Held:
    """What the page's process has at one time after the other."""
    found: Held = {}
    with memory_group(HELD_GIGABYTES) as members, page(members, precision) as (server, address):
        watch = Watch(server.pid)
        tab = Tab(address)
        tab.wait(lambda: tab.button("Paint"))
        found["at rest, the page just seen"] = resident(server.pid)
        tab.look(READY)
        found["the network ready, and a draft made"] = resident(server.pid)
        tab.close()
        for side in resolutions:
            watch.most()
            paint(server, address, side)
            found[f"at most, painting {side} x {side} px"] = watch.most()
        for side in VARIED:
            paint(server, address, side)
        found[f"at rest, after {len(resolutions) + len(VARIED)} paintings"] = resident(server.pid)
        watch.close()
    return found


def little(gigabytes: float, precision: str) -> Little:
    """What the page and the command line can paint with so much memory."""
    painted, command_line = 0, {}
    with memory_group(gigabytes) as members:
        with page(members, precision) as (server, address):
            watch = Watch(server.pid)
            tab = Tab(address)
            tab.wait(lambda: tab.button("Paint"))
            told = re.search(r"enough for up to ([\d,]+) px", tab.texts())
            offered = int(told[1].replace(",", "")) if told else max(RESOLUTIONS)
            tab.close()
            while painted < IN_A_ROW and paint(server, address, offered):
                painted += 1
            most = watch.most()
            watch.close()
        for side in COMMAND_LINE:
            command_line[side] = paint_by_command(side, members, precision)
    return Little(gigabytes, precision, offered, painted, most, command_line)


def lasting(seconds: float) -> list[Lasting]:
    """What the page's process has at rest at the beginning and after each of `TOLD` parts."""
    chance, found, paintings = random.Random(0), [], 0
    with memory_group(HELD_GIGABYTES) as members, page(members, "fastest") as (server, address):
        began = time.monotonic()
        for part in range(TOLD + 1):
            while not paintings or time.monotonic() - began < part * seconds / TOLD:
                photo, artwork = (
                    chance.choice(sorted(samples.folder(kind).glob("*.jpg"))).stem
                    for kind in ("content", "styles")
                )
                query = f"photo={photo}&style={artwork}&resolution={chance.choice(VISITED)}"
                if not visit(server, address, query):
                    raise SystemExit(f"the server ended after {paintings} paintings")
                paintings += 1
            passed = round((time.monotonic() - began) / 60)
            found.append(Lasting(passed, paintings, resident(server.pid)))
    return found


class Watch:
    """Looks at a process again and again, for the most that it has had."""

    def __init__(self, process: int) -> None:
        self._process, self._over = process, threading.Event()
        self._most = 0, 0
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while not self._over.wait(LOOK):
            self._most = max(self._most, resident(self._process))

    def most(self) -> tuple[int, int]:
        """Bytes of its own since the last call, and of files at that time."""
        found, self._most = self._most, (0, 0)
        return found

    def close(self) -> None:
        """Look no more."""
        self._over.set()


def resident(process: int) -> tuple[int, int]:
    """Bytes that a process has in memory, its own and those of files; 0 once it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0, 0
    found = [re.search(rf"Rss{kind}:\s+(\d+) kB", status) for kind in ("Anon", "File")]
    own, files = (int(each[1]) * 1024 if each else 0 for each in found)
    return own, files


@contextlib.contextmanager
def memory_group(gigabytes: float) -> Iterator[Path]:
    """A control group with so much memory and no swap; the file that takes in processes."""
    name, limit = f"nst-benchmark-{os.getpid()}", str(round(gigabytes * GB))
    second = (GROUPS / "cgroup.controllers").exists()
    group = (GROUPS if second else GROUPS / "memory") / name
    group.mkdir()
    try:
        if second:
            (group / "memory.max").write_text(limit)
            (group / "memory.swap.max").write_text("0")
        else:
            (group / "memory.limit_in_bytes").write_text(limit)
            (group / "memory.swappiness").write_text("0")
        drop_files()
        yield group / "cgroup.procs"
    finally:
        group.rmdir()


def drop_files() -> None:
    """Take the packages' files out of the system's cache, as far as nobody uses them."""
    for path in Path(sysconfig.get_path("platlib")).rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextlib.contextmanager
def page(members: Path, precision: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The page's server in a control group, and its address."""
    address = free_address()
    command = ["-m", "streamlit", "run", "streamlit_app.py", "--server.headless=true"]
    with tempfile.TemporaryDirectory() as folder:
        server = start(
            [*command, f"--server.port={address.rpartition(':')[2]}"],
            members,
            {**PRECISIONS[precision], "TMPDIR": folder},
        )
        try:
            wait_until_up(address)
            yield server, address
        finally:
            server.terminate()
            server.wait(60)


def start(
    arguments: Sequence[str], members: Path, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Python in a control group, with these arguments."""
    # The shell enters the group and becomes the program.
    enter = ["sh", "-c", f'echo $$ > "{members}" && exec "$@"', "sh"]
    return subprocess.Popen(
        [*enter, sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def paint(server: subprocess.Popen[bytes], address: str, side: int) -> bool:
    """Paint few iterations as a visitor; whether the server has lived through it."""
    query = f"photo={PHOTO}&resolution={side:,}&early_stop=false&iterations={ITERATIONS}"
    return visit(server, address, query)


def visit(server: subprocess.Popen[bytes], address: str, query: str) -> bool:
    """Paint once as a visitor; whether the server has lived through it."""
    with contextlib.suppress(OSError, ConnectionClosed):
        tab = Tab(address, query)
        tab.wait(lambda: tab.button("Paint"))
        tab.click("Paint")
        tab.wait(lambda: "Finished" in tab.texts(), PATIENCE)
        tab.close()
    return server.poll() is None


def paint_by_command(side: int, members: Path, precision: str) -> bool:
    """Whether the command line paints so large a canvas in a control group."""
    photo, artwork = (
        f"Resources/{kind}/{name}.jpg" for kind, name in (("content", PHOTO), ("styles", ARTWORK))
    )
    flags = [f"--resolution={side}", f"--iterations={ITERATIONS}", "--no-early-stop"]
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "nst", photo, artwork, "-o", f"{folder}/out.png", *flags]
        return start(command, members, PRECISIONS[precision]).wait() == 0


def held_section(found: dict[str, Held]) -> str:
    """The table of what the page holds."""
    build = "built for CUDA" if footprint.built_for_cuda() else "built for the CPU"
    rows = [
        f"{HELD}\n",
        f"The page's process where memory is short ({HELD_GIGABYTES} GB), with PyTorch {build}, in "
        "MB: its own memory, and what of files is in memory, which the system can drop. In "
        "`fastest` precision and in float32, as on a processor that has no bfloat16.\n",
        f"| when | {' | '.join(f'{name}: own | files' for name in found)} |",
        "| --- |" + " --- | --- |" * len(found),
    ]
    for when in next(iter(found.values())):
        pairs = [each[when] for each in found.values()]
        cells = [f"{own / MB:.0f} | {files / MB:.0f}" for own, files in pairs]
        rows.append(f"| {when} | {' | '.join(cells)} |")
    return "\n".join(rows)


def lasting_section(found: Sequence[Lasting]) -> str:
    """The table of what the page holds after a long time."""
    rows = [
        f"{LASTING}\n",
        f"The page's process at rest, where memory is short ({HELD_GIGABYTES} GB), in MB: its own "
        "memory, and what of files is in memory. One visitor comes after the other, and each has "
        f"another photo painted in another artwork, {VISITED[0]} to {VISITED[-1]} px.\n",
        "| minutes | paintings | own | files |",
        "| --- | --- | --- | --- |",
    ]
    for minutes, paintings, (own, files) in found:
        rows.append(f"| {minutes} | {paintings} | {own / MB:.0f} | {files / MB:.0f} |")
    return "\n".join(rows)


def little_section(found: Sequence[Little]) -> str:
    """The table of what little memory is enough for."""
    build = "built for CUDA" if footprint.built_for_cuda() else "built for the CPU"
    rows = [
        f"{LITTLE.format(found[0].gigabytes)}\n",
        f"In a control group without swap, with PyTorch {build}: the highest resolution that the "
        f"page offers, how many of {IN_A_ROW} paintings of it in a row came to their end, all "
        "square, the process' own memory and that of files at its peak, and whether the command "
        "line paints.\n",
        "| precision | offered | painted | own | files | "
        + " | ".join(f"`nst`, {side} px" for side in COMMAND_LINE)
        + " |",
        "| --- |" + " --- |" * (4 + len(COMMAND_LINE)),
    ]
    for each in found:
        own, files = each.most
        painted = ["yes" if each.command_line[side] else "no" for side in COMMAND_LINE]
        rows.append(
            f"| {each.precision} | {each.offered} px | {each.painted} of "
            f"{IN_A_ROW} | {own / MB:.0f} MB | {files / MB:.0f} MB | {' | '.join(painted)} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    main()
