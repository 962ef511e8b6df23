"""Foreign names, fit for a message or for a name of a result, and errors of the system."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

STEM_BYTES = 90  # of a part of a name; with all that goes around two parts it fits into 255


def shown_name(name: str | None, otherwise: str = "The picture") -> str:
    """The last part of a foreign name, printable, short and in quotes; `otherwise` if none is left.

    At most 60 characters.
    """
    last = (name or "").replace("\\", "/").rstrip("/").rpartition("/")[2]
    # isprintable() is false for control characters, text direction marks and lone surrogates.
    clean = "".join(character for character in last if character.isprintable()).strip()
    if len(clean) > 60:
        clean = f"{clean[:40]}…{clean[-19:]}"
    return f'"{clean}"' if clean else otherwise


def safe_stem(name: str, otherwise: str) -> str:
    """A foreign file's name, fit to be a part of a new one: "My Holiday.JPG" -> "my-holiday".

    Lower case, letters and digits of any alphabet with "-" between them, without the extension, at
    most `STEM_BYTES` bytes of UTF-8; `otherwise` where nothing is left.
    """
    # NFC, as some systems store an accent beside its letter and others do not show that well.
    stem = PurePosixPath(name.replace("\\", "/")).stem
    text = unicodedata.normalize("NFC", stem).lower()
    # Letters, marks that belong to them, and digits; so no path, no control, no surrogate.
    parts = "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in text)
    words = "-".join(parts.split())
    return words.encode()[:STEM_BYTES].decode(errors="ignore").strip("-") or otherwise


def result_stem(content: str, styles: Sequence[str]) -> str:
    """What a painting is called after its files: "holiday-in-night-sky", without an extension."""
    blend = "-and-".join(safe_stem(style, "art") for style in styles)
    return f"{safe_stem(content, 'photo')}-in-{safe_stem(blend, 'art')}"


def reason(error: Exception) -> str:
    """What the system says of an error, without the path that the error may name."""
    return getattr(error, "strerror", None) or str(error)
