"""Write docs/controls.md: every control, from `Settings`, and the rows of pictures.

python -m Resources.write_controls
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from nst.pictures import writing
from nst.settings import CONTROLS, DEFAULT_PRESET, PRESETS, Control, Settings
from Resources.rows import ALL_ROWS

DOCUMENT = Path(__file__).parent.parent / "docs" / "controls.md"
INTRODUCTION = """\
# Controls

Every control has one name in three places: a label on the page, a flag in the terminal and a
keyword in Python. The flag `--style-weight 30000` is `style_weight=30_000` in `nst.paint(...)` and
the column `style_weight` in a list of jobs. This page is written by
`python -m Resources.write_controls` from `nst/settings.py`.
"""
PRESETS_ARE = f"""\
A preset (`--preset fine`, `preset="fine"`) is a starting point; settings go on top of it. Without
one it is {DEFAULT_PRESET}.
"""
ROWS_ARE = """\
One row a control: the photo with its artwork, and what the same photo becomes with the flag below
each painting. Everything else is as it is by default, but the canvas is small (256 px).
"""
# What the help of a control leaves to the documents.
NOTES = {
    "content_weight": "Then what would start from the photo starts from noise.",
    "style_loss": "gram is how version 1.0 painted.",
    "resolution": "The result is enlarged to the photo's size.",
    "strength": "Painting and photo are mixed in linear light.",
    "init": "In a terminal and in Python it may also be any picture, such as an earlier result.",
    "style_weights": "For example `--style-weights 2 1`.",
}


def main() -> None:
    """Write the document."""
    writing.write_atomically(document().encode(), DOCUMENT)


def document() -> str:
    """The whole of docs/controls.md."""
    simple = [name for name, control in CONTROLS.items() if not control.advanced]
    advanced = [name for name, control in CONTROLS.items() if control.advanced]
    parts = [
        INTRODUCTION,
        "## Presets\n",
        PRESETS_ARE,
        _presets(),
        "## Settings\n",
        _table(simple),
        "Under *Advanced* on the page:\n",
        _table(advanced),
        "## In pictures\n",
        ROWS_ARE,
        *(row.markdown for row in ALL_ROWS),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _presets() -> str:
    lines = ["| preset | when to choose it | what it sets |", "| --- | --- | --- |"]
    for name, preset in PRESETS.items():
        changes = ", ".join(f"{key} {_shown(value)}" for key, value in preset.changes.items())
        lines.append(f"| {name} | {preset.help} | {changes or 'the defaults'} |")
    return "\n".join(lines) + "\n"


def _table(names: list[str]) -> str:
    lines = [
        "| control | flag | default | allowed | what it does |",
        "| --- | --- | --- | --- | --- |",
    ]
    defaults = {field.name: field.default for field in dataclasses.fields(Settings)}
    lines += [_row(name, CONTROLS[name], defaults[name]) for name in names]
    return "\n".join(lines) + "\n"


def _row(name: str, control: Control, default: object) -> str:
    flag = f"`--{name.replace('_', '-')}`"
    if isinstance(default, bool):
        allowed = "on or off"
    else:
        allowed = control.allowed if control.choices else _range(control)
    what = f"{control.help} {NOTES.get(name, '')}".strip()
    unit = " px" if control.unit == "px" else ""
    return f"| {control.label} | {flag} | {_shown(default)}{unit} | {allowed} | {what} |"


def _range(control: Control) -> str:
    """Such as "64 to 4,096 px" or "0.1 to 1,000, or 0"."""
    unit = f" {control.unit}" if control.unit else ""
    each = ", for each" if control.most else ""
    zero = ", or 0" if control.or_zero else ""
    return f"{control.minimum:,.10g} to {control.maximum:,.10g}{unit}{each}{zero}"


def _shown(value: object) -> str:
    """A value as the documents say it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "alike"
    return f"{value:,.10g}" if isinstance(value, (int, float)) else str(value)


if __name__ == "__main__":
    main()
