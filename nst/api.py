"""Painting from Python: `nst.paint` gives a painting, `nst.steps` the loop that makes it.

nst.paint("photo.jpg", "painting.jpg", resolution=512).save("out.png")
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from PIL import Image

from nst.errors import UserError
from nst.pictures import given, reading, writing
from nst.pictures.naming import shown_name
from nst.settings import CONTROLS, DEFAULT_PRESET, Settings
from nst.studio import recipe
from nst.studio.engine import VGGEngine
from nst.studio.order import Input, Pictures
from nst.studio.output_size import OutputSize, result_size
from nst.studio.recipe import Recipe, Source
from nst.studio.studio import Painting, Studio

if TYPE_CHECKING:
    import numpy.typing as npt

    from nst.paint.transfer import Progress

# A path, the bytes of a file, a picture of Pillow, or an array as `given.from_array` takes it.
PictureLike: TypeAlias = Union[str, "os.PathLike[str]", bytes, Image.Image, "npt.NDArray[Any]"]

STARTS = CONTROLS["init"].choices[:-1]  # what `init` may name instead of a picture


@dataclass(frozen=True)
class Result:
    """A painting of 8 bits a channel, what it was made of, and its loss after each iteration."""

    picture: Image.Image
    recipe: Recipe
    losses: tuple[float, ...]

    def save(self, path: str | os.PathLike[str], *, quality: int = 95, dpi: int = 0) -> None:
        """Write it in the format of the path's extension, whole or not at all; PNG has the recipe.

        `quality`, 1 to 100, is that of JPEG and WebP; `dpi` are the dots an inch on paper, 0 for
        none. Raises `UserError` for an unknown format or a path that cannot be written.
        """
        text = {recipe.KEY: self.recipe.to_json()}
        writing.save(self.picture, path, text, quality, dpi)


class Run:
    """A painting under way: iterate for its `Progress`, stop when you like, ask for the result."""

    def __init__(self, painting: Painting, studio: Studio, made: Recipe) -> None:
        self._painting = painting
        self._steps: Generator[Progress, None, None] = painting.steps(studio.painter.paint)
        self._recipe = studio.completed(made)  # the weights are there now
        self._losses: list[float] = []
        self._last: Progress | None = None

    def __iter__(self) -> Iterator[Progress]:
        return self

    def __next__(self) -> Progress:
        self._last = next(self._steps)
        self._losses.append(self._last.total_loss)
        return self._last

    def result(self) -> Result:
        """The painting as far as it is; raises `UserError` before the first iteration."""
        if self._last is None:
            raise UserError("Nothing is painted yet; iterate at least once before the result.")
        picture = self._painting.finish(self._last.snapshot())
        return Result(picture, self._recipe, tuple(self._losses))


def paint(
    content: PictureLike,
    styles: PictureLike | Sequence[PictureLike],
    *,
    preset: str | Settings = DEFAULT_PRESET,
    masks: PictureLike | Sequence[PictureLike] = (),
    style_masks: PictureLike | Sequence[PictureLike] = (),
    init: PictureLike | None = None,
    output_size: int | str | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    device: str = "auto",
    weights: str = "original",
    **settings: Any,
) -> Result:
    """Paint the content, e.g. a photo, in the style of one picture or several.

    A picture is a path, the bytes of a file, a picture of Pillow or a numpy array: (H, W),
    (H, W, 3) or (H, W, 4), uint8 or floating point from 0 to 1. `preset` is a name or `Settings` of
    your own, and every setting is a keyword on top of it: docs/controls.md lists them. `masks` are
    none or one a style: white where it is painted, black where the photo stays; `style_masks` as
    well: white what counts of the style. `init` is where to start: "content", "noise", "style" or a
    picture. `output_size` is the longer side of the result, px, or how many times the content's
    size it has, such as "2x": at most 16,384 px a side and 100 megapixels. `on_progress` is called
    after each iteration. `device` is auto, cuda, mps or cpu; `weights` are original, torchvision or
    the path of a state dict of VGG19.

    Without `output_size` the result has the size of the content, or of the canvas where that is
    larger. Raises `UserError`, whose text is one clear sentence, for whatever the caller can mend:
    a file that is no picture, a setting out of its range, too little memory for the resolution.
    """
    run = steps(
        content,
        styles,
        preset=preset,
        masks=masks,
        style_masks=style_masks,
        init=init,
        output_size=output_size,
        device=device,
        weights=weights,
        **settings,
    )
    for progress in run:
        if on_progress:
            on_progress(progress)
    return run.result()


def steps(
    content: PictureLike,
    styles: PictureLike | Sequence[PictureLike],
    *,
    preset: str | Settings = DEFAULT_PRESET,
    masks: PictureLike | Sequence[PictureLike] = (),
    style_masks: PictureLike | Sequence[PictureLike] = (),
    init: PictureLike | None = None,
    output_size: int | str | None = None,
    device: str = "auto",
    weights: str = "original",
    **settings: Any,
) -> Run:
    """Prepare the same painting as `paint`, and return a `Run` to iterate over.

    Each iteration of the run paints one step and gives its `Progress`. To stop is to iterate no
    further. `Run.result` gives the painting as it is then.
    """
    chosen, start = _settings(preset, settings, init)
    asked = None if output_size is None else OutputSize.of(output_size)
    style_list, mask_list, counted = _several(styles), _several(masks), _several(style_masks)
    chosen.check_inputs(len(style_list), len(mask_list), start is not None, len(counted))
    photo = _opened(content, "content", None)
    size = result_size(asked, photo.picture.size, chosen)
    artworks = [_opened(each, f"style {number}", None) for number, each in enumerate(style_list, 1)]
    places = [_opened(each, f"mask {number}", "black") for number, each in enumerate(mask_list, 1)]
    parts = [_opened(each, f"style mask {n}", "black") for n, each in enumerate(counted, 1)]
    first = None if start is None else _opened(start, "init")
    pictures = Pictures(
        photo.picture,
        [each.picture for each in artworks],
        [each.picture for each in places],
        None if first is None else first.picture,
        [each.picture for each in parts],
    )
    made = Recipe(
        chosen,
        photo.source,
        tuple(each.source for each in artworks),
        tuple(each.source for each in places),
        None if first is None else first.source,
        style_masks=tuple(each.source for each in parts),
    )
    return Run(Painting(pictures, chosen, size), Studio(VGGEngine(weights, device)), made)


@dataclass(frozen=True)
class _Opened:
    """A picture that was given, and what a recipe says of it."""

    picture: Image.Image
    source: Source


def _settings(
    preset: str | Settings, changes: dict[str, Any], init: PictureLike | None
) -> tuple[Settings, PictureLike | None]:
    """The settings with their changes, and the picture to start from, if it is one."""
    start = init
    if isinstance(init, str) and init in STARTS:
        start = None
    if init is not None:
        changes = {**changes, "init": "picture" if start is not None else init}
    if not isinstance(preset, Settings):
        return Settings.preset(preset, **changes), start
    return Settings.from_dict({**dataclasses.asdict(preset), **changes}), start


def _several(pictures: PictureLike | Sequence[PictureLike]) -> list[PictureLike]:
    """One picture or several, as several."""
    return list(pictures) if isinstance(pictures, (list, tuple)) else [pictures]  # type: ignore[list-item]


def _opened(given_picture: PictureLike, name: str, ground: str | None = "white") -> _Opened:
    """A picture that was given; `name` is what messages call one that is no file.

    `ground` is as in `reading.open_picture`.
    """
    if isinstance(given_picture, (str, os.PathLike)):
        path = os.fspath(given_picture)
        entered = Input(path, reading.read_bytes(path), path)
    elif isinstance(given_picture, bytes):
        entered = Input(name, given_picture, name)
    else:
        return _from_memory(given_picture, name, ground)
    return _Opened(entered.open(ground), entered.source)


def _from_memory(picture: Image.Image | npt.NDArray[Any], name: str, ground: str | None) -> _Opened:
    import numpy as np

    shown = shown_name(name)
    if isinstance(picture, Image.Image):
        opened = given.from_pillow(picture, shown, ground)
    elif isinstance(picture, np.ndarray):
        opened = given.from_array(picture, shown, ground)
    else:
        raise UserError(
            f"{shown} is of the type {type(picture).__name__}; give a path, the bytes of a file, a "
            "picture of Pillow or a numpy array."
        )
    # There is no file, so the recipe knows the picture by its pixels.
    return _Opened(opened, Source.of(opened.tobytes(), name))
