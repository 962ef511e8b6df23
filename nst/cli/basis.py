"""What a painting goes on from: the settings of a recipe, or a checkpoint of a painting."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nst.cli.report import Report
from nst.errors import UserError

if TYPE_CHECKING:
    from nst.paint.checkpoint import RunState
    from nst.studio.recipe import Recipe


@dataclass
class Basis:
    """A recipe, or none; and with a checkpoint where its painting stood."""

    recipe: Recipe | None = None
    state: RunState | None = None

    def take_state(self) -> RunState | None:
        """Where the painting stood, which is let go here: it is as large as the painting."""
        state, self.state = self.state, None
        return state

    def compare(self, made: Recipe, report: Report) -> None:
        """Say what differs from the recipe.

        Raises `UserError` if a checkpoint is of another painting.
        """
        if self.recipe is None:
            return
        was, now = self.recipe.ingredients, made.ingredients
        different = [name for name in was if was[name] != now[name]]
        if self.state is None:
            if different:
                report.say(f"Not as in the recipe: {', '.join(different)}.")
            return
        if "versions" in different:
            different.remove("versions")
            report.say("Other versions than before go on with it, so it may differ a little.")
        if different:
            raise UserError(
                f"The checkpoint was made with other {', '.join(different)}; give those that it "
                "was made with, or start anew without --resume."
            )


def read(options: argparse.Namespace) -> Basis:
    """What --resume or --recipe name; raises `UserError` for a file that is neither."""
    if options.resume:
        return _checkpoint(options)
    if not options.recipe:
        return Basis()
    from nst.pictures import reading
    from nst.studio import recipe

    if options.preset:
        raise UserError("--preset and --recipe both set everything; give one of them.")
    # The PNG of a large painting is larger than any picture that is painted from.
    return Basis(recipe.read(reading.read_bytes(options.recipe, most=4 * reading.MAX_PIXELS)))


def _checkpoint(options: argparse.Namespace) -> Basis:
    from nst.paint import checkpoint
    from nst.studio.recipe import Recipe

    if options.preset or options.recipe:
        raise UserError("--resume brings its settings with it; leave out --preset and --recipe.")
    state, text = checkpoint.load(options.resume)
    return Basis(Recipe.from_json(text), state)
