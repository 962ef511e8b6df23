"""What a browser is sent while it watches a painting."""

from __future__ import annotations

from playwright.sync_api import Page, WebSocket, expect

from Resources.make_screenshots import PAINTING, QUICK


def test_a_look_brings_only_what_changes(page: Page, server: str) -> None:
    heard: list[bytes] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: heard.append(bytes(frame)))

    page.on("websocket", listen)
    page.goto(f"{server}?{QUICK}")
    page.get_by_role("button", name="Paint", exact=True).click()
    expect(page.locator('img[alt^="The painting so far"]')).to_be_visible(timeout=PAINTING)
    expect(page.get_by_role("button", name="Try them all")).to_be_disabled()
    page.wait_for_timeout(1000)  # for the run that showed it first
    heard.clear()
    while sum(b"The painting so far" in each for each in heard) < 3:
        page.wait_for_timeout(100)
    for same in (b"The photo: ", b"The style: ", b"Try them all", b"Link to these settings"):
        assert not any(same in each for each in heard), same
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    expect(page.locator('img[alt^="The painting: "]')).to_be_visible(timeout=PAINTING)
