"""The recipe of a painting: all it takes to paint it again, kept as JSON in its PNG file.

A recipe read from a file is foreign data: everything in it is checked, and nothing that it names is
ever opened. Only the standard library is imported here.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from nst import __version__
from nst.errors import UserError
from nst.pictures import png
from nst.settings import Settings, SettingsError

KEY = "nst-recipe"  # the keyword of the PNG's text chunk
FORMAT = 2  # of recipes with style masks; others are of format 1, which older versions read

MAX_LENGTH = 96 * 1024  # characters; the limits below keep every recipe of ours within it
MAX_PICTURES = 16  # of a kind: that many styles, and that many masks
MAX_VERSIONS = 16
MAX_NAME = 255  # bytes in UTF-8, as file systems have it
MAX_DIGITS = 20  # math.isfinite and others fail on whole numbers beyond the range of floats


class RecipeError(UserError):
    """There is no recipe, or it is damaged, made up or from a newer version."""


@dataclass(frozen=True)
class Source:
    """A picture that went in: the last part of its path and its file's SHA-256, 64 hex digits.

    The name is there to be read by people: folders and characters that do not print are removed.
    Raises `RecipeError` for another kind of hash.
    """

    name: str
    sha256: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _last_part(self.name))
        _check_hash(self.sha256)

    @classmethod
    def of(cls, data: bytes, name: str) -> Source:
        """The picture whose file, called `name`, holds the bytes `data`."""
        return cls(name, hashlib.sha256(data).hexdigest())


@dataclass(frozen=True)
class Recipe:
    """What a painting was made of; always valid, and short enough for `from_json`.

    `styles`, `masks` and `style_masks` are up to 16 each, `weights` is a name (of a path the last
    part), `weights_sha256` may be empty, `versions` is up to 16 programs and libraries. Raises
    `RecipeError` for anything else.
    """

    settings: Settings
    content: Source
    styles: tuple[Source, ...]
    masks: tuple[Source, ...] = ()
    init: Source | None = None
    weights: str = ""
    weights_sha256: str = ""
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    style_masks: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        _check_count(len(self.styles), MAX_PICTURES, "styles")
        _check_count(len(self.masks), MAX_PICTURES, "masks")
        _check_count(len(self.style_masks), MAX_PICTURES, "style_masks")
        _check_count(len(self.versions), MAX_VERSIONS, "versions")
        if self.weights_sha256:
            _check_hash(self.weights_sha256)
        versions = {_printable(key): _printable(value) for key, value in self.versions.items()}
        object.__setattr__(self, "weights", _last_part(self.weights))
        object.__setattr__(self, "versions", versions)

    def to_json(self) -> str:
        """The recipe as compact ASCII; the same recipe gives the same text."""
        values = {"format": FORMAT, **dataclasses.asdict(self)}
        if not self.style_masks:
            values["format"] = 1
            del values["style_masks"]
        return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def ingredients(self) -> dict[str, Any]:
        """All that decides what a painting looks like; what files are called does not."""
        return {
            "content": self.content.sha256,
            "styles": [source.sha256 for source in self.styles],
            "masks": [source.sha256 for source in self.masks],
            "style_masks": [source.sha256 for source in self.style_masks],
            "init": self.init and self.init.sha256,
            "settings": self.settings,
            "weights": self.weights_sha256,
            "versions": self.versions,
        }

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """The inverse of `to_json` for untrusted text of at most 96 KB.

        Raises `RecipeError` for anything that is not a recipe of this or an earlier version.
        """
        if len(text) > MAX_LENGTH:
            raise _too_long(len(text))
        try:
            return _recipe(_parsed(text))
        except RecursionError as error:  # on reading it, or on showing it in a message
            raise _not_a_recipe("it is nested too deeply") from error


def versions() -> dict[str, str]:
    """The versions, here and now, of all that decides what a painting looks like."""
    packages = {name: version(name) for name in ("torch", "numpy", "pillow")}
    return {"nst": __version__, "python": platform.python_version(), **packages}


def read(data: bytes) -> Recipe:
    """The recipe in the bytes of a PNG file, of which no pixel is decoded.

    Raises `RecipeError` if it is no PNG, is cut off or holds no valid recipe.
    """
    if not data.startswith(png.SIGNATURE):
        raise RecipeError(
            "The file is not a PNG, so it holds no recipe; choose the PNG of a painting as this "
            "program saved it."
        )
    keyword = KEY.encode() + b"\0"
    for chunk in _chunks(data):
        kind, body = chunk.kind, chunk.body
        if kind in (b"tEXt", b"iTXt", b"zTXt") and body[: len(keyword)] == keyword:
            if len(body) > 2 * MAX_LENGTH:
                raise _too_long(len(body))
            if not chunk.is_intact:
                raise _damaged()
            return Recipe.from_json(_text(kind, bytes(body[len(keyword) :])))
    raise RecipeError(
        "The PNG holds no recipe; choose a painting as this program saved it, as many programs and "
        "websites remove recipes."
    )


def check_whole(data: bytes) -> None:
    """Raises `RecipeError` unless the bytes are a PNG file to its end, every checksum right."""
    if not all(chunk.is_intact for chunk in _chunks(data)):
        raise _damaged()


def _chunks(data: bytes) -> Iterator[png.Chunk]:
    """The chunks of a PNG; raises `RecipeError` for one that is cut off."""
    try:
        yield from png.chunks(data)
    except png.PngError as error:
        raise _damaged() from error


def _text(kind: bytes, body: bytes) -> str:
    """The text of a chunk whose keyword has been taken off."""
    if kind == b"tEXt":
        return body.decode("latin-1")
    # A few KB of compressed text can hold gigabytes; recipes are always stored as they are.
    if kind == b"zTXt" or body[:1] != b"\0":
        raise _not_a_recipe("it is compressed")
    # Compression flag and method, a byte each, then language, translated keyword and the text.
    _, found, rest = body[2:].partition(b"\0")
    _, found_too, text = rest.partition(b"\0")
    if not (found and found_too):
        raise _damaged()
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _damaged() from error


def _parsed(text: str) -> Any:
    """What the JSON says, in which no key stands twice and every number is finite."""
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_whole_number,
            parse_float=_number,
            parse_constant=_number,
        )
    except ValueError as error:
        raise _not_a_recipe(str(error)) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise ValueError(f"it says {_quoted(key)} twice")
        values[key] = value
    return values


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number in it has {len(digits)} digits")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"a number in it is {_quoted(digits)}")
    return value


def _recipe(values: Any) -> Recipe:
    if not isinstance(values, dict) or "format" not in values:
        raise _not_a_recipe("it does not say its format")
    # First of all: what else a newer format holds is not known.
    if _checked_format(values.pop("format")) == 1:
        values = {"style_masks": [], **values}
    names = [field.name for field in dataclasses.fields(Recipe)]
    for name in names:
        if name not in values:
            raise _not_a_recipe(f"{_quoted(name)} is missing")
    for name in values:
        if name not in names:
            raise _not_a_recipe(f"there is no {_quoted(name)} in a recipe")
    init = values["init"]
    return Recipe(
        settings=_settings(values["settings"]),
        content=_source(values["content"], "content"),
        styles=_sources(values["styles"], "styles"),
        masks=_sources(values["masks"], "masks"),
        style_masks=_sources(values["style_masks"], "style_masks"),
        init=None if init is None else _source(init, "init"),
        weights=_string(values["weights"], "weights"),
        weights_sha256=_string(values["weights_sha256"], "weights_sha256"),
        versions={
            key: _string(value, "versions")
            for key, value in _object(values["versions"], "versions").items()
        },
    )


def _checked_format(number: Any) -> int:
    if type(number) is not int or number < 1:  # True is an int as well
        raise _not_a_recipe(f"its format must be from 1 to {FORMAT}")
    if number > FORMAT:
        raise RecipeError(
            f"The recipe is from a newer version of this program: it is of format {number}, and "
            f"this version reads up to {FORMAT}; update the program."
        )
    return number


def _settings(value: Any) -> Settings:
    # What was painted before strokes had neighbours was painted by Gram matrices.
    values = {"style_loss": "gram", **_object(value, "settings")}
    try:
        return Settings.from_dict(values)
    except SettingsError as error:
        raise RecipeError(f"The recipe's settings do not fit: {_shortened(str(error))}") from error


def _sources(value: Any, name: str) -> tuple[Source, ...]:
    if not isinstance(value, list):
        raise _not_a_recipe(f"its {name} must be a list")
    return tuple(_source(item, name) for item in value)


def _source(value: Any, name: str) -> Source:
    values = _object(value, name)
    if set(values) != {"name", "sha256"}:
        raise _not_a_recipe(f"a picture of its {name} must have a name and a sha256")
    return Source(_string(values["name"], name), _string(values["sha256"], name))


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _not_a_recipe(f"its {name} must be an object")
    return value


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _not_a_recipe(f"its {name} must be text")
    return value


def _check_hash(text: str) -> None:
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise _not_a_recipe(f"the SHA-256 {_quoted(text)} is not 64 lowercase hex digits")


def _check_count(count: int, most: int, name: str) -> None:
    if count > most:
        raise _not_a_recipe(f"it has {count} {name}, but at most {most} are allowed")


def _last_part(path: str) -> str:
    """A foreign path's last part, `_printable`; empty if that would be a folder's dots."""
    name = _printable(path.replace("\\", "/").rstrip("/").rpartition("/")[2])
    return "" if name in (".", "..") else name


def _printable(text: str) -> str:
    """Foreign text without control characters and text direction marks, at most 255 bytes."""
    # isprintable() is false for lone surrogates too, so that encode() cannot fail.
    visible = "".join(character for character in text if character.isprintable())
    return visible.strip().encode()[:MAX_NAME].decode(errors="ignore").strip()


def _quoted(text: str) -> str:
    """Foreign text for a message: what does not print is escaped."""
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def _shortened(message: str) -> str:
    """A message that may quote a foreign value at length; what is allowed stands at its end."""
    return message if len(message) <= 1000 else f"{message[:200]}…{message[-700:]}"


def _not_a_recipe(reason: str) -> RecipeError:
    return RecipeError(
        f"This is not a valid recipe ({reason}); choose the PNG of a painting as this program "
        "saved it."
    )


def _too_long(length: int) -> RecipeError:
    return _not_a_recipe(
        f"it is {math.ceil(length / 1024)} KB long, but at most {MAX_LENGTH // 1024} KB are allowed"
    )


def _damaged() -> RecipeError:
    return RecipeError(
        "The PNG is damaged or cut off; choose the file of a painting as this program saved it."
    )
