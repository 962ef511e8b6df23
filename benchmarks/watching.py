"""What it costs to watch a painting on the page, and how long one takes there.

    python -m benchmarks.watching                  about six minutes, on a quiet machine
    python -m benchmarks.watching --rounds 1 --seconds 5 --dry

**Watching.** A painter and those who watch it share a process, and the painter's own thread makes
the pictures that they see. So here the server has a painter that only waits and hands out pictures
at the usual pace (`benchmarks.stand_in`): all that its process works is for those who watch. Told
are shares of a core, for the server's process and for all processes of the browser: with the page
at rest, closed while its painting goes on, watched, and watched with the losses open.

**Painting.** The picture that the page offers at first, with the default settings, on a server and
on the command line, in turns. On the page it takes from the click on Paint until the finished
painting is seen, in Chromium on the same cores. On the command line it takes from the start of the
command until it has ended, with all that it has to load, as whoever types it waits; and, to tell
what the browser costs, from the call until the file is written in a process that keeps its network
as the server does (`benchmarks.child command`). Server and this process have painted the same
before, with less effort.

The tables go into benchmarks/RESULTS.md.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, expect

from benchmarks.__main__ import replace_section
from nst import samples
from Resources.make_screenshots import PAINTING, ROOT, SECONDS, WIDE, chromium, wait_until_up

TITLE = "## Watching a painting on the page"
ROUNDS, LOOK = 3, 6.0  # seconds of each look at the processes
CALM = 3 * SECONDS  # until a page that was opened or changed has come to rest
SITUATIONS = (
    "the page at rest, nothing is painted",
    "the page is closed, its painting goes on",
    "watched",
    "watched, with the losses open",
)
PAGE = ("streamlit", "run", "streamlit_app.py", "--server.headless=true", "--server.port")
TICKS = os.sysconf("SC_CLK_TCK")  # a second, in which /proc counts
# Begins at the click, ends when the finished painting can be seen; in milliseconds.
TAKES = """() => {
    window.took = new Promise(tell => addEventListener("click", () => {
        const began = performance.now();
        const observer = new MutationObserver(async () => {
            const painting = document.querySelector('img[alt^="The painting: "]');
            if (!painting) return;
            observer.disconnect();
            await painting.decode();
            requestAnimationFrame(() => tell(performance.now() - began));
        });
        observer.observe(document, { subtree: true, childList: true, attributeFilter: ["alt"] });
    }, { once: true, capture: true }));
}"""


class Work(NamedTuple):
    """Shares of a core."""

    server: float
    browser: float


class Times(NamedTuple):
    """Seconds of the default painting: on the page, by a command, and with the network loaded."""

    page: float
    command: float
    loaded: float


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Measure what watching a painting costs.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=LOOK, help="of each look at the processes")
    parser.add_argument("--dry", action="store_true", help="print the section, and write nothing")
    options = parser.parse_args()
    with chromium() as browser:
        work = watch(browser, options.rounds, options.seconds)
        times = paint(browser, options.rounds)
    if options.dry:
        print(section(work, times))
    else:
        replace_section(section(work, times))


@contextlib.contextmanager
def served(*command: str) -> Iterator[tuple[str, int]]:
    """Address and process of a server that this command starts, which takes its port last."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [sys.executable, "-m", *command, str(port)], cwd=ROOT, stdout=subprocess.DEVNULL
    ) as process:
        try:
            wait_until_up(address)
            yield address, process.pid
        finally:
            process.terminate()


def watch(browser: Browser, rounds: int, seconds: float) -> dict[str, Work]:
    """What server and browser work in each of `SITUATIONS`."""
    found: dict[str, list[Work]] = {name: [] for name in SITUATIONS}
    with served("benchmarks.stand_in") as (address, server):
        for _ in range(rounds):
            page = _opened(browser, address)
            for name in SITUATIONS:
                _go_to(page, name, address)
                page.wait_for_timeout(CALM)
                found[name].append(_work(server, seconds))
            page.get_by_role("button", name="Stop").click()
            expect(page.locator('img[alt^="The painting: "]')).to_be_visible()
            page.close()
    return {
        name: Work(*map(statistics.median, zip(*each, strict=True))) for name, each in found.items()
    }


def _opened(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport=WIDE)
    page.goto(address)
    expect(page.get_by_role("button", name="Paint", exact=True)).to_be_enabled()
    return page


def _go_to(page: Page, situation: str, address: str) -> None:
    """Bring the page from the situation before into this one."""
    _, closed, watched, curious = SITUATIONS
    if situation == closed:
        page.get_by_role("button", name="Paint", exact=True).click()
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        page.wait_for_url("**job=*")
        page.goto("about:blank")
    elif situation == watched:
        page.go_back()
        expect(page.locator('img[alt^="The painting so far"]')).to_be_visible()
    elif situation == curious:
        page.get_by_text("For the curious: losses").click()
        expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible()


def _work(server: int, seconds: float) -> Work:
    """What they work on the mean of the next seconds."""
    before, began = _processor_times(), time.monotonic()
    time.sleep(seconds)
    after, passed = _processor_times(), time.monotonic() - began
    spent = {each: after[each] - before.get(each, 0.0) for each in after}
    browser = sum(seconds for each, seconds in spent.items() if each != server)
    return Work(spent[server] / passed, browser / passed)


def _processor_times() -> dict[int, float]:
    """Seconds that each process has worked which this one started, or one of them."""
    parents, seconds = {}, {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            fields = file.read_text().rpartition(")")[2].split()
            number = int(file.parent.name)
            parents[number], seconds[number] = int(fields[1]), sum(map(int, fields[11:13])) / TICKS
    return {each: seconds[each] for each in parents if _descends(each, parents)}


def _descends(process: int, parents: dict[int, int]) -> bool:
    while process := parents.get(process, 0):
        if process == os.getpid():
            return True
    return False


def paint(browser: Browser, rounds: int) -> list[Times]:
    """How long the same painting takes on the page and on the command line, in each turn."""
    with served(*PAGE) as (address, _):
        _on_page(browser, f"{address}?effort=0.1")
        return [
            Times(_on_page(browser, address), _on_command_line(), _on_command_line_loaded())
            for _ in range(rounds)
        ]


def _on_page(browser: Browser, address: str) -> float:
    page = _opened(browser, address)
    page.wait_for_timeout(CALM)
    page.evaluate(TAKES)
    page.get_by_role("button", name="Paint", exact=True).click()
    page.set_default_timeout(PAINTING)
    took: float = page.evaluate("window.took")
    page.close()
    return took / SECONDS


def _on_command_line() -> float:
    photo, style = samples.folder("content") / "cat.jpg", samples.folder("styles") / "night_sky.jpg"
    with tempfile.TemporaryDirectory() as folder:
        files = [str(photo), str(style), "-o", f"{folder}/out.png"]
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "nst", *files, "--quiet"], cwd=ROOT, check=True)
        return time.perf_counter() - began


def _on_command_line_loaded() -> float:
    command = [sys.executable, "-m", "benchmarks.child", "command"]
    printed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return float(printed.stdout.splitlines()[-1])


def section(work: dict[str, Work], times: list[Times]) -> str:
    """The tables."""
    lines = [
        f"{TITLE}\n",
        "What the server's process and all of Chromium's work, in shares of a core, with a painter "
        "that only waits and hands out pictures at the pace of the default painting.\n",
        "| situation | server | Chromium |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {name} | {each.server:.1%} | {each.browser:.1%} |" for name, each in work.items()]
    page, command, loaded = map(statistics.median, zip(*times, strict=True))
    lines += [
        "\nThe default painting in Chromium, from the click on Paint until the finished painting "
        "is seen, with the network loaded; as a command, from its start to its end; and on the "
        "command line with the network loaded, too. On the same cores; each ratio is the median "
        "of the turns'.\n",
        "| page | command | page, of it | command, loaded | page, of it |",
        "| --- | --- | --- | --- | --- |",
        f"| {page:.2f} s | {command:.2f} s | "
        f"{statistics.median(each.page / each.command for each in times):.2f} | {loaded:.2f} s | "
        f"{statistics.median(each.page / each.loaded for each in times):.2f} |",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
