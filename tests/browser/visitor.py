"""What a visitor does and sees: the steps and looks that browser tests share.

What is to come is waited for with `wait_for`, which sees it at once; `expect` looks once a second.
"""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from PIL import Image, ImageChops
from playwright.sync_api import Locator, Page

from Resources.make_screenshots import PATIENCE, SECONDS

ROOT = Path(__file__).parent.parent.parent
SCREENSHOTS = ROOT / "screenshots"

# While a painting is watched, the next picture may take its place in the middle of decoding.
DECODE = """async image => {
    for (let attempt = 1; ; attempt++) {
        try {
            return await image.decode();
        } catch (error) {
            if (attempt === 100) throw error;
        }
        await new Promise(done => setTimeout(done, 50));
    }
}"""


def open_page(page: Page, address: str, query: str = "") -> None:
    page.goto(f"{address}/?{query}")
    page.get_by_role("button", name="Paint", exact=True, disabled=False).wait_for()
    last = picture(page, "A pencil sketch").or_(picture(page, "An example"))
    for image in (picture(page, "The photo"), last):
        image.wait_for()
        loaded(image)


def unfold(page: Page, heading: str) -> None:
    """Open what stands under this heading; a press while it is still opening counts for nothing."""
    page.get_by_text(heading).click()
    page.locator("details", has_text=heading).evaluate(
        """details => Promise.allSettled(
            details.getAnimations({ subtree: true }).map(animation => animation.finished))"""
    )


def standing(page: Page, words: str) -> Locator:
    """Where the page shows words of how far a painting is.

    Screen readers are told some of them, too, in a line of their own, which comes a moment later.
    """
    return page.get_by_test_id("stProgress").get_by_text(words)


def until(page: Page, holds: Callable[[], bool], what: str) -> None:
    """Look again and again until it holds; on a busy machine all takes its time."""
    deadline = time.monotonic() + PATIENCE / SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"still not: {what}"
        page.wait_for_timeout(100)


def picture(page: Page, alt: str) -> Locator:
    return page.locator(f'img[alt^="{alt}"]')


def loaded(image: Locator) -> None:
    image.evaluate(DECODE)


def pixels(image: Locator) -> Image.Image:
    """The picture as the browser shows it."""
    loaded(image)
    return Image.open(io.BytesIO(image.screenshot())).convert("RGB")


def shown(image: Locator) -> Image.Image:
    """The picture as the browser was given it, before it is scaled."""
    url = image.evaluate(
        f"""async image => {{
            await ({DECODE})(image);
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            canvas.getContext("2d").drawImage(image, 0, 0);
            return canvas.toDataURL("image/png");
        }}"""
    )
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures, 0..255."""
    grey = ImageChops.difference(one, other.resize(one.size)).convert("L").resize((64, 64))
    data = grey.tobytes()
    return sum(data) / len(data)


def capture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def paint(page: Page, button: str = "Paint") -> None:
    """Press a button that begins a painting, and wait until it is finished."""
    page.get_by_role("button", name=button, exact=True).click()
    # What was painted before, "Finished" included, stays on the page until this one has begun.
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").wait_for()
    standing(page, "Finished:").wait_for()
    loaded(picture(page, "The painting:"))


def download(page: Page) -> bytes:
    with page.expect_download() as event:
        page.get_by_role("button", name="Download PNG").click()
    return event.value.path().read_bytes()


def job_of(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query)["job"][0]
