"""What is measured beside other programs, as a section of the results."""

from __future__ import annotations

from benchmarks import sharing

BESIDE = {
    "alone": {"polite": 2.0, "spinning": 2.0},
    "two at once": {"polite": 3.0, "spinning": 9.0},
}


def test_section_has_times_the_painting_alone_and_of_the_best() -> None:
    granted: dict[float, dict[str | None, float]] = {0.5: {"1": 4.0, "2": 5.0, None: 4.4}}
    text = sharing.section(192, BESIDE, granted)
    assert "| two at once | 3.0 s (1.50) | 9.0 s (4.50) |" in text
    assert "| 0.5 | 4.0 s | 5.0 s | 4.4 s | 1.10 |" in text


def test_section_says_where_no_share_could_be_measured() -> None:
    assert "No control group could be made" in sharing.section(192, BESIDE, {})
