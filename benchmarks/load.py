"""Many visitors at once on the real page: `python -m benchmarks.load --visitors 25 --minutes 10`.

Every visitor is a browser context of its own with a real websocket session, and paints a photo that
nobody else has. Some stop, some reload, some leave. Told at the end: how paintings ended, whether
anybody was given another's, and what the server holds in memory, threads and files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page
from playwright.sync_api import Error as BrowserError

from nst import images, recipe
from Resources.make_screenshots import ROOT, chromium, wait_until_up

QUERY = "resolution=64&iterations=20&effort=0.3"
WARM_UP = 0.2  # of the time, after which the server's level is taken


class Visitor:
    """One session: what it sent, what it waits for, and how its paintings ended."""

    def __init__(self, browser: Browser, address: str, number: int) -> None:
        self.browser, self.address, self.number = browser, address, number
        self.chance = random.Random(number)
        self.ends: Counter[str] = Counter()
        self.photo = b""
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
        if self.state == "choosing" and self._sees("button", "Paint"):
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
        elif page.get_by_text("try again in").is_visible():
            self.ends["told to come back"] += 1
            self._leave()
        elif self.chance.random() < 0.01:
            page.reload()
            self.ends["reloads"] += 1
        elif self.chance.random() < 0.01 and self._sees("button", "Stop"):
            page.get_by_role("button", name="Stop").first.click(timeout=2000)
            self.ends["stops"] += 1
            self._leave()
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

    def _leave(self) -> None:
        self.page.context.close()
        self.enter()

    def _sees(self, role: str, name: str) -> bool:
        found = self.page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
        return found.is_visible() and found.is_enabled()


def level(process: int, folder: str) -> dict[str, int]:
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
                told = visit(browser, address, server.pid, folder, options)
        finally:
            server.terminate()
            server.wait(60)
    print(json.dumps(told, indent=1))


def visit(
    browser: Browser, address: str, server: int, folder: str, options: argparse.Namespace
) -> dict[str, object]:
    """How it was: ends, troubles, and the server's level when warm and at the end."""
    began, end = time.monotonic(), 60 * options.minutes
    visitors = [Visitor(browser, address, number) for number in range(options.visitors)]
    troubles: Counter[str] = Counter()
    warm: dict[str, int] = {}
    while (passed := time.monotonic() - began) < end:
        for visitor in visitors:
            try:
                visitor.look()
            except BrowserError as error:  # what was there a moment ago has gone; look again
                troubles[str(error).splitlines()[0][:60]] += 1
        if not warm and passed > WARM_UP * end:
            warm = level(server, folder)
        time.sleep(0.2)
    ends: Counter[str] = sum((visitor.ends for visitor in visitors), Counter())
    return {
        "visitors": options.visitors,
        "minutes": options.minutes,
        "ends": ends,
        "troubles": troubles,
        "warm": warm,
        "end": level(server, folder),
    }


if __name__ == "__main__":
    main()
