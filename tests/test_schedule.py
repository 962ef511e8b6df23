"""Which sizes a run goes through, and when it leaves them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nst.schedule import GROWTH, RECENT, SHORTEST, WINDOW, Clock, Forecast, Stage, plan, pyramid
from nst.settings import Settings

SIDES = st.integers(2, 64).map(lambda n: 16 * n)


@given(SIDES, SIDES, st.integers(1, 5000), st.booleans())
def test_canvases_grow_to_the_full_size(height, width, iterations, early):
    stages = plan(Settings(iterations=iterations, early_stop=early), height, width)
    assert (stages[-1].height, stages[-1].width) == (height, width)
    for stage in stages:
        assert stage.height % 16 == stage.width % 16 == 0
        assert min(stage.height, stage.width) >= SHORTEST
        assert stage.iterations > 0
    areas = [stage.area for stage in stages]
    assert areas == sorted(set(areas))
    total = sum(stage.iterations for stage in stages)
    assert total <= iterations if early else total == iterations


def test_a_canvas_at_most_doubles():
    scales = [stage.scale for stage in plan(Settings(), 768, 1024)]
    assert scales[0] == 64
    for small, large in itertools.pairwise(scales):
        assert large <= GROWTH * small + 16


def test_one_canvas_without_coarse_to_fine():
    stages = plan(Settings.preset("classic"), 128, 128)
    assert stages == [Stage(128, 128, 1000)]


def test_small_canvases_get_more_iterations():
    counts = [stage.iterations for stage in plan(Settings(), 384, 384)]
    assert counts == sorted(counts, reverse=True)


def test_half_the_effort_takes_half_the_iterations():
    full = sum(stage.iterations for stage in plan(Settings(effort=2.0), 384, 384))
    half = sum(stage.iterations for stage in plan(Settings(effort=1.0), 384, 384))
    assert half == pytest.approx(full / 2, abs=3)


def test_few_iterations_go_to_the_full_size_first():
    assert plan(Settings(iterations=1), 384, 384) == [Stage(384, 384, 1)]


def run(settings, losses, height=64, width=64):
    """The clock after it has counted `losses` or come to the end of the stage."""
    clock = Clock(plan(settings, height, width), settings)
    for loss in losses:
        if clock.stage_over:
            break
        clock.tick(loss)
    return clock


def test_a_scale_ends_once_it_no_longer_improves():
    settings = Settings.preset("classic", early_stop=True)
    assert run(settings, [5.0] * 1000).iteration == WINDOW + 1
    assert run(settings, [1000.0 - n for n in range(200)]).iteration == 200
    assert run(settings, [1000.0 / (n + 1) for n in range(1000)]).iteration > 100


def test_ending_early_can_be_switched_off():
    assert run(Settings(iterations=70, early_stop=False), [5.0] * 1000).iteration == 70


def test_the_learning_rate_is_the_mean_of_its_course():
    settings = Settings(iterations=400, early_stop=False)
    clock = Clock(plan(settings, 64, 64), settings)
    rates = []
    while not clock.stage_over:
        rates.append(clock.learning_rate)
        clock.tick(1.0)
    assert sum(rates) / len(rates) == pytest.approx(settings.learning_rate, rel=0.08)
    assert rates[-1] < 0.2 * settings.learning_rate
    assert rates[0] < rates[4]  # the warm-up


def test_without_annealing_the_learning_rate_is_constant():
    settings = Settings.preset("classic", iterations=20)
    clock = Clock(plan(settings, 128, 128), settings)
    rates = set()
    while not clock.stage_over:
        rates.add(clock.learning_rate)
        clock.tick(1.0)
    assert rates == {0.1}


def test_the_fraction_rises_to_one():
    settings = Settings()
    stages = plan(settings, 256, 256)
    clock = Clock(stages, settings)
    fractions = [clock.fraction]
    for _ in stages:
        while not clock.stage_over:
            clock.tick(100.0 / (1 + clock.iteration))
            fractions.append(clock.fraction)
        clock.next_stage()
    assert fractions[0] == 0
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def foretold(seconds_of, losses=lambda iteration: 100.0 / iteration, extra=lambda iteration: 0.0):
    """For each iteration of a run with one style: seconds since its begin, and what was said to be
    left. `seconds_of` says what a stage's beginning and its iterations take, `extra` how many
    seconds more an iteration takes.
    """
    settings = Settings()
    stages = plan(settings, 256, 384)
    clock, forecast, seconds, found = Clock(stages, settings), Forecast(), 0.0, []
    for stage in stages:
        begin, each = seconds_of(stage)
        seconds += begin
        while not clock.stage_over:
            clock.tick(losses(clock.iteration + 1))
            seconds += each + extra(clock.iteration)
            left = forecast.seconds_left(seconds, clock.spent, clock.fraction)
            found.append((seconds, left))
        clock.next_stage()
    return found


def errors(course):
    """How far off each forecast was, as a part of what was left, between a tenth and the end."""
    end = course[-1][0]
    return [
        abs(left - (end - seconds)) / (end - seconds)
        for seconds, left in course
        if end / 10 <= seconds < end
    ]


def of_machine(pace, overhead=5000):
    """What begin and iteration take where a picture costs its pixels and so many more."""

    def seconds_of(stage):
        sizes = pyramid(stage.height, stage.width)
        each = sum(overhead + height * width for height, width in sizes) / pace
        return 0.6 * each, each

    return seconds_of


@pytest.mark.parametrize("pace", [3e4, 1e5, 1e6])
def test_the_time_left_is_known_after_a_tenth(pace):
    assert max(errors(foretold(of_machine(pace)))) < 0.1


@pytest.mark.parametrize("overhead", [3500, 6500])
def test_the_time_left_holds_on_machines_that_small_pictures_suit_less_or_more(overhead):
    assert max(errors(foretold(of_machine(1e5, overhead)))) < 0.25


def test_a_slow_first_iteration_does_not_disturb_the_forecast():
    def seconds_of(stage):
        begin, each = of_machine(1e5)(stage)
        return begin + (5.0 if stage.scale == 64 else 0.0), each

    course = foretold(seconds_of)
    assert max(errors(course)[1:]) < 0.1


def test_previews_that_are_drawn_on_the_same_processor_count():
    course = foretold(of_machine(1e5), extra=lambda i: 0.3 if i < 60 and i % 4 == 0 else 0.0)
    smooth = foretold(of_machine(1e5))
    for (_, left), (_, expected) in list(zip(course, smooth, strict=True))[RECENT:40]:
        assert left > 1.3 * expected


def test_a_moment_s_interruption_does_not_count():
    held_up = foretold(of_machine(1e5), extra=lambda i: 3.0 if i == 20 else 0.0)
    for (_, left), (_, expected) in zip(held_up, foretold(of_machine(1e5)), strict=True):
        assert left == pytest.approx(expected, rel=0.1)


def test_the_forecast_follows_a_machine_that_becomes_slower():
    def seconds_of(stage):
        return of_machine(1e5 if stage.scale < 384 else 4e4)(stage)

    _, left = foretold(seconds_of)[-4]
    assert left == pytest.approx(3 * of_machine(4e4)(Stage(256, 384, 1))[1], rel=0.25)


def test_scales_that_end_early_do_not_look_fast():
    course = foretold(of_machine(1e5), losses=lambda iteration: 1.0)
    second = [left for seconds, left in course if left][WINDOW + 2]
    every = foretold(of_machine(1e5))[WINDOW + 2][1]
    assert second > 0.5 * every


def test_previews():
    settings = Settings.preset("classic", iterations=25, refresh_every=10)
    clock = Clock(plan(settings, 128, 128), settings)
    due = []
    while not clock.stage_over:
        clock.tick(1.0)
        if clock.preview_due:
            due.append(clock.iteration)
    assert due == [1, 10, 20, 25]
