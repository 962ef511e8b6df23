"""What all browser tests share: a server, a browser and a page in it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from visitor import ROOT, SECONDS

START_UP = 60  # seconds that a server may take to answer
PATIENCE = 60  # seconds that anything may take on a machine that is busy with other tests
expect.set_options(timeout=PATIENCE * SECONDS)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs all browser tests, so that they share the server and the browser."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def server() -> Iterator[str]:
    """The address of a running server; whoever paints there waits or stops before it goes."""
    yield from running_server()


@pytest.fixture
def own_server() -> Iterator[str]:
    """The address of a server that nobody else has been to."""
    yield from running_server()


def running_server() -> Iterator[str]:
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
    deadline = time.monotonic() + START_UP
    while True:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Whichever Chromium is installed; on a build server its absence is a failure."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        reason = f"no browser: none of {', '.join(names)} is installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1360, "height": 900}, accept_downloads=True)
    page.set_default_timeout(PATIENCE * SECONDS)
    yield page
    page.close()
