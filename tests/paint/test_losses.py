"""The losses against values worked out by hand and against finite differences."""

from __future__ import annotations

import definitions
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nst.paint import losses
from nst.paint.losses import GramTarget
from nst.vgg import gram, strips


def test_gram_of_ones_is_ones():
    assert torch.equal(definitions.gram_matrix(torch.ones(1, 3, 4, 5)), torch.ones(3, 3))


def test_gram_by_hand():
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # two channels, two positions
    expected = torch.tensor([[1 + 4, 3 + 8], [3 + 8, 9 + 16]]) / 2
    assert torch.equal(definitions.gram_matrix(features), expected)


def test_gram_forgets_where_things_are():
    features = torch.rand(1, 4, 6, 6)
    moved = features.flatten(2)[..., torch.randperm(36)].view_as(features)
    torch.testing.assert_close(definitions.gram_matrix(moved), definitions.gram_matrix(features))


def test_gram_does_not_depend_on_the_size_of_a_repeated_picture():
    features = torch.rand(1, 4, 6, 6)
    torch.testing.assert_close(
        definitions.gram_matrix(features.repeat(1, 1, 2, 3)), definitions.gram_matrix(features)
    )


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("guided", [False, True])
def test_gram_gradient_is_that_of_autograd(layout, guided):
    features = torch.rand(1, 5, 4, 6).to(memory_format=layout).requires_grad_()
    weights = torch.rand(3, 4, 6) if guided else None
    sums = gram.gram_sums(features, weights)
    gradient = torch.rand(sums.shape)
    (expected,) = torch.autograd.grad(sums, features, gradient)
    symmetric = gram.both_ways(gradient, torch.float32)
    found = gram.gram_sums_gradient(features.detach(), weights, symmetric)
    torch.testing.assert_close(found, expected)


def test_guided_gram_by_hand():
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # two channels, two positions
    guides = torch.tensor([[[1.0, 0.0]], [[0.5, 0.5]], [[0.25, 0.75]]])
    left, right = torch.tensor([[1.0, 3], [3, 9]]), torch.tensor([[4.0, 8], [8, 16]])
    expected = torch.stack([left, (left + right) / 2, 0.25 * left + 0.75 * right])
    torch.testing.assert_close(definitions.gram_matrices(features, guides), expected)


def test_the_guide_of_a_coarser_layer_by_hand():
    features = torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]])  # two channels, two positions
    # Two by two pixels for each position: on the left three are claimed, on the right one.
    guides = torch.tensor([[[1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0]]])
    left, right = torch.tensor([[1.0, 2], [2, 4]]), torch.tensor([[9.0, 0], [0, 0]])
    expected = (0.75 * left + 0.25 * right)[None]
    torch.testing.assert_close(definitions.gram_matrices(features, guides), expected)


def test_a_grey_guide_for_all_is_no_guide():
    features = torch.rand(1, 3, 4, 6)
    for shade in (1.0, 0.3):
        guided = definitions.gram_matrices(features, torch.full((1, 8, 12), shade))
        torch.testing.assert_close(guided[0], definitions.gram_matrix(features))


def test_regions_add_up_to_the_whole_by_their_shares():
    features, guide = torch.rand(1, 3, 4, 6), torch.rand(4, 6)
    guides = torch.stack([guide, 1 - guide])
    grams = definitions.gram_matrices(features, guides)
    whole = (grams * guides.mean((1, 2))[:, None, None]).sum(0)
    torch.testing.assert_close(whole, definitions.gram_matrix(features))


def test_what_lies_outside_of_a_guide_does_not_count():
    features, guide = torch.rand(1, 3, 4, 4), torch.zeros(1, 4, 4)
    guide[:, :2] = 1
    other = features.clone()
    other[:, :, 2:] = 100
    before, after = (definitions.gram_matrices(seen, guide) for seen in (features, other))
    torch.testing.assert_close(before, after)


def test_an_empty_guide_is_finite():
    grams = definitions.gram_matrices(torch.rand(1, 2, 4, 4), torch.zeros(1, 4, 4))
    assert torch.equal(grams, torch.zeros(1, 2, 2))


def test_guides_are_averaged_down_to_the_layer():
    guides = torch.zeros(1, 8, 8)
    guides[:, :4] = 1
    features = torch.rand(1, 3, 2, 2)
    torch.testing.assert_close(
        definitions.gram_matrices(features, guides)[0], definitions.gram_matrix(features[:, :, :1])
    )


def test_gram_in_half_precision_is_close():
    features = torch.rand(1, 8, 16, 16)
    half = definitions.gram_matrix(features.bfloat16())
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, definitions.gram_matrix(features), rtol=0.02, atol=0.01)


def test_content_loss_by_hand():
    zero, two = torch.zeros(1, 3, 4, 4), torch.full((1, 3, 4, 4), 2.0)
    assert losses.content_loss(two, zero) == 4
    assert losses.content_loss(two, two) == 0


def test_gram_error_is_relative():
    target = torch.rand(4, 4)
    wanted, brighter = GramTarget.of(target), GramTarget.of(100 * target)
    assert wanted.error(target) == 0
    torch.testing.assert_close(wanted.error(torch.zeros(4, 4)), torch.tensor(1.0))
    torch.testing.assert_close(brighter.error(100 * target * 1.5), wanted.error(target * 1.5))


def test_gram_error_of_an_empty_target_is_finite():
    assert torch.isfinite(GramTarget.of(torch.zeros(3, 3)).error(torch.zeros(3, 3)))


def test_the_gradient_of_gram_errors_is_that_of_autograd_to_the_bit():
    target, gram = torch.rand(2, 5, 5)
    gram.requires_grad_()
    plain = 0.3 * ((gram - target).square().sum() / target.square().sum())
    found = 0.3 * GramTarget.of(target).error(gram)
    assert torch.equal(found, plain)
    assert torch.equal(*(torch.autograd.grad(loss, gram)[0] for loss in (found, plain)))


def test_style_loss_counts_layers_alike():
    small, large = torch.eye(2), 1000 * torch.eye(64)
    both = losses.style_loss([small * 2, large * 2], [GramTarget.of(small), GramTarget.of(large)])
    torch.testing.assert_close(both, torch.tensor(losses.STYLE_UNIT))


def test_layer_weights():
    target = torch.eye(2)
    grams = [target * 2, target]  # errors 1 and 0
    for weights, expected in (((1, 3), 0.25), ((1, 0), 1.0), ((), 0.5)):
        loss = losses.style_loss(grams, [GramTarget.of(target)] * 2, weights)
        torch.testing.assert_close(loss, torch.tensor(losses.STYLE_UNIT * expected))


def test_total_variation_by_hand():
    assert definitions.total_variation(torch.full((1, 3, 5, 7), 0.3)) == 0
    stripes = torch.tensor([0.0, 1.0, 0.0, 1.0]).expand(1, 1, 4, 4)
    assert definitions.total_variation(stripes) == 1  # 1 across, 0 down


def test_variation_is_told_in_units_of_the_artwork():
    assert losses.variation_unit(0.5) == 0.5
    assert losses.variation_unit(0.0) > 0


@pytest.mark.parametrize("strip_bytes", [strips.STRIP_BYTES, 1, 4 * 3 * 7 * 2])
def test_variation_in_strips_equals_autograd(strip_bytes, monkeypatch):
    monkeypatch.setattr(strips, "STRIP_BYTES", strip_bytes)
    image = torch.rand(1, 3, 9, 7, requires_grad=True)
    expected = definitions.total_variation(image)
    (of_image,) = torch.autograd.grad(3 * expected, image)
    gradient = torch.ones_like(image)
    found = losses.variation(image.detach(), 3, gradient)
    assert found == pytest.approx(float(expected.detach()), rel=1e-5)
    torch.testing.assert_close(gradient, 1 + of_image)


@given(st.integers(0, 10_000))
def test_gradients_match_finite_differences(seed):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(1, 2, 4, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    other = torch.rand(1, 2, 4, 4, generator=generator, dtype=torch.float64)
    assert torch.autograd.gradcheck(definitions.total_variation, image)
    assert torch.autograd.gradcheck(lambda x: (x - other).square().mean(), image)


def test_total_variation_counts_both_directions():
    image = torch.tensor([[0.0, 1.0, 4.0], [2.0, 5.0, 5.0]])[None, None]
    down = torch.tensor([2.0, 4.0, 1.0]).square().mean()
    right = torch.tensor([1.0, 3.0, 3.0, 0.0]).square().mean()
    torch.testing.assert_close(definitions.total_variation(image), down + right)
    torch.testing.assert_close(definitions.total_variation(image.mT), down + right)


def test_guides_follow_the_precision_of_the_features():
    features = torch.rand(1, 3, 4, 6)
    weights = torch.rand(2, 4, 6)
    exact = gram.gram_sums(features, weights)
    half = gram.gram_sums(features.bfloat16(), weights)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, exact, rtol=0.03, atol=0.1)
    for guides, gradient in ((weights, exact), (None, exact[:1])):
        slope, expected = (
            gram.gram_sums_gradient(seen, guides, gram.both_ways(gradient, seen.dtype))
            for seen in (features.bfloat16(), features)
        )
        assert slope.dtype == torch.bfloat16
        torch.testing.assert_close(slope.float(), expected, rtol=0.05, atol=0.3)


def test_lists_of_other_lengths_are_no_pairs():
    matrix = torch.eye(2)
    with pytest.raises(ValueError, match="zip"):
        losses.style_loss([matrix, matrix], [GramTarget.of(matrix)])
    features, weights = torch.rand(1, 2, 3, 3), torch.rand(2, 3, 3)
    with pytest.raises(ValueError, match="zip"):
        gram.gram_sums_gradient(features, weights, torch.rand(3, 2, 2))


def test_guides_of_one_right_side_are_still_averaged():
    guides = torch.rand(1, 8, 4)
    assert gram.position_weights(guides, 4, 4).shape == (1, 4, 4)
    assert gram.position_weights(guides, 8, 2).shape == (1, 8, 2)
    assert gram.position_weights(guides, 8, 4) is guides
    assert gram.position_weights(None, 8, 4) is None


def test_the_positions_of_a_strip():
    weights = torch.rand(2, 6, 4)  # of the rows 1 to 6 of 8
    counted = gram.Positions(slice(1, 7), slice(0, 4), weights, 1)
    rows, found = counted.strip(0, 3)
    assert (rows, torch.equal(found, weights[:, :2])) == (slice(1, 3), True)
    rows, found = counted.strip(3, 8)
    assert (rows, torch.equal(found, weights[:, 2:])) == (slice(0, 4), True)
    rows, found = gram.Positions(slice(1, 7), slice(0, 4), None, 1).strip(7, 8)
    assert (rows.start == rows.stop, found) == (True, None)
