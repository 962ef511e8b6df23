"""Memory that runs out after the last iteration: what was painted is saved all the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from batches import PAIRS, SMALL, manifest
from engines import progress
from PIL import Image
from samples import CONTENT, OTHER, QUICK, STYLE, size

from nst.errors import NoMemoryError
from nst.paint import transfer
from nst.paint.progress import Progress
from nst.pictures import deep, writing
from nst.studio import deep_finishing, finishing, recipe

LARGER = ["--output-size", "2x", "--json"]
BITS = {"8": LARGER, "16": [*LARGER, "--depth", "16"]}
ERRORS = [
    MemoryError(),
    NoMemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: not enough memory"),
]


def fails_once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: Exception) -> None:
    """The first call of a function raises the error."""
    real: Callable[..., Any] = getattr(owner, name)
    left = [error]

    def call(*arguments: Any, **named: Any) -> Any:
        if left:
            raise left.pop()
        return real(*arguments, **named)

    monkeypatch.setattr(owner, name, call)


@pytest.fixture
def one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A painting is the photo."""

    def steps(canvas: transfer.Canvas, *_: Any, **__: Any) -> Iterator[Progress]:
        yield progress(canvas.content, 1, 1)

    monkeypatch.setattr(transfer, "steps", steps)


@pytest.mark.usefixtures("one_step")
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    ("depth", "owner", "name"),
    [
        ("8", finishing, "finish"),
        ("8", writing, "encode"),
        ("16", deep_finishing, "finish"),
        ("16", deep, "save"),
    ],
)
def test_a_painting_is_saved_as_it_is(run, monkeypatch, depth, owner, name, error):
    fails_once(monkeypatch, owner, name, error)
    code, out, err = run(CONTENT, STYLE, "-o", "out.png", *QUICK, *BITS[depth])
    assert code == 1
    told = json.loads(out.splitlines()[-1])
    assert told["event"] == "failed"
    assert (told["width"], told["height"]) == size("out.png")
    assert max(size("out.png")) == 64
    assert "not enough memory to finish" in err
    assert recipe.read(Path("out.png").read_bytes()).settings.resolution == 64


@pytest.mark.usefixtures("one_step")
def test_another_error_is_not_taken_for_one_of_memory(run, monkeypatch):
    fails_once(monkeypatch, finishing, "finish", RuntimeError("a fault in the program"))
    with pytest.raises(RuntimeError, match="a fault"):
        run(CONTENT, STYLE, "-o", "out.png", *QUICK)


@pytest.mark.usefixtures("one_step")
@pytest.mark.parametrize("error", ERRORS)
def test_a_blend_sheet_has_the_picture_that_is_not_finished(run, monkeypatch, error):
    fails_once(monkeypatch, finishing, "finish", error)
    code, _, err = run(CONTENT, STYLE, OTHER, "-o", "sheet.png", "--blend-sheet", "2", *QUICK)
    assert code == 1
    assert "not enough memory to finish" in err
    assert size("sheet.png")[0] > 64


@pytest.mark.parametrize("error", ERRORS)
def test_a_sheet_of_samples_keeps_the_other_paintings(run_fake, monkeypatch, error):
    fails_once(monkeypatch, finishing, "finish", error)
    code, _, err = run_fake("sheet", "photos/a.png", "--style", "art", "-o", "sheet.png", *SMALL)
    assert code == 1
    assert "not enough memory" in err
    assert size("sheet.png")[0] > 2 * 64


@pytest.mark.parametrize("error", ERRORS)
def test_a_batch_keeps_the_painting_and_paints_it_again(run_fake, folders, monkeypatch, error):
    fails_once(monkeypatch, finishing, "finish", error)
    code, _, err = run_fake(*PAIRS)
    assert code == 1
    assert "not enough memory to finish" in err
    lines = manifest("out").values()
    failed = [line for line in lines if line["status"] == "failed"]
    assert len(lines) == 4
    assert len(failed) == 1
    with Image.open(folders / "out" / failed[0]["output"]) as picture:
        assert max(picture.size) == 64
    code, _, _ = run_fake(*PAIRS)
    assert code == 0
    again = [line["status"] for line in manifest("out").values()]
    assert sorted(again) == ["painted", "skipped", "skipped", "skipped"]
