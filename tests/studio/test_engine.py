"""The engine with VGG19: what it hands on, and that it can be sent."""

from __future__ import annotations

import pickle

import pytest
import torch
from PIL import Image

from nst.paint import transfer
from nst.settings import Settings
from nst.studio.engine import VGGEngine, VGGPainter
from nst.studio.order import Pictures
from nst.studio.preparation import prepare
from nst.vgg import network


def test_an_engine_can_be_sent_and_compared() -> None:
    engine = VGGEngine("original", "cpu")
    sent = pickle.loads(pickle.dumps(engine))
    assert sent == engine
    assert hash(sent) == hash(engine)
    assert sent != VGGEngine("original", "cuda")
    assert len(engine.checksum()) == 64


def test_an_opened_engine_remembers_its_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, before = [], torch.get_num_threads()
    monkeypatch.setattr(network, "load", lambda *given: loaded.append(given))
    try:
        painter = VGGEngine("original", "cpu").open(threads=1)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
    assert loaded == [("original", "cpu")]
    assert painter.options is not None
    assert painter.options.known is not None


def test_a_painter_hands_on_canvas_options_and_where_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = {}

    def steps(canvas, settings, vgg, *, resume, options):
        seen.update(size=canvas.content.shape, vgg=vgg, resume=resume, options=options)
        yield

    monkeypatch.setattr(transfer, "steps", steps)
    settings, grey = Settings(resolution=64), Image.new("RGB", (64, 48), "grey")
    options = transfer.Options(tile=64)
    painter = VGGPainter("vgg", options)  # type: ignore[arg-type]
    list(painter.paint(prepare(Pictures(grey, [grey]), settings), settings, resume="state"))
    assert seen == {"size": (1, 3, 48, 64), "vgg": "vgg", "resume": "state", "options": options}
    list(VGGPainter("vgg").paint(prepare(Pictures(grey, [grey]), settings), settings))
    assert seen["options"] == transfer.Options()
