"""The page in a real browser: paint, watch, stop, download; and what it looks like."""

from __future__ import annotations

import dataclasses
import io
import random
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import av
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from visitor import (
    ROOT,
    SCREENSHOTS,
    capture,
    difference,
    download,
    job_of,
    loaded,
    open_page,
    paint,
    picture,
    pixels,
    shown,
    standing,
    until,
)
from visitor import shown as as_given

from nst.pictures import reading
from nst.studio import recipe


def test_paint_watch_stop_and_download(page: Page, server: str) -> None:
    open_page(page, server, "resolution=64&early_stop=false&iterations=2,000&refresh_every=20")
    capture(page, "rest")
    page.get_by_role("button", name="Paint", exact=True).click()
    painting = picture(page, "The painting so far")
    painting.wait_for()
    first = pixels(painting)
    standing(page, "left, ").wait_for()
    expect(page.get_by_role("button", name="Paint", exact=True)).to_be_disabled()
    until(page, lambda: difference(first, pixels(painting)) >= 2, "another picture")
    chart = page.get_by_test_id("stVegaLiteChart")
    expect(chart).to_have_count(0)  # losses are for the curious
    page.get_by_text("For the curious: losses").click()
    chart.wait_for()
    page.get_by_text("Iteration ", exact=False).first.wait_for()
    capture(page, "running")
    page.set_viewport_size({"width": 400, "height": 850})
    page.wait_for_timeout(1000)
    capture(page, "running_narrow")
    page.set_viewport_size({"width": 1360, "height": 900})

    page.get_by_role("button", name="Stop").click()
    standing(page, "the picture is kept").wait_for()
    picture(page, "The painting:").wait_for()
    chart.wait_for()  # it stays open
    capture(page, "stopped")
    result = Image.open(io.BytesIO(download(page)))
    photo = Image.open(ROOT / "Resources/content/cat.jpg")
    assert (result.format, result.size) == ("PNG", photo.size)
    assert difference(photo.convert("RGB"), result) >= 2


@pytest.mark.long
def test_several_styles_strength_continue_and_recipe(page: Page, server: str) -> None:
    styles = "style=night_sky,watercolour"
    open_page(page, server, f"{styles}&resolution=64&iterations=20&effort=0.5&seed=7")
    page.get_by_text("Style: Night sky and Watercolour").wait_for()
    weight = page.get_by_role("slider", name="Watercolour")
    weight.focus()
    weight.press("End")
    page.wait_for_timeout(500)
    paint(page)
    first, job = download(page), job_of(page)
    assert recipe.read(first).settings.style_weights == (1.0, 10.0)

    full, photo = (shown(picture(page, alt)) for alt in ("The painting:", "The photo"))
    strength = page.get_by_role("slider", name="Strength")
    strength.focus()
    strength.press("Home")
    painting = picture(page, "The painting:")
    until(page, lambda: difference(photo, shown(painting)) <= 3, "the photo")  # one is smaller
    assert difference(photo, full) > 10
    assert job_of(page) == job
    assert recipe.read(download(page)).settings.strength == 0
    strength.press("End")
    page.wait_for_timeout(1000)
    capture(page, "strength")

    paint(page, "Continue from this")
    assert job_of(page) != job
    continued = recipe.read(download(page))
    assert continued.settings.init == "picture"
    assert continued.init == recipe.Source.of(first, "cat-in-night-sky-and-watercolour.png")

    open_page(page, server)
    earlier = {"name": "earlier.png", "mimeType": "image/png", "buffer": first}
    page.locator('.st-key-earlier input[type="file"]').set_input_files([earlier])  # type: ignore[list-item]
    page.get_by_text("Settings and pictures are those of that painting").wait_for()
    paint(page)
    assert download(page) == first  # bit for bit, recipe and all


def download_other(page: Page, name: str) -> Image.Image:
    """What a button gives that is no PNG, or another than Download PNG does."""
    with page.expect_download() as event:
        page.get_by_role("button", name=name, exact=True).click()
    return Image.open(io.BytesIO(event.value.path().read_bytes()))


def test_a_painting_is_compared_and_taken_home(page: Page, server: str) -> None:
    open_page(page, server, "resolution=64&iterations=40&effort=0.5")
    paint(page)
    page.mouse.move(700, 850)
    page.wait_for_timeout(500)
    capture(page, "finished")
    take_home(page)
    page.keyboard.press("Escape")
    full_size(page)
    compare(page)


def take_home(page: Page) -> None:
    """Every file of a painting, opened."""
    painting = Image.open(io.BytesIO(download(page))).convert("RGB")
    page.get_by_role("radio", name="JPEG").click()
    jpeg = download_other(page, "Download JPEG")
    assert (jpeg.format, jpeg.size) == ("JPEG", painting.size)
    assert difference(painting, jpeg.convert("RGB")) < 3
    page.get_by_role("radio", name="Film").click()
    with page.expect_download() as event:
        page.get_by_role("button", name="Download film").click()
    with av.open(event.value.path()) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, max(stream.width, stream.height)) == ("h264", 480)
    page.get_by_role("radio", name="PNG").click()
    page.get_by_role("button", name="More files").click()
    page.get_by_role("button", name="Side by side").wait_for()
    page.wait_for_timeout(500)
    capture(page, "files")
    sheet = download_other(page, "Side by side")
    assert sheet.width > 3 * 768
    for name, format in (("Film as WebP", "WEBP"), ("Film as GIF", "GIF")):
        film = download_other(page, name)
        assert (film.format, max(film.size)) == (format, 480)
        frames = []
        for number in range(film.n_frames):  # type: ignore[attr-defined]
            film.seek(number)
            frames.append(film.convert("RGB"))
        assert len(frames) > 10
        # It begins far from the painting and ends with it.
        courses = [difference(painting, frame) for frame in frames]
        assert courses[0] > 2 * courses[-1]
        assert len({frame.tobytes() for frame in frames}) > 10
    sheet.save(SCREENSHOTS / "side_by_side.png")


def full_size(page: Page) -> None:
    """The file itself fills the window, in the size that is chosen."""
    page.get_by_role("radio", name="2x").click()
    photo = reading.open_picture(ROOT / "Resources/content/cat.jpg").size
    told = f"{2 * photo[0]:,} x {2 * photo[1]:,} px"
    page.get_by_text(told).wait_for()
    page.get_by_role("button", name="Full size").click()
    image = picture(page, "In full size")
    loaded(image)
    assert shown(image).size == (2 * photo[0], 2 * photo[1])
    box = image.bounding_box()
    assert box
    assert box["width"] * box["height"] > 0.7 * 1360 * 900
    assert box["y"] + box["height"] < 900
    page.wait_for_timeout(500)
    capture(page, "full_size")
    page.keyboard.press("Escape")
    expect(image).to_have_count(0)
    assert Image.open(io.BytesIO(download(page))).size == (2 * photo[0], 2 * photo[1])
    page.get_by_role("radio", name="Photo's size").click()
    expect(page.get_by_text(told)).to_have_count(0)


def compare(page: Page) -> None:
    """The line between photo and painting, moved by keys and pointer."""
    # As it is, not as it is seen: of a tall one the page's head hides some.
    painting = as_given(picture(page, "The painting:"))
    page.get_by_role("button", name="Compare").click()
    frame = page.locator(".frame")
    line = page.get_by_role("slider", name="Position of the line")
    frame.wait_for()
    for image in ("The photo:", "The painting:"):
        loaded(frame.locator(f'img[alt^="{image}"]'))
    photo = as_given(picture(page, "The photo:").first)
    apart = difference(photo, painting)
    page.wait_for_timeout(500)
    page.mouse.move(700, 20)
    capture(page, "compare")

    def seen() -> Image.Image:
        """The frame with nothing of the page's head on it."""
        page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
        return Image.open(io.BytesIO(frame.screenshot())).convert("RGB")

    def shown() -> tuple[float, float]:
        """How far what is shown is from the photo and from the painting."""
        now = seen()
        return difference(photo, now), difference(painting, now)

    def parts() -> tuple[float, float]:
        """How far the left is from the photo, and the right from the painting."""
        now = seen()
        width, height = now.size
        left, right = (
            (0, 0, width // 3, height * 4 // 5),
            (width * 2 // 3, 0, width, height * 4 // 5),
        )
        sides = photo.resize(now.size), painting.resize(now.size)
        return (
            difference(sides[0].crop(left), now.crop(left)),
            difference(sides[1].crop(right), now.crop(right)),
        )

    assert max(parts()) < apart / 2
    line.focus()
    line.press("End")
    from_photo, from_painting = shown()
    assert from_photo < from_painting / 2
    line.press("Home")
    from_photo, from_painting = shown()
    assert from_painting < from_photo / 2
    for _ in range(5):
        line.press("PageUp")
    assert line.get_attribute("aria-valuetext") == "50 % photo, 50 % painting"
    assert max(parts()) < apart / 2
    box = frame.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + 30)
    assert line.get_attribute("aria-valuetext") == "80 % photo, 20 % painting"
    line.press("ArrowLeft")
    assert line.input_value() == "78"
    # Another strength is another painting, and the line stays where it is.
    before = frame.locator("img").first.get_attribute("src")
    page.get_by_role("slider", name="Strength").press("Home")
    expect(frame.locator("img").first).not_to_have_attribute("src", before or "")
    assert line.input_value() == "78"
    line.press("Home")
    until(page, lambda: shown()[0] < apart / 2, "the photo")


@pytest.mark.long
def test_the_comparison_on_a_phone(browser: Browser, server: str) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, color_scheme="dark"
    )
    page = context.new_page()
    open_page(page, server, "resolution=64&iterations=20")
    paint(page)
    page.get_by_role("button", name="Compare").click()
    frame = page.locator(".frame")
    line = page.get_by_role("slider", name="Position of the line")
    frame.wait_for()
    frame.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = frame.bounding_box()
    assert box
    assert box["width"] > 250
    page.touchscreen.tap(box["x"] + box["width"] * 0.1, box["y"] + box["height"] / 2)
    assert line.get_attribute("aria-valuetext") == "10 % photo, 90 % painting"
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    capture(page, "compare_narrow")
    page.get_by_role("button", name="More files").click()
    page.wait_for_timeout(700)
    capture(page, "files_narrow")
    context.close()


@pytest.mark.long
def test_paint_it_again_with_more_style(page: Page, server: str) -> None:
    open_page(page, server, "resolution=64&iterations=40")
    paint(page)
    job = job_of(page)
    first = recipe.read(download(page)).settings
    capture(page, "again")
    paint(page, "More style")
    assert job_of(page) != job
    second = recipe.read(download(page)).settings
    assert second == dataclasses.replace(first, style_weight=3 * first.style_weight)
    assert parse_qs(urlsplit(page.url).query)["style_weight"]


def test_a_photo_of_25_mb_arrives(page: Page, server: str, tmp_path: Path) -> None:
    open_page(page, server)
    side = 2950
    photo = Image.frombytes("RGB", (side, side), random.Random(1).randbytes(3 * side**2))
    photo.save(tmp_path / "noise.png", compress_level=0)
    assert (tmp_path / "noise.png").stat().st_size > 25_000_000
    page.locator('.st-key-own_photo input[type="file"]').set_input_files(tmp_path / "noise.png")
    page.get_by_text("Photo: Your photo").wait_for()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_broken_upload(page: Page, server: str) -> None:
    open_page(page, server)
    broken = {"name": "holiday.jpg", "mimeType": "image/jpeg", "buffer": b"no picture at all"}
    page.locator('.st-key-own_photo input[type="file"]').set_input_files([broken])  # type: ignore[list-item]
    expect(
        page.get_by_text("holiday.jpg").and_(page.get_by_text("is not a picture"))
    ).to_be_visible()
    assert "Traceback" not in page.content()
    capture(page, "error")


@pytest.mark.long  # the first view on a phone is in test_first_view
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_and_dark(browser: Browser, server: str, scheme: str) -> None:
    viewport = (
        {"width": 400, "height": 850} if scheme == "light" else {"width": 1360, "height": 900}
    )
    page = browser.new_page(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
    open_page(page, server)
    page.wait_for_timeout(500)
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    capture(page, "narrow" if scheme == "light" else "dark")
    page.close()
