"""One job, carried out."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import pytest
import torch
from engines import FakeEngine, FakePainter, progress

from nst.batch import attempt
from nst.batch.job import pairs
from nst.settings import Settings
from nst.studio.studio import Studio


def test_a_painting_that_nobody_waits_for_any_more_ends(folders, monkeypatch):
    begun, ended = threading.Event(), threading.Event()

    class Endless(FakeEngine):
        def open(self, threads):
            def paint(prepared, settings):
                begun.set()
                try:
                    while True:
                        yield progress(torch.zeros(1, 3, 64, 64), 3)
                        time.sleep(0.01)
                finally:
                    ended.set()

            return FakePainter(paint)

    def interrupted(self, timeout=None):
        assert begun.wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr(Future, "result", interrupted)
    jobs = pairs([str(folders / "photos/a.png")], [str(folders / "art/x.png")], Settings())
    with pytest.raises(KeyboardInterrupt):
        attempt.paint(Studio(Endless(str(folders))), jobs[0].read())
    assert ended.wait(10)
