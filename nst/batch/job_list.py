"""Jobs of a list: a .csv file with a header, or a .jsonl file with an object a line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nst.batch import storage
from nst.batch.job import Job, check_name, named
from nst.errors import UserError
from nst.settings import CONTROLS, DEFAULT_PRESET, Settings, SettingsError, number

MASKS = ("masks", "style_masks")  # columns with a picture for each style
SEPARATOR = ";"  # between several values in a cell of a CSV file


def listed(path: str, changes: Mapping[str, Any], preset: str | None = None) -> list[Job]:
    """The jobs of a list, .csv with a header or .jsonl with an object a line.

    Columns are content, style (several with ";" between them, or a list), and where wanted output,
    masks, style_masks, init, preset and any setting; `changes` and `preset` are for what a line
    does not say. Raises `UserError`, which names the line, for anything that is not understood.
    """
    text = _text(path)
    suffix = Path(path).suffix.lower()
    if suffix == ".csv":
        lines = _csv_lines(text, path)
    elif suffix in (".jsonl", ".ndjson"):
        lines = _json_lines(text, path)
    else:
        raise UserError(f"The job list {path!r} must be a .csv or a .jsonl file.")
    jobs = []
    for line, values in lines:
        try:
            jobs.append(_job(values, changes, preset))
        except UserError as error:
            raise UserError(f"Line {line} of {path}: {error}") from error
    if not jobs:
        raise UserError(f"The job list {path!r} has no jobs.")
    return named(jobs)


def _text(path: str) -> str:
    try:
        return storage.read(path).decode("utf-8-sig")  # as some programs begin a CSV file
    except UnicodeDecodeError as error:
        raise UserError(f"The job list {path!r} is not text in UTF-8; save it anew.") from error


def _csv_lines(text: str, path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        for row in reader:
            if None in row:
                raise UserError(
                    f"Line {reader.line_num} of {path} has more cells than the header has columns."
                )
            yield reader.line_num, {key: _cell(key, value) for key, value in row.items() if value}
    except csv.Error as error:
        raise UserError(f"{path} is not a CSV file that can be read: {error}.") from error


def _cell(column: str, text: str) -> Any:
    """The value of a cell as a JSON line would have it."""
    control = CONTROLS.get(column)
    if column in ("style", *MASKS):
        return [part.strip() for part in text.split(SEPARATOR) if part.strip()]
    if control and control.most:
        parts = [part.strip() for part in text.split(SEPARATOR) if part.strip()]
        return parts if control.choices else [number(part) for part in parts]
    if control and not control.choices:
        words = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
        return words.get(text.strip().lower(), number(text))
    return text.strip()


def _json_lines(text: str, path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, part in enumerate(text.splitlines(), 1):
        if not part.strip():
            continue
        try:
            values = json.loads(part)
        except (ValueError, RecursionError) as error:
            raise UserError(f"Line {line} of {path} is not JSON: {error}.") from error
        if not isinstance(values, dict):
            raise UserError(
                f"Line {line} of {path} must be an object, such as "
                '{"content": "photo.jpg", "style": "painting.jpg"}.'
            )
        yield line, values


def _job(values: Mapping[str, Any], changes: Mapping[str, Any], preset: str | None) -> Job:
    """The job of a line; raises `UserError` for what it does not understand."""
    given = dict(values)
    content, output = (_string(given.pop(name, ""), name) for name in ("content", "output"))
    styles, masks, style_masks = (_strings(given.pop(name, ()), name) for name in ("style", *MASKS))
    preset = _string(given.pop("preset", preset or DEFAULT_PRESET), "preset")
    if not content or not styles:
        raise UserError("Every job needs a content and a style.")
    check_name(output)
    init = given.get("init", changes.get("init"))
    start = None
    if isinstance(init, str) and init not in CONTROLS["init"].choices:
        start, given["init"] = init, "picture"
    for name in given:
        if name not in CONTROLS:
            raise SettingsError(
                f"There is no column called {name!r}; choose from content, style, output, "
                f"{', '.join(MASKS)}, preset, {', '.join(CONTROLS)}."
            )
    settings = Settings.preset(preset, **{**changes, **given})
    settings.check_inputs(len(styles), len(masks), start is not None, len(style_masks))
    return Job(content, styles, settings, masks, start, output, style_masks)


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise UserError(f"The {name} was {value!r}; it must be text.")
    return value


def _strings(value: Any, name: str) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)):
        raise UserError(f"The {name} was {value!r}; give a path or a list of paths.")
    return tuple(_string(part, name) for part in values)
