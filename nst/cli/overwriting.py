"""Nothing that goes in is overwritten by what comes out."""

from __future__ import annotations

import argparse
import os
from collections.abc import Hashable, Iterable
from typing import TypeAlias

from nst.cli import making
from nst.errors import UserError

Named: TypeAlias = Iterable[tuple[str, str]]  # what a file is, in words or as its flag; its path


def check(inputs: Named, outputs: Named) -> None:
    """Raises `UserError` if an output is an input, or two outputs are one file.

    Files are compared by identity: through links, and however their paths are spelt.
    """
    known = {_identity(path): what for what, path in inputs}
    taken: dict[Hashable, str] = {}
    for flag, path in outputs:
        identity = _identity(path)
        if identity in known:
            raise UserError(
                f"{flag} would be saved as {_shown(path)}, which is {known[identity]}; nothing "
                "that goes in is overwritten, so choose another name or folder."
            )
        if identity in taken:
            raise UserError(
                f"{flag} and {taken[identity]} would be saved as the same file, {_shown(path)}; "
                "choose another name for one of them."
            )
        taken[identity] = flag


def check_painting(options: argparse.Namespace) -> None:
    """`check` of one painting; the file of --resume is both in and out."""
    inputs = [("the photo", options.content), *(("a style", path) for path in options.styles)]
    inputs += [("a mask", path) for path in (*options.masks, *options.style_masks)]
    once = {
        "what it starts from": options.init,
        "the recipe": options.recipe,
        "the weights": options.weights,
    }
    inputs += [(what, path) for what, path in once.items() if path]
    flags = {"-o": options.output, "--plot": options.plot, "--checkpoint": options.checkpoint}
    flags["--timelapse"] = options.timelapse
    outputs = [(flag, path) for flag, path in flags.items() if path]
    check(inputs, outputs)
    if options.save_every:
        files = [(f"the file of {flag}", path) for flag, path in outputs]
        files += [("the checkpoint", options.resume)] if options.resume else []
        _check_frames(options.output, [*inputs, *files])


def _check_frames(output: str, files: Named) -> None:
    """Raises `UserError` if one of these files could be taken for a numbered frame."""
    there = {_identity(path) for path in making.frames_there(output)}
    for what, path in files:
        if making.is_frame(path, output) or _identity(path) in there:
            raise UserError(
                f"--save-every could save a frame as {_shown(path)}, which is {what}; choose "
                "another name or folder for the result."
            )


def _identity(path: str) -> Hashable:
    """What two paths have in common that lead to one file; of a URL the URL itself."""
    from nst.batch import storage

    here = storage.local(path)
    if here is None:
        return path
    try:
        found = os.stat(here)
    except (OSError, ValueError):  # it is not there, and whoever opens it says so
        return os.path.normcase(os.path.realpath(here)) if "\0" not in here else here
    return found.st_dev, found.st_ino


def _shown(path: str) -> str:
    from nst.pictures.naming import shown_name

    return shown_name(path, "a file")
