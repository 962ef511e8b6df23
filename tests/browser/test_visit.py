"""This visit's paintings and the link to the page, in a real browser."""

from __future__ import annotations

import io
import re
import zipfile
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from visitor import capture, job_of, loaded, open_page, paint, picture

from nst.pictures import writing
from nst.studio import recipe
from Resources.make_screenshots import PATIENCE


def cards(page: Page) -> Locator:
    """The thumbnails of the strip, the newest first."""
    return picture(page, "Your painting:")


def shared_link(page: Page) -> str:
    """What the copy button of the link puts into the clipboard."""
    page.get_by_role("button", name="Link to these settings").click()
    code = page.get_by_test_id("stCode")
    code.wait_for()
    link = code.locator("code").inner_text().strip()
    code.hover()
    code.get_by_role("button").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == link
    capture(page, "link")
    page.keyboard.press("Escape")
    return link


@pytest.mark.long  # what it keeps and gives away, without a browser, is in tests/page
def test_a_visit_and_its_link(browser: Browser, server: str) -> None:
    context = browser.new_context(
        viewport={"width": 1360, "height": 900},
        accept_downloads=True,
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    open_page(page, server, "resolution=64&iterations=4&style=watercolour,night_sky")
    weight = page.get_by_role("slider", name="Night sky")
    weight.focus()
    weight.press("End")
    paint(page)
    first = job_of(page)
    own = {"name": "beach.png", "mimeType": "image/png"}
    own["buffer"] = writing.encode(Image.radial_gradient("L").convert("RGB"))  # type: ignore[assignment]
    page.locator('.st-key-own_photo input[type="file"]').set_input_files([own])  # type: ignore[list-item]
    page.get_by_text("Photo: Your photo").wait_for()
    paint(page)
    expect(cards(page)).to_have_count(2)
    second = job_of(page)

    # The link opens the same page in another's browser; neither it nor the address shows pictures.
    link = shared_link(page)
    query = parse_qs(urlsplit(link).query)
    assert "job" not in query
    assert query["weights"] == ["night_sky:10"]
    other = browser.new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(link)
    other.get_by_text("Style: Watercolour and Night sky").wait_for()
    expect(other.get_by_role("slider", name="Night sky")).to_have_value("10")
    other.goto(page.url)
    other.get_by_text("was made in another tab").wait_for()
    expect(other.get_by_text("Your paintings", exact=True)).to_have_count(0)
    expect(picture(other, "The painting")).to_have_count(0)
    other.close()

    # A reload, and a tab that lost its server for a while, keep everything.
    page.reload()
    expect(cards(page)).to_have_count(2)
    page.get_by_text(re.compile("^Your photo in the style of")).wait_for()
    page.get_by_role("button", name="Show", exact=False).last.click()
    title = re.compile("^Cat in the style of Watercolour and Night sky")
    page.get_by_text(title).wait_for()
    assert job_of(page) == first

    with page.expect_download() as event:
        page.get_by_role("button", name="Download all as ZIP").click()
    with zipfile.ZipFile(io.BytesIO(event.value.path().read_bytes())) as packed:
        names = packed.namelist()
        assert names == ["01-cat-in-watercolour-and-night-sky.png", names[1]]
        recipes = [recipe.read(packed.read(name)) for name in names]
    assert recipes[0].settings.style_weights == (1.0, 10.0)
    assert recipes[1].content.name == "beach.png"

    for name in ("Cat, Watercolour and Night sky", "Your photo, Watercolour and Night sky"):
        page.get_by_text(name, exact=True).click()
        expect(page.get_by_role("checkbox", name=name)).to_be_checked()
    chosen = picture(page, "Chosen:")
    expect(chosen).to_have_count(2)
    loaded(chosen.last)
    chosen.last.scroll_into_view_if_needed()
    capture(page, "side_by_side")
    page.set_viewport_size({"width": 360, "height": 800})
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    cards(page).first.scroll_into_view_if_needed()
    capture(page, "strip_narrow")
    page.set_viewport_size({"width": 1360, "height": 900})

    strip = page.get_by_test_id("stGrid")
    strip.get_by_text("Cat, Watercolour and Night sky", exact=True).click()
    page.get_by_role("button", name="Delete the chosen one").click()
    expect(cards(page)).to_have_count(1)
    page.reload()
    expect(cards(page)).to_have_count(1)
    assert second not in page.url
    context.close()
