"""What a visitor is told of a painting and can do next: Back, keys, and a lost connection."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect
from visitor import SECONDS, capture, open_page, picture, standing

QUERY = "resolution=64&iterations=5,000&early_stop=false"
BEGIN = 150 * SECONDS  # that the first painting of a server may take to begin on a busy machine
AGAIN = 60 * SECONDS  # that Streamlit may take to try again
SERVER = re.compile("_stcore/(health|host-config)")
# Every dialog that was seen, if only for a moment.
DIALOGS = """
window.dialogs = new Set();
new MutationObserver(() => {
  for (const each of document.querySelectorAll('[role="dialog"]')) {
    if (each.checkVisibility()) window.dialogs.add(each.textContent);
  }
}).observe(document, { childList: true, subtree: true });
"""
# Milliseconds from a click on a button to the first look at which what the words stand for is true.
ANSWER = """(button, words) => new Promise(answered => {
    const [began, holds] = [performance.now(), new Function(`return ${words}`)];
    const look = () => holds() ? answered(performance.now() - began) : requestAnimationFrame(look);
    button.click();
    look();
})"""
STOPPING = """document.querySelector(".st-key-stop button")?.innerText.includes("Stopping")
    || !document.querySelector(".st-key-stop")"""
CAT = """document.querySelector('img[alt="The photo: Cat"]')"""


class Connection:
    """The way to the server, which can be cut and mended."""

    def __init__(self, page: Page) -> None:
        self._cut, self._sockets = False, list[WebSocketRoute]()
        page.route_web_socket("**/_stcore/stream", self._connect)
        page.route(SERVER, self._ask)

    def cut(self) -> None:
        self._cut = True
        for socket in self._sockets:
            socket.close()

    def mend(self) -> None:
        self._cut = False
        self._sockets.clear()

    def _connect(self, socket: WebSocketRoute) -> None:
        if self._cut:
            socket.close()
        else:
            socket.connect_to_server()
            self._sockets.append(socket)

    def _ask(self, route: Route) -> None:
        if self._cut:
            route.abort()
        else:
            route.continue_()


def button(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def chosen(page: Page, photo: str, style: str) -> None:
    """Photo and style that are shown beside the painting."""
    picture(page, f"The photo: {photo}").wait_for()
    picture(page, f"The style: {style}").wait_for()


def test_back_undoes_a_choice_or_leaves(window: Page, server: str) -> None:
    window.goto("about:blank")
    open_page(window, server, QUERY)
    entries: Callable[[], int] = lambda: window.evaluate("history.length")  # noqa: E731
    first = entries()
    window.get_by_role("radio", name="Rocket").click()
    chosen(window, "Rocket", "Night sky")
    expect(window).to_have_url(re.compile("photo=rocket"))
    window.get_by_role("radio", name="Watercolour").click()
    chosen(window, "Rocket", "Watercolour")
    expect(window).to_have_url(re.compile("style=watercolour"))
    weight = window.locator(".st-key-content_weight input").first
    for _ in range(2):
        weight.press("ArrowRight")
    expect(window).to_have_url(re.compile("content_weight="))
    assert entries() == first + 2  # the setting is no step back
    window.get_by_role("button", name="Surprise me").click()
    expect(picture(window, "The photo: Rocket")).to_have_count(0)
    expect(window).not_to_have_url(re.compile("style=watercolour"))
    assert entries() == first + 3  # photo and style, and yet one choice
    window.go_back()
    chosen(window, "Rocket", "Watercolour")
    window.go_back()
    chosen(window, "Rocket", "Night sky")
    window.go_forward()
    chosen(window, "Rocket", "Watercolour")
    window.go_back()
    window.go_back()
    chosen(window, "Cat", "Night sky")
    window.go_back()
    assert window.url == "about:blank"


@pytest.mark.long  # the server's part in it is in test_visitors
def test_keys_lead_on_and_a_lost_connection_is_told(window: Page, server: str) -> None:
    connection = Connection(window)
    window.add_init_script(DIALOGS)
    open_page(window, server, QUERY)
    lost = window.get_by_role("status").filter(has_text="Connection lost")
    connection.cut()
    expect(lost).to_have_text("Connection lost; trying again …")
    connection.mend()
    expect(lost).to_have_count(0, timeout=AGAIN)

    button(window, "Paint").press("Enter")
    expect(button(window, "Stop")).to_be_focused(timeout=BEGIN)
    standing(window, "left, ").wait_for(timeout=BEGIN)
    window.get_by_role("radio", name="Rocket").click()
    told = "This is Cat in the style of Night sky; what is chosen now comes with the next Paint."
    window.get_by_text(told).wait_for()
    capture(window, "another_chosen")

    address = window.url
    connection.cut()
    expect(lost).to_have_text("Connection lost; your painting goes on.")
    expect(standing(window, "left, ")).to_be_hidden()  # that is no longer true
    window.wait_for_function("window.dialogs.size")  # Streamlit's own advice comes, and is closed
    expect(window.get_by_role("dialog")).to_have_count(0)
    capture(window, "lost")
    window.set_viewport_size({"width": 360, "height": 740})
    window.emulate_media(color_scheme="dark")
    expect(lost).to_be_in_viewport(ratio=1)  # wherever the page is scrolled to
    capture(window, "lost_narrow")
    window.set_viewport_size({"width": 1360, "height": 900})
    connection.mend()
    expect(lost).to_have_count(0, timeout=AGAIN)
    standing(window, "left, ").wait_for()
    assert window.url == address

    button(window, "Stop").press("Enter")
    expect(window.get_by_role("button", name="Download PNG")).to_be_focused()
    button(window, "Paint").click()
    expect(button(window, "Stop")).to_be_enabled()
    picture(window, "The painting so far: Rocket").wait_for(timeout=BEGIN)
    assert not button(window, "Stop").evaluate("stop => stop === document.activeElement")
    # Stop answers by itself, and not with the window, which is slower.
    choice = window.get_by_role("radio", name="Cat").evaluate(ANSWER, CAT)
    answer = button(window, "Stop").evaluate(ANSWER, STOPPING)
    assert answer < 2 * choice
    expect(window.get_by_role("button", name="Download PNG")).to_be_enabled()
