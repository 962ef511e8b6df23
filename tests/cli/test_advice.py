"""Several pictures where two were meant: the blend is announced, and photos in it are named."""

from __future__ import annotations

import pytest
from engines import progress
from PIL import Image

from nst.paint import transfer

SMALL = ["--resolution", "64", "-o", "out.png"]


@pytest.fixture
def pictures(run, tmp_path, monkeypatch):
    """Photos in a folder of their own, one that a camera made, and two artworks."""
    (tmp_path / "photos").mkdir()
    exif = Image.Exif()
    exif[0x010F] = "Acme"
    for name in ("photos/a.jpg", "photos/b c.jpg", "photos/d.jpg", "sky.jpg", "waves.jpg"):
        Image.effect_noise((64, 48), 90).convert("RGB").save(tmp_path / name)
    Image.effect_noise((64, 48), 90).convert("RGB").save(tmp_path / "camera.jpg", exif=exif)
    begun = []

    def steps(canvas, *_, **__):
        begun.append(canvas)
        yield progress(canvas.content, 1, 1)

    monkeypatch.setattr(transfer, "steps", steps)
    return begun


def test_a_blend_is_announced_with_names_and_weights(run, pictures):
    code, _, err = run("photos/a.jpg", "sky.jpg", "waves.jpg", *SMALL)
    assert code == 0
    first = err.splitlines()[0]
    assert first == ("One picture is painted in a blend of 2 styles: sky.jpg 50%, waves.jpg 50%.")
    assert "nst batch" not in err
    _, _, err = run("photos/a.jpg", "sky.jpg", "waves.jpg", *SMALL, "--style-weights", "3", "1")
    assert "sky.jpg 75%, waves.jpg 25%" in err
    assert run("photos/a.jpg", "sky.jpg", "waves.jpg", *SMALL, "--quiet")[2] == ""


def test_what_is_no_blend_is_not_announced(run, pictures):
    assert "blend" not in run("photos/a.jpg", "sky.jpg", *SMALL)[2]
    masks = ["--masks", "sky.jpg", "waves.jpg"]
    assert "blend" not in run("photos/a.jpg", "sky.jpg", "waves.jpg", *SMALL, *masks)[2]


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        (
            ["photos/a.jpg", "photos/b c.jpg", "photos/d.jpg", "sky.jpg"],
            "2 of them look like a photo; to paint each photo by itself: nst batch --content "
            "photos/a.jpg 'photos/b c.jpg' photos/d.jpg --style sky.jpg -o FOLDER",
        ),
        (
            ["photos/a.jpg", "camera.jpg", "sky.jpg"],
            "1 of them looks like a photo; to paint each photo by itself: nst batch --content "
            "photos/a.jpg camera.jpg --style sky.jpg -o FOLDER",
        ),
    ],
)
def test_photos_among_the_styles_suggest_a_batch(run, pictures, inputs, told):
    code, _, err = run(*inputs, *SMALL)
    assert code == 0  # it may be meant
    assert told in err.splitlines()
    assert err.index("blend of") < err.index("Loading")


def test_more_styles_than_can_be_blended_are_photos(run, pictures):
    code, _, err = run("photos/a.jpg", *["photos/d.jpg"] * 16, "sky.jpg", *SMALL)
    assert code == 2
    assert "There were 17 styles, and at most 16 can be blended" in err
    assert "nst batch --content photos/a.jpg photos/d.jpg photos/d.jpg ... --style sky.jpg" in err
    assert len(err.splitlines()) == 1
    assert pictures == []
