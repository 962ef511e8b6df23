"""The painting is what one sees: how much of the window it takes, and what stands beside it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect
from visitor import SECONDS, capture, loaded, open_page, picture, standing

BEGIN = 150 * SECONDS  # that the first painting of a server may take to begin on a busy machine
STILL = 4  # looks in a row at what has come to rest
FINGER = 44  # px, the least height of what a finger is to hit
QUERY = "resolution=64&iterations=5,000&early_stop=false"
LARGE = 1920  # px, a window that is too large for previews which are soon replaced
# The least share of a window for a landscape photo's painting.
WINDOWS = {(1360, 900): 0.30, (1920, 1080): 0.35, (360, 740): 0.0}


def box(locator: Locator) -> tuple[float, float, float, float]:
    """Left, top, right and bottom, px."""
    found = locator.bounding_box()
    assert found
    left, top = found["x"], found["y"]
    return left, top, left + found["width"], top + found["height"]


def at_rest(page: Page, locator: Locator) -> tuple[float, float, float, float]:
    """Its `box` as soon as it has been the same for a while: a window's new size takes effect."""
    found, same = box(locator), 0
    while same < STILL:
        page.wait_for_timeout(100)
        now = box(locator)
        found, same = now, same + 1 if now == found else 0
    return found


def check(page: Page, alt: str, window: tuple[int, int]) -> tuple[float, float, float, float]:
    """In a window of this size the painting takes the room; photo and style stand aside.

    Returns where the painting is.
    """
    page.set_viewport_size({"width": window[0], "height": window[1]})
    hero = picture(page, alt)
    loaded(hero)
    left, top, right, bottom = at_rest(page, hero)
    assert bottom <= window[1]  # seen without scrolling
    width, height = right - left, bottom - top
    assert width * height >= WINDOWS[window] * window[0] * window[1]
    natural = hero.evaluate("image => [image.naturalWidth, image.naturalHeight]")
    if "so far" not in alt or window[0] < LARGE:
        assert natural[0] >= width  # no picture is blown up
    assert natural[0] / natural[1] == pytest.approx(width / height, rel=0.02)
    for other in ("The photo", "The style"):
        beside = box(picture(page, other))
        assert beside[2] - beside[0] <= width / 3
        assert beside[2] <= left or beside[3] <= top  # beside it or above it
    if window[0] < 400:
        assert width == pytest.approx(window[0] - 32, abs=1)  # all but the margin
        assert bottom <= box(page.locator(".st-key-actions"))[1]  # and nothing lies on it
    return left, top, right, bottom


def test_the_painting_takes_the_room(page: Page, server: str) -> None:
    open_page(page, server, QUERY)
    paint = page.get_by_role("button", name="Paint", exact=True)
    expect(paint).to_have_attribute("data-testid", "stBaseButton-primary")
    paint.click()
    picture(page, "The painting so far").wait_for(timeout=BEGIN)
    standing(page, " left, ").wait_for()
    before = {window: check(page, "The painting so far", window) for window in WINDOWS}
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    standing(page, "is kept").wait_for()
    for window in WINDOWS:
        assert check(page, "The painting:", window) == pytest.approx(before[window], abs=1)
        capture(page, f"hero_{window[0]}")
    download = page.get_by_role("button", name="Download PNG")
    download.locator("..").or_(download).first.wait_for()
    expect(download).to_have_attribute("data-testid", "stBaseButton-primary")
    expect(paint).to_have_attribute("data-testid", "stBaseButton-secondary")
    # Another pair is chosen: to paint it is next.
    page.get_by_role("button", name="Surprise me").click()
    expect(paint).to_have_attribute("data-testid", "stBaseButton-primary")


def test_a_tall_photo_fits_into_the_window(page: Page, server: str) -> None:
    open_page(page, server, "photo=rocket")
    _, _, _, bottom = box(picture(page, "An example"))
    assert bottom <= 900


def test_a_painting_comes_into_view_and_stop_answers_at_once(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    open_page(page, server, QUERY)
    page.evaluate(
        """() => new MutationObserver(() => {
            const stopped = document.querySelector(".st-key-stop button:disabled");
            if (stopped && !window.answered) window.answered = performance.now();
        }).observe(document.body, {subtree: true, childList: true, attributes: true})"""
    )
    page.evaluate(
        """() => document.addEventListener("click", event => {
            if (event.target.closest(".st-key-stop")) window.pressed = performance.now();
        }, true)"""
    )
    page.get_by_role("button", name="Expand sidebar").click()
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar).to_have_attribute("data-collapsed", "false")
    paint = page.get_by_role("button", name="Paint", exact=True)
    paint.press("Enter")  # with a finger it cannot be pressed behind the sidebar
    picture(page, "The painting so far").wait_for(timeout=BEGIN)
    expect(sidebar).to_have_attribute("data-collapsed", "true")
    stop = page.get_by_test_id("stMain").get_by_role("button", name="Stop")
    stop.click()
    standing(page, "is kept").wait_for()
    # Some hundredths of a second; this machine may be busy with other things.
    assert page.evaluate("window.answered - window.pressed") < 1 * SECONDS

    page.get_by_text("How it works").scroll_into_view_if_needed()
    paint.click()
    expect(picture(page, "The painting so far")).to_be_in_viewport(ratio=0.95, timeout=BEGIN)
    stop.click()
    standing(page, "is kept").wait_for()


def test_a_painting_comes_into_view_where_choosing_stood_above_it(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 1180, "height": 800})  # too narrow for two columns
    open_page(page, server, QUERY)
    page.get_by_role("button", name="Paint", exact=True).click()  # which scrolls to it
    expect(picture(page, "The painting so far")).to_be_in_viewport(ratio=0.95, timeout=BEGIN)
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    expect(standing(page, "is kept")).to_be_in_viewport()


def test_paint_is_seen_at_once_on_a_small_laptop(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 1280 - 15, "height": 720})  # with a scrollbar
    open_page(page, server)
    expect(page.get_by_role("button", name="Paint", exact=True)).to_be_in_viewport(ratio=1)
    expect(picture(page, "An example")).to_be_in_viewport()
    tiles = page.locator(".st-key-gallery_styles [role=radio]")
    assert box(tiles.nth(0))[1] == box(tiles.nth(2))[1] < box(tiles.nth(3))[1]  # three a row


def test_what_a_thumb_hits_on_a_phone(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    open_page(page, server)
    for name in ("Paint", "Surprise me", "Try them all", "Link to these settings"):
        _, top, _, bottom = box(page.get_by_role("button", name=name, exact=True))
        assert bottom - top >= FINGER
    paint = page.get_by_role("button", name="Paint", exact=True)
    where = box(paint)
    assert where[3] > 740 - 2 * FINGER
    page.get_by_text("How it works").scroll_into_view_if_needed()
    assert box(paint) == pytest.approx(where, abs=1)  # it stays where it is
