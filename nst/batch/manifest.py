"""What became of the jobs: a record each, and the file that keeps them."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from nst.batch import storage
from nst.errors import UserError

MANIFEST = "manifest.jsonl"
SAVE_EVERY = 5.0  # seconds between two versions of the manifest


class Status(StrEnum):
    """How a job ended."""

    PAINTED = "painted"
    SKIPPED = "skipped"  # it was there already
    FAILED = "failed"


@dataclass(frozen=True)
class Record:
    """A line of the manifest."""

    output: str
    content: str
    styles: tuple[str, ...]
    status: Status
    error: str = ""
    started: str = ""  # UTC, ISO 8601
    seconds: float = 0.0  # of reading, painting and writing
    painting_seconds: float = 0.0  # of the iterations alone
    iterations: int = 0
    content_loss: float | None = None
    style_loss: float | None = None
    tv_loss: float | None = None
    total_loss: float | None = None
    attempts: int = 1
    worker: str = ""

    def to_json(self) -> str:
        """The record as a line of JSON."""
        return json.dumps(dataclasses.asdict(self), allow_nan=False)


class Manifest:
    """`manifest.jsonl` in the folder of results: the latest record of every result, a line each.

    Several batches may paint into one folder: each version of the file is whole, and holds the
    lines that the others have written. Raises `UserError` if there is a file of that name that is
    no manifest.
    """

    def __init__(self, folder: str) -> None:
        self.path = storage.join(folder, MANIFEST)
        self._ours: dict[str, dict[str, Any]] = {}
        self._saved = time.monotonic()
        self._earlier = self._read()

    def add(self, record: Record) -> None:
        """Add the record; save the file if that was not done a moment ago."""
        values = json.loads(record.to_json())
        before = self._earlier.get(record.output)
        if record.status == Status.SKIPPED and before and before.get("status") != Status.FAILED:
            # Losses and times of the painting that is there stay known.
            values = {**before, "status": Status.SKIPPED}
        self._ours[record.output] = values
        if time.monotonic() - self._saved > SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Write the file anew, with the lines that other batches have written since."""
        with _locked(self.path):
            lines = {**self._read(), **self._ours}
            text = "".join(json.dumps(line) + "\n" for line in lines.values())
            storage.write(self.path, text.encode())
        self._saved = time.monotonic()

    def _read(self) -> dict[str, dict[str, Any]]:
        if not storage.exists(self.path):
            return {}
        data = storage.read(self.path, storage.LARGEST_RESULT)
        found = {}
        try:
            for line in data.decode().splitlines():
                values = json.loads(line)
                found[values["output"]] = values
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(
                f"{self.path} is not a manifest of this program; move it away, or choose another "
                "folder for the results."
            ) from error
        return found


@contextmanager
def _locked(path: str) -> Iterator[None]:
    """Lock a file against other batches of this machine.

    Stores have no locks, and Windows others: there a line may get lost if two batches save at the
    same instant, and comes back with the next save.
    """
    here = storage.local(path)
    try:
        import fcntl
    except ImportError:
        here = None
    if here is None:
        yield
        return
    lock = os.path.join(os.path.dirname(here), f".{os.path.basename(here)}.lock")
    try:
        file = open(lock, "ab")  # noqa: SIM115  # errors of the block are not this one's
    except OSError as error:
        raise UserError(
            f"The folder of the results cannot be written to ({error.strerror}); choose another."
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
