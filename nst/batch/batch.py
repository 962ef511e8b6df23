"""Many paintings: which ones, painted one after another, and what became of each.

A job names its files, and is painted to the bytes of a PNG that carries its recipe; that recipe
tells what need not be painted again. `nst.batch.cluster` paints the same jobs on several workers.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import itertools
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from nst.batch import easel, storage
from nst.errors import UserError
from nst.pictures import reading, writing
from nst.settings import CONTROLS, DEFAULT_PRESET, Settings, SettingsError, number
from nst.studio import recipe
from nst.studio.engine import Engine
from nst.studio.order import Input, Order, Pictures
from nst.studio.recipe import Recipe, RecipeError
from nst.studio.studio import Painting, Studio

if TYPE_CHECKING:
    from nst.paint.transfer import Progress

MANIFEST = "manifest.jsonl"
OVERLAP = 2  # jobs under way in one process: one is painted, one read or written
SAVE_EVERY = 5.0  # seconds between two versions of the manifest
LARGEST_RESULT = 4 * reading.MAX_BYTES  # a PNG takes more room than the JPEG it was painted from
LOSSES = ("content_loss", "style_loss", "tv_loss", "total_loss")
SEPARATOR = ";"  # between several values in a cell of a CSV file

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One painting of a batch: paths or URLs, settings, and the name of the result."""

    content: str
    styles: tuple[str, ...]
    settings: Settings
    masks: tuple[str, ...] = ()
    init: str | None = None
    output: str = ""


class Status(StrEnum):
    """What became of a job."""

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
        """The line."""
        return json.dumps(dataclasses.asdict(self), allow_nan=False)


@dataclass(frozen=True)
class Painted:
    """What a worker sends back: the bytes of a PNG, or the words of what went wrong."""

    data: bytes
    error: str = ""
    painting_seconds: float = 0.0
    iterations: int = 0
    losses: Mapping[str, float] = dataclasses.field(default_factory=dict)
    worker: str = ""
    waited: float = 0.0  # seconds until the painting before this one was done


Each = Callable[[float], None]  # is told the fraction done after an iteration


def paint(
    studio: Studio, order: Order, each: Each | None = None, pictures: Pictures | None = None
) -> Painted:
    """Paint an order in the thread for painting; `pictures` are those of the order, if opened.

    Raises `UserError` for pictures that cannot be read or a painting that falls apart.
    """
    painting = Painting(pictures or order.open(), order.settings)
    ready, left = time.perf_counter(), threading.Event()

    def work() -> tuple[Progress, float, float]:
        waited = time.perf_counter() - ready
        painter = studio.painter
        began = time.perf_counter()
        for progress in painting.steps(painter.paint):
            if left.is_set():
                raise _StoppedError
            if each:
                each(progress.fraction)
        return progress, waited, time.perf_counter() - began

    try:
        last, waited, seconds = easel.paint(work)
    finally:
        left.set()  # who waits here may be interrupted, and then nobody wants it any more
    picture = painting.finish(last.snapshot())
    return Painted(
        writing.encode(picture, text={recipe.KEY: studio.recipe(order).to_json()}),
        painting_seconds=round(seconds, 3),
        iterations=last.iteration,
        losses={name: getattr(last, name) for name in LOSSES},
        worker=f"{socket.gethostname()}:{os.getpid()}",
        waited=waited,
    )


def gather(job: Job) -> Order:
    """The job's files, read; raises `ImageError` for one that cannot be."""

    def read(path: str) -> Input:
        return Input(storage.name_of(path), storage.read(path), storage.name_of(path))

    return Order(
        read(job.content),
        tuple(read(path) for path in job.styles),
        job.settings,
        tuple(read(path) for path in job.masks),
        None if job.init is None else read(job.init),
    )


def is_painted(target: str, wanted: Recipe) -> bool:
    """Whether the file `target` is whole and was painted by this recipe from the same pictures.

    Versions of programs do not count: an update is no reason to paint all again.
    """
    if not storage.exists(target):
        return False
    data = storage.read(target, LARGEST_RESULT)
    try:
        found = recipe.read(data)
        recipe.check_whole(data)
    except RecipeError:
        return False
    return _without_versions(found) == _without_versions(wanted)


def _without_versions(found: Recipe) -> dict[str, Any]:
    return {name: value for name, value in found.ingredients.items() if name != "versions"}


class Attempt:
    """A job under way: when it began, and how it is told that it ended."""

    def __init__(self, job: Job, folder: str, number: int = 1) -> None:
        self.job, self.number = job, number
        self.target = storage.join(folder, job.output)
        self.started = datetime.now(UTC).isoformat(timespec="seconds")
        self._began = time.perf_counter()

    def finish(self, painting: Painted) -> Record:
        """Write the painting into the folder; raises `ImageError` if that is not possible."""
        storage.write(self.target, painting.data)
        self._began += painting.waited
        return self._record(
            Status.PAINTED,
            painting_seconds=painting.painting_seconds,
            iterations=painting.iterations,
            worker=painting.worker,
            **painting.losses,
        )

    def skip(self) -> Record:
        """It was there already."""
        return self._record(Status.SKIPPED)

    def fail(self, error: str) -> Record:
        """It came to nothing, for this reason."""
        return self._record(Status.FAILED, error=error)

    def adopt(self, record: Record) -> Record:
        """The record that another process has made of this attempt."""
        job = self.job
        return dataclasses.replace(
            record, content=job.content, styles=job.styles, attempts=self.number
        )

    def _record(self, status: Status, **more: Any) -> Record:
        return Record(
            self.job.output,
            self.job.content,
            self.job.styles,
            status,
            started=self.started,
            seconds=round(time.perf_counter() - self._began, 3),
            attempts=self.number,
            **more,
        )


def carry_out(attempt: Attempt, studio: Studio, each: Each | None = None) -> Record:
    """Read, paint and write a job, unless that was done before.

    Raises `UserError` for a file that cannot be read or written or a painting that falls apart.
    """
    order = gather(attempt.job)
    if is_painted(attempt.target, studio.recipe(order)):
        return attempt.skip()
    return attempt.finish(paint(studio, order, each))


def paint_all(
    jobs: Iterable[Job], folder: str, engine: Engine, each: Each | None = None
) -> Generator[Record, None, None]:
    """Paint the jobs in this process: a record each, as soon as it ended.

    One is painted at a time; meanwhile the next is read and the one before is written. `each` is
    told the sum of what is done of the jobs under way, from another thread. One that fails must not
    end a night's work, whatever it fails of: the record says it in words.
    """
    studio, stopped = Studio(engine), threading.Event()
    under_way: dict[Job, float] = {}

    def run(job: Job) -> Record:
        def tell(fraction: float) -> None:
            if stopped.is_set():
                raise _StoppedError
            under_way[job] = fraction
            if each:
                each(sum(list(under_way.values())))

        attempt = Attempt(job, folder)
        try:
            return carry_out(attempt, studio, tell)
        except UserError as error:
            return attempt.fail(str(error))
        except _StoppedError:
            return attempt.fail("Stopped.")  # nobody reads it any more
        except Exception as error:
            log.exception("Painting %s failed", attempt.target)
            return attempt.fail(unexpected(error))

    waiting, running = iter(jobs), dict[Future[Record], Job]()
    with ThreadPoolExecutor(OVERLAP) as pool:
        try:
            while True:
                for job in itertools.islice(waiting, OVERLAP - len(running)):
                    running[pool.submit(run, job)] = job
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    under_way.pop(running.pop(future), None)
                    yield future.result()
        finally:
            stopped.set()


class _StoppedError(Exception):
    """Nobody waits for this painting any more."""


def unexpected(error: BaseException) -> str:
    """The words for an error that nobody has foreseen."""
    return f"Something unexpected went wrong: {type(error).__name__}: {error}"


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


def _plain_name(job: Job) -> str:
    styles = "_and_".join(_stem(style) for style in job.styles)
    # Most file systems take 255 bytes.
    return f"{_stem(job.content)[:60]}_in_{styles[:80]}.png"


def _stem(path: str) -> str:
    return PurePosixPath(storage.name_of(path).replace("\\", "_")).stem


def _hash(job: Job) -> str:
    return hashlib.sha256(repr(job).encode()).hexdigest()[:8]


def listed(path: str, changes: Mapping[str, Any], preset: str | None = None) -> list[Job]:
    """The jobs of a list, .csv with a header or .jsonl with an object a line.

    Columns are content, style (several with ";" between them, or a list), and where wanted output,
    masks, init, preset and any setting; `changes` and `preset` are for what a line does not say.
    Raises `UserError`, which names the line, for anything that is not understood.
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
    if column in ("style", "masks"):
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
    styles, masks = (_strings(given.pop(name, ()), name) for name in ("style", "masks"))
    preset = _string(given.pop("preset", preset or DEFAULT_PRESET), "preset")
    if not content or not styles:
        raise UserError("Every job needs a content and a style.")
    if output != storage.name_of(output) or output[-4:].lower() not in ("", ".png"):
        raise UserError(
            f"The output was {output!r}; give the name of a .png file, without a folder."
        )
    init = given.get("init", changes.get("init"))
    start = None
    if isinstance(init, str) and init not in CONTROLS["init"].choices:
        start, given["init"] = init, "picture"
    for name in given:
        if name not in CONTROLS:
            raise SettingsError(
                f"There is no column called {name!r}; choose from content, style, output, masks, "
                f"preset, {', '.join(CONTROLS)}."
            )
    settings = Settings.preset(preset, **{**changes, **given})
    settings.check_inputs(len(styles), len(masks), start is not None)
    return Job(content, styles, settings, masks, start, output)


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise UserError(f"The {name} was {value!r}; it must be text.")
    return value


def _strings(value: Any, name: str) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)):
        raise UserError(f"The {name} was {value!r}; give a path or a list of paths.")
    return tuple(_string(part, name) for part in values)


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
        """Take in the record, and save all if that was not done just now."""
        values = json.loads(record.to_json())
        before = self._earlier.get(record.output)
        if record.status == Status.SKIPPED and before and before.get("status") != Status.FAILED:
            # Losses and times of the painting that is there stay known.
            values = {**before, "status": Status.SKIPPED}
        self._ours[record.output] = values
        if time.monotonic() - self._saved > SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Write it anew, with what other batches have written since."""
        with _locked(self.path):
            lines = {**self._read(), **self._ours}
            text = "".join(json.dumps(line) + "\n" for line in lines.values())
            storage.write(self.path, text.encode())
        self._saved = time.monotonic()

    def _read(self) -> dict[str, dict[str, Any]]:
        if not storage.exists(self.path):
            return {}
        data = storage.read(self.path, LARGEST_RESULT)
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
    """Keeps other batches of this machine from reading and writing a file in between.

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
