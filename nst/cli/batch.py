"""The command that paints many pictures."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING

from nst.cli import overwriting
from nst.cli.call import Call
from nst.cli.flags import (
    FAILED,
    add_engine,
    add_preset,
    add_settings,
    add_workers,
    changes_of,
    check_workers,
    settings_of,
)
from nst.cli.output_size import add_output_size
from nst.cli.report import Report, duration
from nst.cli.tally import Tally
from nst.errors import UserError, exit_code

if TYPE_CHECKING:
    from PIL.Image import Image

    from nst.batch.job import Job
    from nst.batch.manifest import Manifest, Record, Status
    from nst.pictures.sheet import Captioned

DESCRIPTION = "Paint many pictures: every content in every style, or the jobs of a list."
EXAMPLES = """examples:
  %(prog)s --content photos --style paintings -o out
  %(prog)s --content a.jpg b.jpg --style sky.jpg waves.jpg -o out --zip
  %(prog)s --jobs jobs.csv -o out --preset fine
  %(prog)s --content photos --style paintings -o out --workers 2
  %(prog)s --content s3://bucket/photos --style paintings -o s3://bucket/out \\
      --scheduler tcp://10.0.0.5:8786
"""
CONTACT_SHEET = "contact_sheet.png"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """All that this command understands."""
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
        "masks, style_masks, init, preset and any setting, for every job; several values in one "
        "cell of a CSV file have ; between them",
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the folder of the results"
    )
    add_preset(parser)
    add_settings(parser.add_argument_group("settings, on top of the preset"))
    engine = parser.add_argument_group("engine")
    add_engine(engine)
    add_workers(engine)
    engine.add_argument(
        "--shared",
        action="store_true",
        help="the workers read the pictures and write the results themselves, from a folder they "
        "share or a store; without it pictures travel by way of the scheduler",
    )
    output = parser.add_argument_group("output")
    add_output_size(output)
    output.add_argument("--quiet", action="store_true", help="print nothing but errors")
    output.add_argument(
        "--json", action="store_true", help="print one JSON line a painting, and one at the end"
    )


def run(call: Call) -> int:
    """Paint the batch; the exit code, as `main` has it."""
    from nst.batch import storage
    from nst.batch.manifest import Manifest

    options = call.options
    notes: list[str] = []  # told once it is sure that the batch begins
    jobs = _jobs(options, notes.append)
    _check_results(jobs, options)
    tally = Tally(call.report, len(jobs))
    records = _records(jobs, options, tally)
    storage.make_folder(options.output)
    manifest = Manifest(options.output)
    manifest.save()  # a folder that cannot be written to is told before anything is painted
    for note in notes:
        call.report.warn(note)
    found: dict[str, Status] = {}
    code = _follow(call, records, manifest, tally, found)

    def save() -> None:
        manifest.save()
        call.report.say("Drawing the contact sheet ...")
        sheet = _contact_sheet(jobs, found, options.output)
        storage.write(storage.join(options.output, CONTACT_SHEET), sheet)

    _, late = call.interrupts.finish(save)
    code = code if late is None else exit_code(late)
    _tell_end(call.report, tally, options.output, interrupted=code > FAILED)
    return code or (FAILED if tally.failed else 0)


def _follow(
    call: Call,
    records: Generator[Record, None, None],
    manifest: Manifest,
    tally: Tally,
    found: dict[str, Status],
) -> int:
    """Take in each record, also into `found`; the exit code of what ended it too early, or 0."""
    try:
        # Closed at once, also when it is interrupted here and not while it paints.
        with contextlib.closing(records):
            for record in records:
                with call.interrupts.holding():
                    manifest.add(record)
                    found[record.output] = record.status
                    call.report.emit(json.loads(record.to_json()))
                    tally.add(record.output, record.status, record.error)
        call.interrupts.hold()
    except KeyboardInterrupt as interrupt:
        call.interrupts.hold()
        return exit_code(interrupt)
    except UserError as error:
        if not found:
            raise
        # The cluster was lost, or the folder; what is painted stays.
        call.report.warn(str(error))
        return FAILED
    return 0


def _jobs(options: argparse.Namespace, tell: Callable[[str], None]) -> list[Job]:
    """The jobs that were asked for; `tell` gets what a folder holds beside pictures.

    Raises `UserError` for flags that do not go together.
    """
    from nst.batch import storage
    from nst.batch.job import pairs, zipped
    from nst.batch.job_list import listed

    check_workers(options)
    if options.jobs:
        if options.content or options.style or options.zip:
            raise UserError(
                "--jobs names the pictures itself; leave out --content, --style and --zip."
            )
        changes = changes_of(options)
        if options.init:
            changes["init"] = options.init
        jobs = listed(options.jobs, changes, options.preset)
    else:
        if not options.content or not options.style:
            raise UserError("Give --content and --style, or a list of --jobs.")
        settings = settings_of(options)
        contents, styles = (
            [picture for path in given for picture in storage.pictures(path, tell)]
            for given in (options.content, options.style)
        )
        start = options.init if settings.init == "picture" else None
        settings.check_inputs(1, 0, start is not None)
        combine = zipped if options.zip else pairs
        jobs = combine(contents, styles, settings, start)
    for job in jobs:
        if job.output.casefold() == CONTACT_SHEET:
            raise UserError(f"{CONTACT_SHEET} is the name of the sheet; choose another output.")
    return [dataclasses.replace(job, output_size=options.output_size) for job in jobs]


def _check_results(jobs: Sequence[Job], options: argparse.Namespace) -> None:
    """Raises `UserError` if a result would take the place of something that goes in."""
    from nst.batch import storage
    from nst.batch.manifest import MANIFEST

    inputs: list[tuple[str, str]] = []
    for job in jobs:
        inputs += [("a photo", job.content), *(("a style", path) for path in job.styles)]
        inputs += [("a mask", path) for path in (*job.masks, *job.style_masks)]
        inputs += [("what a job starts from", job.init)] if job.init else []
    inputs += [("the list of jobs", options.jobs)] if options.jobs else []
    names = [*(job.output for job in jobs), MANIFEST, CONTACT_SHEET]
    outputs = [(f"The result {name!r}", storage.join(options.output, name)) for name in names]
    overwriting.check(inputs, outputs)


def _records(
    jobs: Sequence[Job], options: argparse.Namespace, tally: Tally
) -> Generator[Record, None, None]:
    """Paint, in this process or on a cluster."""
    from nst.batch import cluster, local
    from nst.studio.engine import VGGEngine

    engine = VGGEngine(options.weights or "original", options.device)
    engine.checksum()  # weights that are not there are bad input, not many failures
    if check_workers(options):
        cluster.check_installed("--workers" if options.scheduler is None else "--scheduler")
    elif options.shared:
        raise UserError("--shared is for workers; give --workers or --scheduler with it.")
    elif not (options.device in ("auto", "cuda") and cluster.worthwhile()):
        from nst.vgg import device

        device.choose_device(options.device)
        return local.paint_all(jobs, options.output, engine, tally.progress)
    return cluster.paint_all(
        jobs, options.output, engine, options.workers, options.scheduler, options.shared
    )


def _contact_sheet(jobs: Sequence[Job], found: Mapping[str, Status], folder: str) -> bytes:
    """Contents by styles, or the results in their order where they are no such table."""
    from nst.batch import storage
    from nst.batch.manifest import Status
    from nst.pictures import sheet, writing

    side = sheet.side_for(len(jobs))
    tiles: dict[tuple[str, tuple[str, ...]], Captioned] = {}
    for job in jobs:
        name, small = job.output.removesuffix(".png"), None
        if job.output not in found:
            name = f"not begun: {name}"
        elif found[job.output] == Status.FAILED:
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

    from nst.batch import storage

    with Image.open(io.BytesIO(storage.read(path, storage.LARGEST_RESULT))) as picture:
        return picture.convert("RGB")


def _tell_end(report: Report, tally: Tally, folder: str, *, interrupted: bool) -> None:
    """The last word: how many of each, and where."""
    event = "interrupted" if interrupted else "finished"
    seconds, counts = tally.seconds, tally.counts
    report.emit({"event": event, "output": folder, **counts, "seconds": round(seconds, 3)})
    words = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    again = "; the same command goes on where it stopped" if interrupted else ""
    report.say(
        f"{event.capitalize()} after {duration(seconds)}: "
        f"{words or 'nothing painted'}, in {folder}{again}"
    )
