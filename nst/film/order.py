"""What film is to be painted, in what, and how; and how it is shared out."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import os
from dataclasses import dataclass
from fractions import Fraction

from PIL import Image

from nst.errors import UserError
from nst.film.folder import numbered
from nst.film.given import Given, title
from nst.film.opening import open_source
from nst.film.source import Clip, Source
from nst.pictures.naming import reason
from nst.settings import Settings
from nst.studio import recipe
from nst.studio.order import Input, Pictures

OVERLAP = 8  # frames that two segments both paint, to be blended
SHORTEST = 3 * OVERLAP  # frames of a segment


@dataclass(frozen=True)
class FilmOrder:
    """A film and what it is painted in; it can be sent to another process."""

    film: Given
    clip: Clip
    settings: Settings
    styles: tuple[Input, ...]
    masks: tuple[Input, ...] = ()
    style_masks: tuple[Input, ...] = ()
    init: Input | None = None  # what the first frame of each scene starts from
    rate: Fraction | None = None  # pictures a second, of a folder

    def source(self) -> Source:
        """What is painted, opened; raises `ImageError`."""
        return open_source(self.film, self.rate)

    @property
    def title(self) -> str:
        """What the film is called in messages."""
        return title(self.film)

    def pictures(self, content: Image.Image) -> Pictures:
        """The pictures that a frame is painted from; raises `ImageError`."""
        return Pictures(
            content,
            [style.open(ground=None) for style in self.styles],
            [mask.open("black") for mask in self.masks],
            None if self.init is None else self.init.open(),
            [mask.open("black") for mask in self.style_masks],
        )

    def recipe(self, weights_sha256: str) -> str:
        """All that decides what the paintings look like, as JSON."""
        kept = {
            "film": digest(self.film),
            "start": self.clip.start,
            "end": self.clip.end,
            "rate": str(self.clip.rate),
            "styles": [each.source.sha256 for each in self.styles],
            "masks": [each.source.sha256 for each in self.masks],
            "style_masks": [each.source.sha256 for each in self.style_masks],
            "init": self.init and self.init.source.sha256,
            "settings": dataclasses.asdict(self.settings),
            "weights": weights_sha256,
            "versions": recipe.versions(),
        }
        return json.dumps(kept, sort_keys=True)


@dataclass(frozen=True)
class Segment:
    """Frames that are painted one after another, the first of them anew."""

    first: int
    end: int  # the frame behind the last that it is alone with
    overlap: int = 0  # frames from `end` on, which the next segment paints, too

    @property
    def numbers(self) -> range:
        """Its frames."""
        return range(self.first, self.end + self.overlap)


def segments(count: int, workers: int) -> list[Segment]:
    """A segment for each worker, as far as the film is long enough."""
    parts = max(1, min(workers, count // SHORTEST))
    bounds = [count * part // parts for part in range(parts + 1)]
    return [
        Segment(first, end, OVERLAP if end < count else 0)
        for first, end in itertools.pairwise(bounds)
    ]


def digest(film: Given) -> str:
    """SHA-256 of a film; of a folder that of its pictures' names, sizes and when they changed."""
    if not isinstance(film, str):
        return hashlib.sha256(film.data).hexdigest()
    try:
        if not os.path.isdir(film):
            with open(film, "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        found = hashlib.sha256()
        for picture in numbered(film):
            status = os.stat(picture)
            name = os.fsencode(os.path.basename(picture))
            found.update(name + f"\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        return found.hexdigest()
    except OSError as error:
        raise UserError(
            f"{title(film)} cannot be read ({reason(error)}); check the path and who may read it."
        ) from error
