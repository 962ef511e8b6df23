"""Names of results, which are made of foreign ones."""

from __future__ import annotations

import pytest

from nst.pictures import naming


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Holiday.JPG", "holiday"),
        ("night_sky.jpg", "night-sky"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\My photo (1).png", "my-photo-1"),
        ("a\0b\nc\u202ed.png", "a-b-c-d"),
        ("-rf.png", "rf"),
        (".hidden.png", "hidden"),
        ("con.png", "con"),  # "in" and a style follow
        ("Ёлка.jpg", "ёлка"),
        ("हिन्दी.jpg", "हिन्दी"),
        ("e\u0301te\u0301.jpg", "été"),
        ("\udcff.png", "photo"),
        ("🎨.png", "photo"),
        ("", "photo"),
        ("..", "photo"),
    ],
)
def test_a_foreign_name_becomes_part_of_a_safe_one(name: str, stem: str) -> None:
    assert naming.safe_stem(name, "photo") == stem


@pytest.mark.parametrize("letter", ["x", "é", "風", "\U0001d4b3"])
def test_a_name_fits_into_any_file_system(letter: str) -> None:
    name = naming.result_stem(f"{letter * 300}.jpg", [f"{letter * 300}.png"] * 4)
    assert len(f"99-{name}-side-by-side.png".encode()) <= 255
    assert name.count("-in-") == 1


def test_a_result_is_called_after_its_pictures() -> None:
    assert naming.result_stem("Holiday.jpg", ["night_sky.jpg"]) == "holiday-in-night-sky"
    blend = naming.result_stem("cat.jpg", ["a.png", "b.png"])
    assert blend == "cat-in-a-and-b"
