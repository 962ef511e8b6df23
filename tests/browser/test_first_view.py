"""The first look at the page, on the way to one's own painting: nothing moves, nothing flashes."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect
from visitor import SECONDS, capture, loaded, open_page, picture, standing

BEGIN = 150 * SECONDS  # that the first painting of a server may take to begin on a busy machine

# A camera of one's own, and how often it was asked for.
CAMERA = """
window.asked = 0;
navigator.mediaDevices.getUserMedia = async () => {
  window.asked += 1;
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
  const pen = canvas.getContext("2d");
  setInterval(() => {
    pen.fillStyle = "teal";
    pen.fillRect(0, 0, 320, 240);
    pen.fillStyle = "orange";
    pen.fillRect(80, 60, 160, 120);
  }, 50);
  return canvas.captureStream(20);
};
"""
# In every frame that the browser draws: how small the painting is, and how faint.
FRAMES = """
window.least = { height: Infinity, opacity: 1, pictures: 3 };
const look = () => {
  const pictures = [...document.querySelectorAll(".st-key-pictures img")];
  window.least.pictures = Math.min(window.least.pictures, pictures.length);
  for (const picture of pictures) {
    window.least.height = Math.min(window.least.height, picture.getBoundingClientRect().height);
    for (let at = picture; at; at = at.parentElement) {
      const opacity = Number(getComputedStyle(at).opacity);
      window.least.opacity = Math.min(window.least.opacity, opacity);
    }
  }
  requestAnimationFrame(look);
};
look();
"""


def places(page: Page) -> list[tuple[int, ...]]:
    """Where the pictures and the buttons that are always there lie: x, y, width and height."""
    locators = [
        *page.locator(".st-key-pictures img").all(),
        page.get_by_role("button", name="Paint", exact=True),
        page.get_by_role("button", name="Surprise me"),
        page.get_by_text("Where to paint"),
    ]
    boxes: list[Any] = [locator.bounding_box() for locator in locators]
    return [tuple(round(box[side]) for side in ("x", "y", "width", "height")) for box in boxes]


def test_from_the_first_look_to_the_end_nothing_moves(window: Page, server: str) -> None:
    window.add_init_script(CAMERA)
    open_page(window, server, "resolution=128&iterations=60&early_stop=false")
    at_rest = places(window)
    assert max(y + height for _, y, _, height in at_rest) <= 900  # all seen without scrolling
    window.evaluate(f"() => {{ {FRAMES} }}")
    window.get_by_role("button", name="Paint", exact=True).click()
    painting = picture(window, "The painting so far")
    painting.wait_for(timeout=BEGIN)
    loaded(painting)
    before = places(window)  # larger than at rest, and so they stay
    # All but where to paint, which goes with choosing.
    assert max(y + height for _, y, _, height in before[:-1]) <= 900
    standing(window, "Finished:").wait_for(timeout=BEGIN)
    loaded(picture(window, "The painting:"))
    assert places(window)[:-1] == before[:-1]
    least = window.evaluate("window.least")
    assert least["pictures"] == 3
    assert least["opacity"] == 1
    assert least["height"] >= at_rest[0][3] - 1

    # Chosen anew, what is seen is no longer photo + style = painting.
    window.locator(".st-key-sum").wait_for()
    title = picture(window, "The photo").get_attribute("alt")
    window.get_by_role("button", name="Surprise me").click()
    window.locator(".st-key-apart").wait_for()
    assert picture(window, "The photo").get_attribute("alt") != title

    assert window.evaluate("window.asked") == 0
    window.get_by_role("button", name="Take a photo").click()
    shutter = window.get_by_test_id("stCameraInputButton")
    expect(shutter).to_be_enabled()
    assert window.evaluate("window.asked") > 0
    capture(window, "camera")
    shutter.click()
    window.get_by_text("Photo: Your photo").wait_for()
    expect(shutter).to_be_hidden()
    expect(window.get_by_role("button", name="Paint", exact=True)).to_be_enabled()


def test_a_browser_that_is_slow_to_fetch_sees_every_painting(window: Page, server: str) -> None:
    open_page(window, server, "resolution=96&iterations=12&strength=0.9")
    window.route("**/media/**", lambda route: route.abort())  # the slowest there is
    window.evaluate(f"() => {{ {FRAMES} }}")
    height = places(window)[0][3]
    window.get_by_role("button", name="Paint", exact=True).click()
    standing(window, "Finished:").wait_for(timeout=BEGIN)
    loaded(picture(window, "The painting:"))
    assert window.evaluate("window.least")["height"] >= height - 1


def test_the_first_view_on_a_phone(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    open_page(page, server, "resolution=128&iterations=5,000&early_stop=false")
    capture(page, "rest_narrow")
    buttons = places(page)[3:5]
    page.get_by_role("button", name="Paint", exact=True).click()
    stop = page.get_by_test_id("stMain").get_by_role("button", name="Stop")
    stop.wait_for()
    picture(page, "The painting so far").wait_for(timeout=BEGIN)
    before = places(page)
    assert before[0][1] == before[1][1]  # photo and style share a row
    # But for the width of Surprise me, which gives way to Stop.
    assert [place[:2] for place in before[3:5]] == [place[:2] for place in buttons]
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    stop.click()
    page.get_by_role("button", name="Continue from this").wait_for()
    page.get_by_role("button", name="Finer strokes").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert places(page)[3][1] == before[3][1]
    page.get_by_role("button", name="Finer strokes").scroll_into_view_if_needed()
    capture(page, "again_narrow")
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
    page.get_by_role("radio", name="Cat").scroll_into_view_if_needed()  # without the sidebar
