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
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """What most pages share: the files of the page that the browser has fetched and compiled."""
    profile = browser.new_context(viewport={"width": 1360, "height": 900}, accept_downloads=True)
    profile.set_default_timeout(PATIENCE)
    yield profile
    profile.close()


@pytest.fixture
def page(profile: BrowserContext) -> Iterator[Page]:
    """A page of a new visitor, who is known by his cookie."""
    profile.clear_cookies()
    page = profile.new_page()
    yield page
    page.close()
