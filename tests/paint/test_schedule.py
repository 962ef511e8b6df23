"""Which sizes a run goes through, and when it leaves them."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nst.paint.balance import Balance
from nst.paint.clock import BEGIN_STROKES, RECENT, WARM_UP, WINDOW, Clock, Forecast
from nst.paint.inputs import Canvas
from nst.paint.loop import Loop
from nst.paint.neighbours import COMPARED, REFINED
from nst.paint.schedule import (
    BETAS,
    COARSEST,
    COMPOSED,
    COMPOSED_BETAS,
    GROWTH,
    LIGHT_STROKE_COST,
    SHORTEST,
    STROKE_BETAS,
    STROKE_COST,
    Stage,
    canvases,
    plan,
    plan_next,
    pyramid,
)
from nst.settings import CONTROLS, Settings

DEFAULT, GRAM = Settings(), Settings(style_loss="gram")
KINDS = st.sampled_from(CONTROLS["style_loss"].choices)
SIDES = st.integers(2, 64).map(lambda n: 16 * n)


@given(SIDES, SIDES, st.integers(1, 5000), st.booleans(), KINDS)
def test_canvases_grow_to_the_full_size(height, width, iterations, early, kind):
    stages = plan(Settings(iterations=iterations, early_stop=early, style_loss=kind), height, width)
    assert (stages[-1].height, stages[-1].width) == (height, width)
    for stage in stages:
        assert stage.height % 16 == stage.width % 16 == 0
        assert min(stage.height, stage.width) >= SHORTEST
        assert stage.iterations > 0
    for brushwork in (False, True):
        areas = [stage.area for stage in stages if stage.brushwork == brushwork]
        assert areas == sorted(set(areas))
    total = sum(stage.iterations for stage in stages)
    assert total <= iterations if early else total == iterations


@given(SIDES, SIDES, st.booleans())
def test_small_canvases_are_composed_and_then_strokes_are_drawn(height, width, coarse_to_fine):
    stages = plan(Settings(coarse_to_fine=coarse_to_fine), height, width)
    composed = [stage for stage in stages if not stage.brushwork]
    painted = [stage for stage in stages if stage.brushwork]
    assert stages == composed + painted
    assert (composed[-1].height, composed[-1].width) == (painted[0].height, painted[0].width)
    # However narrow it is, the first canvas is composed.
    assert all(stage.scale <= max(COMPOSED, composed[0].scale) for stage in composed)
    if coarse_to_fine:
        assert all(stage.scale > COMPOSED for stage in painted[1:])
    else:
        assert len(composed) == len(painted) == 1


@given(SIDES, SIDES)
def test_a_composition_alone_has_the_same_canvases(height, width):
    sizes = [(stage.height, stage.width) for stage in plan(GRAM, height, width)]
    assert not any(stage.brushwork for stage in plan(GRAM, height, width))
    both = dict.fromkeys((s.height, s.width) for s in plan(Settings(), height, width))
    assert list(both) == sizes


def test_where_strokes_begin_does_not_depend_on_the_resolution():
    begins = {
        next(stage.scale for stage in plan(Settings(), side, side) if stage.brushwork)
        for side in (512, 1024, 2048, 4096)
    }
    assert begins == {COMPOSED}


def test_with_more_style_weight_strokes_lay_out_the_picture_too():
    begins = [
        next(s.scale for s in plan(Settings(style_weight=weight), 384, 512) if s.brushwork)
        for weight in (100, 10_000, 100_000, 1_000_000)
    ]
    assert begins == [COMPOSED, COMPOSED, COARSEST, COARSEST]


def test_a_canvas_at_most_doubles():
    scales = [stage.scale for stage in plan(Settings(), 768, 1024)]
    assert scales[0] == COARSEST
    for small, large in itertools.pairwise(scales):
        assert large <= GROWTH * small + 16


def test_one_canvas_without_coarse_to_fine():
    stages = plan(Settings.preset("classic"), 128, 128)
    assert stages == [Stage(128, 128, 1000)]


@pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)
def test_small_canvases_get_more_iterations(kind):
    stages = plan(Settings(style_loss=kind), 384, 384)
    for brushwork in (False, True):
        counts = [stage.iterations for stage in stages if stage.brushwork == brushwork]
        assert counts == sorted(counts, reverse=True)


def test_half_the_effort_takes_half_the_iterations():
    efforts = (2.0, 1.0)
    full, half = (
        sum(
            stage.iterations for stage in plan(Settings(effort=effort, style_loss="gram"), 384, 384)
        )
        for effort in efforts
    )
    assert half == pytest.approx(full / 2, abs=3)
    for one, other in zip(
        *(plan(Settings(effort=effort), 1024, 1024) for effort in efforts), strict=True
    ):
        if one.scale > COMPOSED:
            assert other.iterations == pytest.approx(one.iterations / 2, abs=1)
        else:  # small ones are spared: all that comes later rests on them
            assert one.iterations / 2 < other.iterations < one.iterations


def test_adam_forgets_sooner_where_strokes_take_few_annealed_iterations():
    def remembered(settings):
        return {stage.betas for stage in plan(settings, 384, 256)}

    assert remembered(DEFAULT) == {COMPOSED_BETAS, STROKE_BETAS}
    assert all(
        (stage.betas == STROKE_BETAS) == stage.brushwork for stage in plan(DEFAULT, 384, 256)
    )
    # Steps that do not become smaller need the long memory, and Gram matrices paint as they did.
    assert remembered(Settings(anneal=False)) == remembered(GRAM) == {BETAS}
    # A film's next frame begins almost at its end.
    assert {stage.betas for stage in plan_next(DEFAULT, 384, 256)} == {BETAS}


def test_few_iterations_go_to_the_full_size_first():
    assert plan(GRAM, 384, 384)[-1].brushwork is False
    assert plan(Settings(iterations=1, style_loss="gram"), 384, 384) == [Stage(384, 384, 1)]
    (only,) = plan(Settings(iterations=1), 384, 384)
    assert (only.scale, only.iterations, only.brushwork) == (384, 1, True)


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
    settings = Settings(iterations=70, early_stop=False, style_loss="gram")
    assert run(settings, [5.0] * 1000).iteration == 70


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


def test_strokes_begin_with_the_largest_steps():
    """There is a picture to begin with; what is drawn last is fine."""
    settings = Settings(iterations=300, early_stop=False)
    clock = Clock([Stage(64, 64, 100), Stage(64, 64, 100, brushwork=True)], settings)
    while not clock.stage_over:
        clock.tick(1.0)
    clock.next_stage()
    rates = []
    while not clock.stage_over:
        rates.append(clock.learning_rate)
        clock.tick(1.0)
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > settings.learning_rate > 5 * rates[-1]
    assert rates[WARM_UP] > 0.9 * rates[0]


@pytest.mark.parametrize("changes", [{"optimizer": "lbfgs"}, {"anneal": False}])
def test_strokes_that_are_not_annealed_have_the_rate_that_was_set(changes):
    clock = Clock([Stage(64, 64, 3, brushwork=True)], Settings(**changes))
    for _ in range(3):
        assert clock.learning_rate == Settings().learning_rate
        clock.tick(1.0)


def test_without_annealing_the_learning_rate_is_constant():
    settings = Settings.preset("classic", iterations=20)
    clock = Clock(plan(settings, 128, 128), settings)
    rates = set()
    while not clock.stage_over:
        rates.add(clock.learning_rate)
        clock.tick(1.0)
    assert rates == {0.1}


@pytest.mark.parametrize("kind", CONTROLS["style_loss"].choices)
def test_the_fraction_rises_to_one(kind):
    settings = Settings(style_loss=kind)
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


def foretold(
    seconds_of,
    losses=lambda iteration: 100.0 / iteration,
    extra=lambda iteration: 0.0,
    settings=DEFAULT,
):
    """For each iteration of a run with one style: seconds since its begin, and what was said to be
    left. `seconds_of` says what a stage's beginning and its iterations take, `extra` how many
    seconds more an iteration takes.
    """
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


def of_machine(pace, overhead=5000, settings=DEFAULT):
    """What begin and iteration take where a picture costs its pixels and so many more.

    Strokes take what the schedule says, beside that.
    """

    def seconds_of(stage):
        if stage.brushwork:
            each = (overhead + STROKE_COST * stage.area) / pace
            if stage.narrow or stage.refining:
                each = LIGHT_STROKE_COST * (overhead + stage.area) / pace
            return (0.6 + BEGIN_STROKES) * each, each
        sizes = canvases(stage.height, stage.width, settings)
        each = sum(overhead + height * width for height, width in sizes) / pace
        return 0.6 * each, each

    return seconds_of


def test_the_narrow_network_looks_at_strokes_below_the_full_size():
    stages = plan(Settings(), 256, 384)
    assert [stage.brushwork for stage in stages] == [False, False, True, True, True]
    assert [stage.narrow for stage in stages] == [False, False, True, True, False]
    assert [stage.refining for stage in stages] == [False] * (len(stages) - 1) + [True]
    alone = plan(Settings(coarse_to_fine=False), 256, 384)
    for stage in [*alone, *plan(GRAM, 256, 384)]:
        assert not stage.narrow
        assert not stage.refining


def test_only_compositions_without_strokes_are_looked_at_in_smaller_copies():
    for stage in plan(Settings(), 256, 384):
        assert canvases(stage.height, stage.width, Settings()) == [(stage.height, stage.width)]
    assert canvases(256, 384, GRAM) == pyramid(256, 384)
    alone = dataclasses.replace(GRAM, coarse_to_fine=False)
    assert canvases(256, 384, alone) == [(256, 384)]


def test_each_size_is_looked_at_as_planned(trunk):
    settings = Settings(resolution=192)
    picture = torch.rand(1, 3, 128, 192, generator=torch.Generator().manual_seed(0))
    loop = Loop(trunk, settings, Canvas(picture, [picture]))
    for stage in plan(settings, 128, 192):
        loop.begin(stage)
        loop.step(0.1)
        assert loop.optimizer.betas == stage.betas
        assert loop.scene.vgg is (trunk.narrow if stage.narrow else trunk)
        assert loop.scene.compared == (REFINED if stage.refining else COMPARED)
        if stage.brushwork:
            assert loop.objective.balance == Balance.of(settings, refining=stage.refining)
    assert stage.refining
    loop.end()


@pytest.mark.parametrize("settings", [Settings(), GRAM], ids=["strokes", "gram"])
@pytest.mark.parametrize("pace", [3e4, 1e5, 1e6])
def test_the_time_left_is_known_after_a_tenth(pace, settings):
    assert max(errors(foretold(of_machine(pace, settings=settings), settings=settings))) < 0.1


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
    course = foretold(of_machine(1e5), extra=lambda i: 0.4 if i < 60 and i % 4 == 0 else 0.0)
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
    last = plan(Settings(), 256, 384)[-1]
    assert left == pytest.approx(3 * of_machine(4e4)(last)[1], rel=0.25)


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
