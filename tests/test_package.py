"""What is installed: the wheel, its metadata, and that it works away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import nst
from nst import samples

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as pip builds it, but with the backend that is installed: offline."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but what the wheel installs."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(installed: Path, *arguments: str) -> str:
    """What Python prints that has the installed package, but not the checkout."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=installed.parent,
        env={**os.environ, "PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def metadata(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [path for path in archive.namelist() if path.endswith(f".dist-info/{name}")]
        return archive.read(path).decode()


def pins(name: str) -> set[str]:
    """The requirements of a file as a wheel has them, without what is said of them."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    return {line.replace("_", "-") for line in lines if line}


def test_the_metadata_is_that_of_the_project(wheel: Path) -> None:
    found: Message = Parser().parsestr(metadata(wheel, "METADATA"))
    assert found["Name"] == "nst"
    assert found["Version"] == nst.__version__
    assert found["Requires-Python"] == ">=3.11"
    assert found["License-Expression"] == "MIT"
    assert "nst = nst.cli.main:main" in metadata(wheel, "entry_points.txt")


def test_the_versions_are_those_of_the_requirements(wheel: Path) -> None:
    found: Message = Parser().parsestr(metadata(wheel, "METADATA"))
    wanted = pins("requirements-nst.txt")
    for extra in ("page", "cluster"):
        wanted |= {f"{pin}; extra == '{extra}'" for pin in pins(f"requirements-{extra}.txt")}
    assert set(found.get_all("Requires-Dist", [])) == wanted
    assert pins("requirements.txt") == {"-r requirements-nst.txt", "-r requirements-page.txt"}


def test_the_wheel_holds_the_package_and_the_samples_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "nst").rglob("*.py")}
    for kind in ("content", "masks", "styles"):
        pictures = (ROOT / "Resources" / kind).iterdir()
        wanted |= {f"nst/resources/{kind}/{path.name}" for path in pictures}
    assert names == wanted | {"nst/py.typed"}


def test_an_installed_package_finds_its_samples(installed: Path) -> None:
    script = "from nst import samples; print(*sorted(samples.folder('styles').glob('*.jpg')))"
    paths = [Path(name) for name in run(installed, "-c", script).split()]
    assert paths[0].is_relative_to(installed)
    there = sorted(samples.folder("styles").glob("*.jpg"))
    assert [path.name for path in paths] == [path.name for path in there]


def test_an_installed_command_answers(installed: Path) -> None:
    script = "import sys; from nst.__main__ import main; sys.exit(main())"
    assert "--style-weight" in run(installed, "-c", script, "--help")
