"""Hypercolumns and their nearest neighbours against the same written place by place."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nst.layers import block, channels
from nst.paint import neighbours
from nst.paint.neighbours import (
    COMPARED,
    DEEPEST_BLOCK,
    SHARED,
    Matcher,
    hypercolumns,
    layer_of,
    pieces,
    shares,
    unit,
)
from nst.vgg.stem import CELL


def seen(height=6, width=4, dtype=torch.float32):
    """Features of all layers for so many rows and columns of cells, after a ReLU."""
    generator = torch.Generator().manual_seed(3)
    return {
        layer: torch.randn(1, channels(layer), height, width, generator=generator).relu().to(dtype)
        for layer in COMPARED
    }


def by_hand(features, row, column):
    """What the cell in this row and column has in its hypercolumn."""
    parts = []
    for layer in COMPARED:
        here = features[layer][0, :, row, column].double()
        parts += [float(value) / math.sqrt(len(here)) for value in here]
    return torch.tensor(parts, dtype=torch.float64)


def test_layers_are_in_order_up_to_where_a_position_is_a_cell():
    blocks = [block(layer) for layer in COMPARED]
    assert blocks == sorted(blocks)
    assert max(blocks) == DEEPEST_BLOCK
    assert CELL == 2 ** (DEEPEST_BLOCK - 1)  # which has a position a cell
    assert len(set(COMPARED)) == len(COMPARED)


def test_a_hypercolumn_is_all_that_is_seen_at_a_cell():
    features = seen()
    rows = hypercolumns(features)
    assert rows.shape == (6 * 4, sum(channels(layer) for layer in COMPARED))
    for row in range(6):
        for column in range(4):
            expected = by_hand(features, row, column)
            torch.testing.assert_close(rows[4 * row + column].double(), expected)


def test_layers_count_alike():
    """Of features of the same size, whatever the number of channels."""
    ones = {layer: torch.ones_like(found) for layer, found in seen().items()}
    row = hypercolumns(ones)[0]
    for layer in COMPARED:
        assert float(layer_of(row[None], layer).square().sum()) == pytest.approx(1, rel=1e-5)


def test_features_in_half_precision_are_added_to_columns_in_float32():
    assert hypercolumns(seen(dtype=torch.bfloat16)).dtype == torch.float32


@pytest.mark.parametrize("piece", [1, 8, 16, 10_000])
def test_pieces_make_up_the_whole(monkeypatch, piece):
    monkeypatch.setattr(neighbours, "PIECE", piece)
    features = seen(height=15)
    parts = [hypercolumns(features, top, bottom) for top, bottom in pieces(15, 4)]
    assert torch.equal(torch.cat(parts), hypercolumns(features))


@given(st.integers(1, 400), st.integers(1, 3000))
def test_pieces_are_no_larger_than_need_be(height, width):
    found = list(pieces(height, width))
    assert found[0][0] == 0
    assert found[-1][1] == height
    assert [bottom for _, bottom in found[:-1]] == [top for top, _ in found[1:]]
    for top, bottom in found:
        assert 0 < (bottom - top) * width <= max(neighbours.PIECE, width)


def test_the_features_of_a_layer_come_back_out_of_hypercolumns():
    features = seen()
    rows = hypercolumns(features)
    for layer in COMPARED:
        found = layer_of(rows, layer) * unit(layer)
        torch.testing.assert_close(found, features[layer][0].flatten(1).T)


def cosine(one, other):
    length = one.norm() * other.norm()
    return float(one @ other / length) if length else 0.0


def by_loops(bank, sample, places):
    """For each of the places how near each row of the bank is, less how popular that is."""
    bank, sample, places = bank.double(), sample.double(), places.double()
    offered = [row - bank.mean(0) for row in bank]
    samples = [row - sample.mean(0) for row in sample]
    popular = []
    for row in offered:
        nearest = sorted((cosine(row, other) for other in samples), reverse=True)[:SHARED]
        popular.append(sum(nearest) / len(nearest))
    return torch.tensor(
        [
            [
                2 * cosine(place - sample.mean(0), row) - taken
                for row, taken in zip(offered, popular, strict=True)
            ]
            for place in places
        ]
    )


@pytest.mark.parametrize("piece", [5, 2048])
@pytest.mark.parametrize("samples", [1, SHARED - 1, 41])
def test_the_nearest_is_that_of_plain_loops(monkeypatch, piece, samples):
    monkeypatch.setattr(neighbours, "PIECE", piece)
    generator = torch.Generator().manual_seed(samples)
    # Never negative and with a mean of their own, as features are.
    bank, sample, places = (
        torch.rand(count, 9, generator=generator) + torch.rand(9, generator=generator)
        for count in (33, samples, 29)
    )
    nearness = by_loops(bank, sample, places)
    found = Matcher(bank, sample).nearest(places)
    assert torch.equal(found, nearness.argmax(1))
    assert len(set(found.tolist())) > 3


def test_a_planted_neighbour_is_found():
    """The same places, though all is seen brighter and with more contrast."""
    generator = torch.Generator().manual_seed(1)
    bank = torch.rand(300, 64, generator=generator)
    order = torch.randperm(300, generator=generator)
    places = 3 * bank[order] + torch.rand(64, generator=generator)
    assert torch.equal(Matcher(bank, places).nearest(places), order)


def test_what_is_near_to_everything_does_not_get_everything():
    """Each place has a neighbour of its own, and there is one that is a little nearer to all."""
    one = torch.eye(17)
    common, own = one[0], one[1:]
    places = torch.cat([common + own, -(common + own)])  # so that their mean is 0
    bank = torch.cat([common[None], own - 0.2 * common, -common[None], 0.2 * common - own])
    plain = torch.nn.functional.normalize(bank, dim=1)
    assert set((places @ plain.T).argmax(1).tolist()) == {0, 17}
    found = Matcher(bank, places).nearest(places)
    assert found.tolist() == [*range(1, 17), *range(18, 34)]


def test_evenness_has_all_of_the_artwork_used():
    """Most places look like a tenth of the bank, which would get nearly all of them."""
    generator = torch.Generator().manual_seed(0)
    bank = torch.randn(200, 16, generator=generator)
    places = 0.7 * torch.randn(400, 16, generator=generator)
    places[:350] += bank[:20].repeat(18, 1)[:350]
    used = []
    for evenness in (0.0, 0.5, 1.0):
        counts = torch.bincount(Matcher(bank, places, evenness).nearest(places), minlength=200)
        used.append(int((counts > 0).sum()))
    assert used[0] < used[1] < used[2]
    assert counts.max() < 10
    assert used[2] > 150


def test_places_of_which_there_is_one_each_are_told_apart_with_evenness_too():
    generator = torch.Generator().manual_seed(1)
    bank = torch.rand(300, 64, generator=generator)
    order = torch.randperm(300, generator=generator)
    assert torch.equal(Matcher(bank, bank[order], 1.0).nearest(bank[order]), order)


def test_no_place_at_all_has_no_neighbours():
    """Of a mask that claims no cell there is nothing to ask."""
    bank = torch.rand(8, 5)
    assert Matcher(bank, bank).nearest(bank[:0]).shape == (0,)


@pytest.mark.parametrize(
    ("most", "weights", "offered", "expected"),
    [
        (100, [1.0], [1000], [100]),
        (100, [1.0, 1.0], [1000, 1000], [50, 50]),
        (100, [3.0, 1.0], [1000, 1000], [75, 25]),
        (100, [0.3, 0.1], [1000, 1000], [75, 25]),
        (100, [1.0], [40], [40]),
        (100, [3.0, 1.0], [40, 1000], [40, 25]),
        (100, [1000.0, 0.1], [1000, 1000], [100, 1]),
        (100, [1.0, 0.0, 1.0], [1000, 1000, 1000], [50, 0, 50]),
    ],
)
def test_a_bank_is_shared_out_by_weight(most, weights, offered, expected):
    assert shares(most, weights, offered) == expected


@given(
    st.lists(st.tuples(st.floats(0.001, 1000), st.integers(1, 5000)), min_size=1, max_size=16),
    st.integers(16, 5000),
)
def test_nobody_gets_more_than_there_is_nor_nothing(given_styles, most):
    weights, offered = zip(*given_styles, strict=True)
    found = shares(most, weights, offered)
    assert all(1 <= count <= there for count, there in zip(found, offered, strict=True))
    assert sum(found) <= most + len(found)  # rounding, and one of each at least
