"""Foreign names and errors of the system, fit for a message."""

from __future__ import annotations


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


def reason(error: Exception) -> str:
    """What the system says of an error, without the path that the error may name."""
    return getattr(error, "strerror", None) or str(error)
