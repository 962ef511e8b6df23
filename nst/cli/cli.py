"""The command line, `python -m nst`; what it does with many pictures is in `cli_batch`."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nst import __version__, errors
from nst.cli.flags import (
    BAD_INPUT,
    FAILED,
    Parser,
    add_settings,
    add_workers,
    check_workers,
    settings_of,
)
from nst.errors import UserError
from nst.settings import CONTROLS, DEFAULT_PRESET, PRESETS, Settings, number

# torch, Pillow and matplotlib are imported where they are first needed: `--help` and a mistyped
# flag answer at once.
if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from matplotlib.figure import Figure
    from PIL.Image import Image
    from torch import Tensor

    from nst.batch.team import DaskTeam
    from nst.paint import memory
    from nst.paint.checkpoint import RunState
    from nst.paint.estimate import Estimate
    from nst.paint.transfer import Progress
    from nst.studio.order import Pictures
    from nst.studio.recipe import Recipe, Source
    from nst.vgg.network import VGG19

EXAMPLES = """examples:
  python -m nst photo.jpg painting.jpg -o out.png
  python -m nst photo.jpg painting.jpg -o out.jpg --preset fine --style-weight 30000
  python -m nst photo.jpg painting.jpg -o out.png --show --plot losses.png
  python -m nst photo.jpg sky.jpg waves.jpg -o out.png --style-weights 2 1
  python -m nst photo.jpg sky.jpg waves.jpg -o out.png --masks top.png bottom.png
  python -m nst photo.jpg painting.jpg -o again.png --recipe out.png
  python -m nst photo.jpg painting.jpg -o poster.png --preset poster --workers 2
many pictures: python -m nst batch --help
one photo in all sample styles: python -m nst sheet --help
"""
MOST_BLENDS = 12
LEAST_TILE = 64  # px
MOST_DPI = 10_000
CHECKPOINT_SECONDS = 300.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0: painted; 1: the painting fell apart, its last good picture is saved; 2: bad input, told in
    one sentence; 130: interrupted, 143: asked to end; the picture so far is saved.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] in (["batch"], ["sheet"]):
        from nst.cli import cli_batch

        return cli_batch.main(given)
    options = _parser().parse_args(given)
    report = _Report(options)
    try:
        return _paint(options, report)
    except errors.NoMemoryError as error:
        report.error(str(error))
        return FAILED
    except UserError as error:
        report.error(str(error))
        return BAD_INPUT
    except KeyboardInterrupt as interrupt:
        report.error("Interrupted before the first iteration; nothing was saved.")
        return errors.exit_code(interrupt)
    except (MemoryError, RuntimeError) as error:
        if not errors.is_out_of_memory(error):
            raise
        report.error(str(errors.NoMemoryError()))
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m nst",
        description="Paint the content of one picture in the style of another.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("content", metavar="CONTENT", help="the picture to paint, e.g. a photo")
    parser.add_argument(
        "styles", metavar="STYLE", nargs="+", help="the picture that sets the style, or several"
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="where to save; .png, .jpg, .webp, ..."
    )
    presets = "; ".join(f"{name}: {preset.help}" for name, preset in PRESETS.items())
    parser.add_argument("--preset", metavar="NAME", help=f"{presets} Default: {DEFAULT_PRESET}.")
    parser.add_argument(
        "--recipe",
        metavar="PNG",
        help="paint with the settings that a painting of this program carries in its PNG",
    )
    parser.add_argument(
        "--masks",
        metavar="FILE",
        nargs="+",
        default=[],
        help="a picture for each style that is white where it is painted, black where not, grey "
        "for partly; what no style claims stays the photo",
    )
    parser.add_argument(
        "--blend-sheet",
        metavar="N",
        type=number,
        help="paint N pictures from the first style to the second, and N from weak to strong, and "
        "save them as one sheet",
    )
    add_settings(parser.add_argument_group("settings, on top of the preset"))
    engine = parser.add_argument_group("engine")
    engine.add_argument(
        "--weights",
        help="VGG19 weights: original (comes with the packages), torchvision (a download of "
        "548 MB) or the path of a state dict; default original",
    )
    engine.add_argument(
        "--device", default="auto", help="auto, cuda, mps or cpu; default auto: the fastest"
    )
    engine.add_argument(
        "--tile",
        metavar="PX",
        type=number,
        help="longest side of the pieces that a canvas is painted in one by one; the picture is "
        f"the same, the memory less; {LEAST_TILE} px or more; default: as large as there is memory",
    )
    engine.add_argument(
        "--checkpoint",
        metavar="FILE",
        help="keep in FILE, every few minutes, where the painting stands",
    )
    engine.add_argument(
        "--resume",
        metavar="FILE",
        help="go on from a checkpoint, with the same pictures; FILE is kept up to date",
    )
    add_workers(engine)
    output = parser.add_argument_group("output")
    output.add_argument("--show", action="store_true", help="watch it in a window while it paints")
    output.add_argument("--plot", metavar="FILE", help="save a chart of the losses")
    output.add_argument(
        "--plan",
        action="store_true",
        help="print what it would take in memory and time, and paint nothing",
    )
    output.add_argument("--quiet", action="store_true", help="print nothing but errors")
    output.add_argument(
        "--json", action="store_true", help="print one JSON line a refresh, and one at the end"
    )
    paper = parser.add_argument_group("file")
    paper.add_argument(
        "--quality",
        metavar="N",
        type=number,
        default=95,
        help="of JPEG and WebP, 1 to 100; default 95",
    )
    paper.add_argument(
        "--depth",
        metavar="BITS",
        type=number,
        default=8,
        help="bits a channel: 8, or 16 in .png and .tif, for work in other programs and fine "
        "gradients on paper; default 8",
    )
    paper.add_argument(
        "--dpi",
        metavar="N",
        type=number,
        default=0,
        help="dots an inch, for printing: 300 makes 4096 px 35 cm; not in WebP",
    )
    paper.add_argument(
        "--keep-exif",
        action="store_true",
        help="keep what the photo's file says of camera, exposure, time and author; never the "
        "place, which is left out as everything is without this",
    )
    parser.add_argument("--version", action="version", version=f"nst {__version__}")
    return parser


@dataclass(frozen=True)
class _Inputs:
    """The pictures that were given, and the files they came from."""

    content: Image
    styles: list[Image]
    masks: list[Image]
    init: Image | None
    sources: dict[str, tuple[Source, ...]]
    exif: bytes = b""  # of the content, to be kept

    def pictures(self) -> Pictures:
        """The pictures alone."""
        from nst.studio.order import Pictures

        return Pictures(self.content, self.styles, self.masks, self.init)


def _read_inputs(options: argparse.Namespace, settings: Settings) -> _Inputs:
    from nst.pictures import metadata, reading
    from nst.studio.recipe import Source

    start = [options.init] if settings.init == "picture" and options.init else []
    paths = {
        "content": [options.content],
        "styles": options.styles,
        "masks": options.masks,
        "init": start,
    }
    pictures: dict[str, list[Image]] = {}
    sources = {}
    exif = b""
    for kind, given in paths.items():
        files = [(reading.read_bytes(path), path) for path in given]
        pictures[kind] = [reading.open_picture(data, str(path)) for data, path in files]
        if kind == "content" and options.keep_exif:
            exif = metadata.camera_data(*files[0])
        sources[kind] = tuple(Source.of(data, str(path)) for data, path in files)
    return _Inputs(
        pictures["content"][0],
        pictures["styles"],
        pictures["masks"],
        next(iter(pictures["init"]), None),
        sources,
        exif,
    )


def _read_recipe(options: argparse.Namespace) -> Recipe | None:
    if not options.recipe:
        return None
    from nst.pictures import reading
    from nst.studio import recipe

    if options.preset:
        raise UserError("--preset and --recipe both set everything; give one of them.")
    # The PNG of a large painting is larger than any picture that is painted from.
    return recipe.read(reading.read_bytes(options.recipe, most=4 * reading.MAX_PIXELS))


def _read_checkpoint(options: argparse.Namespace) -> tuple[RunState | None, Recipe | None]:
    """What --resume names: where a painting stood, and what it was made of."""
    if not options.resume:
        return None, None
    if options.preset or options.recipe:
        raise UserError("--resume brings its settings with it; leave out --preset and --recipe.")
    from nst.paint import checkpoint
    from nst.studio.recipe import Recipe

    state, text = checkpoint.load(options.resume)
    return state, Recipe.from_json(text)


def _check_resumed(was: Recipe, now: Recipe, report: _Report) -> None:
    """Refuse to go on with other pictures or weights than those of the checkpoint."""
    before, after = was.ingredients, now.ingredients
    different = [name for name in before if before[name] != after[name]]
    if "versions" in different:
        different.remove("versions")
        report.say("Other versions than before go on with it, so it may differ a little.")
    if different:
        raise UserError(
            f"The checkpoint was made with other {', '.join(different)}; give those that it was "
            "made with, or start anew without --resume."
        )


def _tile(given: float | int | str | None) -> int | None:
    """The checked value of --tile."""
    if given is not None and (not isinstance(given, int) or given < LEAST_TILE):
        raise UserError(f"--tile was {given!r}; give a whole number from {LEAST_TILE} on, in px.")
    return given


def _whole(flag: str, given: float | int | str, least: int, most: int) -> int:
    """The checked value of a flag that is a whole number."""
    if not isinstance(given, int) or not least <= given <= most:
        raise UserError(f"{flag} was {given!r}; give a whole number from {least} to {most}.")
    return given


def _paint(options: argparse.Namespace, report: _Report) -> int:
    state, was = _read_checkpoint(options)
    found = _read_recipe(options)
    base = was or found
    settings = settings_of(options, base.settings if base else None)
    tile = _tile(options.tile)
    quality = _whole("--quality", options.quality, 1, 100)
    dpi = _whole("--dpi", options.dpi, 0, MOST_DPI)
    count = _sheet_count(options.blend_sheet)
    depth = _depth(options.depth)
    kept_at = options.checkpoint or options.resume
    if count and kept_at:
        raise UserError("--checkpoint and --resume are for one painting, not for a blend sheet.")
    if count and depth != 8:
        raise UserError("--depth 16 is for one painting, not for a blend sheet.")
    spread = check_workers(options)
    if spread and (options.plan or count):
        raise UserError(
            "--workers and --scheduler are for one large painting; leave out --plan and "
            "--blend-sheet, or them."
        )
    from nst.batch import cluster
    from nst.paint import transfer
    from nst.pictures import charts, deep, writing
    from nst.studio import recipe
    from nst.studio.engine import VGGPainter
    from nst.studio.studio import Painting

    if spread:
        cluster.check_installed("--scheduler" if options.scheduler else "--workers")
    (deep if depth == 16 else writing).check_output(options.output)
    if kept_at:
        writing.check_writable(kept_at)
    if options.plot:
        charts.check_chart(options.plot)
    inputs = _read_inputs(options, settings)
    settings.check_inputs(len(inputs.styles), len(inputs.masks), inputs.init is not None)
    if count and len(inputs.styles) > 2:
        raise UserError(
            f"A blend sheet goes from one style to another; {len(inputs.styles)} were given. Give "
            "one or two."
        )
    if count and (options.plot or options.show):
        raise UserError("--plot and --show are for one painting; leave them out of a blend sheet.")
    window = _open_window(report, inputs.content, inputs.styles[0]) if options.show else None

    report.say("Loading VGG19 ...")
    from nst.paint import estimate, memory
    from nst.vgg import network, weights

    name = options.weights or "original"  # what a recipe names is never opened
    trunk = network.load(name, options.device)
    made = _recipe(inputs, settings, name, weights.checksum(name))
    if found:
        _tell_differences(report, found, made)
    if was:
        _check_resumed(was, made, report)
    size, free = _canvas(inputs, settings, trunk), memory.free_memory(trunk.device)
    estimate.check(size, free)
    if options.plan:
        pace = estimate.measure(trunk, settings)
        report.plan(estimate.estimate(size, len(inputs.styles), tile, free, pace), free)
        return 0
    if count:
        return _paint_sheet(options, report, inputs, settings, trunk, count)
    painting = Painting(inputs.pictures(), settings)
    keeper = _Keeper(kept_at, made.to_json(), report) if kept_at else None
    with contextlib.ExitStack() as stack:
        team = stack.enter_context(_gather(name, options)) if spread else None
        painter = VGGPainter(trunk, transfer.Options(tile=tile, team=team))
        run = painting.steps(functools.partial(painter.paint, resume=state))
        del state  # as large as the painting
        outcome = _follow(run, report, window, keeper)
    text = {recipe.KEY: made.to_json()}
    if depth == 16:
        pixels = painting.finish_deep(outcome.image)
        _save(lambda path: deep.save(pixels, path, text, dpi, inputs.exif), options.output)
    else:
        picture = painting.finish(outcome.image)
        _save(
            lambda path: writing.save(picture, path, text, quality, dpi, inputs.exif),
            options.output,
        )
    if options.plot:
        charts.save_chart(outcome.history, options.plot)
    report.finish(outcome, options.output, inputs.content.size)
    if window and outcome.exit_code == 0:
        window.wait()
    return outcome.exit_code


def _depth(given: float | int | str) -> int:
    """The checked value of --depth."""
    if given not in (8, 16):
        raise UserError(f"--depth was {given!r}; give 8 or 16 bits.")
    return int(given)


def _canvas(inputs: _Inputs, settings: Settings, trunk: VGG19) -> memory.Canvas:
    """What decides how much memory the painting takes."""
    from nst.paint import memory
    from nst.pictures import fitting

    width, height = fitting.fit_size(inputs.content.size, settings.resolution, settings.square)
    return memory.Canvas(height, width, settings, len(inputs.masks), trunk.precision.itemsize)


def _gather(weights: str, options: argparse.Namespace) -> AbstractContextManager[DaskTeam]:
    """The workers that were asked for."""
    from nst.batch import team
    from nst.studio.engine import VGGEngine

    engine = VGGEngine(weights, options.device)
    return team.gather(engine, options.workers, options.scheduler)


def _recipe(inputs: _Inputs, settings: Settings, weights: str, checksum: str) -> Recipe:
    from nst.studio.recipe import Recipe, versions

    sources = inputs.sources
    return Recipe(
        settings,
        sources["content"][0],
        sources["styles"],
        sources["masks"],
        next(iter(sources["init"]), None),
        weights,
        checksum,
        versions(),
    )


def _tell_differences(report: _Report, found: Recipe, made: Recipe) -> None:
    """Say what keeps the result from being that of the recipe."""
    was, now = found.ingredients, made.ingredients
    different = [name for name in was if was[name] != now[name]]
    if different:
        report.say(f"Not as in the recipe: {', '.join(different)}.")


def _sheet_count(given: float | int | str | None) -> int:
    """The checked value of --blend-sheet; 0 without it."""
    if given is None:
        return 0
    if not isinstance(given, int) or not 2 <= given <= MOST_BLENDS:
        raise UserError(
            f"--blend-sheet was {given!r}; give a whole number from 2 to {MOST_BLENDS}."
        )
    return given


def _sheet_settings(
    settings: Settings, styles: int, count: int
) -> list[list[tuple[str, Settings]]]:
    """Rows of captions and settings: from style to style, and from weak to strong."""
    way = [step / (count - 1) for step in range(count)]
    rows = []
    if styles == 2:
        rows.append(
            [
                (
                    f"{1 - part:.0%} + {part:.0%}",
                    dataclasses.replace(settings, style_weights=(1 - part, part)),
                )
                for part in way
            ]
        )
    limits = CONTROLS["style_weight"]
    assert limits.minimum is not None
    assert limits.maximum is not None
    weak = max(limits.minimum, settings.style_weight / 10)
    strong = min(limits.maximum, settings.style_weight * 10)
    weights = [weak * (strong / weak) ** part for part in way]
    rows.append(
        [
            (f"style weight {weight:,.0f}", dataclasses.replace(settings, style_weight=weight))
            for weight in weights
        ]
    )
    return rows


def _paint_sheet(
    options: argparse.Namespace,
    report: _Report,
    inputs: _Inputs,
    settings: Settings,
    trunk: VGG19,
    count: int,
) -> int:
    """Paint the sheet of --blend-sheet; interrupted, it is saved as far as it is."""
    from nst.pictures import fitting, sheet, writing
    from nst.studio.engine import VGGPainter
    from nst.studio.studio import Painting

    rows = _sheet_settings(settings, len(inputs.styles), count)
    painted: list[list[tuple[str, Image]]] = []
    photo = fitting.fit(inputs.content, settings.resolution)  # nothing on a sheet is larger
    outcome = None
    for row in rows:
        painted.append([])
        for caption, changed in row:
            painting = Painting(dataclasses.replace(inputs.pictures(), content=photo), changed)
            outcome = _follow(painting.steps(VGGPainter(trunk).paint), report, None)
            picture = painting.finish(outcome.image)
            painted[-1].append((caption, picture))
            if outcome.exit_code:
                break
        if outcome is not None and outcome.exit_code:
            break
    assert outcome is not None
    drawn = sheet.contact_sheet(painted)
    _save(lambda path: writing.save(drawn, path), options.output)
    report.finish(outcome, options.output, drawn.size)
    return outcome.exit_code


def _save(save: Callable[[str], None], path: str) -> None:
    """Save at `path`; where that fails now, after all the work, in the system's folder for such.

    Raises `ImageError`, which names that place.
    """
    from nst import errors

    try:
        save(path)
    except errors.ImageError as error:
        spare = os.path.join(tempfile.gettempdir(), f"nst-{secrets.token_hex(4)}.png")
        try:
            save(spare)
        except errors.ImageError:
            raise error from None
        raise errors.ImageError(f"{error} For now it has been saved as {spare}.") from error


@dataclass
class _Outcome:
    """How a run ended."""

    status: str  # finished, interrupted or failed
    exit_code: int
    history: list[Progress]
    image: Tensor
    message: str = ""


class _Keeper:
    """Keeps where a painting stands in a file, every `CHECKPOINT_SECONDS`."""

    def __init__(self, path: str, recipe: str, report: _Report) -> None:
        self.path, self._recipe, self._report = path, recipe, report
        self._last = time.monotonic()
        self._failed = False

    def keep(self, progress: Progress) -> None:
        """Save the state if it is time; what fails is told once, and tried again later."""
        now = time.monotonic()
        if progress.finished or now - self._last < CHECKPOINT_SECONDS or progress.state is None:
            return
        from nst.errors import ImageError
        from nst.paint import checkpoint

        self._last = now
        try:
            checkpoint.save(self.path, progress.state(), self._recipe)
            self._failed = False
        except ImageError as error:
            if not self._failed:
                self._report.say(f"{error} The painting goes on; the last checkpoint is kept.")
            self._failed = True


def _follow(
    run: Iterator[Progress],
    report: _Report,
    window: _Window | None,
    keeper: _Keeper | None = None,
) -> _Outcome:
    """Iterate to the end, to Ctrl-C, or to where a loss or the memory does not allow to go on."""
    from nst.paint.transfer import DivergedError

    history: list[Progress] = []
    try:
        for progress in run:
            # Previews are not kept: a long run at a large size would fill the memory with them.
            history.append(dataclasses.replace(progress, image=None, state=None))
            report.progress(progress)
            if keeper:
                keeper.keep(progress)
            if window and progress.image is not None:
                window.show(progress)
    except KeyboardInterrupt as interrupt:
        if not history:
            raise
        code = errors.exit_code(interrupt)
        return _Outcome("interrupted", code, history, history[-1].snapshot())
    except (MemoryError, RuntimeError, errors.NoMemoryError) as error:
        if not history or not errors.is_out_of_memory(error):
            raise
        message = f"{errors.NoMemoryError()} The picture so far is saved."
        return _Outcome("failed", FAILED, history, history[-1].snapshot(), message)
    except DivergedError as error:
        return _Outcome("failed", FAILED, history, error.image, str(error))
    return _Outcome("finished", 0, history, history[-1].snapshot())


class _Report:
    """Tells how it goes: a line that is rewritten on a terminal, JSON lines, or nothing."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.json, self.quiet = options.json, options.quiet or options.json
        self.terminal = sys.stderr.isatty()
        self._tile = 0
        self._line_open = False

    def say(self, text: str) -> None:
        """A line for the reader, on standard error."""
        if not self.quiet:
            self._end_line()
            print(text, file=sys.stderr, flush=True)

    def error(self, text: str) -> None:
        """One sentence on standard error, whatever the flags."""
        self._end_line()
        print(f"nst: {text}", file=sys.stderr, flush=True)
        if self.json:
            self._emit({"event": "error", "message": text})

    def progress(self, progress: Progress) -> None:
        """An iteration: the terminal sees each, a file or pipe one a refresh."""
        if progress.tile not in (0, self._tile):
            self.say(f"To fit into the memory it is painted in pieces of {progress.tile} px.")
        self._tile = progress.tile
        if self.json:
            if progress.image is not None:
                self._emit({"event": "progress", **_numbers(progress)})
        elif not self.quiet and (self.terminal or progress.image is not None):
            text = (
                f"{progress.iteration}/{progress.total} at {progress.scale} px  "
                f"content {progress.content_loss:.3f}  style {progress.style_loss:.5f}  "
                f"{progress.seconds_left:.0f} s left"
            )
            # Padded so that a shorter line covers the one before it.
            print(f"\r{text:<78}" if self.terminal else text, end="", file=sys.stderr)
            print("" if self.terminal else "\n", end="", file=sys.stderr, flush=True)
            self._line_open = self.terminal

    def plan(self, found: Estimate, free: int) -> None:
        """What a painting would take, on standard output."""
        if self.json:
            self._emit({"event": "plan", **dataclasses.asdict(found), "free": free})
            return
        sizes = ", ".join(f"{scale}" for scale in found.scales)
        pieces = f", in {found.pieces} pieces" if found.pieces > 1 else ""
        print(f"Canvas: {found.width} x {found.height} px; {found.iterations} iterations at most")
        print(f"Sizes: {sizes} px")
        print(f"Memory: {found.memory / 1e9:.1f} GB at most{pieces}; {free / 1e9:.1f} GB are free")
        print(f"Time: about {_duration(found.seconds)} at most")

    def finish(self, outcome: _Outcome, path: str, size: tuple[int, int]) -> None:
        """The last word: where the picture is and how long it took."""
        last = outcome.history[-1] if outcome.history else None
        if self.json:
            self._emit(
                {
                    "event": outcome.status,
                    "output": str(path),
                    "width": size[0],
                    "height": size[1],
                    "message": outcome.message,
                    **(_numbers(last) if last else {}),
                }
            )
        if outcome.message:
            print(f"nst: {outcome.message}", file=sys.stderr)
        seconds = last.seconds if last else 0.0
        self.say(f"{outcome.status.capitalize()} after {seconds:.0f} s: {path}")

    def _end_line(self) -> None:
        if self._line_open:
            print(file=sys.stderr)
            self._line_open = False

    @staticmethod
    def _emit(record: dict[str, Any]) -> None:
        try:
            print(json.dumps(record), flush=True)
        except BrokenPipeError:
            # Whoever read it has gone; the painting goes on, and Python would complain at its end.
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115


def _duration(seconds: float) -> str:
    """A length of time as one says it: 40 s, 12 min or 3.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _numbers(progress: Progress) -> dict[str, Any]:
    names = ("iteration", "total", "scale", "content_loss", "style_loss", "tv_loss", "total_loss")
    record = {name: getattr(progress, name) for name in names}
    return record | {
        "seconds": round(progress.seconds, 3),
        "seconds_left": round(progress.seconds_left, 3),
    }


def _open_window(report: _Report, content: Image, style: Image) -> _Window | None:
    """The live window, or none, with a word about it, where there is no display."""
    import matplotlib
    from matplotlib import pyplot
    from matplotlib.backends.registry import BackendFilter, backend_registry

    builtin = backend_registry.list_builtin(BackendFilter.INTERACTIVE)  # type: ignore[no-untyped-call]
    interactive = {name.lower() for name in builtin}
    try:
        figure = pyplot.figure("Neural style transfer", figsize=(12, 4.8))
        usable = matplotlib.get_backend().lower() in interactive
    except (ImportError, RuntimeError) as error:
        report.say(f"There is no window to show it in ({error}); painting goes on without.")
        return None
    if not usable:
        pyplot.close(figure)
        report.say("There is no display to show it on; painting goes on without the window.")
        return None
    return _Window(figure, content, style)


class _Window:
    """Content, style and result beside each other, refreshed with every preview."""

    def __init__(self, figure: Figure, content: Image, style: Image) -> None:
        self.figure, self.content, self.style = figure, content, style

    def show(self, progress: Progress) -> None:
        """Draw a preview; closing the window does not end the run."""
        from matplotlib import pyplot

        from nst.pictures import charts, tensors

        if not pyplot.fignum_exists(self.figure.number) or progress.image is None:
            return
        result = tensors.to_picture(progress.image).resize(self.content.size)
        title = f"iteration {progress.iteration} of {progress.total}"
        charts.draw_side_by_side(self.figure, (self.content, self.style, result), title)
        self.figure.canvas.draw_idle()
        pyplot.pause(0.01)

    def wait(self) -> None:
        """Keep the finished picture in view until the window is closed."""
        from matplotlib import pyplot

        pyplot.show(block=True)
