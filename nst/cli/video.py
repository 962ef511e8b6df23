"""The command that paints a film, frame after frame, or plans it."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import re
import time
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from nst import errors
from nst.cli import advice, overwriting
from nst.cli.call import Call
from nst.cli.flags import (
    BAD_INPUT,
    FAILED,
    MOST_WORKERS,
    add_engine,
    add_masks,
    add_preset,
    add_settings,
    settings_of,
    whole,
)
from nst.cli.report import Report, duration
from nst.errors import ImageError, UserError, exit_code
from nst.settings import DEFAULT_PRESET

if TYPE_CHECKING:
    from nst.film.order import FilmOrder
    from nst.film.plan import FilmPlan
    from nst.film.source import Source
    from nst.film.work import Work

DESCRIPTION = "Paint a film in the style of a picture, each frame from the one before it."
EXAMPLES = """examples:
  %(prog)s holiday.mp4 painting.jpg -o out.mp4
  %(prog)s holiday.mp4 painting.jpg -o out.mp4 --from 0:10 --to 0:15 --fps 12 --plan
  %(prog)s dance.gif painting.jpg -o out.webp --resolution 320
  %(prog)s frames painting.jpg -o painted --workers 2
"""
RESOLUTION = 256  # px: a film has hundreds of frames
TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)")
LINES = 10  # frames between two lines where there is no terminal


def add_flags(parser: argparse.ArgumentParser) -> None:
    """All that this command understands."""
    parser.add_argument(
        "content",
        metavar="FILM",
        help="a film (MP4, MOV, WebM ...), an animated GIF or WebP, or a folder of numbered "
        "pictures",
    )
    parser.add_argument(
        "styles", metavar="STYLE", nargs="+", help="the picture that sets the style, or several"
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="where to save: .mp4 (with the sound), .webp, .gif, or a folder for pictures",
    )
    part = parser.add_argument_group("which part of the film")
    part.add_argument("--from", dest="start", metavar="TIME", type=moment, default=0.0, help=_TIME)
    part.add_argument("--to", dest="end", metavar="TIME", type=moment, help=_TIME)
    part.add_argument(
        "--fps",
        metavar="N",
        type=rate,
        help="frames a second, from 0.1 to 120; default: as many as the film has, and 24 for a "
        "folder",
    )
    add_preset(parser, f"{DEFAULT_PRESET}; the resolution is {RESOLUTION} px unless it is given")
    add_masks(parser)
    add_settings(parser.add_argument_group("settings, on top of the preset"))
    engine = parser.add_argument_group("engine")
    add_engine(engine)
    engine.add_argument(
        "--workers",
        metavar="N",
        type=whole(1, MOST_WORKERS),
        default=1,
        help="paint in so many processes, each of which takes a part of the film",
    )
    output = parser.add_argument_group("output")
    output.add_argument(
        "--plan",
        action="store_true",
        help="print how many frames there are and what they would take, and paint nothing",
    )
    output.add_argument("--quiet", action="store_true", help="print nothing but errors")
    output.add_argument("--json", action="store_true", help="print one JSON line at the end")


_TIME = "in seconds, MM:SS or HH:MM:SS; default: the film's beginning and end"


def moment(text: str) -> float:
    """A `type=` for a time of a film: 12.5, 1:30 or 1:02:03."""
    found = TIME.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} was given, which is no time; give seconds such as 12.5, MM:SS or HH:MM:SS"
        )
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


def rate(text: str) -> Fraction:
    """A `type=` for frames a second: 12, 29.97 or 30000/1001."""
    from nst.film.source import FASTEST, SLOWEST

    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    if not SLOWEST <= value <= FASTEST:
        raise argparse.ArgumentTypeError(
            f"{text!r} was given, which is no number of frames a second from 0.1 to 120"
        )
    return value


def run(call: Call) -> int:
    """Paint or plan a film; the exit code, as `main` has it."""
    from nst.film import order, writing
    from nst.film.frames import Frames
    from nst.film.work import Work
    from nst.studio.engine import VGGEngine

    options, report = call.options, call.report
    film, source = _order(options)
    _check_files(options)
    size = writing.size_of(source.size, film.settings)
    parts = order.segments(film.clip.count, options.workers)
    engine = VGGEngine(options.weights or "original", options.device)
    if options.plan:
        from nst.film.plan import plan

        writing.format_of(options.output)
        _tell_plan(report, film, plan(film, source, engine.load(), parts, options.workers))
        return 0
    writing.check_output(options.output, size, film.clip.count)
    frames, replaced = Frames.begin(options.output, film.recipe(engine.checksum()), parts)
    done = frames.count()
    if replaced:
        report.say("The frames so far were of another recipe, so that all are painted anew.")
    if done:
        report.say(f"Going on from {done} of {frames.total} frames.")
    return _paint(call, Work(film, engine, frames))


def _order(options: argparse.Namespace) -> tuple[FilmOrder, Source]:
    """What is asked for, and the film; raises `UserError` for what cannot be."""
    from nst.batch.job import read
    from nst.film.opening import open_source
    from nst.film.order import FilmOrder
    from nst.film.source import clip_of

    if options.resolution is None:
        options.resolution = RESOLUTION
    settings = settings_of(options)
    advice.check_count(options.content, options.styles)
    start = options.init if settings.init == "picture" else None
    settings.check_inputs(
        len(options.styles), len(options.masks), start is not None, len(options.style_masks)
    )
    source = open_source(options.content, options.fps)
    film = FilmOrder(
        options.content,
        clip_of(source, options.start, options.end, options.fps),
        settings,
        tuple(read(path) for path in options.styles),
        tuple(read(path) for path in options.masks),
        tuple(read(path) for path in options.style_masks),
        None if start is None else read(start),
        options.fps,
    )
    first = next(source.frames(film.clip.start, settings.resolution), None)
    if first is None:
        raise UserError(f"{film.title} has no frames there; choose another part of it.")
    film.pictures(first.picture)  # a style that is no picture is told before the work
    return film, source


def _check_files(options: argparse.Namespace) -> None:
    """Raises `UserError` if the film would take the place of something that goes in."""
    from nst.film.frames import folder_of

    inputs = [("the film", options.content), *(("a style", path) for path in options.styles)]
    inputs += [("a mask", path) for path in (*options.masks, *options.style_masks)]
    once = {"what it starts from": options.init, "the weights": options.weights}
    inputs += [(what, path) for what, path in once.items() if path]
    outputs = [("-o", options.output), ("The folder of the frames", folder_of(options.output))]
    overwriting.check(inputs, outputs)


@dataclass(frozen=True)
class _Outcome:
    """How painting ended."""

    code: int = 0
    message: str = ""


def _paint(call: Call, work: Work) -> int:
    """Paint, and make a film of what is finished whatever ends it."""
    outcome = _follow(call, work)
    finished = work.frames.finished()
    if not finished:
        call.report.error(outcome.message or "Interrupted before the first frame was painted.")
        return outcome.code
    count, late = call.interrupts.finish(lambda: _write(call.report, work, call.options.output))
    code = outcome.code if late is None else exit_code(late)
    whole_film = not code and count == work.order.clip.count
    if whole_film:
        try:
            work.frames.delete()
        except UserError as error:
            call.report.warn(str(error))
    if outcome.message:
        call.report.warn(outcome.message)
    status = "finished" if whole_film else "unfinished"
    output = call.options.output
    call.report.emit({"event": status, "output": output, "frames": count, "code": code})
    of_all = "" if whole_film else f" of {work.order.clip.count}"
    call.report.say(f"{status.capitalize()}, {count}{of_all} frames: {output}")
    if not whole_film:
        call.report.say("The frames so far are kept, and the same command goes on from them.")
    return code


def _follow(call: Call, work: Work) -> _Outcome:
    """Paint with a bar to the end, or to where it cannot go on."""
    report, total = call.report, work.frames.total
    bar = _Bar(report, work.frames.count(), total)
    try:
        with contextlib.closing(_steps(work, call)) as steps:
            for done in steps:
                bar.advance(done)
        call.interrupts.hold()
    except KeyboardInterrupt as interrupt:
        call.interrupts.hold()
        return _Outcome(exit_code(interrupt))
    except UserError as error:  # a damaged film or a full disk is bad input, all else a failure
        return _Outcome(BAD_INPUT if isinstance(error, ImageError) else FAILED, str(error))
    except Exception as error:
        if not errors.is_out_of_memory(error):
            raise
        return _Outcome(FAILED, str(errors.NoMemoryError()))
    return _Outcome()


def _steps(work: Work, call: Call) -> Generator[float, None, None]:
    from nst.film import work as works

    if call.options.workers > 1 and len(work.frames.segments) > 1:
        return works.paint_in_processes(work, call.options.workers)
    call.report.say("Loading VGG19 ...")
    return works.paint_here(work, work.engine.open())


class _Bar:
    """Tells how many frames are painted, and how long the rest takes."""

    def __init__(self, report: Report, done: float, total: int) -> None:
        self._report, self._begun_at, self._total = report, done, total
        self._began, self._told = time.monotonic(), int(done)

    def advance(self, done: float) -> None:
        """So many frames are done, a part of one included."""
        text, now = f"{int(done)}/{self._total} frames", done - self._begun_at
        if now > 0:
            seconds = (time.monotonic() - self._began) / now * (self._total - done)
            text += f", {duration(seconds)} left"
        line = int(done) >= self._told + LINES or (int(done) == self._total > self._told)
        self._told = int(done) if line else self._told
        self._report.advance(done / self._total, text, line=line)


def _write(report: Report, work: Work, output: str) -> int:
    """Make a film of the finished frames; how many there are."""
    from nst.film import writing

    total = work.frames.finished()

    def each(count: int) -> None:
        report.advance(count / total, f"writing frame {count} of {total}", line=False)

    frames = writing.finished(work.order, work.frames.blended(), work.side)
    count = writing.write(frames, work.order, output, each)
    report.close()
    return count


def _tell_plan(report: Report, film: FilmOrder, found: FilmPlan) -> None:
    if report.json:
        report.emit({"event": "plan", **dataclasses.asdict(found)})
        return
    clip = film.clip
    print(
        f"Film: {found.frames} frames of {found.width} x {found.height} px, "
        f"{float(clip.rate):.4g} a second"
    )
    print(f"Memory: {found.memory / 1e9:.1f} GB at most")
    print(
        f"Time: about {duration(found.seconds)}, {found.next_seconds:.1f} s a frame; "
        f"each new scene takes {found.first_seconds:.0f} s more"
    )
