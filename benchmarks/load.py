"""Many visitors at once on the real page: `python -m benchmarks.load --visitors 25 --minutes 10`.

Every visitor is a browser context of its own with a real websocket session, and uploads a photo
that nobody else has. Some stop, some reload, some leave; who is told to come back does so some time
later. Told at the end: how the visits ended, whether anybody was given another's painting, and what
the server held in memory, threads and files after the warm-up and at the end.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page
from playwright.sync_api import Error as BrowserError

from nst import images, recipe
from Resources.make_screenshots import ROOT, chromium, wait_until_up

QUERY = "resolution=64&iterations=20&effort=0.3"
WARM_UP = 0.2  # of the time, after which the server's level is taken
WINDOW = 0.1  # of the time, over which it is taken
STEP = 5.0  # seconds between two looks at the server
SO_FAR = 'img[alt^="The painting so far"]'
AWAY = (10.0, 40.0)  # seconds until who was told to come back does


class Visitor:
    """One session: what it sent, what it waits for, and how its paintings ended."""

    def __init__(self, browser: Browser, address: str, number: int) -> None:
        self.browser, self.address, self.number = browser, address, number
        self.chance = random.Random(number)
        self.ends: Counter[str] = Counter()
        self.photo = b""
        self.back = 0.0  # when it comes again, by the monotonic clock
        self.enter()

    def enter(self) -> None:
        """Come with a photo of one's own."""
        colour = tuple(self.chance.randrange(256) for _ in range(3))
        self.photo = images.encode(Image.new("RGB", (64 + self.number, 64), colour))
        self.page: Page = self.browser.new_context(accept_downloads=True).new_page()
        self.page.goto(f"{self.address}/?{QUERY}")
        self.state = "choosing"

    def look(self) -> None:
        """Do what can be done now; never waits for long."""
        page = self.page
        if self.state == "away":
            if time.monotonic() > self.back:
                self.enter()
        elif self.state == "choosing" and self._sees("button", "Paint"):
            file = FilePayload(name="photo.png", mimeType="image/png", buffer=self.photo)
            page.locator('.st-key-own_photo input[type="file"]').set_input_files([file])
            self.state = "chosen"
        elif self.state == "chosen" and page.get_by_text("Photo: Your own photo").is_visible():
            page.get_by_role("button", name="Paint", exact=True).click(timeout=2000)
            self.state = "waiting"
        elif self.state == "waiting":
            self._wait()

    def _wait(self) -> None:
        page = self.page
        if page.get_by_text("Finished:").is_visible():
            self._end("finished")
        elif page.get_by_text("the picture is kept").is_visible():
            self._end("stopped")
        elif page.get_by_text("try again in").is_visible():
            self.ends["told to come back"] += 1
            self._leave(self.chance.uniform(*AWAY))
        elif self.chance.random() < 0.01:
            page.reload()
            self.ends["reloads"] += 1
        elif self.chance.random() < 0.02 and page.locator(SO_FAR).is_visible():
            page.get_by_test_id("stMain").get_by_role("button", name="Stop").click(timeout=2000)
        elif self.chance.random() < 0.005:
            self.ends["left"] += 1
            self._leave()

    def _end(self, how: str) -> None:
        with self.page.expect_download(timeout=10_000) as event:
            self.page.get_by_role("button", name="Download PNG").click(timeout=5000)
        made = recipe.read(event.value.path().read_bytes())
        own = made.content.sha256 == hashlib.sha256(self.photo).hexdigest()
        self.ends[how if own else "another's"] += 1
        self._leave()

    def _leave(self, seconds: float = 0.0) -> None:
        self.page.context.close()
        self.state, self.back = "away", time.monotonic() + seconds

    def _sees(self, role: str, name: str) -> bool:
        found = self.page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
        return found.is_visible() and found.is_enabled()


Level = dict[str, float]


def level(process: int, folder: str) -> Level:
    """Memory (MB), threads and files of the server."""
    status = Path(f"/proc/{process}/status").read_text()
    memory, threads = (int(status.partition(f"{name}:")[2].split()[0]) for name in LINES)
    files = sum(len(names) for _, _, names in os.walk(folder))
    return {"memory": memory // 1024, "threads": threads, "files": files}


LINES = ("VmRSS", "Threads")


def main(arguments: Sequence[str] | None = None) -> None:
    """Let them in, look after them, and tell how it was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=25)
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args(arguments)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    flags = ["--server.headless=true", f"--server.port={port}", "--server.fileWatcherType=none"]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TMPDIR": folder}
        server = subprocess.Popen([*command, *flags], cwd=ROOT, env=environment)
        try:
            wait_until_up(address)
            with chromium() as browser:
                told = visit(
                    browser,
                    address,
                    options.visitors,
                    60 * options.minutes,
                    lambda: level(server.pid, folder),
                )
        finally:
            server.terminate()
            server.wait(60)
    print(json.dumps(told, indent=1))


def visit(
    browser: Browser, address: str, count: int, seconds: float, look: Callable[[], Level]
) -> dict[str, object]:
    """How it was: ends, troubles, and the server's level when warm and at the end."""
    began, seen = time.monotonic(), -STEP
    visitors = [Visitor(browser, address, number) for number in range(count)]
    troubles: Counter[str] = Counter()
    levels: list[tuple[float, Level]] = []
    while (passed := time.monotonic() - began) < seconds:
        for visitor in visitors:
            try:
                visitor.look()
            except BrowserError as error:  # what was there a moment ago has gone; look again
                troubles[str(error).splitlines()[0][:60]] += 1
        if passed - seen >= STEP:
            levels.append((passed / seconds, look()))
            seen = passed
        time.sleep(0.2)
    levels.append((1.0, look()))
    for visitor in visitors:
        if visitor.state != "away":
            visitor.page.context.close()
    return {
        "visitors": count,
        "seconds": seconds,
        "ends": sum((visitor.ends for visitor in visitors), Counter()),
        "visitors with a painting": sum(visitor.ends["finished"] > 0 for visitor in visitors),
        "visitors without any answer": sum(not visitor.ends for visitor in visitors),
        "troubles": troubles,
        "warm": _median(levels, WARM_UP, WARM_UP + WINDOW),
        "end": _median(levels, 1 - WINDOW, 1),
    }


def _median(levels: Sequence[tuple[float, Level]], first: float, last: float) -> Level:
    """Of the looks in a part of the time."""
    chosen = [found for when, found in levels if first <= when <= last] or [levels[-1][1]]
    return {name: statistics.median(found[name] for found in chosen) for name in chosen[0]}


if __name__ == "__main__":
    main()
