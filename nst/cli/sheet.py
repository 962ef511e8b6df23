"""The command that paints one photo in all sample styles, as one sheet."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nst import errors, samples
from nst.cli import overwriting
from nst.cli.call import Call
from nst.cli.flags import FAILED, add_engine, add_preset, add_settings, settings_of
from nst.cli.tally import Tally
from nst.errors import UserError, exit_code

if TYPE_CHECKING:
    from PIL.Image import Image

    from nst.batch.job import Job
    from nst.pictures.sheet import Captioned
    from nst.studio.studio import Studio

DESCRIPTION = "Paint one photo in all sample styles, small and quickly, as one sheet."
EXAMPLES = """examples:
  %(prog)s photo.jpg
  %(prog)s photo.jpg --style paintings -o sheet.jpg --resolution 384
"""
RESOLUTION = 256  # px: a sheet is for choosing, so it is quick


def add_flags(parser: argparse.ArgumentParser) -> None:
    """All that this command understands."""
    parser.add_argument("content", metavar="PHOTO", help="the picture to paint")
    parser.add_argument(
        "--style",
        metavar="PATH",
        nargs="+",
        default=[str(samples.folder("styles"))],
        help="other styles, or folders of them",
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="where to save; by default PHOTO_sheet.png"
    )
    add_preset(parser, f"quick, with a resolution of {RESOLUTION} px")
    add_settings(parser.add_argument_group("settings, on top of the preset"))
    add_engine(parser.add_argument_group("engine"))
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(json=False)


def run(call: Call) -> int:
    """Paint the sheet; the exit code, as `main` has it."""
    from nst.batch import storage
    from nst.pictures import fitting, reading, sheet, writing
    from nst.studio.engine import VGGEngine
    from nst.studio.studio import Studio

    options = call.options
    notes: list[str] = []  # told once it is sure that the sheet begins
    jobs = _jobs(options, notes.append)
    output = options.output or f"{Path(storage.name_of(options.content)).stem}_sheet.png"
    inputs = [("the photo", options.content), *(("a style", job.styles[0]) for job in jobs)]
    inputs += [("what it starts from", job.init) for job in jobs[:1] if job.init]
    overwriting.check(inputs, [("-o" if options.output else "The sheet", output)])
    writing.check_output(output)
    # Nothing on the sheet is larger than the canvas.
    side = jobs[0].settings.resolution
    data = storage.read(options.content)
    photo = fitting.fit(reading.open_picture(data, options.content, longer_side=2 * side), side)
    studio = Studio(VGGEngine(options.weights or "original", options.device))
    tally = Tally(call.report, len(jobs))
    tiles: list[Captioned] = [("Photo", photo)]
    for note in notes:
        call.report.warn(note)
    code = _paint(call, _Sheet(studio, photo, tally), jobs, tiles)

    def save() -> None:
        writing.save(sheet.draw(sheet.in_rows(tiles), max(photo.size)), output)

    _, late = call.interrupts.finish(save)
    code = code if late is None else exit_code(late)
    call.report.say(f"{'Interrupted' if code else 'Finished'}: {output}")
    return code or (FAILED if tally.failed else 0)


def _jobs(options: argparse.Namespace, tell: Callable[[str], None]) -> list[Job]:
    """A job for each style; `tell` gets what a folder holds beside pictures.

    Raises `UserError` for settings or styles that cannot be.
    """
    from nst.batch import storage
    from nst.batch.job import Job

    if options.preset is None:
        options.preset = "quick"
        options.resolution = options.resolution or RESOLUTION
    settings = settings_of(options)
    start = options.init if settings.init == "picture" else None
    settings.check_inputs(1, 0, start is not None)
    styles = [picture for path in options.style for picture in storage.pictures(path, tell)]
    return [Job(options.content, (style,), settings, init=start) for style in styles]


@dataclass(frozen=True)
class _Sheet:
    """What paints a sheet's pictures."""

    studio: Studio
    photo: Image  # at the size of the sheet
    tally: Tally

    def paint(self, job: Job) -> Image:
        """One of them; raises `UserError` for a style that is no picture, or as painting does."""
        from nst.batch import attempt
        from nst.studio.order import Pictures
        from nst.studio.studio import Painting

        order = job.read()
        init = None if order.init is None else order.init.open()
        pictures = Pictures(
            self.photo, [style.open(ground=None) for style in order.styles], init=init
        )
        painting = Painting(pictures, order.settings)
        last = attempt.drive(painting, self.studio, self.tally.progress).last
        return painting.finish(last.snapshot())


def _paint(call: Call, made: _Sheet, jobs: Sequence[Job], tiles: list[Captioned]) -> int:
    """Paint into `tiles`; 0, or the code of the interrupt that ended it after the first one.

    A style that fails leaves its place empty.
    """
    from nst.batch import storage

    try:
        for job in jobs:
            title = Path(storage.name_of(job.styles[0])).stem.replace("_", " ").capitalize()
            try:
                tile: Captioned = (title, made.paint(job))
                status, error = "painted", ""
            except Exception as failure:
                if errors.is_out_of_memory(failure):
                    failure = errors.NoMemoryError()
                elif not isinstance(failure, UserError):
                    raise
                tile = (f"{title} failed", None)
                status, error = "failed", str(failure)
            with call.interrupts.holding():
                tiles.append(tile)
                made.tally.add(title, status, error)
        call.interrupts.hold()
    except KeyboardInterrupt as interrupt:
        if len(tiles) == 1:
            raise
        call.interrupts.hold()
        return exit_code(interrupt)
    return 0
