"""How content and style are weighed where strokes are drawn."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nst.paint.balance import LEAD, REFINED_LEAD, Balance
from nst.settings import Settings

WEIGHTS, STYLE_WEIGHTS = st.floats(0.1, 1000), st.floats(100, 1_000_000)


@given(WEIGHTS, WEIGHTS, STYLE_WEIGHTS, STYLE_WEIGHTS)
def test_the_photo_leads_more_with_more_weight_and_less_with_more_style(one, other, sky, glass):
    less, more = (Settings(content_weight=weight, style_weight=sky) for weight in (one, other))
    if one > other:
        less, more = more, less
    weak, bold = (Settings(content_weight=one, style_weight=weight) for weight in (sky, glass))
    if sky > glass:
        weak, bold = bold, weak
    for below, above in ((less, more), (bold, weak)):
        low, high = Balance.of(below), Balance.of(above)
        assert 0 < low.lead <= high.lead < 1
        ratio = above.content_weight / below.content_weight
        assert low.lead < high.lead or ratio * below.style_weight / above.style_weight < 1.001
        assert 1 > low.evenness >= high.evenness >= 0
        # And its textures count no more beside strokes.
        assert high.texture / high.strokes <= 1.0001 * low.texture / low.strokes


@given(st.floats(0.1, 10))
def test_what_leads_is_the_ratio_of_the_weights(factor):
    usual = Settings()
    scaled = Settings(
        content_weight=factor * usual.content_weight, style_weight=factor * usual.style_weight
    )
    found, expected = (dataclasses.astuple(Balance.of(each)) for each in (scaled, usual))
    assert found == pytest.approx(expected)


def test_with_the_default_weights_the_lead_is_that_of_the_constants():
    assert Balance.of(Settings()).lead == pytest.approx(LEAD)
    assert Balance.of(Settings(), refining=True).lead == pytest.approx(REFINED_LEAD)
