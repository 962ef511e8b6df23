"""The sample pictures, the scripts that make them, and the rows of pictures of the documents."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageFont

from nst.cli import flags, main
from nst.layers import LAYERS
from nst.pictures import reading
from Resources import (
    draw_masks,
    draw_styles,
    fetch_photos,
    make_examples,
    make_pictures,
    rows,
)

ROOT = Path(__file__).parents[2]
RESOURCES = ROOT / "Resources"
PHOTOS = sorted((RESOURCES / "content").glob("*.jpg"))
ARTWORKS = sorted((RESOURCES / "styles").glob("*.jpg"))
MASKS = sorted((RESOURCES / "masks").glob("*.png"))


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"), dtype=float)


def test_there_is_enough_to_choose_from():
    assert len(PHOTOS) >= 7
    assert len(ARTWORKS) >= 12


@pytest.mark.parametrize("path", PHOTOS + ARTWORKS, ids=lambda path: path.stem)
def test_every_sample_can_be_painted(path):
    picture = reading.open_picture(path)
    assert min(picture.size) >= (768 if path in ARTWORKS else 300)


def test_every_photo_is_credited():
    credits = (RESOURCES / "CREDITS.md").read_text()
    for path in PHOTOS:
        row = re.search(rf"^\| {re.escape(path.name)} \|.*$", credits, re.MULTILINE)
        assert row, path.name
        assert re.search(r"public domain|CC0|\[CC BY 4\.0\]\(https:", row[0])


def test_photos_are_those_of_the_packages():
    pytest.importorskip("skimage.data", reason="scikit-image is a development package")
    assert {path.stem for path in PHOTOS} == {*fetch_photos.SCIKIT_IMAGE, *fetch_photos.DEBIAN}
    for name in fetch_photos.SCIKIT_IMAGE:
        own = fetch_photos.from_scikit_image(name)
        kept = reading.open_picture(RESOURCES / "content" / f"{name}.jpg")
        assert abs(pixels(own) - pixels(kept)).mean() < 2, name


def test_a_photo_of_debian_is_made_smaller(tmp_path, monkeypatch):
    monkeypatch.setitem(fetch_photos.DEBIAN, "a", "photos/a.jpg")
    monkeypatch.setattr(fetch_photos, "LONGEST", 50)
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (400, 200), "blue").save(tmp_path / "photos" / "a.jpg")
    photo = fetch_photos.from_debian("a", tmp_path)
    assert photo.size == (50, 25)
    assert abs(pixels(photo) - (0, 0, 255)).max() < 5


def test_the_artworks_are_those_of_the_script():
    assert {path.stem for path in ARTWORKS} == set(draw_styles.ARTWORKS)


def test_artworks_are_drawn_the_same_every_time(tmp_path):
    names = ["watercolour", "cubist_planes", "drip_painting"]  # the quickest
    buffer, side = ImageFile.MAXBLOCK, 160
    assert buffer < 3 * side**2  # so that the script has to enlarge it
    for folder in ("one", "two"):
        draw_styles.main([*names, "--size", str(side), "--out", str(tmp_path / folder)])
    for name in names:
        one, two = ((tmp_path / folder / f"{name}.jpg").read_bytes() for folder in ("one", "two"))
        assert one == two
    assert buffer == ImageFile.MAXBLOCK  # other pictures are encoded as before


def pairs() -> list[tuple[str, str]]:
    """Every sample photo with every sample artwork."""
    return [(photo.stem, style.stem) for photo in PHOTOS for style in ARTWORKS]


def test_every_pair_has_an_example_of_its_present_photo_and_artwork():
    names = {make_examples.path_of(*pair).name for pair in pairs()}
    assert {path.name for path in make_examples.OUT.iterdir()} == names
    assert [pair for pair in pairs() if not make_examples.painted_at(*pair)] == []


def test_an_example_has_the_shape_of_its_photo():
    for photo, style in pairs():
        with Image.open(RESOURCES / "content" / f"{photo}.jpg") as picture:
            width, height = picture.size
        with Image.open(make_examples.path_of(photo, style)) as painting:
            painting.load()
            assert painting.format == "JPEG"
            assert max(painting.size) == make_examples.SIDE
            assert painting.width / painting.height == pytest.approx(width / height, rel=0.01)


def test_an_example_is_painted_once(tmp_path, monkeypatch):
    """And again when its photo has changed since."""
    for folder in ("content", "styles"):
        (tmp_path / folder).mkdir()
        Image.effect_noise((48, 32), 90).save(tmp_path / folder / "a.jpg")
    painted = []

    def paint(content, style, **settings):
        painted.append((content, style))
        return SimpleNamespace(picture=Image.new("RGB", (48, 32)))

    monkeypatch.setattr(make_examples, "HERE", tmp_path)
    monkeypatch.setattr(make_examples, "OUT", tmp_path / "examples")
    monkeypatch.setattr(make_examples.nst, "paint", paint)
    make_examples.main([])
    make_examples.main([])
    assert painted == [(tmp_path / "content" / "a.jpg", tmp_path / "styles" / "a.jpg")]
    Image.new("RGB", (48, 32)).save(tmp_path / "content" / "a.jpg")
    make_examples.main(["--styles", "a"])
    assert len(painted) == 2


@pytest.mark.long
@pytest.mark.parametrize("name", draw_styles.ARTWORKS)
def test_the_committed_artwork_is_what_the_script_draws(tmp_path, name):
    draw_styles.main([name, "--out", str(tmp_path)])
    drawn = reading.open_picture(tmp_path / f"{name}.jpg")
    kept = reading.open_picture(RESOURCES / "styles" / f"{name}.jpg")
    assert abs(pixels(drawn) - pixels(kept)).mean() < 1


def test_an_unknown_artwork_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        draw_styles.main(["mona_lisa", "--out", str(tmp_path)])
    assert "night_sky" in capsys.readouterr().err


def test_the_masks_are_what_the_script_draws(tmp_path):
    draw_masks.main(["--out", str(tmp_path)])
    assert [path.name for path in MASKS] == sorted(path.name for path in tmp_path.iterdir())
    for path in MASKS:
        with Image.open(path) as kept, Image.open(tmp_path / path.name) as drawn:
            assert kept.mode == "L"
            assert kept.tobytes() == drawn.tobytes()
        assert f"| {path.name} |" in (RESOURCES / "CREDITS.md").read_text()


def test_the_masks_of_the_portrait_share_it_out():
    subject, background = (np.asarray(Image.open(path)).astype(int) for path in MASKS)
    assert (subject + background == 255).all()
    with Image.open(RESOURCES / "content" / "astronaut.jpg") as photo:
        assert subject.shape == photo.size[::-1]
    for x, y in ((225, 60), (225, 120), (100, 330), (320, 300), (400, 430)):  # hair to helmet
        assert subject[y, x] == 255
    for x, y in ((20, 30), (60, 150), (340, 100), (410, 180), (450, 300)):  # flag to table
        assert subject[y, x] == 0
    # A soft edge of 1 to 2 px: the outline is some 1,600 px long.
    assert 1600 < ((subject > 0) & (subject < 255)).sum() < 6400


def test_the_outline_follows_the_edges_of_the_photo():
    """The mask's edge lies where the photo changes: moved aside by a few px it does so less."""
    photo = pixels(reading.open_picture(RESOURCES / "content" / "astronaut.jpg"))
    edges = sum(abs(change).sum(2) for change in np.gradient(photo, axis=(0, 1)))
    mask = np.asarray(Image.open(MASKS[0])).astype(float)
    outline = sum(abs(change) for change in np.gradient(mask))

    def found(x, y):
        return (np.roll(outline, (y, x), (0, 1)) * edges).sum()

    for x, y in ((4, 0), (-4, 0), (0, 4), (0, -4)):
        assert found(x, y) < 0.7 * found(0, 0)


@pytest.mark.parametrize("row", rows.ROWS, ids=lambda row: row.name)
def test_the_pictures_of_a_row_differ_in_settings_or_inputs(row):
    """Else two command lines would paint the same picture."""
    seen = set()
    for command, variant in zip(row.commands, row.variants, strict=True):
        options = main.parse(shlex.split(command)[1:])
        settings = flags.settings_of(options)
        seen.add((settings, *options.styles, *options.masks))
        plain = flags.settings_of(main.parse(["c", "s", "-o", "x", *row.common.split()]))
        if len(options.styles) == 1 and not options.masks:
            assert (variant.note == "(default)") == (settings == plain), command
    assert len(seen) == len(row.variants) > 1


def test_a_labelled_row_shows_every_painting_and_wraps_its_captions():
    row = rows.ROWS[0]
    paintings = [Image.new("RGB", (60, 40), "red") for _ in row.variants]
    picture = make_pictures.labelled(row, paintings)
    tile, gap = make_pictures.TILE, make_pictures.GAP
    assert picture.width == 4 * (tile + gap) - gap
    for number in (1, 2, 3):
        assert picture.getpixel((number * (tile + gap) + tile // 2, 40)) == (255, 0, 0)
    font = ImageFont.load_default(make_pictures.FONT_SIZE)
    lines = make_pictures.wrapped("--style-layers " + " ".join(LAYERS), font)
    assert len(lines) > 1
    assert max(font.getlength(line) for line in lines) <= tile
