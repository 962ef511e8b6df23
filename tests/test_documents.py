"""What README and docs show: links, pictures, commands, and what a program writes into them."""

from __future__ import annotations

import importlib.util
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import clips
import pytest
from PIL import Image
from slim import trunk as trunk

from nst import api
from nst.cli import flags, main
from nst.vgg import network
from Resources import make_screenshots, write_controls
from Resources.rows import ALL_ROWS

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
RESOURCES = ROOT / "Resources"
# Below what is shown, so that the commands take a second each.
SMALL = ["--resolution", "64", "--iterations", "2"]


def names(path: object) -> str:
    return path.name if isinstance(path, Path) else str(path)


def commands(document: Path) -> Iterator[str]:
    """The lines of a document's blocks of shell commands."""
    for block in re.findall(r"^```sh\n(.*?)^```", document.read_text(), re.M | re.S):
        yield from (line for line in block.splitlines() if line.strip())


def arguments(command: str) -> list[str] | None:
    """What follows `nst` in a command, or None if it is another one."""
    found = re.match(r"(?:nst|\.venv/bin/python -m nst) (.*)", command)
    return shlex.split(found[1], comments=True) if found else None


def anchor(heading: str) -> str:
    """What GitHub makes of a heading."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_links_and_pictures_lead_somewhere(document: Path) -> None:
    text = document.read_text()
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    for link in links:
        if link.startswith("https://"):
            continue
        path, _, place = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        if place:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.M)
            assert place in map(anchor, headings), link


def test_every_document_can_be_found_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for document in DOCUMENTS[1:]:
        assert f"({document.relative_to(ROOT).as_posix()})" in readme
    assert len(readme.splitlines()) < 180


def test_files_of_the_project_that_a_document_names_exist() -> None:
    """`nst/settings.py` and the like, in a document that outlives the move of a file."""
    for document in DOCUMENTS:
        for path in re.findall(
            r"`((?:nst|page|tests|Resources|deploy)/[\w/.]+)`", document.read_text()
        ):
            assert (ROOT / path).exists(), (document.name, path)


def test_the_controls_are_those_of_the_settings() -> None:
    assert write_controls.DOCUMENT.read_text() == write_controls.document(), (
        "run python -m Resources.write_controls"
    )


def test_every_row_of_pictures_is_shown_and_small() -> None:
    shown = {path.name for path in (RESOURCES / "controls").iterdir()}
    assert shown == {f"{row.name}.jpg" for row in ALL_ROWS}
    assert sum(path.stat().st_size for path in (RESOURCES / "controls").iterdir()) < 2e6


def test_screenshots_are_small_and_shown() -> None:
    shown = "".join(document.read_text() for document in DOCUMENTS)
    for path in (RESOURCES / "screenshots").iterdir():
        most = 360e3 if path.stem.startswith("states_") else 150e3  # those have 18 looks
        assert path.stat().st_size < most, path.name
        assert f"Resources/screenshots/{path.name}" in shown


def test_the_counts_of_findings_stand_between_their_marks() -> None:
    text = f"before\n{make_screenshots.BEGIN}\nold\n{make_screenshots.END}\nafter\n"
    finding = make_screenshots.Finding("rest", 360, "dark", "rule", "minor", "<p>", "why")
    counted = make_screenshots.with_counts(text, [finding, finding])
    assert "old" not in counted
    assert counted.startswith("before\n")
    assert counted.endswith("\nafter\n")
    assert "| rest | 0 | 0 | 0 | 2 |" in counted
    assert "| running | 0 | 0 | 0 | 0 |" in counted
    assert make_screenshots.with_counts(counted, [finding, finding]) == counted
    page = make_screenshots.PAGE.read_text()
    assert page.count(make_screenshots.BEGIN) == page.count(make_screenshots.END) == 1


def of_nst() -> list[tuple[str, str]]:
    """Every command of `nst` that is shown, with the name of its document."""
    return [
        (document.name, command)
        for document in DOCUMENTS
        for command in commands(document)
        if arguments(command) is not None
    ]


def test_the_commands_are_understood() -> None:
    shown = of_nst()
    assert {command for row in ALL_ROWS for command in row.commands} < {line for _, line in shown}
    for name, line in shown:
        command, *others = arguments(line) or []
        if command == "--help":
            continue
        options = main.parse([command, *others])
        settings = flags.settings_of(options)
        if command in main.COMMANDS:
            continue
        settings.check_inputs(len(options.styles), len(options.masks), init=True)
        for path in (options.content, *options.styles, *options.masks):
            assert not path.startswith("Resources") or (ROOT / path).is_file(), (name, path)


OTHERS = (
    # The README's two lines, of which .ci/run runs the second one as it is.
    r"\(python3 -m venv \.venv \|\| .* && \.venv/bin/(streamlit|python) .*",
    r"(STREAMLIT_SERVER_HEADLESS=true )?\.venv/bin/streamlit run streamlit_app\.py",
    # A cluster by hand; the tests of the cluster start the same.
    r"\.venv/bin/python -m dask (scheduler|worker) .*",
    # Installing, and programs from elsewhere; docs/robustness.md says when they were run.
    r"python3 -m venv \.venv",
    r"(\.venv/bin/)?pip install .*",
    r"\.venv/bin/(coverage|mutmut|pip-audit|ruff|mypy)( .*)?",
    r"(OMP_NUM_THREADS=1|PYTHONPATH=\.) \.venv/bin/(mutmut|python) .*",
    r"\.ci/run",
    r"git .*",
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_nothing_else_is_shown_than_what_is_known(document: Path) -> None:
    """A command that no pattern knows is one that nobody has looked at."""
    for line in commands(document):
        command = line.partition(" #")[0].strip()
        if arguments(command) is not None:
            continue
        if found := re.match(r"\.venv/bin/python -m ((?:benchmarks|Resources)[\w.]*)", command):
            assert importlib.util.find_spec(found[1]), command
        elif found := re.match(r"\.venv/bin/python ((?:tests|deploy)/\w+\.py)", command):
            assert (ROOT / found[1]).is_file(), command
        elif not re.match(r"\.venv/bin/python -m pytest", command):
            assert any(re.fullmatch(pattern, command) for pattern in OTHERS), command
        for path in re.findall(r"-r (\S+)", command):
            assert (ROOT / path).is_file(), command
        for path in re.findall(r" (tests/\S+)", command):
            assert (ROOT / path).exists(), command


def test_the_extras_that_are_shown_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["tool"]["hatch"]["metadata"]["hooks"]["requirements_txt"]
    for document in DOCUMENTS:
        for names in re.findall(r'"\.\[([\w,]+)\]"', document.read_text()):
            assert {*names.split(",")} <= {*extras["optional-dependencies"]}, document.name


def test_the_versions_that_are_shown_are_those_that_are_pinned() -> None:
    pinned = "".join(path.read_text() for path in ROOT.glob("requirements*.txt"))
    readme = (ROOT / "README.md").read_text()
    for version in re.findall(r"torch\w*==[\d.]+", readme):
        assert version in pinned


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trunk: network.VGG19) -> Path:
    """A folder, the current one, with the pictures that the commands name; and a slim network."""
    monkeypatch.setattr(network, "load", lambda *_: trunk)
    colours = iter(("teal", "gold", "navy", "plum", "coral", "khaki", "olive", "peru"))
    folders = ("photos/cat", "photos/dog", "paintings/night_sky", "paintings/woodblock_wave")
    for name in ("photo", "painting", "sky", "waves", *folders):
        path = tmp_path / f"{name}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.effect_mandelbrot((64, 48), (-2, -1.2, 1, 1.2), 80).convert("RGB").save(path)
        picture = Image.blend(Image.open(path), Image.new("RGB", (64, 48), next(colours)), 0.5)
        picture.save(path)
    film = clips.shades(3)
    clips.video(tmp_path / "holiday.mp4", film)
    film[0].save(tmp_path / "dance.gif", save_all=True, append_images=film[1:])
    (tmp_path / "Resources").symlink_to(RESOURCES)
    scaling_out = (ROOT / "docs" / "scaling-out.md").read_text()
    (table,) = re.findall(r"^```csv\n(.*?)^```", scaling_out, re.M | re.S)
    (tmp_path / "jobs.csv").write_text(table)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# A window, a cluster, and what an interrupted run has left behind: tests/cli and tests/batch have
# tests of their own.
NOT_RUN = ("--show", "--workers", "--scheduler", "--resume", "--from")


RUN = ("README.md", "docs/terminal.md", "docs/scaling-out.md", "docs/films.md")


@pytest.mark.parametrize("name", RUN)
def test_the_commands_paint(name: str, pictures: Path) -> None:
    """In the order that they are shown in: one may need what another has made."""
    for line in commands(ROOT / name):
        given = arguments(line)
        if given is None or any(flag in given for flag in NOT_RUN):
            continue
        assert main.main([*given, *SMALL]) == 0, line
        if "-o" in given and "--plan" not in given:
            assert (pictures / given[given.index("-o") + 1]).exists(), line


@pytest.mark.parametrize("name", ["README.md", "docs/python.md"])
def test_the_python_paints(name: str, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is shown, but for a canvas of 64 px and two iterations."""
    steps = api.steps
    small = {"resolution": 64, "iterations": 2}
    monkeypatch.setattr(api, "steps", lambda *given, **named: steps(*given, **{**named, **small}))
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / name).read_text(), re.M | re.S)
    for block in blocks:
        exec(block, {})
        for output in re.findall(r'save\("([^"]+)"', block):
            assert (pictures / output).exists(), block
    assert blocks
