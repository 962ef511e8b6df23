"""Painting from Python: what is taken, what comes back, and what is said of a mistake."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nst
from nst.errors import UserError
from nst.settings import Settings
from nst.studio import recipe
from nst.studio.engine import VGGEngine
from nst.vgg.network import VGG19

ROOT = Path(__file__).parent.parent
QUICK = {"resolution": 64, "iterations": 2}


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    with Image.open(ROOT / "Resources/content/cat.jpg") as picture:
        return picture.resize((80, 64))


@pytest.fixture(scope="module")
def artwork() -> Image.Image:
    with Image.open(ROOT / "Resources/styles/night_sky.jpg") as picture:
        return picture.resize((96, 96))


@pytest.fixture(autouse=True)
def _loaded_once(monkeypatch: pytest.MonkeyPatch, vgg19: VGG19) -> None:
    """To load the network takes longer than these paintings."""
    load, usual = VGGEngine.load, VGGEngine()
    monkeypatch.setattr(
        VGGEngine, "load", lambda engine: vgg19 if engine == usual else load(engine)
    )


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def pixels(picture: Image.Image) -> bytes:
    return picture.tobytes()


def test_importing_the_package_is_instant() -> None:
    script = "import sys, nst, nst.settings; print(*{'torch', 'PIL', 'numpy'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_the_face_has_what_it_names() -> None:
    assert nst.Settings is Settings
    assert nst.UserError is UserError
    for name in nst.__all__:
        assert getattr(nst, name) is not None
        assert name in dir(nst)
    with pytest.raises(AttributeError, match="nowhere"):
        _ = nst.nowhere


def test_paths_bytes_pictures_and_arrays_give_the_same_painting(
    photo: Image.Image, artwork: Image.Image, tmp_path: Path
) -> None:
    photo.save(tmp_path / "photo.png")
    artwork.save(tmp_path / "artwork.png")
    painted = nst.paint(tmp_path / "photo.png", str(tmp_path / "artwork.png"), **QUICK)
    assert painted.picture.size == photo.size
    assert painted.recipe.content.name == "photo.png"
    assert painted.recipe.settings == Settings(**QUICK)
    assert len(painted.losses) == 2
    others = (
        nst.paint(png(photo), png(artwork), **QUICK),
        nst.paint(photo, [artwork], **QUICK),
        nst.paint(np.asarray(photo), np.asarray(artwork) / 255, **QUICK),
    )
    for other in others:
        assert pixels(other.picture) == pixels(painted.picture)
    assert others[1].recipe.content == others[2].recipe.content


def test_what_is_saved_has_its_recipe(
    photo: Image.Image, artwork: Image.Image, tmp_path: Path
) -> None:
    painted = nst.paint(photo, artwork, preset="quick", **QUICK)
    painted.save(tmp_path / "out.png")
    found = recipe.read((tmp_path / "out.png").read_bytes())
    assert found == painted.recipe
    assert found.settings == Settings.preset("quick", **QUICK)
    assert found.weights_sha256
    with Image.open(tmp_path / "out.png") as saved:
        assert pixels(saved) == pixels(painted.picture)
    with pytest.raises(UserError, match=r"\.xyz"):
        painted.save(tmp_path / "out.xyz")
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_several_styles_have_their_masks(photo: Image.Image, artwork: Image.Image) -> None:
    left = np.zeros((64, 80), bool)
    left[:, :40] = True
    painted = nst.paint(
        photo, [artwork, artwork.rotate(90)], masks=[left, np.zeros(left.shape)], **QUICK
    )
    change = np.abs(np.asarray(painted.picture, int) - np.asarray(photo, int)).mean((0, 2))
    assert change[:30].min() > 1
    assert change[60:].max() == 0
    assert len(painted.recipe.masks) == 2


def test_only_a_part_of_a_style_counts(photo: Image.Image, artwork: Image.Image) -> None:
    part = np.zeros((40, 40))
    part[:, :20] = 1
    changed = artwork.copy()
    changed.paste("red", (changed.width // 2, 0, changed.width, changed.height))
    one, other = (nst.paint(photo, each, style_masks=part, **QUICK) for each in (artwork, changed))
    assert np.array_equal(np.asarray(one.picture), np.asarray(other.picture))
    assert len(one.recipe.style_masks) == 1


def test_it_starts_where_it_is_told(photo: Image.Image, artwork: Image.Image) -> None:
    noise = nst.paint(photo, artwork, init="noise", **QUICK)
    assert noise.recipe.settings.init == "noise"
    own = nst.paint(photo, artwork, init=artwork, **QUICK)
    assert own.recipe.settings.init == "picture"
    assert own.recipe.init == own.recipe.styles[0] or own.recipe.init is not None
    assert pixels(own.picture) != pixels(noise.picture)


def test_settings_may_be_given_whole(photo: Image.Image, artwork: Image.Image) -> None:
    own = Settings(style_weight=3000, resolution=128, iterations=1)
    painted = nst.paint(photo, artwork, preset=own, resolution=64)
    assert painted.recipe.settings == Settings(style_weight=3000, resolution=64, iterations=1)


@pytest.mark.parametrize(
    ("resolution", "asked", "wanted"),
    [
        (64, None, (80, 64)),
        (96, None, (96, 77)),  # the canvas is larger than the photo
        (64, "2x", (160, 128)),
        (64, 40, (40, 32)),
    ],
)
def test_the_result_is_as_large_as_is_asked_for(
    photo: Image.Image,
    artwork: Image.Image,
    resolution: int,
    asked: int | str | None,
    wanted: tuple[int, int],
) -> None:
    painting = nst.paint(photo, artwork, output_size=asked, resolution=resolution, iterations=1)
    assert painting.picture.size == wanted


def test_progress_is_told_after_each_iteration(photo: Image.Image, artwork: Image.Image) -> None:
    seen: list[int] = []
    nst.paint(photo, artwork, on_progress=lambda now: seen.append(now.iteration), **QUICK)
    assert seen == [1, 2]


def test_the_loop_may_be_left_early(photo: Image.Image, artwork: Image.Image) -> None:
    run = nst.steps(photo, artwork, resolution=64, iterations=5)
    with pytest.raises(UserError, match="at least once"):
        run.result()
    for progress in run:
        if progress.iteration == 2:
            break
    painted = run.result()
    assert len(painted.losses) == 2
    assert painted.losses[-1] == progress.total_loss
    assert painted.picture.size == photo.size


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"content": "nowhere.jpg"}, '"nowhere.jpg" does not exist'),
        ({"content": b"no picture"}, '"content" is not a picture'),
        ({"content": 3}, '"content" is of the type int; give a path'),
        ({"styles": []}, "There were 0 styles"),
        ({"styles": ["a", "b"], "masks": "m"}, "1 masks for 2 style pictures"),
        ({"styles": None}, '"style 1" is of the type NoneType'),
        ({"content": np.zeros((40, 40, 5))}, r"shape \(40, 40, 5\)"),
        ({"content": np.full((40, 40), 2.0)}, "from 2 to 2; give floating point numbers"),
        ({"content": np.full((40, 40), np.nan)}, "give floating point numbers"),
        ({"content": np.zeros((40, 40), np.int64)}, "array of int64"),
        ({"content": np.zeros((8, 8))}, "at least 32 px"),
        ({"resolution": 1}, "from 64 to"),
        ({"colour": 1}, "no setting called 'colour'"),
        ({"preset": "finest"}, "no preset called 'finest'"),
        ({"output_size": "huge"}, "output size was 'huge'; it is a whole number of px"),
        ({"output_size": "200x"}, "at most 16384 px a side"),
        ({"device": "gpu"}, "gpu"),
        ({"weights": "nowhere.pth"}, "'nowhere.pth' cannot be read"),
        ({"preset": Settings(init="picture")}, "picture to start from"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(
    photo: Image.Image, artwork: Image.Image, changes: dict[str, object], words: str
) -> None:
    given = {"content": photo, "styles": artwork, **QUICK, **changes}
    with pytest.raises(UserError, match=words) as told:
        nst.paint(**given)
    assert str(told.value).count("\n") == 0
