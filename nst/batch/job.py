"""What is to be painted in a batch: jobs, and names for their results."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from nst.batch import storage
from nst.errors import UserError
from nst.settings import Settings
from nst.studio.order import Input, Order
from nst.studio.output_size import OutputSize

LONGEST_NAME = 255  # bytes that most file systems take


@dataclass(frozen=True)
class Job:
    """One painting of a batch: paths or URLs, settings, and the name of the result."""

    content: str
    styles: tuple[str, ...]
    settings: Settings
    masks: tuple[str, ...] = ()
    init: str | None = None
    output: str = ""
    style_masks: tuple[str, ...] = ()
    # No part of `repr`, from which names of results are made: a batch has one for all its jobs.
    output_size: OutputSize | None = field(default=None, repr=False)

    def read(self) -> Order:
        """The order with the job's files; raises `ImageError` for one that cannot be read."""
        return Order(
            read(self.content),
            tuple(read(path) for path in self.styles),
            self.settings,
            tuple(read(path) for path in self.masks),
            None if self.init is None else read(self.init),
            tuple(read(path) for path in self.style_masks),
            self.output_size,
        )


def read(path: str) -> Input:
    """The file at a path or URL; raises `ImageError` if it cannot be read."""
    name = storage.name_of(path)
    return Input(name, storage.read(path), name)


def pairs(
    contents: Sequence[str], styles: Sequence[str], settings: Settings, init: str | None = None
) -> list[Job]:
    """Every content in every style, content by content."""
    jobs = [Job(c, (s,), settings, init=init) for c in contents for s in styles]
    return named(jobs)


def zipped(
    contents: Sequence[str], styles: Sequence[str], settings: Settings, init: str | None = None
) -> list[Job]:
    """The first content in the first style, the second in the second ...

    Raises `UserError` unless there are as many of one as of the other.
    """
    if len(contents) != len(styles):
        raise UserError(
            f"--zip pairs contents and styles by their order, but there are {len(contents)} "
            f"contents and {len(styles)} styles; give as many of one as of the other."
        )
    jobs = [Job(c, (s,), settings, init=init) for c, s in zip(contents, styles, strict=True)]
    return named(jobs)


def named(jobs: Sequence[Job]) -> list[Job]:
    """The jobs, each once and with a name for its result that no other has.

    It is CONTENT_in_STYLE.png; where that would be two different jobs', the name goes on with a
    part of the job's hash, so that it does not depend on the order. Raises `UserError` if a list
    gives one name to two jobs.
    """
    unique = list(dict.fromkeys(jobs))
    plain = [job.output or _plain_name(job) for job in unique]
    # Case does not tell files apart on every system.
    shared = [name.casefold() for name in plain]
    found = []
    for job, name in zip(unique, plain, strict=True):
        if shared.count(name.casefold()) > 1:
            if job.output:
                raise UserError(
                    f"Two jobs would be saved as {name!r}; give each a name of its own (output)."
                )
            name = f"{PurePosixPath(name).stem}_{_hash(job)}.png"
        found.append(dataclasses.replace(job, output=name))
    return found


def check_name(output: str) -> None:
    """Raises `UserError` if a result cannot have this name; an empty one is chosen later."""
    # PNG alone carries recipes. A NUL ends a name in every system.
    png = output[-4:].lower() in ("", ".png")
    if output != storage.name_of(output) or not png or "\0" in output:
        raise UserError(
            f"The output was {output!r}; give the name of a .png file, without a folder."
        )
    length = len(os.fsencode(output))
    if length > LONGEST_NAME:
        raise UserError(
            f"The output {output[:20]!r}... has {length} bytes; at most {LONGEST_NAME} are allowed."
        )


def _plain_name(job: Job) -> str:
    """CONTENT_in_STYLE.png, each part cut where it is very long."""
    styles = "_and_".join(_stem(style) for style in job.styles)
    content = _cut(_stem(job.content)[:60], 100)
    return f"{content}_in_{_cut(styles[:80], 130)}.png"


def _cut(text: str, most: int) -> str:
    """The text without what goes beyond `most` bytes as a file system counts them."""
    # os.fsencode also takes what a name holds that is not text in UTF-8.
    while len(os.fsencode(text)) > most:
        text = text[:-1]
    return text


def _stem(path: str) -> str:
    return PurePosixPath(storage.name_of(path).replace("\\", "_")).stem


def _hash(job: Job) -> str:
    # As before there were style masks, so that what was painted then is found again.
    text = repr(job) if job.style_masks else repr(job).replace(", style_masks=()", "")
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:8]
