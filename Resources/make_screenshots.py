"""Photograph the page for README and docs, and count what axe finds amiss in it.

    python -m Resources.make_screenshots [--out FOLDER]

A server of its own is started and walked through in Chromium. Screenshots go to
`Resources/screenshots`, with a sheet of all states for each scheme; the findings go to
`screenshots/axe.json`, and their numbers into docs/page.md.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from nst.pictures import writing

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "page.md"
FOLDER = Path(__file__).parent / "screenshots"
REPORT = ROOT / "screenshots" / "axe.json"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 1000.0  # Playwright counts in milliseconds
START_UP = 60  # seconds that a server may take to answer
PAINTING = 300 * SECONDS  # that a painting may take on a busy machine
PATIENCE = 60 * SECONDS  # with anything else: the machine may be busy
WIDE, PHONE = ViewportSize(width=1360, height=900), ViewportSize(width=360, height=740)
LARGE = ViewportSize(width=1920, height=1080)
HIGH, APART = 360, 8  # px, of a look in a sheet
QUALITY = 82
# A painting that is over soon, and lasts until it is stopped.
QUICK = "resolution=64&iterations=5,000&early_stop=false&refresh_every=20"
STATES = ("rest", "controls", "marking", "running", "finished", "explained")
GRAVE = ("serious", "critical")
TRIES = 3  # to find the page without what is grave
BEGIN, END = "<!-- counts of make_screenshots.py -->", "<!-- end of the counts -->"

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@dataclass(frozen=True)
class Finding:
    """An element that breaks a rule of axe, in a state of the page."""

    state: str  # of `STATES`
    width: int  # of the window, px
    scheme: str
    rule: str
    impact: str  # minor, moderate, serious or critical
    element: str  # the beginning of its HTML
    message: str


@dataclass(frozen=True)
class Look:
    """What a state of the page looks like."""

    state: str  # of `STATES`
    width: int  # of the window, px
    scheme: str
    picture: Image.Image


def main(arguments: Sequence[str] | None = None) -> None:
    """Take the screenshots and write the counts."""
    parser = argparse.ArgumentParser(description="Photograph the page for README and docs.")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the screenshots")
    folder = parser.parse_args(arguments).out
    folder.mkdir(parents=True, exist_ok=True)
    with served() as address, chromium() as browser:
        for name, data in photographs(browser, address):
            writing.write_atomically(data, folder / f"{name}.webp")
        looks: list[Look] = []
        findings = [
            finding
            for size in (WIDE, LARGE, PHONE)
            for finding in walk(browser, address, size, looks=looks)
        ]
    for scheme in SCHEMES:
        picture = sheet([look for look in looks if look.scheme == scheme])
        data = writing.encode(picture, "WEBP", QUALITY)
        writing.write_atomically(data, folder / f"states_{scheme}.webp")
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([vars(finding) for finding in findings], indent=1) + "\n")
    text = with_counts(PAGE.read_text(), findings)
    writing.write_atomically(text.encode(), PAGE)


@contextlib.contextmanager
def served() -> Iterator[str]:
    """The address of a server of one's own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    options = ["--server.headless=true", f"--server.port={port}", "--server.fileWatcherType=none"]
    with subprocess.Popen([*command, *options], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until_up(address)
            yield address
        finally:
            process.terminate()


def wait_until_up(address: str) -> None:
    """Return once the server answers; raises OSError after `START_UP` seconds."""
    deadline = time.monotonic() + START_UP
    while True:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Whichever Chromium is installed; raises SystemExit where none is."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise SystemExit(f"no browser: none of {', '.join(BROWSERS)} is installed")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def photographs(browser: Browser, address: str) -> Iterator[tuple[str, bytes]]:
    """Name and WebP of each screenshot: one painting with the default settings, on its way."""
    page = _opened(browser, address, WIDE)
    yield "rest", _photograph(page)
    page.get_by_role("button", name="Paint", exact=True).click()
    # Far enough for strokes and curves, whatever the pace.
    expect(page.get_by_text(re.compile(r"left, [5-9]\d %|Finished"))).to_be_visible(
        timeout=PAINTING
    )
    _settle(page)
    yield "running", _photograph(page)
    page.get_by_text("Finished:").wait_for(timeout=PAINTING)
    _settle(page)
    yield "finished", _photograph(page)
    page.emulate_media(color_scheme="dark")
    _settle(page)
    yield "dark", _photograph(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    _settle(page)
    page.locator('img[alt^="The painting"]').scroll_into_view_if_needed()
    _settle(page)
    yield "phone", _photograph(page)
    page.close()


def _photograph(page: Page) -> bytes:
    return writing.encode(_seen(page), "WEBP", QUALITY)


def _seen(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")


def sheet(looks: Sequence[Look]) -> Image.Image:
    """A row for each of `STATES`, with a column for each width of the window."""
    rows = []
    for state in STATES:
        seen = [look.picture for look in looks if look.state == state]
        rows.append([each.resize((each.width * HIGH // each.height, HIGH)) for each in seen])
    width = max(sum(each.width + APART for each in row) for row in rows) + APART
    made = Image.new("RGB", (width, len(rows) * (HIGH + APART) + APART), "grey")
    for number, row in enumerate(rows):
        left = APART
        for each in row:
            made.paste(each, (left, number * (HIGH + APART) + APART))
            left += each.width + APART
    return made


def _opened(browser: Browser, address: str, size: ViewportSize, query: str = "") -> Page:
    """The page at rest, with all its pictures."""
    page = browser.new_page(viewport=size, reduced_motion="reduce")
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}{'?' + query if query else ''}")
    page.get_by_role("button", name="Paint", exact=True, disabled=False).wait_for()
    _settle(page)
    return page


def _settle(page: Page) -> None:
    """Wait until no picture is under way and the page has been the same for a moment."""
    page.locator('img[alt^="The photo"]').first.wait_for()
    page.wait_for_function(
        "[...document.images].every(image => image.complete && image.naturalWidth)"
    )
    page.mouse.move(1, 1)
    page.wait_for_timeout(700)


def walk(
    browser: Browser,
    address: str,
    size: ViewportSize,
    schemes: Sequence[Scheme] = SCHEMES,
    looks: list[Look] | None = None,
) -> Iterator[Finding]:
    """What axe finds in each of `STATES` and in each scheme, in a window of this size.

    What they look like is added to `looks`.
    """
    page = _opened(browser, address, size, QUICK)
    for state in STATES:
        _go_to(page, state)
        for scheme in schemes:
            _change_scheme(page, scheme)
            for found in _lasting(page):
                yield Finding(state, size["width"], scheme, **found)
            if looks is not None:
                looks.append(Look(state, size["width"], scheme, _seen(page)))
    page.close()


def _lasting(page: Page) -> list[dict[str, Any]]:
    """What `audit` finds and still finds a moment later: colours do not all change at once."""
    found = list(audit(page))
    for _ in range(TRIES):
        if not any(each["impact"] in GRAVE for each in found):
            break
        page.wait_for_timeout(1 * SECONDS)
        found = list(audit(page))
    return found


def _go_to(page: Page, state: str) -> None:
    """Bring the page from the state before into this one."""
    if state == "controls":
        page.get_by_text("Where to paint").click()
        page.get_by_role("radio", name="What I mark").wait_for()
        if page.get_by_test_id("stExpandSidebarButton").is_visible():  # a phone
            page.get_by_test_id("stExpandSidebarButton").click()
        page.get_by_text("Advanced", exact=True).click()
        page.get_by_text("Square canvas").wait_for()
    elif state == "marking":
        if page.viewport_size == PHONE:
            page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
        page.get_by_role("radio", name="What I mark").click()
        page.get_by_role("button", name="Invert").click()
        expect(page.get_by_role("button", name="Clear", exact=True)).to_be_enabled()
    elif state == "running":
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("radio", name="Everything").click()
        page.get_by_role("button", name="Paint", exact=True).click()
        painting = page.locator('img[alt^="The painting so far"]')
        painting.wait_for(timeout=PAINTING)
    elif state == "finished":
        page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
        page.get_by_role("button", name="Compare").click()
        page.locator(".frame").wait_for()
        page.get_by_role("button", name="More files").click()
        page.get_by_role("button", name="Side by side").wait_for()
    elif state == "explained":
        page.keyboard.press("Escape")
        page.get_by_text("How it works").click()
        page.locator('img[alt^="The finished painting"]').wait_for()


def _change_scheme(page: Page, scheme: Scheme) -> None:
    """Make the page light or dark, and wait until it is."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.wait_for_function(
        """scheme => {
            const paper = getComputedStyle(document.querySelector(".stApp")).backgroundColor;
            return (parseInt(paper.match(/\\d+/)[0]) > 127) === (scheme === "light");
        }""",
        arg=scheme,
    )


def audit(page: Page) -> Iterator[dict[str, Any]]:
    """What axe finds amiss in the page as it is now, or a page too wide; see `Finding`."""
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        message = "The page is wider than its window."
        yield {"rule": "reflow", "impact": "serious", "element": "<html>", "message": message}
    options = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
    for violation in Axe().run(page, options=options).response["violations"]:
        for node in violation["nodes"]:
            checks = [*node["any"], *node["all"], *node["none"]]
            yield {
                "rule": violation["id"],
                "impact": violation["impact"],
                "element": node["html"][:300],
                "message": " ".join(check["message"] for check in checks)[:300],
            }


def with_counts(document: str, findings: Sequence[Finding]) -> str:
    """The document with the table of these findings between its two marks."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    impacts = ("critical", "serious", "moderate", "minor")
    lines = [
        "| state of the page | " + " | ".join(impacts) + " |",
        "| --- |" + " ---: |" * len(impacts),
    ]
    for state in STATES:
        counts = [
            sum(finding.state == state and finding.impact == impact for finding in findings)
            for impact in impacts
        ]
        lines.append(f"| {state} | " + " | ".join(map(str, counts)) + " |")
    return f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}"


if __name__ == "__main__":
    main()
