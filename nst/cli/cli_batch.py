"""The commands for many paintings: `python -m nst batch` and `python -m nst sheet`."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nst import errors, samples
from nst.cli.flags import (
    BAD_INPUT,
    FAILED,
    Parser,
    add_settings,
    add_workers,
    changes_of,
    check_workers,
    settings_of,
)
from nst.errors import UserError
from nst.settings import DEFAULT_PRESET, PRESETS, Settings

# As in `cli`: what takes time to import is imported where it is first needed.
if TYPE_CHECKING:
    from PIL.Image import Image

    from nst.batch.batch import Job, Record, Status

CONTACT_SHEET = "contact_sheet.png"
SHEET_RESOLUTION = 256  # px: a sheet is for choosing, so it is quick
BAR = 24  # characters

BATCH_EXAMPLES = """examples:
  python -m nst batch --content photos --style paintings -o out
  python -m nst batch --content a.jpg b.jpg --style sky.jpg waves.jpg -o out --zip
  python -m nst batch --jobs jobs.csv -o out --preset fine
  python -m nst batch --content photos --style paintings -o out --workers 2
  python -m nst batch --content s3://bucket/photos --style paintings -o s3://bucket/out \\
      --scheduler tcp://10.0.0.5:8786
"""
SHEET_EXAMPLES = """examples:
  python -m nst sheet photo.jpg
  python -m nst sheet photo.jpg --style paintings -o sheet.jpg --resolution 384
"""


def main(arguments: Sequence[str]) -> int:
    """Run `batch` or `sheet`, the first of the arguments, and return the exit code.

    0: all is painted; 1: at least one painting failed, and is told; 2: bad input, told in one
    sentence; 130: interrupted, 143: asked to end, what was finished is kept.
    """
    run, parser = {"batch": (_batch, _batch_parser), "sheet": (_sheet, _sheet_parser)}[arguments[0]]
    options = parser().parse_args(arguments[1:])
    try:
        return run(options)
    except UserError as error:
        print(f"nst: {error}", file=sys.stderr, flush=True)
        return BAD_INPUT
    except KeyboardInterrupt as interrupt:
        print("nst: Interrupted before the first painting.", file=sys.stderr, flush=True)
        return errors.exit_code(interrupt)


def _batch_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m nst batch",
        description="Paint many pictures: every content in every style, or the jobs of a list.",
        epilog=BATCH_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    inputs = parser.add_argument_group("what to paint; paths, folders or URLs such as s3://...")
    inputs.add_argument("--content", metavar="PATH", nargs="+", help="photos, or folders of them")
    inputs.add_argument("--style", metavar="PATH", nargs="+", help="styles, or folders of them")
    inputs.add_argument(
        "--zip",
        action="store_true",
        help="the first content in the first style, the second in the second, and so on",
    )
    inputs.add_argument(
        "--jobs",
        metavar="LIST",
        help="a .csv file with a header, or a .jsonl file: content, style, and if wanted output, "
        "masks, init, preset and any setting, for every job; several values in one cell of a CSV "
        "file have ; between them",
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the folder of the results"
    )
    _add_preset(parser, DEFAULT_PRESET)
    add_settings(parser.add_argument_group("settings, on top of the preset"))
    engine = parser.add_argument_group("engine")
    _add_engine(engine)
    add_workers(engine)
    engine.add_argument(
        "--shared",
        action="store_true",
        help="the workers read the pictures and write the results themselves, from a folder they "
        "share or a store; without it pictures travel by way of the scheduler",
    )
    output = parser.add_argument_group("output")
    output.add_argument("--quiet", action="store_true", help="print nothing but errors")
    output.add_argument(
        "--json", action="store_true", help="print one JSON line a painting, and one at the end"
    )
    return parser


def _sheet_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m nst sheet",
        description="Paint one photo in all sample styles, small and quickly, as one sheet.",
        epilog=SHEET_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
    _add_preset(parser, f"quick, with a resolution of {SHEET_RESOLUTION} px")
    add_settings(parser.add_argument_group("settings, on top of the preset"))
    _add_engine(parser.add_argument_group("engine"))
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(json=False)
    return parser


def _add_preset(parser: argparse.ArgumentParser, default: str) -> None:
    presets = "; ".join(f"{name}: {preset.help}" for name, preset in PRESETS.items())
    parser.add_argument("--preset", metavar="NAME", help=f"{presets} Default: {default}.")


def _add_engine(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--weights",
        default="original",
        help="VGG19 weights: original, torchvision or the path of a state dict; default original",
    )
    group.add_argument("--device", default="auto", help="auto, cuda, mps or cpu; default auto")


def _batch(options: argparse.Namespace) -> int:
    from nst.batch import batch, storage

    jobs = _jobs(options)
    check_workers(options)
    report = _Report(len(jobs), options.quiet, options.json)
    records = _records(jobs, options, report)
    storage.make_folder(options.output)
    manifest = batch.Manifest(options.output)
    manifest.save()  # a folder that cannot be written to is told before anything is painted
    exit_code, status = 0, {}
    try:
        # Closed at once, also when it is interrupted here and not while it paints.
        with contextlib.closing(records):
            for record in records:
                manifest.add(record)
                report.add(record)
                status[record.output] = record.status
    except KeyboardInterrupt as interrupt:
        exit_code = errors.exit_code(interrupt)
    except UserError as error:
        if not status:
            raise
        # The cluster was lost, or the folder; what is painted stays.
        report.error(str(error))
        exit_code = FAILED
    report.end_line()
    manifest.save()
    report.say("Drawing the contact sheet ...")
    sheet = _contact_sheet(jobs, status, options.output)
    storage.write(storage.join(options.output, CONTACT_SHEET), sheet)
    report.finish(options.output, interrupted=exit_code > FAILED)
    return exit_code or (FAILED if report.failed else 0)


def _jobs(options: argparse.Namespace) -> list[Job]:
    """The jobs that were asked for; raises `UserError` for flags that do not go together."""
    from nst.batch import batch, storage

    if options.jobs:
        if options.content or options.style or options.zip:
            raise UserError(
                "--jobs names the pictures itself; leave out --content, --style and --zip."
            )
        changes = changes_of(options)
        if options.init:
            changes["init"] = options.init
        jobs = batch.listed(options.jobs, changes, options.preset)
    else:
        if not options.content or not options.style:
            raise UserError("Give --content and --style, or a list of --jobs.")
        settings = settings_of(options)
        contents, styles = (
            [picture for path in given for picture in storage.pictures(path)]
            for given in (options.content, options.style)
        )
        start = options.init if settings.init == "picture" else None
        settings.check_inputs(1, 0, start is not None)
        combine = batch.zipped if options.zip else batch.pairs
        jobs = combine(contents, styles, settings, start)
    for job in jobs:
        if job.output.casefold() == CONTACT_SHEET:
            raise UserError(f"{CONTACT_SHEET} is the name of the sheet; choose another output.")
    return jobs


def _records(
    jobs: Sequence[Job], options: argparse.Namespace, report: _Report
) -> Generator[Record, None, None]:
    """Paint, in this process or on a cluster."""
    from nst.batch import batch
    from nst.studio.engine import VGGEngine

    engine = VGGEngine(options.weights, options.device)
    engine.checksum()  # weights that are not there are bad input, not many failures
    from nst.batch import cluster

    if check_workers(options):
        cluster.check_installed("--workers" if options.scheduler is None else "--scheduler")
    elif options.shared:
        raise UserError("--shared is for workers; give --workers or --scheduler with it.")
    elif not (options.device in ("auto", "cuda") and cluster.worthwhile()):
        from nst.vgg import network

        network.choose_device(options.device)
        return batch.paint_all(jobs, options.output, engine, report.progress)
    return cluster.paint_all(
        jobs, options.output, engine, options.workers, options.scheduler, options.shared
    )


def _contact_sheet(jobs: Sequence[Job], status: Mapping[str, Status], folder: str) -> bytes:
    """Contents by styles, or the results in their order where they are no such table."""
    from nst.batch import storage
    from nst.batch.batch import Status
    from nst.pictures import sheet, writing

    side = sheet.side_for(len(jobs))
    tiles: dict[tuple[str, tuple[str, ...]], sheet.Tile] = {}
    for job in jobs:
        name, small = job.output.removesuffix(".png"), None
        if job.output not in status:
            name = f"not begun: {name}"
        elif status[job.output] == Status.FAILED:
            name = f"failed: {name}"
        else:
            small = sheet.reduce(_result(storage.join(folder, job.output)), side)
        tiles[job.content, job.styles] = (name, small)
    styles = list(dict.fromkeys(job.styles for job in jobs))
    contents = list(dict.fromkeys(job.content for job in jobs))
    if len(tiles) == len(jobs) == len(contents) * len(styles):
        rows = [[tiles[content, style] for style in styles] for content in contents]
    else:
        rows = sheet.in_rows(list(tiles.values()))
    return writing.encode(sheet.draw(rows, side))


def _result(path: str) -> Image:
    """A painting that is there."""
    from PIL import Image

    from nst.batch import batch, storage

    with Image.open(io.BytesIO(storage.read(path, batch.LARGEST_RESULT))) as picture:
        return picture.convert("RGB")


def _sheet(options: argparse.Namespace) -> int:
    from nst.batch import batch, storage
    from nst.pictures import fitting, reading, sheet, writing
    from nst.studio.engine import VGGEngine
    from nst.studio.order import Input
    from nst.studio.studio import Studio

    if options.preset is None:
        options.preset = "quick"
        options.resolution = options.resolution or SHEET_RESOLUTION
    settings: Settings = settings_of(options)
    output = options.output or f"{Path(storage.name_of(options.content)).stem}_sheet.png"
    writing.check_output(output)
    styles = [picture for path in options.style for picture in storage.pictures(path)]
    start = options.init if settings.init == "picture" else None
    settings.check_inputs(1, 0, start is not None)
    photo = reading.open_picture(reading.read_bytes(options.content), options.content)
    side = max(fitting.fit_size(photo.size, settings.resolution))
    # On the sheet nothing is larger, so that nothing larger need be read, written or mixed.
    small = Input(
        Path(options.content).name,
        writing.encode(fitting.fit(photo, settings.resolution)),
        Path(options.content).name,
    )
    studio = Studio(VGGEngine(options.weights, options.device))
    report = _Report(len(styles), options.quiet, options.json)
    tiles: list[sheet.Tile] = [("Photo", small.open())]
    failed = exit_code = 0
    try:
        for style in styles:
            job = batch.Job(options.content, (style,), settings, init=start)
            title = Path(storage.name_of(style)).stem.replace("_", " ").capitalize()
            try:
                order = dataclasses.replace(batch.gather(job), content=small)
                painting = batch.paint(studio, order, report.progress)
            except UserError as error:
                failed += 1
                report.error(f"{title}: {error}")
                tiles.append((f"{title} failed", None))
            else:
                picture = reading.open_picture(painting.data, title)
                tiles.append((title, sheet.reduce(picture, side)))
            report.count(title)
    except KeyboardInterrupt as interrupt:
        if len(tiles) == 1:
            raise
        exit_code = errors.exit_code(interrupt)
    writing.save(sheet.draw(sheet.in_rows(tiles), side), output)
    report.say(f"{'Interrupted' if exit_code else 'Finished'}: {output}")
    return exit_code or (FAILED if failed else 0)


class _Report:
    """One bar for all paintings, or a line each where there is no terminal, or JSON lines."""

    def __init__(self, total: int, quiet: bool, json_lines: bool) -> None:
        self.json, self.quiet = json_lines, quiet or json_lines
        self.terminal = sys.stderr.isatty()
        self._total, self._counts = total, Counter[str]()
        self._began = time.monotonic()
        self._line_open = False
        self._one_at_a_time = threading.Lock()

    @property
    def failed(self) -> int:
        """How many paintings failed so far."""
        return self._counts["failed"]

    def progress(self, fraction: float) -> None:
        """How much is done of what is under way, in paintings; may come from another thread."""
        if self.terminal and not self.quiet:
            with self._one_at_a_time:
                self._draw(fraction)

    def add(self, record: Record) -> None:
        """Another job has ended."""
        if self.json:
            print(record.to_json(), flush=True)
        with self._one_at_a_time:
            if record.error:
                self.error(f"{record.output}: {record.error}")
            self.count(record.output, record.status)

    def count(self, name: str, status: str = "painted") -> None:
        """Another one is done, whatever became of it."""
        self._counts[status] += 1
        if self.quiet:
            return
        if self.terminal:
            self._draw(0.0)
        else:
            print(f"{self._standing(0.0)}  {status}: {name}", file=sys.stderr, flush=True)

    def error(self, text: str) -> None:
        """A sentence on standard error, whatever the flags."""
        self.end_line()
        print(f"nst: {text}", file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        """A line for the reader."""
        if not self.quiet:
            self.end_line()
            print(text, file=sys.stderr, flush=True)

    def finish(self, folder: str, interrupted: bool) -> None:
        """The last word: how many of each, and where."""
        counts = {status: self._counts[status] for status in ("painted", "skipped", "failed")}
        seconds = time.monotonic() - self._began
        if self.json:
            event = "interrupted" if interrupted else "finished"
            record = {"event": event, "output": folder, **counts, "seconds": round(seconds, 3)}
            print(json.dumps(record), flush=True)
        words = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        again = "; the same command goes on where it stopped" if interrupted else ""
        self.say(
            f"{'Interrupted' if interrupted else 'Finished'} after {_duration(seconds)}: "
            f"{words or 'nothing painted'}, in {folder}{again}"
        )

    def end_line(self) -> None:
        """Leave the bar as it is and go on below it."""
        if self._line_open:
            print(file=sys.stderr)
            self._line_open = False

    def _draw(self, fraction: float) -> None:
        done = (sum(self._counts.values()) + fraction) / self._total
        bar = ("#" * round(BAR * done)).ljust(BAR, ".")
        # Padded so that a shorter line covers the one before it.
        print(f"\r[{bar}] {self._standing(fraction):<50}", end="", file=sys.stderr, flush=True)
        self._line_open = True

    def _standing(self, fraction: float) -> str:
        """Such as "3/8, 1 failed, 2 min left"; what was skipped tells nothing of the time left."""
        done = sum(self._counts.values())
        painted = self._counts["painted"] + fraction
        text = f"{done}/{self._total}"
        if self.failed:
            text += f", {self.failed} failed"
        left = self._total - done - fraction
        if painted > 0 and left > 0:
            seconds = (time.monotonic() - self._began) / painted * left
            text += f", {_duration(seconds)} left"
        return text


def _duration(seconds: float) -> str:
    """Such as "40 s", "12 min" or "3 h 5 min"."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
