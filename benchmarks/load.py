"""Many visitors at once on the real page: `python -m benchmarks.load --visitors 25 --minutes 10`.

Every visitor is a session of its own, with a real websocket (`benchmarks.tab`), and uploads a photo
that nobody else has. Some stop, some reload or lose the connection, some leave; who is told to come
back does so some time later. Told at the end: how the visits ended, whether anybody was given
another's painting, how long it took, and what the server held in memory, threads and files in each
tenth of the time; after two of them it is warm.
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
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from benchmarks.tab import PATIENCE, Tab
from nst.pictures import writing
from nst.studio import recipe
from page.progress import READY
from Resources.make_screenshots import ROOT, wait_until_up

QUERY = "resolution=64&iterations=20&effort=0.3"
STEP = 5.0  # seconds between two looks at the server
CHANCES = {"reloads": 0.01, "lost connections": 0.01, "left": 0.005, "stops": 0.02}  # a second
AWAY = (10.0, 40.0)  # seconds until who was told to come back does
LONGEST = 300.0  # seconds after closing time that a painting may take
NETWORK = 0.3  # seconds from a file's address to the request for it, as on a slow connection


class Visitor(threading.Thread):
    """One who comes with a photo, waits for its painting, takes it home, and comes again."""

    def __init__(self, address: str, number: int, until: float) -> None:
        super().__init__(name=f"visitor {number}")
        self.address, self.number, self.until = address, number, until
        self.chance = random.Random(number)
        self.ends: Counter[str] = Counter()  # how visits ended, and what happened meanwhile
        self.troubles: Counter[str] = Counter()
        self.seconds: dict[str, list[float]] = {"page": [], "painting": []}  # until they were seen

    def run(self) -> None:
        """Come again and again until the time is over."""
        while time.monotonic() < self.until:
            try:
                away = self._visit()
            except (OSError, LookupError, TimeoutError) as error:
                self.troubles[" ".join(f"{type(error).__name__}: {error}".split())[:300]] += 1
                away = 1.0
            time.sleep(max(0.0, min(away, self.until - time.monotonic())))

    def _visit(self) -> float:
        """One visit; returns for how many seconds to be away."""
        colour = tuple(self.chance.randrange(256) for _ in range(3))
        photo = writing.encode(Image.new("RGB", (64 + self.number, 64), colour))
        began = time.monotonic()
        tab = Tab(self.address, QUERY)
        try:
            tab.wait(lambda: tab.button("Paint"))
            self.seconds["page"].append(time.monotonic() - began)
            tab.upload("own_photo", "photo.png", photo)
            tab.wait(lambda: "Photo: Your photo" in tab.texts() and tab.button("Paint"))
            began = time.monotonic()
            tab.click("Paint")
            how = self._wait(tab)
            if how in ("finished", "stopped"):
                self.seconds["painting"].append(time.monotonic() - began)
                how = self._take_home(tab, photo, how)
        finally:
            tab.close()
        self.ends[how] += 1
        return self.chance.uniform(*AWAY) if how == "told to come back" else 0.0

    def _wait(self, tab: Tab) -> str:
        """Look after the painting until it has ended, also after closing time, or until leaving."""
        while time.monotonic() < self.until + LONGEST:
            before = time.monotonic()
            tab.look(0.3)
            texts = tab.texts()
            if tab.button("Show it"):  # it had begun after all
                tab.click("Show it")
            if "Finished:" in texts:
                return "finished"
            if "the picture is kept" in texts:
                return "stopped"
            if "Taken out of the queue" in texts:
                return "stopped while waiting"
            if "try again in" in texts:
                return "told to come back"
            chance = self.chance.random() / (time.monotonic() - before)
            if chance < CHANCES["reloads"]:
                if not self._again(tab, tab.reload, "reloads"):
                    return "reloaded before it began"  # and the photo is to be chosen anew
            elif (chance := chance - CHANCES["reloads"]) < CHANCES["lost connections"]:
                if not self._again(tab, tab.reconnect, "lost connections"):
                    self.ends["pressed Paint once more"] += 1
                    tab.click("Paint")
            elif (chance := chance - CHANCES["lost connections"]) < CHANCES["left"]:
                return "left"
            elif (chance := chance - CHANCES["left"]) < CHANCES["stops"] and tab.button("Stop"):
                tab.click("Stop")
        raise TimeoutError(f"still waiting: {tab.texts()[-300:]}")

    def _again(self, tab: Tab, come: Callable[[], None], how: str) -> bool:
        """Come back to the page; whether the same painting is there, or none had begun."""
        job = tab.query.partition("job=")[2]
        come()
        self.ends[how] += 1
        tab.wait(lambda: tab.runs and "Looking for your painting" not in tab.texts())
        if job and "no longer kept" in tab.texts():
            raise LookupError(f"the painting was lost at {how}")
        tab.look(2.0)
        return READY not in tab.texts()

    def _take_home(self, tab: Tab, photo: bytes, how: str) -> str:
        made = recipe.read(tab.download("Download PNG", NETWORK))
        own = made.content.sha256 == hashlib.sha256(photo).hexdigest()
        return how if own else "another's"


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
    address = free_address()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    flags = ["--server.headless=true", f"--server.port={address.rpartition(':')[2]}"]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TMPDIR": folder}
        server = subprocess.Popen([*command, *flags], cwd=ROOT, env=environment)
        try:
            wait_until_up(address)
            told = visit(
                address, options.visitors, 60 * options.minutes, lambda: level(server.pid, folder)
            )
        finally:
            server.terminate()
            server.wait(60)
    print(json.dumps(told, indent=1))


def free_address() -> str:
    """The address of a server that may be started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def visit(address: str, count: int, seconds: float, look: Callable[[], Level]) -> dict[str, object]:
    """How it was: ends, troubles, and the server's levels from the beginning to the end."""
    began = time.monotonic()
    visitors = [Visitor(address, number, began + seconds) for number in range(count)]
    for visitor in visitors:
        visitor.start()
    levels: list[tuple[float, Level]] = []
    while (passed := time.monotonic() - began) < seconds:
        levels.append((passed / seconds, look()))
        time.sleep(min(STEP, seconds / 20))
    levels.append((1.0, look()))
    for visitor in visitors:
        visitor.join(LONGEST + 2 * PATIENCE)
    return {
        "visitors": count,
        "seconds": seconds,
        "ends": sum((visitor.ends for visitor in visitors), Counter()),
        "visitors with a painting": sum(_painted(visitor) for visitor in visitors),
        "visitors without any answer": sum(not _answered(visitor) for visitor in visitors),
        "troubles": sum((visitor.troubles for visitor in visitors), Counter()),
        "median and longest seconds": {
            what: (round(statistics.median(found), 1), round(max(found), 1))
            for what in ("page", "painting")
            if (found := [each for visitor in visitors for each in visitor.seconds[what]])
        },
        "levels by tenths of the time": [
            _median(levels, tenth / 10, (tenth + 1) / 10) for tenth in range(10)
        ],
    }


def _painted(visitor: Visitor) -> bool:
    return visitor.ends["finished"] + visitor.ends["stopped"] > 0


def _answered(visitor: Visitor) -> bool:
    """Whether there was an end of their own making, a painting, or a word about when to come."""
    told = ("told to come back", "stopped while waiting", "left")
    return _painted(visitor) or any(visitor.ends[how] for how in told)


def _median(levels: Sequence[tuple[float, Level]], first: float, last: float) -> Level:
    """The median of each level that was measured between two moments, in seconds."""
    chosen = [found for when, found in levels if first <= when <= last] or [levels[-1][1]]
    return {name: statistics.median(found[name] for found in chosen) for name in chosen[0]}


if __name__ == "__main__":
    main()
