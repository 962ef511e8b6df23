"""Who may import whom, and what stays light."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "nst").glob("*.py"))
PAGE = [*sorted((ROOT / "page").glob("*.py")), ROOT / "streamlit_app.py"]
# What each part of the page may import of the others.
PAGE_ALLOWED = {
    "__init__": set(),
    "words": set(),
    "gallery": {"words"},
    "limits": {"words"},
    "visitor": set(),
    "controls": {"gallery", "limits", "words"},
    "masks": {"gallery", "words"},
    "recipes": {"controls", "gallery", "masks", "words"},
    "held": set(),
    "downloads": {"held"},
    "announcement": set(),
    "compare": set(),
    "explained": set(),
    "variations": {"controls"},
    "visit": set(),
    "archive": {"downloads", "held"},
    "results": {"archive", "controls", "studio", "visit", "words"},
    "series": {"gallery"},
    "share": {"controls", "gallery", "studio"},
    "studio": {"compare", "downloads", "gallery", "words"},
    "streamlit_app": {
        *("announcement", "controls", "downloads", "explained", "gallery", "limits", "masks"),
        *("recipes", "results", "series", "share", "studio", "variations", "visit", "visitor"),
        "words",
    },
}
# What each module may import of the package. Modules not named here may import any.
ALLOWED = {
    "__init__": set(),
    "settings": set(),
    "faults": {"settings"},
    "losses": {"strips"},
    "color": set(),
    "strips": set(),
    "tiles": {"settings"},
    "pooling": {"strips"},
    "stem": {"losses", "pooling", "strips"},
    "winograd": {"strips"},
    "optimizers": {"strips"},
    "schedule": {"settings"},
    "images": {"settings"},
    "recipe": {"__init__", "settings"},
    "weights": {"faults", "settings"},
    "vgg": {
        *("settings", "weights", "losses", "stem", "pooling", "strips", "tiles"),
        "winograd",
    },
    "targets": set(),
    "tensors": {"strips", "vgg"},
    "faces": {"tensors"},
    "neighbours": set(),
    "easel": set(),
    "checkpoint": {"images", "optimizers", "settings"},
    "memory": {"faults", "machine", "neighbours", "settings", "tiles"},
    "tiling": {"losses", "memory", "tensors", "tiles", "vgg"},
    "spread": {"memory", "settings", "tiles", "tiling", "vgg"},
    "estimate": {"memory", "neighbours", "schedule", "settings", "tiles", "vgg"},
    "objective": {
        *("losses", "memory", "schedule", "settings", "spread", "targets", "tensors", "tiles"),
        *("tiling", "vgg"),
    },
    "composition": {"losses", "objective", "schedule", "tensors", "tiling"},
    "brushwork": {
        *("checkpoint", "composition", "losses", "neighbours", "objective", "schedule"),
        *("settings", "strips", "tensors", "tiles", "tiling"),
    },
    "transfer": {
        *("brushwork", "checkpoint", "composition", "faces", "faults", "memory", "objective"),
        *("optimizers", "schedule", "settings", "spread", "strips", "targets", "tensors", "vgg"),
    },
    "export": {"images", "settings"},
    "order": {"settings", "images", "recipe"},
    "history": {"transfer"},
    "previews": {"color"},
    "machine": set(),
    "footprint": {"settings"},
    "pace": {"schedule", "settings"},
    "painter": {"canvas", "estimate", "machine", "schedule", "settings", "transfer", "vgg"},
    "jobs": {
        *("settings", "images", "canvas", "export", "footprint", "history", "machine", "order"),
        *("pace", "painter", "previews", "recipe", "transfer", "weights"),
    },
    "enlarging": {"color", "images"},
    "canvas": {"settings", "images", "color", "enlarging"},
    "deep": {"enlarging", "settings", "images", "canvas", "color"},
    "flags": {"settings"},
    "storage": {"settings", "images"},
    "sheet": {"export"},
    "batch": {
        *("settings", "flags", "images", "canvas", "order", "recipe", "storage", "weights", "vgg"),
        *("easel", "targets", "transfer"),
    },
    "cluster": {"settings", "order", "batch", "storage"},
    "team": {"settings", "batch", "cluster", "easel", "memory", "spread", "vgg"},
    "cli": {
        *("__init__", "settings", "images", "canvas", "recipe", "weights", "vgg", "transfer"),
        *("checkpoint", "deep", "estimate", "export", "faults", "memory", "flags", "cli_batch"),
        *("batch", "cluster", "spread", "team"),
    },
    "cli_batch": {
        *("settings", "faults", "flags", "images", "storage", "sheet", "order", "batch"),
        *("cluster", "vgg"),
    },
}


def imported(path: Path) -> set[str]:
    """Everything a file imports, wherever in it: "json", "nst.settings", "nst.__init__" ..."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module in ("nst", "page"):
            names = {alias.name for alias in node.names}
            found |= {f"{node.module}.{name if name[0] != '_' else '__init__'}" for name in names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_imports_keep_to_the_rooms(path):
    own = {name.split(".")[1] for name in imported(path) if name.startswith("nst.")}
    assert own <= ALLOWED.get(path.stem, own)


def test_no_module_stands_above_itself():
    """Whoever imports another is not imported by it, over however many corners."""
    graphlib.TopologicalSorter(ALLOWED).prepare()


@pytest.mark.parametrize("path", PAGE, ids=lambda path: path.stem)
def test_imports_of_the_page_keep_to_the_rooms(path):
    own = {name.split(".")[1] for name in imported(path) if name.startswith("page.")}
    assert own <= PAGE_ALLOWED[path.stem]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_nothing_in_the_package_imports_streamlit(path):
    assert not {"streamlit", "page"} & {name.split(".")[0] for name in imported(path)}


# What would run, unpickle or start something that a visitor gave.
FORBIDDEN_MODULES = {
    *("pickle", "marshal", "shelve", "dill", "joblib", "yaml", "subprocess", "code", "runpy"),
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "system", "popen", "getattr_static"}


@pytest.mark.parametrize("path", [*MODULES, *PAGE], ids=lambda path: path.stem)
def test_nothing_evaluates_unpickles_or_starts_programs(path):
    allowed = {"socket", "urllib", "subprocess"} if path.stem.startswith("cluster") else set()
    assert not {name.split(".")[0] for name in imported(path)} & (FORBIDDEN_MODULES - allowed)
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        owner = getattr(getattr(node.func, "value", None), "id", "")
        assert name not in FORBIDDEN_CALLS or owner == "re", (path.stem, name)
        flags = {flag.arg: getattr(flag.value, "value", None) for flag in node.keywords}
        if (owner, name) == ("torch", "load"):
            assert flags["weights_only"] is True
        assert not flags.get("unsafe_allow_html")
        assert not flags.get("unsafe_allow_javascript")
        assert not flags.get("shell")


def test_importing_the_page_does_not_import_torch():
    names = ", ".join(f"page.{path.stem}" for path in PAGE[:-1])
    script = f"import sys, {names}; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("path", [*MODULES, *PAGE], ids=lambda path: path.stem)
def test_only_the_command_line_prints(path):
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    prints = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
    assert not prints or path.stem in ("cli", "cli_batch")


@pytest.mark.parametrize(
    "module",
    [
        *("nst", "nst.settings", "nst.images", "nst.jobs", "nst.batch", "nst.cluster", "nst.cli"),
        *("nst.cli_batch", "nst.storage"),
    ],
)
def test_light_modules_do_not_import_torch(module):
    script = f"import sys, {module}; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("path", [*MODULES, *PAGE], ids=lambda path: path.stem)
def test_only_the_cluster_imports_dask(path):
    assert not {"dask", "distributed"} & {name.split(".")[0] for name in imported(path)} or (
        path.stem in ("cluster", "team")
    )


def test_importing_the_cluster_does_not_import_dask():
    script = "import sys, nst.cluster, nst.cli_batch; print('distributed' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("module", ["settings", "machine"])
def test_these_need_only_the_standard_library(module):
    for name in imported(ROOT / "nst" / f"{module}.py"):
        assert name.split(".")[0] in sys.stdlib_module_names


def test_the_page_limits_the_arenas_before_it_imports_what_takes_long():
    """Each visitor who comes meanwhile has a thread, and with more than eight it is too late."""
    source = (ROOT / "streamlit_app.py").read_text()
    before, called, after = source.partition("\nmachine.share_arenas()\n")
    assert called
    imported = [line for line in before.splitlines() if line.startswith(("from nst", "from page"))]
    assert imported == ["from nst import machine"]
    assert "\nfrom nst import" in after
