"""A film on a server whose host takes films: given, painted, played and taken home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import clips
import pytest
from playwright.sync_api import Page, expect

from Resources.make_screenshots import PAINTING, served

pytestmark = pytest.mark.long  # the page's own films are in tests/page

FRAMES = 6
GIVEN = ".st-key-own_photo input[type=file]"
BESIDE_PAINT = ".st-key-beside_paint"


@pytest.fixture(scope="module")
def films_server() -> Iterator[str]:
    """The address of a server that takes films."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NST_FILMS", "on")
        with served() as address:
            yield address


def test_a_film_is_painted_played_and_taken_home(
    page: Page, films_server: str, tmp_path: Path
) -> None:
    film = clips.video(tmp_path / "holiday.mp4", clips.shades(FRAMES), sound="aac")
    page.goto(f"{films_server}/?resolution=64&effort=0.2")
    page.locator(GIVEN).set_input_files(film)
    told = page.locator(BESIDE_PAINT)
    expect(told).to_contain_text("6 frames of 64 x 48 px, 12 a second, with sound: about")
    page.get_by_role("button", name="Paint", exact=True).click()
    download = page.get_by_role("button", name="Download MP4")
    download.wait_for(timeout=PAINTING)
    playing = (
        "video => new Promise(done => { video.onended = done; video.loop = false; video.play(); })"
    )
    video = page.locator(".st-key-film video")
    video.evaluate(playing)
    assert video.evaluate("video => video.duration") == pytest.approx(FRAMES / clips.RATE, abs=0.1)
    with page.expect_download() as found:
        download.click()
    assert found.value.suggested_filename == "holiday-in-night-sky.mp4"
    taken = tmp_path / "taken.mp4"
    found.value.save_as(taken)
    assert len(clips.played(taken)) == FRAMES
    assert clips.heard(taken)[0] == "aac"


def test_what_is_neither_picture_nor_film_is_told(
    page: Page, films_server: str, tmp_path: Path
) -> None:
    for name, words in (
        ("notes.txt", "neither a picture nor a film that is taken here"),
        ("film.mp4", "is no film; choose an MP4, MOV or WebM file"),
    ):
        path = tmp_path / name
        path.write_text("no film")
        page.goto(films_server)
        page.locator(GIVEN).set_input_files(path)
        expect(page.get_by_role("alert").filter(has_text=name)).to_contain_text(words)
        expect(page.locator(BESIDE_PAINT)).to_contain_text("cannot be used")
