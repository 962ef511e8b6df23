"""Coverage-guided fuzzing of the decoder's entry: `python tests/fuzz.py -max_total_time=60`.

Needs `pip install atheris==3.0.0`. Starts from the good files of `hostile.SAMPLES`; atheris sees
which lines of Pillow's and of our own Python a file reaches. Options are those of libFuzzer.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["PIL", "nst"]):
    from hostile import SAMPLES

    from nst import errors
    from nst.pictures import reading


def open_anything(data: bytes) -> None:
    """Whatever it is: a picture, or a refusal in a sentence."""
    try:
        picture = reading.open_picture(data, "a.png")
    except errors.ImageError:
        return
    assert picture.mode == "RGB"
    assert picture.width * picture.height <= reading.MAX_PIXELS


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for name, data in SAMPLES.items():
            (Path(folder) / name).write_bytes(data)
        limits = ["-timeout=10", "-rss_limit_mb=3000", "-max_len=20000"]
        atheris.Setup([*sys.argv, *limits, folder], open_anything)
        atheris.Fuzz()
