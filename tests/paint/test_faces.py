"""Faces are found where they are, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from nst.paint import faces
from nst.paint.loop import Loop
from nst.paint.tensors import compact
from nst.paint.transfer import Canvas
from nst.pictures import fitting, reading, tensors
from nst.settings import Settings

CONTENT = Path(__file__).parents[2] / "Resources" / "content"
FACE = (0.22, 0.44)  # row and column of the astronaut's nose, as parts of the photo's sides


def photo_of(name, side=384):
    return tensors.to_tensor(fitting.fit(reading.open_picture(CONTENT / f"{name}.jpg"), side))


@pytest.fixture(scope="module")
def astronaut():
    return photo_of("astronaut")


def middle(found):
    """Row and column around which a map lies, as parts of its sides."""
    weights = found[0, 0] / found.sum()
    rows, columns = (torch.arange(side) / side for side in found.shape[2:])
    return float((weights.sum(1) * rows).sum()), float((weights.sum(0) * columns).sum())


def test_a_face_is_found_where_it_is(astronaut):
    found = faces.find(compact(astronaut))
    assert found.shape == (1, 1, *astronaut.shape[2:])
    assert found.min() == 0
    assert found.max() == 1
    assert middle(found) == pytest.approx(FACE, abs=0.03)
    inside = found[0, 0] > 0.5
    assert inside.float().mean() == pytest.approx(0.044, rel=0.25)
    assert inside.any(1).sum() > inside.any(0).sum()  # it is higher than wide


def test_its_map_falls_softly_from_the_middle(astronaut):
    found = faces.find(astronaut)
    assert (found[..., 1:, :] - found[..., :-1, :]).abs().max() < 0.2
    assert (found[..., 1:] - found[..., :-1]).abs().max() < 0.2


@pytest.mark.parametrize("side", [192, 256, 768])
def test_of_any_size(side):
    """Also where the photo is looked at smaller than it is."""
    found = faces.find(photo_of("astronaut", side))
    assert found.shape[2:] == photo_of("astronaut", side).shape[2:]
    assert middle(found) == pytest.approx(FACE, abs=0.04)


def test_it_moves_with_the_photo(astronaut):
    row, column = middle(faces.find(astronaut.flip(3)))
    assert (row, 1 - column) == pytest.approx(FACE, abs=0.04)


def test_two_faces_are_two(astronaut):
    both = torch.cat([astronaut, astronaut.flip(3)], 3)
    found = faces.find(both)
    width = astronaut.shape[3]
    for half in (found[..., :width], found[..., width:]):
        assert half.max() == 1
        assert middle(half)[0] == pytest.approx(FACE[0], abs=0.04)


@pytest.mark.parametrize("name", ["cat", "coffee", "rocket"])
def test_what_has_no_face_has_no_map(name):
    assert faces.find(photo_of(name)) is None


@pytest.mark.parametrize("size", [(16, 16), (32, 256), (1024, 32), (64, 64)])
def test_small_and_flat_pictures_have_none(size):
    assert faces.find(torch.full((1, 3, *size), 0.5)) is None


def test_a_composition_alone_does_not_look_for_faces(astronaut, trunk, monkeypatch):
    small = astronaut[..., :64, :64]
    monkeypatch.setattr(faces, "find", lambda photo: pytest.fail("it was looked for"))
    painter = Loop(trunk, Settings(style_loss="gram"), Canvas(small, [small]))
    assert painter.faces is None
