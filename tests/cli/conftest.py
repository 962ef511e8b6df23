"""The command line, run in the process of the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from batches import fill
from engines import FakeEngine
from slim import trunk as trunk

from nst.cli.main import main
from nst.studio import engine
from nst.vgg import network

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    trunk: network.VGG19,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a command in a folder of its own, with the network that is loaded already.

    Exit code, standard output and standard error.
    """
    monkeypatch.setattr(network, "load", lambda weights, device: trunk)
    monkeypatch.chdir(tmp_path)
    return _runner(capsys)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Where there are `photos` and `art`."""
    fill(tmp_path)
    return tmp_path


@pytest.fixture
def run_fake(
    monkeypatch: pytest.MonkeyPatch, folders: Path, capsys: pytest.CaptureFixture[str]
) -> Run:
    """As `run`, in `folders`, with a painter that only inverts."""
    monkeypatch.setattr(engine, "VGGEngine", lambda weights, device: FakeEngine(str(folders)))
    monkeypatch.chdir(folders)
    return _runner(capsys)


def _runner(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main([*arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        output = capsys.readouterr()
        return code, output.out, output.err

    return run
