"""The flags that commands share, and how mistakes in them are told."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

from nst.errors import UserError
from nst.settings import CONTROLS, DEFAULT_PRESET, PRESETS, Control, Settings, number

BAD_INPUT, FAILED = 2, 1  # exit codes
MOST_WORKERS = 1024

Group: TypeAlias = argparse._ArgumentGroup


class UsageError(UserError):
    """The command line is not understood."""


class Parser(argparse.ArgumentParser):
    """Answers a mistake in one sentence, without repeating all flags."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help.")


def whole(least: int, most: int | None = None, unit: str = "") -> Callable[[str], int]:
    """A `type=` for whole numbers from `least` to `most`, or without an end."""
    end = "on" if most is None else f"to {most}"
    unit = unit and f" {unit}"

    def parse(text: str) -> int:
        value = number(text)
        if not isinstance(value, int) or value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(
                f"{text!r} was given, which is no whole number from {least} {end}{unit}"
            )
        return value

    return parse


def bits(text: str) -> int:
    """A `type=` for the depth of a channel."""
    if text not in ("8", "16"):
        raise argparse.ArgumentTypeError(f"{text!r} was given, but a channel has 8 or 16 bits")
    return int(text)


def add_preset(parser: argparse.ArgumentParser, default: str = DEFAULT_PRESET) -> None:
    """The flag for what the settings go on top of."""
    presets = "; ".join(f"{name}: {preset.help}" for name, preset in PRESETS.items())
    parser.add_argument("--preset", metavar="NAME", help=f"{presets} Default: {default}.")


def add_masks(parser: argparse.ArgumentParser) -> None:
    """The flags for where a style is painted, and for what counts of it."""
    parser.add_argument(
        "--masks",
        metavar="FILE",
        nargs="+",
        default=[],
        help="a picture for each style that is white where it is painted, black where not, grey "
        "for partly; what no style claims stays the photo",
    )
    parser.add_argument(
        "--style-masks",
        metavar="FILE",
        nargs="+",
        default=[],
        help="a picture for each style that is white where the style counts, black where not, grey "
        "for partly",
    )


def add_settings(group: Group) -> None:
    """A flag for every setting, with its help, range and default."""
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
        elif control.most:
            default = getattr(Settings(), field.name)
            group.add_argument(
                flag,
                nargs="+",
                type=str if control.choices else number,
                metavar="NAME" if control.choices else "FLOAT",
                help=f"{control.help} {_range(control)}"
                + (f"; default {' '.join(default)}." if default else "."),
            )
        elif field.name == "init":
            group.add_argument(
                flag,
                metavar="NAME|FILE",
                help=f"{control.help} {', '.join(control.choices[:-1])} or the path of a picture; "
                f"default {field.default}.",
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
                type=number,
                metavar=type(field.default).__name__.upper(),
                help=f"{control.help} {_range(control)}; default {field.default:.10g}.",
            )


def _range(control: Control) -> str:
    return control.allowed[0].upper() + control.allowed[1:]


def settings_of(options: argparse.Namespace, base: Settings | None = None) -> Settings:
    """The flags on top of `base`, or else of the preset.

    Raises `SettingsError` for a value out of its range and `UserError` for a start that is none.
    """
    changes = changes_of(options)
    if base is None:
        return Settings.preset(options.preset or DEFAULT_PRESET, **changes)
    return dataclasses.replace(base, **changes)


def changes_of(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that were given by flags, unchecked but for the picture to start from.

    Raises `UserError` if that is neither a known start nor a file.
    """
    given = {name: getattr(options, name) for name in CONTROLS}
    changes = {name: value for name, value in given.items() if value is not None}
    names = CONTROLS["init"].choices[:-1]
    if "init" in changes and changes["init"] not in names:
        from nst.batch import storage  # late, as it imports Pillow

        if not storage.exists(changes["init"]):
            raise UserError(
                f"Start from (init) was {changes['init']!r}; it is {', '.join(names)} or the path "
                "of a picture, and there is no such file."
            )
        changes["init"] = "picture"
    return changes


def add_engine(group: Group) -> None:
    """The flags for what paints."""
    group.add_argument(
        "--weights",
        help="VGG19 weights: original (comes with the packages), torchvision (a download of "
        "548 MB) or the path of a state dict; default original",
    )
    group.add_argument(
        "--device", default="auto", help="auto, cuda, mps or cpu; default auto: the fastest"
    )


def add_workers(group: Group) -> None:
    """The flags for painting in several processes or on several machines."""
    extra = "needs requirements-cluster.txt"
    group.add_argument(
        "--workers",
        metavar="N",
        type=whole(1, MOST_WORKERS),
        help=f"paint in so many processes of this machine; {extra}",
    )
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help=f"paint on the Dask cluster there, e.g. tcp://10.0.0.5:8786; {extra}",
    )


def check_workers(options: argparse.Namespace) -> bool:
    """Whether workers are asked for; raises `UserError` for what cannot be meant."""
    if options.workers is not None and options.scheduler is not None:
        raise UserError("--workers starts processes here, --scheduler uses others; give one.")
    return options.workers is not None or options.scheduler is not None
