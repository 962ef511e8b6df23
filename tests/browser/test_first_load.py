"""What a browser that was never here before loads until one can paint."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Browser, Page, expect
from visitor import SECONDS

from Resources.make_screenshots import PATIENCE

MOST = 4_000_000  # bytes; files count as they come, which is compressed
PATIENT = 60.0  # seconds, on a machine that does much else; a quiet one takes two


def test_the_first_load_is_small(browser: Browser, server: str) -> None:
    context = browser.new_context(viewport={"width": 1360, "height": 900})  # its cache is empty
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    loaded = count_bytes(page)
    began = time.monotonic()
    page.goto(server)
    expect(page.get_by_role("button", name="Paint", exact=True)).to_be_enabled(
        timeout=PATIENT * SECONDS
    )
    assert time.monotonic() - began < PATIENT
    page.wait_for_load_state("networkidle")
    assert loaded["messages"] > 100_000  # the pictures to choose from; or nothing was counted
    assert loaded["files"] > 100_000
    assert sum(loaded.values()) < MOST, loaded
    context.close()


def count_bytes(page: Page) -> dict[str, int]:
    """Bytes of all that comes from now on, as files and as messages of the page's connection."""
    loaded = {"files": 0, "messages": 0}

    def count_file(event: dict[str, Any]) -> None:
        loaded["files"] += event["encodedDataLength"]

    def count_message(event: dict[str, Any]) -> None:
        # Binary messages are told as Base64.
        loaded["messages"] += len(event["response"]["payloadData"]) * 3 // 4

    session = page.context.new_cdp_session(page)
    session.on("Network.loadingFinished", count_file)
    session.on("Network.webSocketFrameReceived", count_message)
    session.send("Network.enable")
    return loaded
