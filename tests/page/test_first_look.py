"""What the first visitor of a server waits for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from page_app import APP, ROOT
from streamlit.testing.v1 import AppTest

SCRIPT = f"""
import sys
from streamlit.testing.v1 import AppTest
from nst.queue.manager import JobManager
JobManager.warm_up = lambda self, delay: None
assert not AppTest.from_file({APP!r}, default_timeout=120).run().exception
print(*({{"matplotlib", "pandas", "pyarrow", "torch"}} & set(sys.modules)))
"""


def test_the_first_look_imports_nothing_that_takes_long() -> None:
    """Neither for charts nor for tables, of which nothing is seen yet, nor for painting.

    pandas and pyarrow take half a second and 68 MB, and a list among a component's data is enough
    to have Streamlit (1.67) import them.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == []


@pytest.mark.usefixtures("usual_size")
def test_the_first_look_is_a_small_part_of_four_megabytes(app: AppTest) -> None:
    """Streamlit's own files take 3.3 MB of them, compressed as they come."""
    pictures = [app.pills("photo"), app.pills("style"), *app.image]
    assert all(each.proto.ByteSize() > 10_000 for each in pictures)  # they travel within the page
    assert sum(each.proto.ByteSize() for each in pictures) < 600_000
