"""What all browser tests share: a server, a browser and a page in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from Resources.make_screenshots import BROWSERS, PATIENCE, WIDE, chromium, served


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


@pytest.fixture(scope="package")
def tab(cached: BrowserContext) -> Page:
    """Where the pages of most tests are opened one after the other, in two thirds of the time."""
    return cached.new_page()


@pytest.fixture
def page(cached: BrowserContext, tab: Page) -> Iterator[Page]:
    """The tab of a visitor whom nobody knows: without cookies, and with nothing stored.

    Listeners, routes and scripts stay with a tab: who needs such things takes `window`.
    """
    cached.clear_cookies()
    tab.set_viewport_size(WIDE)
    yield tab
    if tab.url.startswith("http"):
        tab.evaluate("localStorage.clear(); sessionStorage.clear()")
    tab.goto("about:blank")


@pytest.fixture
def window(cached: BrowserContext) -> Iterator[Page]:
    """As `page`, in a window of its own."""
    cached.clear_cookies()
    page = cached.new_page()
    page.set_viewport_size(WIDE)
    yield page
    if page.url.startswith("http"):
        page.evaluate("localStorage.clear()")
    page.close()
