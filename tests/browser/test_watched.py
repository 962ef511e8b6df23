"""What a browser is sent while it watches a painting."""

from __future__ import annotations

from playwright.sync_api import Page, WebSocket, expect

from Resources.make_screenshots import PAINTING, QUICK


def test_a_look_brings_only_what_changes(window: Page, server: str) -> None:
    heard: list[bytes] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: heard.append(bytes(frame)))

    window.on("websocket", listen)
    window.goto(f"{server}?{QUICK}")
    window.get_by_role("button", name="Paint", exact=True).click()
    window.locator('img[alt^="The painting so far"]').wait_for(timeout=PAINTING)
    expect(window.get_by_role("button", name="Try them all")).to_be_disabled()
    window.wait_for_timeout(1000)  # for the run that showed it first
    heard.clear()
    while sum(b"The painting so far" in each for each in heard) < 3:
        window.wait_for_timeout(100)
    for same in (b"The photo: ", b"The style: ", b"Try them all", b"Link to these settings"):
        assert not any(same in each for each in heard), same
    window.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    window.locator('img[alt^="The painting: "]').wait_for(timeout=PAINTING)
