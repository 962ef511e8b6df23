"""Texts of the page: file names, titles, addresses, and times as one says them."""

from __future__ import annotations

import base64
import re

# What `str.capitalize` would not make of a setting's value.
OPTIONS = {
    "lbfgs": "L-BFGS",
    "avg": "Average",
    "max": "Maximum",
    "neighbours": "Painted strokes",
    "gram": "Textured photo",
}


def plain(text: str) -> str:
    """The text with Markdown's markup escaped, as it may hold foreign file names."""
    return re.sub(r"([\\`*_\[\]<>$~#|!:])", r"\\\1", text)


def title_of(stem: str) -> str:
    """A file's name in plain words: night_sky -> Night sky."""
    return stem.replace("_", " ").capitalize()


def option(value: str) -> str:
    """A setting's value as the page shows it; the names of layers stay as the field writes them."""
    return OPTIONS.get(value, value if "_" in value else value.capitalize())


def data_url(picture: bytes, mime: str = "image/jpeg") -> str:
    """An address that holds a picture's file itself, so that the browser need not fetch it."""
    return f"data:{mime};base64,{base64.b64encode(picture).decode()}"


def megabytes(size: int) -> str:
    """Bytes in short words: 90 KB, 1.4 MB, 23 MB."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} KB"
    return f"{size / 1e6:.1f} MB" if size < 10_000_000 else f"{size / 1e6:.0f} MB"


def about(seconds: float) -> str:
    """A rough wait in words: less than a minute, about 2 minutes."""
    minutes = round(seconds / 60)
    if seconds < 45:
        return "less than a minute"
    return "about a minute" if minutes <= 1 else f"about {minutes} minutes"


def rough_duration(seconds: float) -> str:
    """A time in short words: 20 s, 3 min."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 5) * 5} s" if seconds < 100 else f"{round(seconds / 60)} min"
