"""Who may import whom, and what stays light."""

from __future__ import annotations

import ast
import functools
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "nst").rglob("*.py"))
PAGE = [*sorted((ROOT / "page").glob("*.py")), ROOT / "streamlit_app.py"]
# What each part of the page may import of the others.
PAGE_ALLOWED: dict[str, set[str]] = {
    "__init__": set(),
    "address": set(),
    "explained": set(),
    "held": set(),
    "words": set(),
    "state": {"actions", "marking"},  # the types of what it keeps
    "announcement": {"state"},
    "connection": {"state"},
    "back": {"address", "intake", "samples", "state"},
    "capacity": {"state", "words"},
    "compare": {"state", "words"},
    "downloads": {"capacity", "held", "state", "words"},
    "full_size": {"downloads"},
    "losses": {"state"},
    "paste": {"capacity", "films", "state"},
    "progress": {"words"},
    "samples": {"capacity", "words"},
    "visit": {"state"},
    "visitor": {"state"},
    "archive": {"downloads", "held"},
    "share": {"state", "words"},
    "blend": {"address", "samples", "state", "words"},
    "controls": {"capacity", "samples", "state", "words"},
    "films": {"capacity", "state", "words"},
    "draft": {"samples", "server", "visitor"},
    "easel": {"compare", "draft", "result", "samples", "state", "words"},
    "gallery": {"address", "intake", "samples", "state", "words"},
    "hindrance": {"controls", "intake", "link"},
    "intake": {"capacity", "films", "paste", "samples", "state", "words"},
    "mask_pictures": {"capacity", "samples", "words"},
    "marks": {"mask_pictures"},
    "mask_canvas": {"marks", "mask_pictures", "state"},
    "marking": {
        *("capacity", "mask_canvas", "mask_pictures", "marks", "samples", "state"),
    },
    "masks": {"marking", "mask_pictures", "marks", "samples", "state", "words"},
    "server": {"capacity", "films"},
    "style_masks": {"marking", "mask_pictures", "masks", "state", "words"},
    "actions": {"downloads", "mask_pictures", "server", "state", "visit", "visitor", "words"},
    "bar": {"actions", "easel", "films", "gallery", "progress", "server", "state", "words"},
    "result": {"compare", "downloads", "films", "full_size", "share", "state", "words"},
    "recipes": {
        *("blend", "capacity", "controls", "intake", "mask_pictures", "masks", "samples"),
        *("state", "words"),
    },
    "results": {"archive", "controls", "state", "visit", "words"},
    "series": {"actions", "samples", "state"},
    "link": {"address", "blend", "controls", "samples", "state"},
    "variations": {"actions", "controls", "state"},
    "viewport": {"actions", "state"},
    "stage": {
        *("actions", "announcement", "easel", "link", "losses", "progress", "results", "series"),
        *("server", "state", "variations", "visit"),
    },
    "streamlit_app": {
        *(
            "actions",
            "back",
            "bar",
            "blend",
            "capacity",
            "connection",
            "controls",
            "explained",
            "films",
            "gallery",
            "hindrance",
            "link",
        ),
        *("masks", "recipes", "samples", "server", "stage", "style_masks", "viewport", "visit"),
    },
}
# What the modules of each room may import of the others. "" is what lies outside the rooms, and the
# face is what those import who use the package from Python.
FACE = {"nst/__init__.py", "nst/api.py"}
ROOMS: dict[str, set[str]] = {
    "": set(),
    "machine": set(),
    "vgg": {"", "machine"},
    "pictures": {""},
    "studio": {"", "machine", "vgg", "pictures", "paint"},
    "paint": {"", "machine", "vgg", "pictures"},
    "queue": {"", "machine", "vgg", "pictures", "studio", "paint", "film"},
    "batch": {"", "machine", "vgg", "pictures", "studio", "paint"},
    "film": {"", "machine", "vgg", "pictures", "studio", "paint"},
    "face": {"", "pictures", "studio", "paint"},
    "cli": {"", "machine", "vgg", "pictures", "studio", "paint", "batch", "film"},
}


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All that a file says."""
    return tuple(ast.walk(ast.parse(path.read_text())))


@functools.cache
def imported(path: Path) -> frozenset[str]:
    """Everything a file imports, wherever in it: "json", "nst.settings", "nst.__init__" ..."""
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # A name may be a module of a package or something within a module.
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def room(path: Path) -> str:
    """The room that a module of the package lies in."""
    if path.relative_to(ROOT).as_posix() in FACE:
        return "face"
    return path.relative_to(ROOT / "nst").parts[0] if path.parent.name != "nst" else ""


def name_of(path: Path) -> str:
    """A module's dotted name."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def of_package(path: Path) -> frozenset[str]:
    """The modules of the package that a file imports, by dotted name."""
    modules = {name_of(module) for module in MODULES}
    return imported(path) & modules


def test_imports_keep_to_the_rooms() -> None:
    for path in MODULES:
        if path.name == "__main__.py":  # the way in
            continue
        rooms = {room(ROOT / f"{name.replace('.', '/')}.py") for name in of_package(path)}
        assert rooms <= ROOMS[room(path)] | {room(path)}, path


def test_no_room_stands_above_itself() -> None:
    """What a room imports does not import it, over however many corners."""
    graphlib.TopologicalSorter(ROOMS).prepare()


def test_the_map_in_the_documents_shows_what_is_allowed() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    arrows = re.findall(r"^ +(\w+) --> (\w+)$", text.partition("```mermaid")[2], re.M)
    below: dict[str, set[str]] = {name: set() for pair in arrows for name in pair}
    for upper in graphlib.TopologicalSorter(_lowers(arrows)).static_order():
        for lower in _lowers(arrows).get(upper, set()):
            below[upper] |= {lower} | below[lower]
    assert set(below) - {"app"} == set(ROOMS) - {""}
    for name in below:
        assert ROOMS.get(name, set()) - {""} <= below[name], name


def _lowers(arrows: list[tuple[str, str]]) -> dict[str, set[str]]:
    """What each room has an arrow to."""
    return {upper: {lower for first, lower in arrows if first == upper} for upper, _ in arrows}


def test_no_module_stands_above_itself() -> None:
    graph = {name_of(path): of_package(path) - {name_of(path)} for path in MODULES}
    graphlib.TopologicalSorter(graph).prepare()


def test_imports_of_the_page_keep_to_the_rooms():
    for path in PAGE:
        own = {name.split(".")[1] for name in imported(path) if name.startswith("page.")}
        assert own & set(PAGE_ALLOWED) <= PAGE_ALLOWED[path.stem], path


def test_only_one_module_names_what_a_session_keeps():
    """A key that two modules spell is a key that one of them will spell otherwise some day."""
    for path in PAGE:
        named = {node.attr for node in nodes(path) if isinstance(node, ast.Attribute)}
        assert "session_state" not in named or path.stem == "state", path


def too_large(path: Path) -> Iterator[str]:
    """The file's path if it is too long, and path and name of each function that is too large."""
    source = path.read_text()
    where = f"`{path.relative_to(ROOT).as_posix()}`"
    if source.count("\n") > 350:
        yield where
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            count = len([each for each in given if each.arg not in ("self", "cls")])
            if count > 6 or node.end_lineno - node.lineno >= 50:
                yield f"{where} `{node.name}`"


def test_nothing_is_too_large_but_what_the_documents_explain() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text().partition("## Sizes")[2]
    rows = re.findall(r"^\| (`[\w/.]+`)([^|]*) \|", text, re.M)
    explained = {
        f"{where} {name}".strip()
        for where, names in rows
        for name in re.findall(r"`\w+`", names) or [""]
    }
    assert {found for path in [*MODULES, *PAGE] for found in too_large(path)} == explained


def test_nothing_in_the_package_imports_streamlit():
    for path in MODULES:
        assert not {"streamlit", "page"} & {name.split(".")[0] for name in imported(path)}, path


# What would run, unpickle or start something that a visitor gave.
FORBIDDEN_MODULES = {
    *("pickle", "marshal", "shelve", "dill", "joblib", "yaml", "subprocess", "code", "runpy"),
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "system", "popen", "getattr_static"}


def test_nothing_evaluates_unpickles_or_starts_programs():
    for path in [*MODULES, *PAGE]:
        allowed = {"socket", "urllib", "subprocess"} if path.stem == "cluster" else set()
        found = {name.split(".")[0] for name in imported(path)}
        assert not found & (FORBIDDEN_MODULES - allowed), path
        for node in nodes(path):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            owner = getattr(getattr(node.func, "value", None), "id", "")
            assert name not in FORBIDDEN_CALLS or owner == "re", (path, name)
            flags = {flag.arg: getattr(flag.value, "value", None) for flag in node.keywords}
            if (owner, name) == ("torch", "load"):
                assert flags["weights_only"] is True, path
            for flag in ("unsafe_allow_html", "unsafe_allow_javascript", "shell"):
                assert not flags.get(flag), (path, name)


def test_importing_the_page_does_not_import_torch():
    names = ", ".join(f"page.{path.stem}" for path in PAGE[:-1])
    script = f"import sys, {names}; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_only_the_command_line_prints():
    for path in [*MODULES, *PAGE]:
        called = [node.func for node in nodes(path) if isinstance(node, ast.Call)]
        names = {each.id for each in called if isinstance(each, ast.Name)}
        assert "print" not in names or room(path) == "cli", path


@pytest.mark.parametrize(
    "module",
    [
        *("nst", "nst.settings", "nst.pictures.reading", "nst.queue.manager", "nst.batch.local"),
        *("nst.batch.cluster", "nst.batch.storage", "nst.cli.main", "nst.film.frames"),
    ],
)
def test_light_modules_do_not_import_torch(module):
    script = f"import sys, {module}; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_only_the_cluster_imports_dask():
    for path in [*MODULES, *PAGE]:
        found = {name.split(".")[0] for name in imported(path)}
        of_cluster = path.stem in ("cluster", "own_workers", "team")
        assert of_cluster or not found & {"dask", "distributed"}, path


def test_importing_the_cluster_does_not_import_dask():
    script = "import sys, nst.batch.cluster, nst.cli.main; print('distributed' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    "module", ["settings", "errors", "layers", "samples", "machine/limits", "machine/malloc"]
)
def test_these_need_only_the_standard_library(module: str) -> None:
    for name in imported(ROOT / "nst" / f"{module}.py"):
        assert name.split(".")[0] in {*sys.stdlib_module_names, "nst"}


def test_the_page_limits_the_arenas_before_it_imports_what_takes_long():
    """Each visitor who comes meanwhile has a thread, and with more than eight it is too late."""
    source = (ROOT / "streamlit_app.py").read_text()
    before, called, after = source.partition("\nmalloc.share_arenas()\n")
    assert called
    imported = [line for line in before.splitlines() if line.startswith(("from nst", "from page"))]
    assert imported == ["from nst.machine import malloc"]
    assert "\nfrom page import" in after


def test_nothing_on_the_page_stands_in_a_place_made_empty_first():
    """On a busy machine the browser would draw the emptiness before what comes into it."""
    for path in PAGE:
        called = [node.func for node in nodes(path) if isinstance(node, ast.Call)]
        names = {each.attr for each in called if isinstance(each, ast.Attribute)}
        assert "empty" not in names, path
