"""Where the sample pictures lie: artworks, photos and masks that come with the program."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(kind: str) -> Path:
    """The folder of the sample pictures of a kind: "content", "masks" or "styles".

    Installed they lie in the package, in a checkout in `Resources` beside it.
    """
    installed = _PACKAGE / "resources" / kind
    return installed if installed.is_dir() else _PACKAGE.parent / "Resources" / kind
