"""What stands under a finished painting, as one sees it: the bar, and what Share gives away."""

from __future__ import annotations

import base64
import io
import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from visitor import SECONDS, capture, difference, loaded, open_page, picture, shown, standing

BEGIN = 150 * SECONDS  # that the first painting of a server may take to begin on a busy machine
FINGER = 44  # px, the least height and width of what a finger is to hit
QUERY = "resolution=64&iterations=5,000&early_stop=false"
WIDE = {"viewport": {"width": 1360, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "has_touch": True}
# A share sheet that takes everything, and tells what it was given and whether at a click.
SHEET = """() => {
    window.taken = [];
    navigator.canShare = ({files}) => files.every(file => file instanceof File);
    navigator.share = async ({files: [file], title}) => {
        const url = new Promise(done => {
            const reader = new FileReader();
            reader.onload = () => done(reader.result);
            reader.readAsDataURL(file);
        });
        const atClick = navigator.userActivation.isActive;
        taken.push({title, name: file.name, type: file.type, atClick, url: await url});
    };
}"""
COPIED = """async () => {
    const [item] = await navigator.clipboard.read();
    const bitmap = await createImageBitmap(await item.getType("image/png"));
    return [bitmap.width, bitmap.height];
}"""
FORBID = """() => {
    navigator.clipboard.write = async () => { throw new DOMException("", "NotAllowedError"); };
}"""
CLOSED = """() => {
    navigator.share = async () => { throw new DOMException("", "AbortError"); };
}"""
ABOUT_THE_SHEET = "The painting as you see it, to the apps of this device."
CUT = """button => [button, ...button.querySelectorAll("p")].some(
    each => each.scrollWidth > each.clientWidth + 1)"""


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser's context in a window of the size that the test is given."""
    made = browser.new_context(**request.param, permissions=["clipboard-read", "clipboard-write"])
    made.set_default_timeout(60 * SECONDS)
    yield made
    made.close()


def box(locator: Locator) -> tuple[float, float, float, float]:
    """Left, top, right and bottom, px."""
    found = locator.bounding_box()
    assert found
    left, top = found["x"], found["y"]
    return left, top, left + found["width"], top + found["height"]


def sharp(image: Locator) -> None:
    """The picture has at least the pixels it is shown with, and not many more."""
    loaded(image)
    left, _, right, _ = box(image)
    natural, scale = image.evaluate("image => [image.naturalWidth, window.devicePixelRatio]")
    assert right - left <= natural <= 2 * scale * (right - left)


def in_bar(page: Page, name: str) -> Locator:
    return page.locator(".st-key-result_bar").get_by_role("button", name=name)


def painted(page: Page, server: str) -> None:
    """Paint, look at the picture on its way, and stop."""
    open_page(page, server, QUERY)
    page.keyboard.press("Control+Enter")  # as Paint does
    picture(page, "The painting so far").wait_for(timeout=BEGIN)
    sharp(picture(page, "The painting so far"))
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    standing(page, "is kept").wait_for()
    sharp(picture(page, "The painting:"))


def share(page: Page) -> tuple[dict[str, Any], Image.Image]:
    """What the sheet is given at a click, and the picture in it."""
    page.evaluate("() => { taken.length = 0; }")
    in_bar(page, "Share").or_(in_bar(page, "Copied")).click()
    page.wait_for_function("taken.length === 1")
    (taken,) = page.evaluate("taken")
    data = base64.b64decode(taken["url"].partition(",")[2])
    return taken, Image.open(io.BytesIO(data)).convert("RGB")


def check_bar(page: Page) -> None:
    """Four buttons in a row, under the painting and in sight, large enough and with nothing cut."""
    _, _, _, under = box(picture(page, "The painting:"))
    actions = page.locator(".st-key-actions")
    size = page.viewport_size or {}
    fold = box(actions)[1] if size["width"] < 400 else size["height"]
    boxes = []
    for name in ("Download PNG", "Share", "Compare", "Again"):
        found = in_bar(page, name)
        found.wait_for()
        boxes.append(box(found))
        assert not found.evaluate(CUT), name
    for left, top, right, bottom in boxes:
        assert min(right - left, bottom - top) >= FINGER
        assert (top, bottom) == pytest.approx((boxes[0][1], boxes[0][3]), abs=1)
        assert under <= top <= under + 24
        assert bottom <= fold
        assert 0 <= left < right <= size["width"]
    for one, other in itertools.pairwise(boxes):
        assert one[2] < other[0]


@pytest.mark.long  # a phone, where one shares, is in the test below
@pytest.mark.parametrize("context", [WIDE], indirect=True, ids=["wide"])
def test_share_opens_the_sheet_with_the_painting(context: BrowserContext, server: str) -> None:
    page = context.new_page()
    painted(page, server)
    check_bar(page)
    page.evaluate(SHEET)
    page.get_by_role("slider", name="Strength").press("Home")
    photo = shown(picture(page, "The photo:"))
    deadline = time.monotonic() + 60
    # The sheet is found, and the picture is there, when the page has been drawn anew.
    while difference(photo, shown(picture(page, "The painting:"))) > 3:
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)
    expect(in_bar(page, "Share")).to_have_attribute("title", ABOUT_THE_SHEET)
    while difference(photo, (given := share(page))[1]) > 3:
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)
    taken, sent = given
    assert (taken["name"], taken["type"]) == ("cat-in-night-sky.jpg", "image/jpeg")
    assert taken["title"] == "Cat in the style of Night sky"
    assert taken["atClick"]
    seen = shown(picture(page, "The painting:"))
    assert sent.size == seen.size
    assert difference(sent, seen) < 1
    page.evaluate(CLOSED)
    in_bar(page, "Share").click()
    page.wait_for_timeout(500)
    expect(in_bar(page, "Share").locator(".label")).to_have_text("Share")  # nothing was copied
    in_bar(page, "Compare").click()
    page.locator(".frame").wait_for()
    expect(in_bar(page, "Compare")).to_have_attribute("aria-pressed", "true")
    capture(page, "bar_wide")


@pytest.mark.parametrize("context", [PHONE], indirect=True, ids=["phone"])
def test_without_a_sheet_share_copies_or_saves(context: BrowserContext, server: str) -> None:
    page = context.new_page()
    painted(page, server)
    check_bar(page)
    capture(page, "bar_phone")
    size = shown(picture(page, "The painting:")).size
    in_bar(page, "Share").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert page.evaluate(COPIED) == list(size)
    page.evaluate(FORBID)
    with page.expect_download() as event:
        in_bar(page, "Copied").or_(in_bar(page, "Share")).click()
    assert event.value.suggested_filename == "cat-in-night-sky.jpg"
    with Image.open(event.value.path()) as saved:
        assert saved.size == size
    page.get_by_text("How it works").scroll_into_view_if_needed()
    in_bar(page, "Again").press("Enter")
    expect(page.locator(".st-key-result_bar")).to_have_count(0)
    assert "job=" not in page.url
    page.wait_for_function("() => document.activeElement.closest('.st-key-choosing')")
