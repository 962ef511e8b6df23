"""What strangers may send beside pictures: checkpoints, job lists and addresses of the page.

All of it is read, or refused in a sentence; no other exception comes of it.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from nst.batch.job import Job
from nst.batch.job_list import listed
from nst.errors import UserError
from nst.paint import checkpoint, transfer
from nst.paint.checkpoint import CheckpointError, RunState
from nst.paint.optimizers import LBFGS, Adam, OptimizerState
from nst.settings import CONTROLS, Settings

ROOT = Path(__file__).parents[2]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
TEXT = st.text(max_size=60)
ONE_FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


class Saved(bytes):
    """Of a file; a test that fails shall not print them all."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The bytes of a checkpoint of L-BFGS, which remembers most."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(1, 3, 32, 48, generator=generator)
    optimizer = LBFGS()
    for loss in (3.0, 2.0, 1.0):
        pixels = optimizer.step(pixels, torch.rand(pixels.shape, generator=generator), loss, 0.1)
    path = tmp_path_factory.mktemp("saved") / "run.nst"
    state = RunState((3.0, 2.0, 1.0), 12.5, 512, pixels, optimizer.state())
    checkpoint.save(path, state, "a recipe")
    return Saved(path.read_bytes())


def taken(path, data: bytes) -> bool:
    """Whether a run could go on from a file of these bytes; if not, that is told in words."""
    path.write_bytes(data)
    try:
        state, recipe = checkpoint.load(path)
    except CheckpointError:
        return False
    assert isinstance(recipe, str)
    for optimizer in (Adam(state.pixels), LBFGS()):
        try:
            optimizer.restore(state.optimizer)
        except KeyError:  # which `transfer` tells in words
            continue
        optimizer.step(state.pixels, torch.ones_like(state.pixels), 1.0, 0.1)
    return True


def with_about(saved: bytes, change) -> bytes:
    """The checkpoint with another text in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "about.npy":
                about = json.loads(np.lib.format.read_array(io.BytesIO(data)).tobytes())
                text = json.dumps(change(about)).encode()
                array = io.BytesIO()
                np.lib.format.write_array(array, np.frombuffer(text, np.uint8))
                data = array.getvalue()
            target.writestr(name, data)
    return buffer.getvalue()


@ONE_FILE
@given(st.data())
def test_checkpoints_by_chance(saved, tmp_path, data):
    at = data.draw(st.integers(0, len(saved) - 1))
    length = data.draw(st.sampled_from([0, 1, 8, 1000, len(saved)]))
    other = data.draw(st.binary(max_size=16))
    taken(tmp_path / "run.nst", saved[:at] + other + saved[at + length :])


@ONE_FILE
@given(st.sampled_from(["format", "recipe", "losses", "seconds", "tile", "optimizer"]), JSON)
def test_checkpoints_that_say_anything(saved, tmp_path, name, value):
    taken(tmp_path / "run.nst", with_about(saved, lambda about: about | {name: value}))


@ONE_FILE
@example("curvatures", [1e-81])
@example("reach", 1e300)
@given(st.sampled_from(["count", "reach", "curvatures", "best_loss"]), JSON)
def test_optimisers_that_remember_anything(saved, tmp_path, name, value):
    def change(about):
        return about | {"optimizer": about["optimizer"] | {name: value}}

    taken(tmp_path / "run.nst", with_about(saved, change))


def test_a_checkpoint_that_would_grow_is_refused(saved, tmp_path):
    assert taken(tmp_path / "run.nst", with_about(saved, lambda about: about))
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    assert not taken(tmp_path / "run.nst", buffer.getvalue())


@pytest.mark.parametrize(
    ("optimizer", "state"),
    [
        ("adam", OptimizerState({}, {})),
        ("adam", OptimizerState({"first": torch.zeros(1, 3, 64, 96)}, {"count": 1.0})),
        ("adam", LBFGS().state()),
        ("lbfgs", Adam(torch.zeros(1, 3, 64, 96)).state()),
        ("lbfgs", OptimizerState({}, {"curvatures": [0.0], "reach": 0.1})),
    ],
)
def test_a_checkpoint_of_another_optimiser_is_told_in_words(
    content, style, trunk, optimizer, state
):
    chosen = Settings(resolution=96, iterations=3, coarse_to_fine=False, optimizer=optimizer)
    begun = RunState((1.0,), 1.0, 512, torch.zeros(1, 3, *content.shape[2:]), state)
    with pytest.raises(CheckpointError) as refused:
        next(transfer.steps(transfer.Canvas(content, [style]), chosen, trunk, resume=begun))
    assert str(refused.value) == (
        "The checkpoint is of a run with another optimizer, or it is damaged; give the settings "
        "that it was made with, or start anew without it."
    )


def jobs(path, data: bytes) -> list[Job]:
    """The jobs of a list, none if it is refused in words."""
    path.write_bytes(data)
    try:
        return listed(str(path), {})
    except UserError:
        return []


COLUMNS = ["content", "style", "output", "masks", "init", "preset", *CONTROLS]


@ONE_FILE
@given(st.dictionaries(st.sampled_from(COLUMNS) | TEXT, JSON, max_size=4), st.binary(max_size=20))
def test_job_lists_in_json(tmp_path, values, rest):
    line = json.dumps({"content": "a.jpg", "style": "b.jpg"} | values).encode()
    for data in (line, rest, line + b"\n" + rest, line[: len(line) // 2], line + b"\n" + line):
        for job in jobs(tmp_path / "jobs.jsonl", data):
            assert "/" not in job.output


@ONE_FILE
@given(
    st.lists(st.sampled_from(COLUMNS) | TEXT, max_size=4),
    st.lists(st.lists(TEXT, max_size=6), max_size=3),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_job_lists_in_csv(tmp_path, header, rows, end):
    lines = [["content", "style", *header], *(["a.jpg", "b.jpg", *row] for row in rows)]
    text = end.join(",".join(cells) for cells in lines)
    for job in jobs(tmp_path / "jobs.csv", text.encode("utf-8", "surrogatepass")):
        assert "/" not in job.output


def test_job_lists_that_are_deep_or_huge(tmp_path):
    for text in ("[" * 100_000, '{"seed": 1' + "0" * 5000 + "}", "a" * 10**6, '{"content": NaN}'):
        assert jobs(tmp_path / "jobs.jsonl", text.encode()) == []
        assert jobs(tmp_path / "jobs.csv", text.encode()) == []


NAMES = [*CONTROLS, "photo", "style", "weights", "strength", "job", "preset", "weigh_layers"]
VALUES = TEXT | st.integers().map(str) | st.floats().map(str) | st.sampled_from(["", ",", "1,2"])


@settings(max_examples=10)
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, min_size=1, max_size=12))
def test_addresses_of_the_page(query):
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.error
    assert "Paint" in [button.label for button in app.button]


@pytest.mark.parametrize("value", ["nan", "-1", "1e999", "../../etc/passwd", "<img src=x>", "٣"])
def test_addresses_with_what_nothing_allows(value):
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    for name in NAMES:
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.error
    assert not any(value in text.value for text in (*app.markdown, *app.caption))
