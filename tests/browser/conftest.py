"""What all browser tests share: a server, a browser and a page in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from Resources.make_screenshots import BROWSERS, PATIENCE, chromium, served


@pytest.fixture(scope="package")
def server() -> Iterator[str]:
    """The address of a running server; whoever paints there waits or stops before it goes."""
    with served() as address:
        yield address


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Whichever Chromium is installed; on a build server its absence is a failure."""
    if not any(map(shutil.which, BROWSERS)):
        reason = f"no browser: none of {', '.join(BROWSERS)} is installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def cached(browser: Browser) -> Iterator[BrowserContext]:
    """Windows that share what they loaded: to fetch and read the page anew takes a second."""
    context = browser.new_context(accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(cached: BrowserContext) -> Iterator[Page]:
    """A window of a visitor whom nobody knows: without cookies, and with nothing stored."""
    cached.clear_cookies()
    page = cached.new_page()
    page.set_viewport_size({"width": 1360, "height": 900})
    yield page
    if page.url.startswith("http"):
        page.evaluate("localStorage.clear()")
    page.close()
