"""Many paintings on one sheet."""

from __future__ import annotations

from PIL import Image

from nst.pictures import sheet


def test_tiles_are_as_large_as_the_pictures_need():
    wide, tall = Image.new("RGB", (400, 200), "red"), Image.new("RGB", (50, 100), "blue")
    rows = [[("wide", wide), ("none", None)]]
    drawn = sheet.draw(rows, 100)
    assert 200 < drawn.width < 230
    assert 50 < drawn.height < 100
    colours = {colour for _, colour in drawn.getcolors(100_000)}
    assert {(255, 0, 0), sheet.MISSING} <= colours
    both = sheet.draw([[("wide", wide)], [("tall", tall)]], 100)
    assert 100 < both.width < 120
    assert 200 < both.height < 260
    # The picture stands on its caption.
    assert [both.getpixel((both.width // 2, y)) for y in (30, 60)] == [(255,) * 3, (255, 0, 0)]
    assert sheet.draw([[("none", None)]], 100).width > 100


def test_many_tiles_are_small_and_in_rows():
    assert sheet.side_for(1) == sheet.side_for(100) == sheet.SIDE
    assert sheet.LEAST_SIDE < sheet.side_for(5000) < sheet.SIDE
    assert sheet.side_for(10**9) == sheet.LEAST_SIDE
    tiles = [(str(number), None) for number in range(9)]
    assert [len(row) for row in sheet.in_rows(tiles)] == [3, 3, 3]
    assert [len(row) for row in sheet.in_rows(tiles[:7])] == [3, 3, 1]
    assert [len(row) for row in sheet.in_rows(tiles, 4)] == [4, 4, 1]


def test_a_contact_sheet_cuts_captions_that_are_too_long():
    pictures = [Image.new("RGB", (200, 100), colour) for colour in ("red", "blue")]
    long = sheet.contact_sheet([[("W" * 300, pictures[0]), ("", pictures[1])]])
    short = sheet.contact_sheet([[("W", pictures[0]), ("", pictures[1])]])
    assert long.size == short.size
    left, top, right, bottom = long.width // 2 + 2, 110, long.width, long.height
    assert long.crop((left, top, right, bottom)).getextrema() == ((255, 255),) * 3
    assert long.crop((0, top, left, bottom)).getextrema() != ((255, 255),) * 3


def test_captions_may_have_letters_of_other_alphabets():
    def caption(text):
        drawn = sheet.contact_sheet([[(text, Image.new("RGB", (400, 100)))]])
        return drawn.crop((0, 110, *drawn.size)).tobytes()

    missing = caption("\ufffe")  # no character: what a font shows for those it lacks
    assert len({missing, caption("é"), caption("Я"), caption("Ω"), caption("")}) == 5
