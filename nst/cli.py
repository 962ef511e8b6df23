"""The command line, `python -m nst`: the only place in the package that prints."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from nst import __version__
from nst.settings import CONTROLS, PRESETS, Control, Settings, UserError

# torch, Pillow and matplotlib are imported where they are first needed: `--help` and a mistyped
# flag answer at once.
if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image
    from torch import Tensor

    from nst.transfer import Progress

EXAMPLES = """examples:
  python -m nst photo.jpg painting.jpg -o out.png
  python -m nst photo.jpg painting.jpg -o out.jpg --preset fine --style-weight 30000
  python -m nst photo.jpg painting.jpg -o out.png --show --plot losses.png
"""
BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0: painted; 1: the painting fell apart, its last good picture is saved; 2: bad input, told in
    one sentence; 130: interrupted, the picture so far is saved.
    """
    options = _parser().parse_args(arguments)
    report = _Report(options)
    try:
        return _paint(options, report)
    except UserError as error:
        report.error(str(error))
        return BAD_INPUT
    except KeyboardInterrupt:
        report.error("Interrupted before the first iteration; nothing was saved.")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m nst",
        description="Paint the content of one picture in the style of another.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("content", metavar="CONTENT", help="the picture to paint, e.g. a photo")
    parser.add_argument("style", metavar="STYLE", help="the picture that sets the style")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="where to save; .png, .jpg, .webp, ..."
    )
    presets = "; ".join(f"{name}: {preset.help}" for name, preset in PRESETS.items())
    parser.add_argument("--preset", default="balanced", metavar="NAME", help=presets)
    _add_settings(parser.add_argument_group("settings, on top of the preset"))
    engine = parser.add_argument_group("engine")
    engine.add_argument(
        "--weights",
        default="original",
        help="VGG19 weights: original (comes with the packages), torchvision (a download of "
        "548 MB) or the path of a state dict; default original",
    )
    engine.add_argument(
        "--device", default="auto", help="auto, cuda, mps or cpu; default auto: the fastest"
    )
    output = parser.add_argument_group("output")
    output.add_argument("--show", action="store_true", help="watch it in a window while it paints")
    output.add_argument("--plot", metavar="FILE", help="save a chart of the losses")
    output.add_argument("--quiet", action="store_true", help="print nothing but errors")
    output.add_argument(
        "--json", action="store_true", help="print one JSON line a refresh, and one at the end"
    )
    parser.add_argument("--version", action="version", version=f"nst {__version__}")
    return parser


class _Parser(argparse.ArgumentParser):
    """Answers a mistake in one sentence, without repeating all flags."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"nst: {message}; see python -m nst --help.\n")


def _add_settings(group: Any) -> None:
    for field in dataclasses.fields(Settings):
        control = CONTROLS[field.name]
        flag = "--" + field.name.replace("_", "-")
        if isinstance(field.default, bool):
            default = "on" if field.default else "off"
            group.add_argument(
                flag,
                action=argparse.BooleanOptionalAction,
                default=None,
                help=f"{control.help} Default: {default}.",
            )
        elif control.choices:
            group.add_argument(
                flag,
                metavar="NAME",
                help=f"{control.help} {_range(control)}; default {field.default}.",
            )
        else:
            group.add_argument(
                flag,
                type=_number,
                metavar=type(field.default).__name__.upper(),
                help=f"{control.help} {_range(control)}; default {field.default:.10g}.",
            )


def _range(control: Control) -> str:
    return control.allowed[0].upper() + control.allowed[1:]


def _number(text: str) -> float | int | str:
    """The number in `text`; what is none is left for `Settings` to refuse with the range."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _settings(options: argparse.Namespace) -> Settings:
    given = {name: getattr(options, name) for name in CONTROLS}
    return Settings.preset(
        options.preset, **{name: value for name, value in given.items() if value is not None}
    )


def _paint(options: argparse.Namespace, report: _Report) -> int:
    settings = _settings(options)
    from nst import export, images

    images.check_output(options.output)
    if options.plot:
        export.check_chart(options.plot)
    content = images.open_picture(options.content)
    style = images.open_picture(options.style)
    window = _open_window(report, content, style) if options.show else None

    report.say("Loading VGG19 ...")
    from nst import transfer, vgg

    run = transfer.steps(
        images.to_tensor(images.fit(content, settings.resolution, settings.square)),
        [images.to_tensor(images.fit(style, settings.resolution))],
        settings,
        vgg.load(options.weights, options.device),
    )
    outcome = _follow(run, report, window)
    picture = images.enlarge(images.to_picture(outcome.image), content.size)
    images.save(picture, options.output)
    if options.plot:
        export.save_chart(outcome.history, options.plot)
    report.finish(outcome, options.output, picture.size)
    if window and outcome.exit_code == 0:
        window.wait()
    return outcome.exit_code


@dataclass
class _Outcome:
    """How a run ended."""

    status: str  # finished, interrupted or failed
    exit_code: int
    history: list[Progress]
    image: Tensor
    message: str = ""


def _follow(run: Iterator[Progress], report: _Report, window: _Window | None) -> _Outcome:
    """Iterate to the end, to Ctrl-C or to a loss that is no longer finite."""
    from nst.transfer import DivergedError

    history: list[Progress] = []
    try:
        for progress in run:
            # Previews are not kept: a long run at a large size would fill the memory with them.
            history.append(dataclasses.replace(progress, image=None))
            report.progress(progress)
            if window and progress.image is not None:
                window.show(progress)
    except KeyboardInterrupt:
        if not history:
            raise
        return _Outcome("interrupted", INTERRUPTED, history, history[-1].snapshot())
    except DivergedError as error:
        return _Outcome("failed", FAILED, history, error.image, str(error))
    return _Outcome("finished", 0, history, history[-1].snapshot())


class _Report:
    """Tells how it goes: a line that is rewritten on a terminal, JSON lines, or nothing."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.json, self.quiet = options.json, options.quiet or options.json
        self.terminal = sys.stderr.isatty()
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
        print(json.dumps(record), flush=True)


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

        from nst import export, images

        if not pyplot.fignum_exists(self.figure.number) or progress.image is None:
            return
        result = images.to_picture(progress.image).resize(self.content.size)
        title = f"iteration {progress.iteration} of {progress.total}"
        export.draw_side_by_side(self.figure, (self.content, self.style, result), title)
        self.figure.canvas.draw_idle()
        pyplot.pause(0.01)

    def wait(self) -> None:
        """Keep the finished picture in view until the window is closed."""
        from matplotlib import pyplot

        pyplot.show(block=True)
