"""The sample pictures, the scripts that make them, and what the README says of the settings."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nst import images
from nst.settings import CONTROLS, Settings

ROOT = Path(__file__).parent.parent
RESOURCES = ROOT / "Resources"
PHOTOS = sorted((RESOURCES / "content").glob("*.jpg"))
ARTWORKS = sorted((RESOURCES / "styles").glob("*.jpg"))


@pytest.fixture(scope="module")
def draw_styles():
    spec = importlib.util.spec_from_file_location("draw_styles", RESOURCES / "draw_styles.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"), dtype=float)


def test_there_is_enough_to_choose_from():
    assert len(PHOTOS) >= 5
    assert len(ARTWORKS) >= 8


@pytest.mark.parametrize("path", PHOTOS + ARTWORKS, ids=lambda path: path.stem)
def test_every_sample_can_be_painted(path):
    picture = images.open_picture(path)
    assert min(picture.size) >= (768 if path in ARTWORKS else 300)


def test_every_photo_is_credited():
    credits = (RESOURCES / "CREDITS.md").read_text()
    for path in PHOTOS:
        row = re.search(rf"^\| {re.escape(path.name)} \|.*$", credits, re.MULTILINE)
        assert row, path.name
        assert re.search("public domain|CC0", row[0])


def test_photos_are_those_of_scikit_image():
    data = pytest.importorskip("skimage.data", reason="scikit-image is a development package")
    for path in PHOTOS:
        own = Image.fromarray(getattr(data, path.stem)()).convert("RGB")
        assert abs(pixels(own) - pixels(images.open_picture(path))).mean() < 2, path.name


@pytest.mark.parametrize("name", ["pointillism", "night_sky", "ink_hatching"])
def test_artworks_are_drawn_the_same_every_time(draw_styles, tmp_path, name):
    for folder in ("one", "two"):
        draw_styles.main([name, "--size", "192", "--out", str(tmp_path / folder)])
    one, two = ((tmp_path / folder / f"{name}.jpg").read_bytes() for folder in ("one", "two"))
    assert one == two


def test_the_committed_artwork_is_what_the_script_draws(draw_styles, tmp_path):
    draw_styles.main(["night_sky", "--out", str(tmp_path)])
    drawn = images.open_picture(tmp_path / "night_sky.jpg")
    kept = images.open_picture(RESOURCES / "styles" / "night_sky.jpg")
    assert abs(pixels(drawn) - pixels(kept)).mean() < 1


def test_an_unknown_artwork_is_refused(draw_styles, tmp_path, capsys):
    with pytest.raises(SystemExit):
        draw_styles.main(["mona_lisa", "--out", str(tmp_path)])
    assert "night_sky" in capsys.readouterr().err


def test_the_readme_names_every_control_with_its_default():
    readme = (ROOT / "README.md").read_text()
    for name, control in CONTROLS.items():
        default = getattr(Settings(), name)
        row = re.search(rf"^\| ([^|]+) \| `--{name.replace('_', '-')}` \| ([^|]+) \|", readme, re.M)
        assert row, name
        assert row[1] == control.label
        shown = {True: "on", False: "off"}.get(default) if isinstance(default, bool) else default
        if isinstance(shown, tuple):
            shown = " ".join(shown) or "alike"
        if not isinstance(shown, str):
            shown = f"{shown:,g}" + (f" {control.unit}" if control.unit == "px" else "")
        assert row[2] == shown, name


def test_pictures_the_readme_shows_exist():
    for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / path).exists(), path
