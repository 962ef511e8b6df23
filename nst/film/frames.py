"""Painted frames in a folder, from which an interrupted film goes on.

Each is a PNG of the canvas' size that appears whole or not at all, in the folder of its segment.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence

from PIL import Image

from nst.errors import ImageError, UserError
from nst.film.order import OVERLAP, Segment
from nst.pictures import reading, writing
from nst.pictures.naming import reason, shown_name

SUFFIX = ".frames"  # behind the name of the film
RECIPE = "recipe.json"  # what the frames are made of, and how they are shared out
MOST_RECIPE = 1024**2  # bytes
OURS = re.compile(rf"\d+|{re.escape(RECIPE)}|\.[0-9a-f]+\.tmp")


class Frames:
    """The painted frames of a film."""

    def __init__(self, folder: str, segments: Sequence[Segment]) -> None:
        self.folder, self.segments = folder, tuple(segments)

    @classmethod
    def begin(cls, output: str, recipe: str, segments: Sequence[Segment]) -> tuple[Frames, bool]:
        """The folder beside `output`, and whether there were frames of another recipe in it.

        Frames of this recipe stay, shared out as they were; others are deleted. Raises
        `UserError` for a folder that this program has not made, or one that cannot be written to.
        """
        folder = folder_of(output)
        found = _kept(folder)
        if found is not None and found[0] == recipe:
            return cls(folder, found[1]), False
        frames = cls(folder, segments)
        frames.delete()
        try:
            for number in range(len(segments)):
                os.makedirs(os.path.join(folder, str(number)))
        except OSError as error:
            raise UserError(
                f"The folder of the frames, {shown_name(folder)}, cannot be made "
                f"({reason(error)}); choose another place for the film."
            ) from error
        shared = [[each.first, each.end, each.overlap] for each in segments]
        text = json.dumps({"recipe": recipe, "segments": shared})
        writing.write_atomically(text.encode(), os.path.join(folder, RECIPE))
        return frames, found is not None

    def path(self, segment: int, number: int) -> str:
        """Where the frame of this number is, as this segment has it."""
        return os.path.join(self.folder, str(segment), f"{number:06}.png")

    def save(self, painting: Image.Image, segment: int, number: int) -> None:
        """Keep a frame; raises `ImageError` when the disk is full."""
        writing.save(painting, self.path(segment, number))

    def open(self, segment: int, number: int) -> Image.Image:
        """A frame that was kept."""
        return reading.open_picture(self.path(segment, number))

    def done(self, segment: int) -> int:
        """How many frames of a segment are there, from its first on."""
        there = set(os.listdir(os.path.join(self.folder, str(segment))))
        numbers = self.segments[segment].numbers
        missing = (n for n in numbers if os.path.basename(self.path(segment, n)) not in there)
        return next(missing, numbers.stop) - numbers.start

    @property
    def total(self) -> int:
        """How many frames there are to paint, those in overlaps twice."""
        return sum(len(each.numbers) for each in self.segments)

    def count(self) -> int:
        """How many frames are there."""
        return sum(self.done(segment) for segment in range(len(self.segments)))

    def finished(self) -> int:
        """How many frames of the film are there, from its first on to the first that is missing."""
        reached = 0
        for number, segment in enumerate(self.segments):
            if segment.first > reached:
                break
            done = self.done(number)
            reached = max(reached, segment.first + done)
            if done < len(segment.numbers):
                break
        return reached

    def blended(self) -> Iterator[Image.Image]:
        """The finished frames in their order; where two segments meet, one goes over into the
        other."""
        for number in range(self.finished()):
            picture = None
            for index, segment in enumerate(self.segments):
                if number not in segment.numbers or not os.path.exists(self.path(index, number)):
                    continue
                here = self.open(index, number)
                if picture is not None:
                    share = (number - segment.first + 1) / (OVERLAP + 1)
                    here = Image.blend(picture, here, share)
                picture = here
            assert picture is not None
            yield picture

    def delete(self) -> None:
        """Delete the folder with all that this program has put there.

        Raises `UserError` if there is anything else in it.
        """
        if not os.path.exists(self.folder):
            return
        try:
            foreign = [name for name in os.listdir(self.folder) if not OURS.fullmatch(name)]
            if foreign:
                raise UserError(
                    f"The folder {shown_name(self.folder)} has {shown_name(foreign[0])} in it, "
                    "which is not of this program; move the folder, or name the film otherwise."
                )
            shutil.rmtree(self.folder)
        except OSError as error:
            raise UserError(
                f"The folder of the frames, {shown_name(self.folder)}, cannot be deleted "
                f"({reason(error)}); check who may write to it."
            ) from error


def folder_of(output: str) -> str:
    """The folder beside a film in which its frames are."""
    return output.rstrip("/\\") + SUFFIX


def _kept(folder: str) -> tuple[str, list[Segment]] | None:
    """The recipe of the frames in a folder, and how they are shared out; None if there is none."""
    path = os.path.join(folder, RECIPE)
    if not os.path.exists(path):
        return None
    try:
        kept = json.loads(reading.read_bytes(path, most=MOST_RECIPE))
        segments = [Segment(*map(int, each)) for each in kept["segments"]]
        if not segments:
            raise ValueError("nothing is shared out")
        for number in range(len(segments)):
            os.listdir(os.path.join(folder, str(number)))
        return str(kept["recipe"]), segments
    except (ImageError, OSError, ValueError, KeyError, TypeError, RecursionError):
        return "", []
