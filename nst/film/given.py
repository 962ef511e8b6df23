"""A film as it was given: where its file is, or the file itself, which then touches no disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from nst.pictures.naming import shown_name

# How files begin that a stranger may give, and what FFmpeg calls them. It knows many more formats,
# among them lists of other files, which it would open.
MOV_PARTS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
MATROSKA = b"\x1a\x45\xdf\xa3"


@dataclass(frozen=True)
class Upload:
    """A film that somebody gave: the name of its file, and what is in it."""

    name: str
    data: bytes

    @property
    def format(self) -> str:
        """What FFmpeg calls a file that begins so; "" for one that is not taken."""
        return format_of(self.data)


Given: TypeAlias = str | Upload


def format_of(data: bytes) -> str:
    """Which of the formats that a stranger may give a file begins with; "" for another."""
    if data[4:8] in MOV_PARTS:
        return "mov"
    return "matroska" if data.startswith(MATROSKA) else ""


def title(film: Given) -> str:
    """What a film is called in messages."""
    return shown_name(film if isinstance(film, str) else film.name, "The film")
