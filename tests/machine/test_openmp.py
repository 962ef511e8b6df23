"""What libraries are told by the environment, early enough, and only where nobody said anything.

OpenMP not to wait spinning, and torch to keep less ready.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


def run(script, **environment):
    """A Python process of its own, in which OpenMP has been told nothing but this."""
    kept = {name: value for name, value in os.environ.items() if name not in WAITING}
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


TELL = f"import json, os, nst; print(json.dumps({{n: os.environ.get(n) for n in {WAITING}}}))"


def test_importing_the_package_sets_it():
    assert json.loads(run(TELL).stdout) == {
        "OMP_WAIT_POLICY": None,
        "GOMP_SPINCOUNT": "1000",
        "KMP_BLOCKTIME": "0",
    }


@pytest.mark.parametrize(
    "said",
    [
        {"OMP_WAIT_POLICY": "active"},
        {"OMP_WAIT_POLICY": "passive"},
        {"GOMP_SPINCOUNT": "infinity"},
        {"KMP_BLOCKTIME": "200"},
        {"KMP_BLOCKTIME": ""},
    ],
    ids=str,
)
def test_who_has_said_anything_is_not_overruled(said):
    found = json.loads(run(TELL, **said).stdout)
    assert {name: value for name, value in found.items() if value is not None} == said


# OpenMP tells what it goes by when it is loaded, and it is loaded when torch is imported: from the
# same file, but without the seconds that the rest of torch takes.
LOAD = """
import ctypes
from importlib.util import find_spec
from pathlib import Path
for place in Path(find_spec("torch").origin).parent.glob("lib/libgomp*"):
    ctypes.CDLL(place)
"""


def test_it_takes_effect():
    told = run(f"import nst\n{LOAD}", OMP_DISPLAY_ENV="VERBOSE").stderr
    if "GOMP_SPINCOUNT" not in told:
        pytest.skip("torch does not come with GCC's OpenMP here")
    assert "GOMP_SPINCOUNT = '1000'" in told
    # And would not, if it came too late.
    late = run(f"{LOAD}\nimport nst", OMP_DISPLAY_ENV="VERBOSE").stderr
    assert "GOMP_SPINCOUNT = '1000'" not in late


LOCAL = ("nst", "page", "benchmarks")
# What is run or imported by others: all that may load torch begins with one of them.
BEGINNINGS = (
    ROOT / "streamlit_app.py",
    ROOT / "nst" / "__main__.py",
    ROOT / "nst" / "cli" / "main.py",
    ROOT / "tests" / "conftest.py",
    *sorted((ROOT / "benchmarks").glob("*.py")),
)


def loaded(path: Path, seen: set[Path]) -> Iterator[str]:
    """The modules that a file imports, in order, with all that those of ours import.

    What is imported in functions comes after all else, and what is for type checkers never.
    """
    if path in seen or not path.exists():
        return
    seen.add(path)
    if path.parent != ROOT and path.name != "__init__.py":
        yield from loaded(path.parent / "__init__.py", seen)
    if path.is_relative_to(ROOT / "nst"):
        yield "nst"
    for statement in imports(path):
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        else:
            names = [f"{statement.module}.{alias.name}" for alias in statement.names]
        for name in names:
            if name.split(".")[0] in LOCAL:
                parts = name.split(".")
                for length in range(1, len(parts) + 1):
                    place = ROOT.joinpath(*parts[:length])
                    yield from loaded(place / "__init__.py", seen)
                    yield from loaded(place.with_suffix(".py"), seen)
            else:
                yield name.split(".")[0]


@functools.cache
def imports(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """All of a file, those of functions last."""
    tree = ast.parse(path.read_text())
    return [*outside(tree), *inside(tree)]


def outside(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that are done when the module is."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            continue
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from outside(node)


def inside(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Those of functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from outside(node)


@pytest.mark.parametrize("path", BEGINNINGS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_package_is_imported_before_torch(path):
    package = path.parent / "__init__.py"  # comes first, as a part of it is imported or run
    first = list(loaded(package, set())) if package.exists() else []
    order = list(dict.fromkeys([*first, *loaded(path, set())]))
    if "torch" in order:
        assert "nst" in order[: order.index("torch")]


def test_the_page_and_the_command_line_lead_to_torch():
    """So that the test before this one is about something."""
    for path in BEGINNINGS[:4]:
        assert "torch" in set(loaded(path, set()))


CACHES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")
TELL_CACHES = f"import os, nst; print(*(os.environ[name] for name in {CACHES}))"


def test_what_torch_keeps_ready_is_bounded_unless_somebody_has_said_otherwise():
    assert run(TELL_CACHES, **dict.fromkeys(CACHES, "9")).stdout.split() == ["9", "9"]
    cleared = f"import os; [os.environ.pop(name, None) for name in {CACHES}]; {TELL_CACHES}"
    assert run(cleared).stdout.split() == ["128", "64"]


# Convolutions of as many shapes as the caches would hold otherwise, and what they leave behind, MB:
# bounded, and not. Torch asks for the bounds when it convolves first, which each child does anew.
MANY_SHAPES = f"""
import os
import nst, torch
from pathlib import Path
from nst.machine import malloc

def held():
    malloc.give_back()
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024

def left_behind():
    weight = torch.ones(32, 32, 3, 3).to(memory_format=torch.channels_last)
    for side in range(8, 408):
        if side == 40:
            before = held()
        x = torch.ones(1, 32, side, 8).to(memory_format=torch.channels_last)
        torch.conv2d(x, weight, padding=1)
    return held() - before

for bounds in (("128", "64"), ("1024", "1024")):
    child = os.fork()
    if not child:
        os.environ.update(zip({CACHES}, bounds))
        print(left_behind(), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is told by Linux")
def test_many_sizes_of_pictures_leave_little_behind():
    bounded, unbounded = map(float, run(MANY_SHAPES).stdout.split())
    assert bounded < 0.6 * unbounded
