"""What the commands have in common: the flags of the settings, and how mistakes are told."""

from __future__ import annotations

import argparse
import dataclasses
import os
from typing import Any, NoReturn

from nst.errors import UserError
from nst.settings import CONTROLS, DEFAULT_PRESET, Control, Settings, number

BAD_INPUT, FAILED = 2, 1  # exit codes
MOST_WORKERS = 1024


class Parser(argparse.ArgumentParser):
    """Answers a mistake in one sentence, without repeating all flags."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"nst: {message}; see {self.prog} --help.\n")


def add_settings(group: Any) -> None:
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
        if not os.path.exists(changes["init"]):
            raise UserError(
                f"Start from (init) was {changes['init']!r}; it is {', '.join(names)} or the path "
                "of a picture, and there is no such file."
            )
        changes["init"] = "picture"
    return changes


def add_workers(group: Any) -> None:
    """The flags for painting in several processes or on several machines."""
    extra = "needs requirements-cluster.txt"
    group.add_argument(
        "--workers",
        metavar="N",
        type=number,
        help=f"paint in so many processes of this machine; {extra}",
    )
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help=f"paint on the Dask cluster there, e.g. tcp://10.0.0.5:8786; {extra}",
    )


def check_workers(options: argparse.Namespace) -> bool:
    """Whether workers are asked for; raises `UserError` for what cannot be meant."""
    count = options.workers
    if count is not None and not (isinstance(count, int) and 1 <= count <= MOST_WORKERS):
        raise UserError(f"--workers was {count!r}; give a whole number from 1 to {MOST_WORKERS}.")
    if count is not None and options.scheduler is not None:
        raise UserError("--workers starts processes here, --scheduler uses others; give one.")
    return count is not None or options.scheduler is not None
