"""Ctrl-C and SIGTERM, at any moment: what was painted is never lost, nor said to be."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from batches import PAIRS, SMALL, manifest
from engines import painted, progress
from PIL import Image
from samples import CONTENT, OTHER, QUICK, ROOT, STYLE, size

from nst.batch import storage
from nst.batch.manifest import Manifest
from nst.cli import window
from nst.cli.interrupts import Interrupts
from nst.errors import NoMemoryError, Terminated
from nst.paint import transfer
from nst.paint.progress import Progress
from nst.pictures import charts, sheet, writing
from nst.studio import finishing

SLOW = ["--preset", "classic", "--refresh-every", "1", "--resolution", "64"]
KINDS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


def signalled(number: int) -> None:
    """What arrives from outside."""
    signal.raise_signal(number)


def raised(number: int) -> None:
    """What was under way already."""
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


@pytest.fixture(autouse=True)
def _ctrl_c_counts() -> Iterator[None]:
    """Where the tests run in the background, Ctrl-C is ignored, and children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(params=[signalled, raised])
def interrupt(request: pytest.FixtureRequest) -> Callable[[int], None]:
    return request.param


def first_ends(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, act: Callable[[], None]
) -> None:
    """The first call of a function does this instead, and what it is for afterwards."""
    real, calls = getattr(owner, name), []

    def call(*arguments: Any, **named: Any) -> Any:
        calls.append(name)
        if len(calls) == 1:
            act()
        return real(*arguments, **named)

    monkeypatch.setattr(owner, name, call)


@pytest.fixture
def three_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A painting is the photo, three times."""

    def steps(canvas: transfer.Canvas, *_: Any, **__: Any) -> Iterator[Progress]:
        for number in (1, 2, 3):
            yield progress(canvas.content, number, 3)

    monkeypatch.setattr(transfer, "steps", steps)


@pytest.mark.usefixtures("three_steps")
@pytest.mark.parametrize(("number", "code"), KINDS)
@pytest.mark.parametrize(
    ("owner", "name"),
    [(finishing, "finish"), (writing, "encode"), (writing, "save"), (charts, "save_chart")],
)
def test_after_the_last_iteration_the_picture_is_saved(
    run, monkeypatch, interrupt, owner, name, number, code
):
    first_ends(monkeypatch, owner, name, lambda: interrupt(number))
    found, out, err = run(CONTENT, STYLE, "-o", "out.png", *QUICK, "--plot", "x.svg", "--json")
    assert found == code
    assert json.loads(out.splitlines()[-1])["event"] == "interrupted"
    assert "nothing was saved" not in err
    assert size("out.png") == size(CONTENT)
    assert "<svg" in Path("x.svg").read_text()


@pytest.mark.usefixtures("three_steps")
@pytest.mark.parametrize(("number", "code"), KINDS)
def test_while_the_window_waits_the_picture_is_there(run, monkeypatch, interrupt, number, code):
    def open_window(*_: Any) -> window.LiveWindow:
        class Waiting(window.LiveWindow):
            def __call__(self, progress: Progress) -> None:
                pass

            def wait(self) -> None:
                interrupt(number)

        return Waiting(None, None, None)  # type: ignore[arg-type]

    monkeypatch.setattr("nst.cli.paint.open_window", open_window)
    found, _, err = run(CONTENT, STYLE, "-o", "out.png", *QUICK, "--show")
    assert found == code
    assert "Finished" in err
    assert "nothing was saved" not in err
    assert size("out.png") == size(CONTENT)


@pytest.mark.usefixtures("three_steps")
def test_a_second_interrupt_does_not_stop_the_saving(run, monkeypatch):
    """Impatient people press Ctrl-C more than once."""
    real = finishing.finish

    def finish(*arguments: Any) -> Image.Image:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
            signal.raise_signal(number)
        return real(*arguments)

    monkeypatch.setattr(finishing, "finish", finish)
    code, _, err = run(CONTENT, STYLE, "-o", "out.png", *QUICK)
    assert code == 130
    assert "Interrupted after 3 s: out.png" in err
    assert size("out.png") == size(CONTENT)


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "Interrupted"),
        (Terminated(), 143, "Interrupted"),
        (NoMemoryError(), 1, "There is not enough memory"),
        (MemoryError(), 1, "There is not enough memory"),
    ],
)
def test_a_blend_sheet_keeps_the_pictures_before_one_that_is_not_begun(
    run, monkeypatch, error, code, told
):
    begun = []

    def steps(canvas: transfer.Canvas, *_: Any, **__: Any) -> Iterator[Progress]:
        begun.append(canvas)
        if len(begun) == 3:
            raise error
        yield progress(canvas.content, 1, 1)

    monkeypatch.setattr(transfer, "steps", steps)
    found, _, err = run(CONTENT, STYLE, OTHER, "-o", "sheet.png", "--blend-sheet", "2", *QUICK)
    assert found == code
    assert told in err
    assert "nothing was saved" not in err
    width, height = size("sheet.png")
    assert width > 2 * 64
    assert height < 2 * 64  # of two rows the first
    monkeypatch.setattr(transfer, "steps", functools.partial(_raising, error))
    found, _, err = run(CONTENT, STYLE, "-o", "none.png", "--blend-sheet", "2", *QUICK)
    assert found == code
    assert not Path("none.png").exists()


def _raising(error: BaseException, *_: Any, **__: Any) -> Iterator[Progress]:
    raise error
    yield


@pytest.mark.usefixtures("three_steps")
@pytest.mark.parametrize(("owner", "name"), [(finishing, "finish"), (sheet, "contact_sheet")])
def test_a_blend_sheet_is_finished(run, monkeypatch, interrupt, owner, name):
    first_ends(monkeypatch, owner, name, lambda: interrupt(signal.SIGTERM))
    code, _, err = run(CONTENT, STYLE, "-o", "sheet.png", "--blend-sheet", "2", *QUICK)
    assert code == 143
    assert "Interrupted after" in err
    assert size("sheet.png")[0] > 64


@pytest.mark.parametrize(
    ("owner", "name"), [(sheet, "draw"), (sheet, "in_rows"), (writing, "encode")]
)
def test_a_sheet_of_samples_is_finished(run_fake, monkeypatch, interrupt, owner, name):
    first_ends(monkeypatch, owner, name, lambda: interrupt(signal.SIGINT))
    code, _, err = run_fake("sheet", "photos/a.png", "--style", "art", "-o", "sheet.png", *SMALL)
    assert code == 130
    assert "Interrupted: sheet.png" in err
    assert "before the first" not in err
    assert size("sheet.png")[0] > 2 * 64


@pytest.mark.parametrize(
    ("owner", "name"), [(sheet, "draw"), (storage, "write"), (Manifest, "add")]
)
def test_a_batch_is_finished(run_fake, folders, monkeypatch, interrupt, owner, name):
    """Whatever it is at: what is painted is in the manifest and on the sheet."""
    if name == "write":  # the first one is of an empty manifest, before the batch
        real = storage.write

        def write(path: str, data: bytes) -> None:
            if path.endswith("contact_sheet.png") and not interrupted:
                interrupted.append(path)
                interrupt(signal.SIGINT)
            real(path, data)

        interrupted: list[str] = []
        monkeypatch.setattr(storage, "write", write)
    else:
        first_ends(monkeypatch, owner, name, lambda: interrupt(signal.SIGINT))
    code, _, err = run_fake(*PAIRS)
    assert code == 130
    assert "Interrupted after" in err
    assert "before the first" not in err
    assert (folders / "out" / "contact_sheet.png").exists()
    if name != "add":
        assert len(manifest("out")) == len(painted(folders)) == 4


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as nohup and a shell's & leave it
    try:
        with Interrupts().handled():
            signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_came_while_signals_were_held_back_comes_afterwards() -> None:
    interrupts, done = Interrupts(), []

    def work() -> None:
        with interrupts.holding():
            signal.raise_signal(signal.SIGTERM)
            done.append("held")

    with interrupts.handled():
        with pytest.raises(Terminated):
            work()
        result, late = interrupts.finish(lambda: signal.raise_signal(signal.SIGINT) or "whole")
    assert done == ["held"]
    assert result == "whole"
    assert isinstance(late, KeyboardInterrupt)


# As `python -m nst`, and as what pip makes of the entry point `nst`.
PROGRAMS = ["-m", "nst"], ["-c", "import sys; from nst.cli.main import main; sys.exit(main())"]


@pytest.mark.parametrize(
    ("program", "number", "code"),
    [(program, *kind) for program, kind in zip(PROGRAMS, KINDS, strict=True)],
    ids=["module, Ctrl-C", "entry point, SIGTERM"],
)
def test_an_interrupted_run_saves_the_picture_so_far(tmp_path, program, number, code):
    out = tmp_path / "out.png"
    with subprocess.Popen(
        [sys.executable, *program, CONTENT, STYLE, "-o", str(out), "--json", *SLOW],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        # A shell's background job ignores Ctrl-C, and whatever it starts would, too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        for _ in range(3):
            assert json.loads(process.stdout.readline())["event"] == "progress"
        process.send_signal(number)
        rest = process.communicate(timeout=120)[0]
    assert process.returncode == code
    assert json.loads(rest.splitlines()[-1])["event"] == "interrupted"
    assert size(out) == size(CONTENT)
