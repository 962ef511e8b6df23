"""What is deployed: the same versions as are tested, pinned with hashes, in a careful container."""

from __future__ import annotations

import re
import runpy
import shlex
import tomllib
from pathlib import Path

from page import recipes

ROOT = Path(__file__).parent.parent
LOCKED = (ROOT / "deploy" / "requirements.txt").read_text()
CONTAINER = (ROOT / "deploy" / "Containerfile").read_text()


def pins(name: str) -> dict[str, str]:
    """The versions that a requirements file pins, with those of the files that it names."""
    text = (ROOT / name).read_text()
    found = dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))
    for other in re.findall(r"^-r (\S+)", text, re.MULTILINE):
        found |= pins(other)
    return found


def test_what_is_deployed_is_what_is_tested():
    wanted = pins("requirements.txt")
    locked = dict(re.findall(r"^([\w.-]+)==(\S+) \\$", LOCKED, re.MULTILINE))
    assert len(wanted) >= 7
    for name, version in wanted.items():
        assert locked[name.lower()] == version


def test_every_package_has_its_hash():
    lines = [line for line in LOCKED.splitlines() if not line.startswith("#")]
    for package, sha256 in zip(lines[::2], lines[1::2], strict=True):
        assert re.fullmatch(r"[\w.-]+==\S+ \\", package)
        assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}", sha256)


def test_the_lock_is_written_from_what_pip_reports():
    package = {
        "metadata": {"name": "Pillow", "version": "1.2"},
        "download_info": {"archive_info": {"hashes": {"sha256": "ab" * 32}}},
    }
    text = runpy.run_path(str(ROOT / "deploy" / "lock.py"))["locked"]({"install": [package]})
    assert text.endswith(f"pillow==1.2 \\\n    --hash=sha256:{'ab' * 32}\n")


def test_the_container_runs_as_nobody_with_what_it_needs():
    steps = re.sub(r"\\\n", " ", CONTAINER).splitlines()
    commands = [line.partition(" ")[::2] for line in steps if line and line[0] not in "# "]
    names = [name for name, _ in commands]
    assert set(names) <= {
        "FROM",
        "ENV",
        "WORKDIR",
        "COPY",
        "RUN",
        "USER",
        "EXPOSE",
        "HEALTHCHECK",
        "CMD",
    }
    users = [rest for name, rest in commands if name == "USER"]
    assert users == ["10001:10001"]
    assert names.index("USER") > max(index for index, name in enumerate(names) if name == "RUN")
    (install,) = [rest for name, rest in commands if name == "RUN"]
    assert {"--require-hashes", "--only-binary"} <= set(shlex.split(install))
    image = commands[0][1]
    assert re.search(r":3\.11\.\d+-slim", image)
    copied = {part for name, rest in commands if name == "COPY" for part in rest.split()[:-1]}
    for path in copied:
        assert (ROOT / path).exists(), path
    assert {"nst", "page", "Resources", ".streamlit", "streamlit_app.py"} <= copied


def test_the_server_keeps_its_guards_up():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["server"]["enableXsrfProtection"] is True
    assert config["server"].get("enableCORS", True) is True
    assert config["server"]["maxUploadSize"] == recipes.LARGEST_FILE + 1  # no uploader takes more
    assert config["client"]["showErrorDetails"] == "none"
    assert config["browser"]["gatherUsageStats"] is False


def test_nothing_takes_the_cores_from_the_painting():
    """As the README starts the page: in a folder that has its virtual environment in it."""
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["server"]["fileWatcherType"] == "none"
    assert config["runner"]["postScriptGC"] is False


def test_what_is_mutated_and_copied_for_it_is_there():
    mutmut = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    for key in ("only_mutate", "pytest_add_cli_args_test_selection", "also_copy"):
        for path in mutmut[key]:
            assert (ROOT / path).exists(), path
