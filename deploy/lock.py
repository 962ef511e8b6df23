"""Writes `requirements.txt` beside it: every package of the page, pinned with its hashes.

`python deploy/lock.py` asks pip what it would install for the requirements of the page, on this
system and for this version of Python, and installs nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
HEADER = f"""\
# Made by deploy/lock.py from the project's requirements.txt, for Python
# {sys.version_info.major}.{sys.version_info.minor} on {sys.platform}; install it with
#   pip install --require-hashes --only-binary :all: -r deploy/requirements.txt
"""


def main() -> None:
    """Ask pip and write what it says."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
        options = ["--ignore-installed", "--only-binary", ":all:", "--report", str(report)]
        requirements = ["-r", str(HERE.parent / "requirements.txt")]
        subprocess.run([*command, *options, *requirements], check=True)
        text = locked(json.loads(report.read_text()))
    (HERE / "requirements.txt").write_text(text)


def locked(report: dict[str, list[dict[str, dict[str, dict[str, dict[str, str]]]]]]) -> str:
    """pip's report as requirements, a package a line with its hash below."""
    lines = []
    for package in report["install"]:
        name, version = package["metadata"]["name"], package["metadata"]["version"]
        sha256 = package["download_info"]["archive_info"]["hashes"]["sha256"]
        lines.append(f"{str(name).lower()}=={version} \\\n    --hash=sha256:{sha256}\n")
    return HEADER + "".join(sorted(lines))


if __name__ == "__main__":
    main()
