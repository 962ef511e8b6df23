"""The page for everybody: what axe says of it, and a visit by keyboard alone."""

from __future__ import annotations

import dataclasses
import io
import json

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect
from visitor import SCREENSHOTS, capture, open_page, picture

from nst.pictures import reading
from Resources import make_screenshots
from Resources.make_screenshots import GRAVE, PAINTING, PATIENCE, PHONE, QUICK, WIDE, Scheme

# What axe finds in Streamlit's own elements and nothing here can mend: rule -> why.
KNOWN: dict[str, str] = {}
MOST_TABS = 80  # of the keyboard from one end of the page to the other
MOST_STOPS = 10  # from the beginning to Paint

# Whether the element that has the focus, or the one that stands for it, has a ring around it.
RINGED = """() => {
    let at = document.activeElement;
    for (let step = 0; at && step < 4; at = at.parentElement, step++) {
        const style = getComputedStyle(at);
        if (style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2) return true;
    }
    return false;
}"""
NAME = """() => {
    const at = document.activeElement.shadowRoot?.activeElement ?? document.activeElement;
    return at.getAttribute("aria-label") ?? at.innerText;
}"""


# The other two of the four looks are those of the script that counts for docs/page.md.
@pytest.mark.parametrize(
    ("size", "scheme"), [(WIDE, "light"), pytest.param(PHONE, "dark", marks=pytest.mark.long)]
)
def test_axe_finds_nothing_that_bars_the_way(
    browser: Browser, server: str, size: ViewportSize, scheme: Scheme
) -> None:
    findings = list(make_screenshots.walk(browser, server, size, [scheme]))
    SCREENSHOTS.mkdir(exist_ok=True)
    report = [dataclasses.asdict(finding) for finding in findings]
    (SCREENSHOTS / f"axe_{size['width']}.json").write_text(json.dumps(report, indent=1))
    grave = [each for each in findings if each.impact in GRAVE and each.rule not in KNOWN]
    assert not grave, "\n".join(map(str, grave))


def test_the_audit_finds_what_is_amiss(page: Page) -> None:
    page.set_content(
        '<html lang="en"><title>A page</title><main><h1>A page</h1>'
        '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'
        '<p style="color: #999; background: #fff">Pale</p><div style="width: 5000px">Wide</div>'
        "</main></html>"
    )
    found = {each["rule"]: each["impact"] for each in make_screenshots.audit(page)}
    assert found == {"image-alt": "critical", "color-contrast": "serious", "reflow": "serious"}


def tab_to(page: Page, name: str) -> int:
    """Go on by Tab to what is called so; wherever it comes by, the focus can be seen.

    Returns how many stops it took.
    """
    for stops in range(1, MOST_TABS + 1):
        page.keyboard.press("Tab")
        at = page.evaluate(NAME)
        if at and page.evaluate("document.activeElement.tagName") not in ("BODY", "IFRAME"):
            assert page.evaluate(RINGED), f"the focus on {at!r} cannot be seen"
        words = at.strip().split("\n") if at else []
        if name in words and len(words) <= 5:  # with icons, but not all that the page says
            return stops
    raise AssertionError(f"{MOST_TABS} times Tab did not lead to {name!r}")


def test_a_visit_by_keyboard_alone(browser: Browser, server: str) -> None:
    page = browser.new_page(viewport=WIDE, reduced_motion="reduce", accept_downloads=True)
    page.set_default_timeout(PATIENCE)
    open_page(page, server, QUICK)
    still = "getComputedStyle(document.querySelector('button')).transitionDuration"
    assert page.evaluate(still) == "0.001s"

    stops = tab_to(page, "Skip to main content")
    page.keyboard.press("Enter")
    assert stops + tab_to(page, "Paint") <= MOST_STOPS
    open_page(page, server, QUICK)
    tab_to(page, "Astronaut")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    picture(page, "The photo: Bee").wait_for()
    assert page.evaluate(NAME).strip() == "Bee"  # the focus stays where it was
    tab_to(page, "Paint")
    capture(page, "focus")
    page.keyboard.press("Enter")
    told = (
        page.get_by_role("status")
        .filter(has_text="painted")
        .or_(page.get_by_role("status").filter(has_text="The painting has begun"))
    )
    expect(told).to_have_count(1)
    picture(page, "The painting so far").wait_for(timeout=PAINTING)
    expect(page.get_by_test_id("stMain").get_by_role("button", name="Stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Download PNG")).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="the picture is kept")).to_have_count(1)

    with page.expect_download() as event:
        page.keyboard.press("Enter")
    photo = reading.open_picture(make_screenshots.ROOT / "Resources/content/bee.jpg")
    assert Image.open(io.BytesIO(event.value.path().read_bytes())).size == photo.size
    tab_to(page, "More files")
    page.keyboard.press("Enter")
    tab_to(page, "Side by side")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Side by side")).to_be_hidden()
    tab_to(page, "How it works")
    page.keyboard.press("Enter")
    picture(page, "The finished painting").wait_for()
    page.close()
