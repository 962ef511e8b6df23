"""Folders of small pictures for batches, and what a batch leaves behind."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from PIL import Image

from nst.pictures import writing

SMALL = ["--resolution", "64"]
PAIRS = ["batch", "--content", "photos", "--style", "art", "-o", "out", *SMALL]


def picture(seed: int, size: tuple[int, int] = (64, 48)) -> bytes:
    """The bytes of a small picture that no other seed has."""
    noise = random.Random(seed).randbytes(3 * size[0] * size[1])
    return writing.encode(Image.frombytes("RGB", size, noise))


def fill(folder: Path) -> None:
    """Two photos and two styles, and in the photos' folder two files that are no pictures."""
    for number, name in enumerate(["photos/a.png", "photos/b.png", "art/x.png", "art/y.png"]):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(picture(number))
    (folder / "photos" / "notes.txt").write_text("no picture")
    (folder / "photos" / ".hidden.png").write_text("no picture")


def manifest(folder: str | Path) -> dict[str, dict[str, Any]]:
    """The records of a folder of results, by the name of the result."""
    lines = (Path(folder) / "manifest.jsonl").read_text().splitlines()
    return {record["output"]: record for record in map(json.loads, lines)}
