"""The sheet of blends: from one style to another, and from weak to strong."""

from __future__ import annotations

import argparse
import dataclasses
import functools
from typing import TYPE_CHECKING, TypeAlias

from nst import errors
from nst.cli.call import Call
from nst.cli.flags import FAILED, check_workers
from nst.cli.following import Outcome, follow, tell_end
from nst.cli.report import Iterations
from nst.cli.saving import Destination
from nst.errors import UserError
from nst.settings import CONTROLS, Settings

if TYPE_CHECKING:
    from PIL.Image import Image

    from nst.studio.engine import VGGPainter
    from nst.studio.order import Pictures
    from nst.studio.studio import Painting

MOST_IN_A_ROW = 12  # pictures

Rows: TypeAlias = list[list[tuple[str, Settings]]]  # captions, and what is painted above them


def check_flags(options: argparse.Namespace) -> None:
    """Raises `UserError` for flags that make no sense for a sheet."""
    given = {
        "--checkpoint and --resume": options.checkpoint or options.resume,
        "--depth 16": options.depth != 8,
        "--plot and --show": options.plot or options.show,
        "--plan": options.plan,
        "--output-size": options.output_size,
        "--save-every and --timelapse": options.save_every or options.timelapse,
        "--workers and --scheduler": check_workers(options),
    }
    for flags, asked in given.items():
        if asked:
            verb, them = ("are", "them") if " and " in flags else ("is", "it")
            raise UserError(
                f"{flags} {verb} for one painting, not for a blend sheet; leave {them} out."
            )


def rows(settings: Settings, styles: int, count: int) -> Rows:
    """`count` blends of two styles in a row, and `count` style weights in another.

    Raises `UserError` for more than two styles.
    """
    if styles > 2:
        raise UserError(
            f"A blend sheet goes from one style to another; {styles} were given. Give one or two."
        )
    way = [step / (count - 1) for step in range(count)]
    found = []
    if styles == 2:
        found.append(
            [
                (
                    f"{1 - part:.0%} + {part:.0%}",
                    dataclasses.replace(settings, style_weights=(1 - part, part)),
                )
                for part in way
            ]
        )
    limits = CONTROLS["style_weight"]
    assert limits.minimum is not None
    assert limits.maximum is not None
    weak = max(limits.minimum, settings.style_weight / 10)
    strong = min(limits.maximum, settings.style_weight * 10)
    weights = [weak * (strong / weak) ** part for part in way]
    found.append(
        [
            (f"style weight {weight:,.0f}", dataclasses.replace(settings, style_weight=weight))
            for weight in weights
        ]
    )
    return found


def paint(call: Call, pictures: Pictures, rows: Rows, painter: VGGPainter, exif: bytes) -> int:
    """Paint the rows and save their sheet, as far as it is painted whatever ends it."""
    from nst.pictures import fitting, sheet

    # Nothing on a sheet is larger than the canvas.
    photo = fitting.fit(pictures.content, rows[0][0][1].resolution)
    pictures = dataclasses.replace(pictures, content=photo)
    painted: list[list[tuple[str, Image]]] = []
    outcome = _paint_rows(call, pictures, rows, painter, painted)
    destination = Destination.of(call.options)

    def save() -> tuple[int, int]:
        drawn = sheet.contact_sheet([row for row in painted if row])
        destination.save(drawn, exif=exif)
        return drawn.size

    size, late = call.interrupts.finish(save)
    if late is not None:
        outcome = outcome.interrupted(late)
    tell_end(call.report, outcome, [destination.path], size)
    return outcome.exit_code


def _paint_rows(
    call: Call,
    pictures: Pictures,
    rows: Rows,
    painter: VGGPainter,
    painted: list[list[tuple[str, Image]]],
) -> Outcome:
    """Paint into `painted`; how the last picture ended, or what kept it from being begun."""
    from nst.studio.studio import Painting

    outcome = None
    for row in rows:
        painted.append([])
        for caption, settings in row:
            try:
                painting = Painting(pictures, settings)
                run = painting.steps(painter.paint)
                ended = follow(run, call.interrupts, [Iterations(call.report)])
            except (KeyboardInterrupt, Exception) as error:
                if outcome is None:
                    raise
                return _broken_off(outcome, error)
            outcome = ended
            finish = functools.partial(_finished, painting, outcome)
            (picture, outcome), late = call.interrupts.finish(finish)
            painted[-1].append((caption, picture))
            if late is not None:
                return outcome.interrupted(late)
            if outcome.exit_code:
                return outcome
            call.interrupts.release()
    assert outcome is not None
    return outcome


def _finished(painting: Painting, outcome: Outcome) -> tuple[Image, Outcome]:
    """The result and how it ended; as it is painted, where there is no memory to finish it."""
    try:
        return painting.finish(outcome.image), outcome
    except Exception as error:
        if not errors.is_out_of_memory(error):
            raise
    picture = painting.unfinished(outcome.image)
    return picture, outcome.unfinished(errors.unfinished(*picture.size))


def _broken_off(outcome: Outcome, error: BaseException) -> Outcome:
    """How a sheet ends of which a picture could not be begun; raises what nobody has foreseen."""
    if isinstance(error, KeyboardInterrupt):
        return outcome.interrupted(error)
    if errors.is_out_of_memory(error):
        error = errors.NoMemoryError()
    elif not isinstance(error, UserError):
        raise error
    return dataclasses.replace(
        outcome,
        status="failed",
        exit_code=FAILED,
        message=f"{error} The sheet is saved as far as it is painted.",
    )
