"""Choosing in the main column: what the first screen holds, and a photo of one's own."""

from __future__ import annotations

import base64

from PIL import Image
from playwright.sync_api import Browser, Page, expect
from test_hero import FINGER, box
from visitor import capture, open_page, picture

from nst.pictures import writing
from page import capacity
from page.controls import FIRST

TILE = 140  # px, the least width of a style's tile
# A file that is pasted, or dropped beside the zones: of a size of its own, or with these bytes.
GIVE = """([kind, name, type, data, size]) => {
    const bytes = size ? new Uint8Array(size) : Uint8Array.from(atob(data), c => c.charCodeAt(0));
    const given = new DataTransfer();
    given.items.add(new File([bytes], name, { type }));
    const way = { bubbles: true, cancelable: true };
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { ...way, clipboardData: given })
        : new DragEvent("drop", { ...way, dataTransfer: given });
    document.querySelector("h1").dispatchEvent(event);
}"""
# A camera that notes what it is asked for.
CAMERA = """
window.asked = [];
navigator.mediaDevices.getUserMedia = async wish => {
  window.asked.push(wish);
  const canvas = Object.assign(document.createElement("canvas"), { width: 1920, height: 1080 });
  const pen = canvas.getContext("2d");
  setInterval(() => { pen.fillStyle = "teal"; pen.fillRect(0, 0, 1920, 1080); }, 50);
  return canvas.captureStream(20);
};
"""


def png(colour: str) -> bytes:
    return writing.encode(Image.new("RGB", (300, 200), colour))


def give(page: Page, kind: str, name: str, data: bytes = b"", size: int = 0) -> None:
    """Paste or drop a file; of `size` bytes, where it has no `data`."""
    encoded = base64.b64encode(data).decode()
    media = "image/png" if name.endswith("png") else "text/plain"
    page.evaluate(GIVE, [kind, name, media, encoded, size])


def tiles_are_large(page: Page) -> None:
    """Every style's tile is wide enough, and its name is whole and within it."""
    tiles = page.locator(".st-key-gallery_styles [role=radio]")
    tiles.first.wait_for()
    for tile in tiles.all():
        left, top, right, bottom = box(tile)
        assert right - left >= TILE
        assert bottom - top >= FINGER
        broken = tile.locator("p").evaluate(
            """words => {
                const name = words.lastChild, range = document.createRange();
                const all = name.textContent.trim().split(" ");
                let at = name.textContent.length - name.textContent.trimStart().length;
                for (const word of all) { // a word in two lines has two boxes
                    range.setStart(name, at);
                    range.setEnd(name, at + word.length);
                    if (range.getClientRects().length > 1) return word;
                    at += word.length + 1;
                }
                return words.scrollWidth > words.clientWidth ? "cut" : "";
            }"""
        )
        assert broken == ""


def test_the_first_screen(page: Page, server: str) -> None:
    open_page(page, server)
    for locator in (
        page.get_by_role("heading", name="Turn a photo into a painting"),
        page.locator(".st-key-drop_zone"),
        page.locator(".st-key-gallery_content [role=radio]").first,
        page.locator(".st-key-gallery_styles [role=radio]").first,
        page.get_by_role("button", name="Paint", exact=True),
        picture(page, "An example"),
        page.get_by_text("Blend several styles"),
    ):
        assert box(locator)[3] <= 900
    left, top, right, bottom = box(page.locator(".st-key-drop_zone"))
    assert right - left >= 400
    assert bottom - top >= 120
    hero = box(picture(page, "An example"))
    for kind in ("The photo", "The style"):
        beside = box(picture(page, kind))
        assert beside[2] - beside[0] <= (hero[2] - hero[0]) / 3
        natural = picture(page, kind).evaluate("image => image.naturalWidth")
        assert natural >= beside[2] - beside[0]
    tiles_are_large(page)
    # The settings are in sight without scrolling.
    for name in ("preset", *FIRST):
        assert box(page.locator(f".st-key-{name}"))[3] <= 900
    assert box(page.get_by_text("Advanced", exact=True))[3] <= 900


def test_a_photo_of_ones_own(page: Page, server: str) -> None:
    open_page(page, server)
    paint = page.get_by_role("button", name="Paint", exact=True)
    own = page.get_by_role("radio", name="Your photo")
    why_not = page.locator(".st-key-beside_paint")

    # Three actions: a photo, a style, Paint.
    give(page, "paste", "image.png", png("teal"))
    page.get_by_text("Photo: Your photo").wait_for()
    expect(own).to_have_attribute("aria-checked", "true")
    assert box(own)[0] < box(page.get_by_role("radio", name="Cat"))[0] or (
        box(own)[1] < box(page.get_by_role("radio", name="Cat"))[1]
    )
    page.get_by_role("radio", name="Watercolour").click()
    page.get_by_text("Style: Watercolour").wait_for()
    page.get_by_text("Photo: Your photo").wait_for()
    expect(paint).to_be_enabled()
    capture(page, "own_photo")

    page.get_by_role("button", name="Surprise me").click()
    expect(page.get_by_text("Style: Watercolour")).to_have_count(0)
    page.get_by_text("Photo: Your photo").wait_for()
    page.get_by_role("radio", name="Cat").click()
    page.get_by_text("Photo: Cat").wait_for()
    own.click()
    page.get_by_text("Photo: Your photo").wait_for()

    # What cannot be used is told, and nothing is painted in its place.
    upload = page.locator('.st-key-own_photo input[type="file"]')
    upload.set_input_files([{"name": "bad.png", "mimeType": "image/png", "buffer": b"no"}])
    expect(why_not).to_contain_text('"bad.png" cannot be used')
    expect(page.locator(".st-key-gallery_content [aria-checked=true]")).to_have_count(0)
    page.get_by_role("radio", name="Cat").click()
    page.get_by_text("Photo: Cat").wait_for()
    expect(paint).to_be_enabled()
    # So is what the browser does not send.
    give(page, "paste", "huge.png", size=capacity.budget().upload * 1024**2 + 1)
    page.get_by_role("alert").filter(has_text='"huge.png" has').wait_for()
    expect(why_not).to_contain_text('"huge.png" cannot be used')
    expect(paint).to_be_disabled()
    capture(page, "refused")
    give(page, "drop", "letter.txt", b"dear")
    page.get_by_role("alert").filter(has_text="is not a picture").wait_for()
    expect(paint).to_be_disabled()
    give(page, "drop", "holiday.png", png("orange"))
    page.get_by_text("Photo: Your photo").wait_for()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    expect(why_not).to_have_count(0)
    expect(paint).to_be_enabled()


def test_the_camera_gives_what_it_can(window: Page, server: str) -> None:
    window.add_init_script(CAMERA)
    open_page(window, server)
    window.get_by_role("button", name="Take a photo").click()
    shutter = window.get_by_test_id("stCameraInputButton")
    expect(shutter).to_be_enabled()
    wishes = window.evaluate("window.asked")
    assert wishes[-1]["video"]["height"]["ideal"] == 1080
    left, _, right, _ = box(window.get_by_test_id("stCameraInput"))
    assert right - left >= 600
    window.wait_for_timeout(500)
    capture(window, "camera_large")


def test_choosing_on_a_phone(browser: Browser, server: str) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    open_page(page, server)
    # The system's picker has a camera of its own.
    expect(page.get_by_role("button", name="Take a photo")).to_be_hidden()
    upload = page.locator('.st-key-own_photo input[type="file"]')
    assert "image/*" in (upload.get_attribute("accept") or "")
    tiles_are_large(page)
    tiles = page.locator(".st-key-gallery_styles [role=radio]")
    assert box(tiles.nth(0))[1] == box(tiles.nth(1))[1] < box(tiles.nth(2))[1]  # two columns
    steps = ".st-key-choose_photo", ".st-key-choose_styles", ".st-key-pictures"
    tops = [box(page.locator(step))[1] for step in steps]
    assert tops == sorted(tops)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    upload.set_input_files([{"name": "a.txt", "mimeType": "image/png", "buffer": b"no"}])
    why_not = page.locator(".st-key-beside_paint")
    expect(why_not).to_contain_text("cannot be used")
    assert box(why_not)[3] <= box(page.get_by_role("button", name="Paint", exact=True))[1]
    capture(page, "refused_narrow")
    context.close()
