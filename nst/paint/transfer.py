"""Style transfer as a generator: tensors in, one `Progress` an iteration out.

It prints nothing, opens no file and starts no thread. To cancel it is to stop iterating.
"""

from __future__ import annotations

import time
from collections.abc import Generator

from torch import Tensor

from nst import errors
from nst.paint import memory
from nst.paint.checkpoint import RunState
from nst.paint.clock import Clock, Forecast
from nst.paint.inputs import Canvas, Options
from nst.paint.loop import Loop
from nst.paint.progress import DivergedError, Progress
from nst.paint.schedule import Stage, plan, plan_next
from nst.settings import Settings
from nst.vgg.network import VGG19
from nst.vgg.threads import Threads

__all__ = ["Canvas", "DivergedError", "Options", "Progress", "steps", "stylize"]


def stylize(
    canvas: Canvas,
    settings: Settings,
    vgg: VGG19,
    *,
    resume: RunState | None = None,
    options: Options = Options(),
) -> Tensor:
    """Paint with `steps` and return the finished picture, (1, 3, H, W) in 0..1 on the CPU."""
    image = None
    run = steps(canvas, settings, vgg, resume=resume, options=options)
    del canvas  # the loop lets go of what it needs no more
    for progress in run:
        image = progress.image
        del progress  # which would keep the canvas of this iteration during the next
    assert image is not None  # there always is a picture with the last iteration
    return image


def steps(
    canvas: Canvas,
    settings: Settings,
    vgg: VGG19,
    *,
    resume: RunState | None = None,
    options: Options = Options(),
) -> Generator[Progress, None, None]:
    """Paint the content of `canvas` in its styles and yield one `Progress` an iteration.

    The content sets the size of the result. A style whose longer side is that of the content keeps
    its strokes' size relative to the picture. Several styles are blended as
    `settings.style_weights` say. With masks, each style is painted only where its mask is white,
    styles share what several masks claim, and the photo stays where no mask is. A run starts from
    `canvas.init`, which "picture" needs, or else from what `settings.init` names.

    A preview comes with the first iteration, every `settings.refresh_every`, at the end of each
    scale and with the last iteration; on the first of several scales also after 2, 4, 8 ...
    iterations. The same input gives the same picture bit for bit on the same device.

    A canvas that is too large for the memory is cut into tiles, and into smaller ones if memory
    runs out during the run. That changes nothing but the time.

    `resume` is the `state` of an earlier run with the same input. The run goes on from there as if
    it had never ended: the next iteration of that run is the first one here.

    Gatys et al. (2016); coarse to fine and masks as in Gatys et al. (2017), "Controlling Perceptual
    Factors in Neural Style Transfer"; style judged on an image pyramid as in Snelgrove (2017),
    "High-Resolution Multi-Scale Neural Texture Synthesis", where no strokes are drawn. The pyramid
    keeps large shapes while fine ones are painted, so that a tenth of the iterations suffices.

    Raises `DivergedError`, `errors.NoMemoryError`, what `Settings.check_inputs` raises, ValueError
    for tensors of the wrong shape, and what the team raises once none of its members is left.
    """
    canvas.check()
    settings.check_inputs(len(canvas.styles), len(canvas.masks), canvas.init is not None)
    height, width = canvas.content.shape[2:]
    stages = (plan if canvas.moved is None else plan_next)(settings, height, width)
    clock = Clock(stages, settings, len(canvas.styles))
    loop = Loop(vgg, settings, canvas, options)
    iterations = _iterations(loop, stages, clock, resume)
    del canvas, resume  # those two let go of what they need no more
    try:
        yield from iterations
    except Exception as error:
        if errors.is_out_of_memory(error):
            raise memory.too_large(height, width) from error
        raise
    finally:
        loop.end()


def _iterations(
    loop: Loop, stages: list[Stage], clock: Clock, resume: RunState | None
) -> Generator[Progress, None, None]:
    """All iterations, from the coarsest canvas to the finest or until `clock` ends a scale."""
    scales = tuple(dict.fromkeys(stage.scale for stage in stages))
    began = time.perf_counter() - (resume.seconds if resume else 0)
    forecast = Forecast()
    # A team computes elsewhere, as a graphics card does, and this thread only waits.
    threads = Threads(adapting=loop.vgg.device.type == "cpu" and not loop.team)
    totals = list(resume.losses) if resume else []
    for stage in stages[clock.replay(totals) :]:
        loop.begin(stage, stage is stages[-1], resume)
        resume = None
        while not clock.stage_over:
            with threads.iteration():
                loss = loop.step(clock.learning_rate)
            clock.tick(loss.total)
            totals.append(loss.total)
            seconds = time.perf_counter() - began
            moment = loop.moment()
            progress = Progress(
                iteration=clock.iteration,
                total=clock.total,
                scale=stage.scale,
                scales=scales,
                content_loss=loss.content,
                style_loss=loss.style,
                tv_loss=loss.tv,
                total_loss=loss.total,
                seconds=seconds,
                seconds_left=forecast.seconds_left(seconds, clock.spent, clock.fraction),
                fraction=clock.fraction,
                image=moment.image() if clock.preview_due else None,
                snapshot=moment.image,
                tile=loop.tile if loop.tile < stage.scale else 0,
                state=loop.state(totals, seconds, over=clock.stage_over),
            )
            del moment
            yield progress
            del progress  # only who was given it keeps its canvas in memory
        clock.next_stage()
