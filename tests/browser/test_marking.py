"""Marking a part of a photo in its dialog: by mouse, by finger and by keyboard."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from visitor import ROOT, capture, difference, download, open_page, paint, picture, shown, unfold

from nst.pictures import reading
from Resources import make_screenshots
from Resources.make_screenshots import GRAVE, PATIENCE, PHONE

TOUCH = "Input.dispatchTouchEvent"
# Masks, which come as data, are read only after a while.
SLOW = """
const { set, ...rest } = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
Object.defineProperty(HTMLImageElement.prototype, "src", {
  ...rest,
  set(address) {
    setTimeout(() => set.call(this, address), address.startsWith("data:image/png") ? 300 : 0);
  },
});
"""


def open_dialog(page: Page, server: str, query: str) -> Locator:
    """The canvas, once its photo is there."""
    open_page(page, server, query)
    unfold(page, "Where to paint")
    page.get_by_role("radio", name="What I mark").click()
    canvas = page.get_by_role("application")
    canvas.wait_for()
    page.wait_for_function("canvas => canvas.width > 300", arg=canvas.element_handle())
    page.wait_for_timeout(500)  # the dialog has come to rest
    return canvas


def seen(canvas: Locator) -> Image.Image:
    """What the canvas shows, once it has been drawn."""
    url = canvas.evaluate(
        """canvas => new Promise(done => requestAnimationFrame(
            () => requestAnimationFrame(() => done(canvas.toDataURL()))))"""
    )
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")


def changes(one: Image.Image, other: Image.Image) -> list[float]:
    """How much two pictures differ in each quarter: above left and right, below left and right."""
    width, height = one.size
    halves = (0, 0, width // 2, height // 2), (width // 2, 0, width, height // 2)
    boxes = [*halves, *((left, height // 2, right, height) for left, _, right, _ in halves)]
    return [difference(one.crop(box), other.crop(box)) for box in boxes]


def kept(photo: Image.Image, shown: Image.Image, at: tuple[int, int]) -> float:
    """How much of the photo's light there still is: more where it is tinted than where dimmed."""
    return sum(shown.getpixel(at)) / sum(photo.getpixel(at))


def drag(page: Page, canvas: Locator, *points: tuple[float, float]) -> None:
    """Draw with the mouse, from point to point in parts of the canvas."""
    box = canvas.bounding_box()
    assert box
    for number, (x, y) in enumerate(points):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6)
        if number == 0:
            page.mouse.down()
    page.mouse.up()
    page.mouse.move(1, 1)


def test_a_part_is_marked_seen_and_painted(page: Page, server: str) -> None:
    canvas = open_dialog(page, server, "resolution=64&iterations=20&effort=0.5")
    box = canvas.bounding_box()
    assert box
    assert box["width"] == pytest.approx(700, abs=1)
    expect(page.get_by_role("button", name="Done")).to_be_in_viewport()
    photo = seen(canvas)

    page.get_by_role("radio", name="Rectangle").check()
    drag(page, canvas, (0.5, 0.0), (1.0, 1.0))
    above_left, above_right, below_left, _ = changes(photo, seen(canvas))
    assert min(above_left, below_left) > 2 * above_right > 10  # dimmed more than tinted
    page.get_by_role("button", name="Undo").click()
    assert max(changes(photo, seen(canvas))) == 0
    drag(page, canvas, (0.1, 0.1), (0.4, 0.4))
    page.get_by_role("button", name="Clear").click()
    assert max(changes(photo, seen(canvas))) > 5  # nothing is marked, so all is dimmed
    for _ in range(2):
        page.get_by_role("button", name="Undo").click()
    assert max(changes(photo, seen(canvas))) == 0

    page.get_by_role("radio", name="Brush").check()
    canvas.focus()
    for key in ("Space", *["Shift+ArrowRight"] * 3, "Space"):  # from the middle to the right
        page.keyboard.press(key)
    page.get_by_role("radio", name="Brush").focus()
    assert len({round(each) for each in changes(photo, seen(canvas))}) > 1
    page.get_by_role("button", name="Clear").click()

    findings = [each for each in make_screenshots.audit(page) if each["impact"] in GRAVE]
    assert not findings
    page.get_by_role("radio", name="Rectangle").check()
    drag(page, canvas, (0.5, 0.0), (1.0, 1.0))
    capture(page, "marking")
    page.get_by_role("button", name="Done").click()
    expect(canvas).to_be_hidden()

    preview = shown(picture(page, "Cat, dimmed"))
    left, right, *_ = changes(photo.resize(preview.size), preview)
    assert left > 2 * right
    capture(page, "mask")
    paint(page)
    result = Image.open(io.BytesIO(download(page))).convert("RGB")
    original = reading.open_picture(ROOT / "Resources/content/cat.jpg")
    width, height = original.size
    outside, inside = (0, 0, width * 45 // 100, height), (width * 55 // 100, 40, width - 40, height)
    assert original.crop(outside).tobytes() == result.crop(outside).tobytes()
    assert difference(original.crop(inside), result.crop(inside)) > 5


def test_a_finger_marks_and_the_subject_is_found_on_a_phone(browser: Browser, server: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, color_scheme="dark")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(SLOW)
    canvas = open_dialog(page, server, "photo=coffee")
    box = canvas.bounding_box()
    assert box
    assert 280 <= box["width"] <= PHONE["width"] - box["x"]
    photo = seen(canvas)

    finger = context.new_cdp_session(page)
    x, y = box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"]
    finger.send(TOUCH, {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 6):
        point = {"x": x + 8 * step, "y": y + 4 * step}
        finger.send(TOUCH, {"type": "touchMove", "touchPoints": [point]})
    finger.send(TOUCH, {"type": "touchEnd", "touchPoints": []})
    marked = seen(canvas)
    width, height = marked.size
    table, middle = (width * 9 // 10, height // 10), (width // 2, height // 2)  # that is the cup
    touched = width // 5, height // 5
    assert kept(photo, marked, touched) > 0.7 > kept(photo, marked, table)
    page.get_by_role("button", name="Undo").click()

    page.get_by_role("button", name="Find it").click()
    for _ in range(int(PATIENCE / 20)):
        found = seen(canvas)
        if kept(photo, found, table) < 0.7:
            break
        page.wait_for_timeout(20)  # often: before the mask has been read, nothing is dimmed
    assert kept(photo, found, middle) > 0.7 > kept(photo, found, table)
    expect(page.get_by_text("Looking for the subject")).to_be_hidden()
    capture(page, "marking_phone")
    for button in page.locator(".st-key-marking").get_by_role("button").all():
        box = button.bounding_box()
        assert box is None or box["height"] > 43.5, button.inner_text()
    expect(page.get_by_role("button", name="Done")).to_be_in_viewport(ratio=1)
    findings = [each for each in make_screenshots.audit(page) if each["impact"] in GRAVE]
    assert not findings
    context.close()
