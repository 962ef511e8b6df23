"""The places of the artworks that are chosen from."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from strokes import BASE, begun, columns_of, face_in, inner

from nst.paint import bank
from nst.paint.targets import TargetCache
from nst.vgg.stem import CELL


def test_choices_are_numbers_in_the_bank(content, style, trunk):
    """Those of a face, too, though it is given places of its own."""
    painter = begun(trunk, content, [style], face=face_in(content))
    choices = painter.objective.choices
    assert choices.dtype == torch.int32
    assert choices.shape == tuple(side // CELL for side in content.shape[2:])
    assert choices.min() >= 0
    assert choices.max() < len(painter.objective._bank.rows)


def test_the_bank_holds_the_places_of_the_artwork_that_lie_not_at_its_rim(content, style, trunk):
    painter = begun(trunk, content, [style])
    expected = columns_of(trunk, style)[inner(style)]
    torch.testing.assert_close(painter.objective._bank.rows, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("weights", [(), (3.0, 1.0), (1.0, 9.0)])
def test_styles_share_the_bank_by_their_weights(content, style, trunk, monkeypatch, weights):
    monkeypatch.setattr(bank, "PLACES", 100)
    styles = [style, style.flip(1)]
    settings = dataclasses.replace(BASE, style_weights=weights)
    found = begun(trunk, content, styles, settings).objective._bank
    assert [group.tolist() for group in found.groups] == [[*range(100)]]
    counts = []
    for picture in styles:
        there = columns_of(trunk, picture)[inner(picture)]
        apart = torch.cdist(found.rows, there, compute_mode="donot_use_mm_for_euclid_dist")
        counts.append(int((apart.min(1).values < 1e-2).sum()))
    share = (weights or (1.0, 1.0))[0] / sum(weights or (1.0, 1.0))
    assert counts == [round(100 * share), 100 - round(100 * share)]


def test_a_style_without_weight_has_no_part_in_the_bank(content, style, trunk):
    settings = dataclasses.replace(BASE, style_weights=(1.0, 0.0))
    both = begun(trunk, content, [style, style.flip(1)], settings).objective
    alone = begun(trunk, content, [style]).objective
    assert torch.equal(both._bank.rows, alone._bank.rows)


def test_the_seed_chooses_the_places(content, style, trunk, monkeypatch):
    monkeypatch.setattr(bank, "PLACES", 50)
    one, again, other = (
        begun(trunk, content, [style], dataclasses.replace(BASE, seed=seed)).objective
        for seed in (1, 1, 2)
    )
    assert torch.equal(one._bank.rows, again._bank.rows)
    assert torch.equal(one.choices, again.choices)
    assert one._bank.rows.shape == other._bank.rows.shape
    assert not torch.equal(one._bank.rows, other._bank.rows)


@pytest.mark.parametrize("changes", [{"seed": 1}, {"pooling": "avg"}])
def test_another_bank_is_not_taken_for_the_known_one(content, style, trunk, monkeypatch, changes):
    monkeypatch.setattr(bank, "PLACES", 50)
    known = TargetCache()
    begun(trunk, content, [style], known=known)
    settings = dataclasses.replace(BASE, **changes)
    found = begun(trunk, content, [style], settings, known=known).objective
    fresh = begun(trunk, content, [style], settings).objective
    assert torch.equal(found._bank.rows, fresh._bank.rows)
