"""The command that paints one picture, or plans it."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nst.cli import advice, basis, blend, overwriting
from nst.cli.basis import Basis
from nst.cli.call import Call
from nst.cli.flags import (
    add_engine,
    add_masks,
    add_preset,
    add_settings,
    add_workers,
    check_workers,
    settings_of,
    whole,
)
from nst.cli.following import Keeper, Outcome, follow, tell_end
from nst.cli.making import Making, add_making, check_making
from nst.cli.output_size import add_output_size
from nst.cli.report import Iterations, Report, duration
from nst.cli.saving import Destination, add_file, save_finished
from nst.cli.window import LiveWindow, open_window
from nst.errors import UserError, exit_code

# torch, Pillow and matplotlib are imported where they are first needed: `--help` and a mistyped
# flag answer at once.
if TYPE_CHECKING:
    from collections.abc import Callable

    from nst.paint import memory
    from nst.paint.estimate import Estimate
    from nst.paint.transfer import Progress
    from nst.settings import Settings
    from nst.studio.engine import VGGEngine, VGGPainter
    from nst.studio.order import Order, Pictures
    from nst.studio.recipe import Recipe
    from nst.studio.studio import Painting
    from nst.vgg.network import VGG19

DESCRIPTION = "Paint the content of one picture in the style of another."
EXAMPLES = """examples:
  %(prog)s photo.jpg painting.jpg -o out.png
  %(prog)s photo.jpg painting.jpg -o out.jpg --preset fine --style-weight 30000
  %(prog)s photo.jpg painting.jpg -o out.png --show --plot losses.png
  %(prog)s photo.jpg sky.jpg waves.jpg -o out.png --style-weights 2 1
  %(prog)s photo.jpg sky.jpg waves.jpg -o out.png --masks top.png bottom.png
  %(prog)s photo.jpg painting.jpg -o out.png --style-masks its_sky.png
  %(prog)s photo.jpg painting.jpg -o again.png --recipe out.png
  %(prog)s photo.jpg painting.jpg -o poster.png --preset poster --workers 2
many pictures: %(prog)s batch --help
one photo in all sample styles: %(prog)s sheet --help
a film: %(prog)s video --help
"""
LEAST_TILE = 64  # px


def add_flags(parser: argparse.ArgumentParser) -> None:
    """All that this command understands."""
    parser.add_argument("content", metavar="CONTENT", help="the picture to paint, e.g. a photo")
    parser.add_argument(
        "styles", metavar="STYLE", nargs="+", help="the picture that sets the style, or several"
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="where to save; .png, .jpg, .webp, ..."
    )
    add_preset(parser)
    parser.add_argument(
        "--recipe",
        metavar="PNG",
        help="paint with the settings that a painting of this program carries in its PNG",
    )
    add_masks(parser)
    parser.add_argument(
        "--blend-sheet",
        metavar="N",
        type=whole(2, blend.MOST_IN_A_ROW),
        help="paint N pictures from the first style to the second, and N from weak to strong, and "
        "save them as one sheet",
    )
    add_settings(parser.add_argument_group("settings, on top of the preset"))
    _add_engine(parser)
    _add_output(parser)
    file = parser.add_argument_group("file")
    add_output_size(file)
    add_file(file)


def _add_engine(parser: argparse.ArgumentParser) -> None:
    engine = parser.add_argument_group("engine")
    add_engine(engine)
    engine.add_argument(
        "--tile",
        metavar="PX",
        type=whole(LEAST_TILE, unit="px"),
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


def _add_output(parser: argparse.ArgumentParser) -> None:
    output = parser.add_argument_group("output")
    output.add_argument("--show", action="store_true", help="watch it in a window while it paints")
    output.add_argument("--plot", metavar="FILE", help="save a chart of the losses")
    add_making(output)
    output.add_argument(
        "--plan",
        action="store_true",
        help="print what it would take in memory and time, and paint nothing",
    )
    output.add_argument("--quiet", action="store_true", help="print nothing but errors")
    output.add_argument(
        "--json", action="store_true", help="print one JSON line a refresh, and one at the end"
    )


@dataclass(frozen=True)
class _Work:
    """All that a painting is made of, read and checked."""

    call: Call
    order: Order
    pictures: Pictures
    engine: VGGEngine
    vgg: VGG19
    recipe: Recipe
    window: LiveWindow | None


def run(call: Call) -> int:
    """Paint, plan, or paint a sheet of blends; the exit code, as `main` has it."""
    from nst.paint import estimate, memory

    options = call.options
    found = basis.read(options)
    work = _ready(call, found)
    canvas, free = _canvas(work), memory.free_memory(work.vgg.device)
    estimate.check(canvas, free)
    if options.plan:
        rates = estimate.measure(work.vgg, work.order.settings)
        styles = len(work.pictures.styles)
        _tell_plan(call.report, estimate.estimate(canvas, styles, options.tile, free, rates), free)
        return 0
    if options.blend_sheet:
        return _blend(work)
    return _paint(work, found)


def _ready(call: Call, found: Basis) -> _Work:
    """Read and check all that goes in; raises `UserError` before the work for what cannot be."""
    options, report = call.options, call.report
    settings = settings_of(options, found.recipe.settings if found.recipe else None)
    _check_flags(options)
    _check_files(options)
    order = _order(options, settings)
    pictures = order.open()
    if sentence := advice.on_ground(pictures.content, options.output):
        report.warn(sentence)
    for sentence in advice.on_blend(options.content, options.styles, order):
        report.say(sentence)
    window = None
    if options.show:
        window = open_window(report, pictures.content, pictures.styles[0])
    report.say("Loading VGG19 ...")
    from nst.studio.engine import VGGEngine
    from nst.studio.studio import Studio

    engine = VGGEngine(options.weights or "original", options.device)
    vgg = engine.load()
    recipe = Studio(engine).recipe(order)
    found.compare(recipe, report)
    return _Work(call, order, pictures, engine, vgg, recipe, window)


def _check_flags(options: argparse.Namespace) -> None:
    """Raises `UserError` for flags that do not go together."""
    spread = check_workers(options)
    if options.blend_sheet:
        blend.check_flags(options)
    if spread and options.plan:
        raise UserError("--plan is for this process alone; leave out --workers and --scheduler.")


def _check_files(options: argparse.Namespace) -> None:
    """Raises `UserError` for a file that cannot be written later, or a package that is missing."""
    from nst.batch import cluster
    from nst.pictures import charts, writing

    if check_workers(options):
        cluster.check_installed("--scheduler" if options.scheduler else "--workers")
    overwriting.check_painting(options)
    Destination.of(options).check()
    check_making(options)
    if kept_at := options.checkpoint or options.resume:
        writing.check_writable(kept_at)
    if options.plot:
        charts.check_chart(options.plot)


def _order(options: argparse.Namespace, settings: Settings) -> Order:
    """The pictures' files, read."""
    from nst.batch.job import Job

    start = options.init if settings.init == "picture" else None
    advice.check_count(options.content, options.styles)
    masks, style_masks = tuple(options.masks), tuple(options.style_masks)
    settings.check_inputs(len(options.styles), len(masks), start is not None, len(style_masks))
    styles = tuple(options.styles)
    job = Job(options.content, styles, settings, masks, start, style_masks=style_masks)
    return job.read()


def _exif(work: _Work) -> bytes:
    """What is kept of the photo's EXIF."""
    from nst.pictures import metadata

    content = work.order.content
    keep = work.call.options.keep_exif
    return metadata.camera_data(content.data, content.file_name) if keep else b""


def _canvas(work: _Work) -> memory.Workload:
    """What decides how much memory the painting takes."""
    from nst.paint import memory
    from nst.pictures import fitting

    settings, pictures = work.order.settings, work.pictures
    width, height = fitting.fit_size(pictures.content.size, settings.resolution, settings.square)
    element_size = work.vgg.precision.itemsize
    return memory.Workload(height, width, settings, len(pictures.masks), element_size)


def _result_size(work: _Work) -> tuple[int, int]:
    """Width and height of the result; raises `UserError` for one that is too large."""
    from nst.studio.output_size import result_size

    asked, photo = work.call.options.output_size, work.pictures.content.size
    return result_size(asked, photo, work.order.settings)


def _tell_plan(report: Report, found: Estimate, free: int) -> None:
    """What a painting would take, with so many bytes free, on standard output."""
    if report.json:
        report.emit({"event": "plan", **dataclasses.asdict(found), "free": free})
        return
    pieces = f", in {found.pieces} pieces" if found.pieces > 1 else ""
    print(f"Canvas: {found.width} x {found.height} px; {found.iterations} iterations at most")
    print(f"Sizes: {', '.join(map(str, found.scales))} px")
    print(f"Memory: {found.memory / 1e9:.1f} GB at most{pieces}; {free / 1e9:.1f} GB are free")
    print(f"Time: about {duration(found.seconds)} at most")


def _blend(work: _Work) -> int:
    """Paint a sheet of blends."""
    from nst.paint.transfer import Options
    from nst.studio.engine import VGGPainter

    call = work.call
    painter = VGGPainter(work.vgg, Options(tile=call.options.tile))
    rows = blend.rows(work.order.settings, len(work.pictures.styles), call.options.blend_sheet)
    return blend.paint(call, work.pictures, rows, painter, _exif(work))


def _paint(work: _Work, found: Basis) -> int:
    """Paint one picture, and save what there is of it whatever ends the painting."""
    from nst.studio.studio import Painting

    call, options, exif = work.call, work.call.options, _exif(work)
    painting = Painting(work.pictures, work.order.settings, _result_size(work))
    files = [options.output]  # and what else is written
    making = Making(options, painting, call.report, files)
    watchers: list[Callable[[Progress], None]] = [Iterations(call.report), *making.watchers]
    if kept_at := options.checkpoint or options.resume:
        watchers.append(Keeper(kept_at, work.recipe.to_json(), call.report, files))
    if work.window:
        watchers.append(work.window)
    with contextlib.ExitStack() as stack:
        painter = _painter(work, stack)
        run = painting.steps(functools.partial(painter.paint, resume=found.take_state()))
        outcome = follow(run, call.interrupts, watchers)
        # Before the workers are let go, which may take a while.
        (outcome, size), late = call.interrupts.finish(
            lambda: _save(work, painting, outcome, exif, making)
        )
    if late is not None:
        outcome = outcome.interrupted(late)
    files += [options.plot] if options.plot else []
    tell_end(call.report, outcome, files, size)
    if work.window and outcome.exit_code == 0:
        try:
            call.interrupts.release()
            work.window.wait()
        except KeyboardInterrupt as interrupt:
            return exit_code(interrupt)
    return outcome.exit_code


def _painter(work: _Work, stack: contextlib.ExitStack) -> VGGPainter:
    """What paints, with the workers that were asked for until the stack is closed."""
    from nst.paint.transfer import Options
    from nst.studio.engine import VGGPainter

    options, team = work.call.options, None
    if check_workers(options):
        from nst.batch.team import gather

        team = stack.enter_context(gather(work.engine, options.workers, options.scheduler))
    return VGGPainter(work.vgg, Options(tile=options.tile, team=team))


def _save(
    work: _Work, painting: Painting, outcome: Outcome, exif: bytes, making: Making
) -> tuple[Outcome, tuple[int, int]]:
    """Save the finished picture, the chart and the film; how it ended, and width and height, px."""
    from nst.pictures import charts
    from nst.studio import recipe

    options, text = work.call.options, {recipe.KEY: work.recipe.to_json()}
    size, problem = save_finished(Destination.of(options), painting, outcome.image, text, exif)
    if options.plot:
        charts.save_chart(outcome.history, options.plot)
    making.save_film(outcome.image)
    return outcome.unfinished(problem) if problem else outcome, size
