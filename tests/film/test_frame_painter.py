"""Frames painted one after another: steady where things move along, anew after a cut."""

from __future__ import annotations

import numpy as np
from PIL import Image

from benchmarks import clips
from nst.film import flow
from nst.film.painter import FramePainter
from nst.settings import Settings
from nst.studio.engine import VGGPainter
from nst.studio.order import Pictures
from nst.vgg.network import VGG19

SIZE = (64, 48)


def painter_of(trunk: VGG19, photo: Image.Image, artwork: Image.Image, **changes) -> FramePainter:
    settings = Settings(resolution=64, effort=0.1, **changes)
    return FramePainter(VGGPainter(trunk), Pictures(photo, [artwork]), settings)


def flicker(before: Image.Image, after: Image.Image, frame: clips.Frame) -> float:
    """The mean difference between a painting and the moved one before it, 0..255."""
    moved = flow.moved(np.asarray(before, np.float32), frame.back)
    apart = np.abs(moved - np.asarray(after)).mean(2)
    return float((apart * frame.seen).sum() / frame.seen.sum())


def test_frames_are_far_steadier_than_each_for_itself(trunk, photo, artwork):
    frames = list(clips.camera(photo, SIZE, 3))
    pictures = [Image.fromarray(frame.picture) for frame in frames]
    steady = painter_of(trunk, photo, artwork)
    followed = [steady.paint(picture) for picture in pictures]
    alone = [painter_of(trunk, photo, artwork).paint(picture) for picture in pictures]
    assert followed[0].tobytes() == alone[0].tobytes()
    apart = [
        np.mean([flicker(*pair, frame) for *pair, frame in zip(found, found[1:], frames[1:])])  # noqa: B905
        for found in (followed, alone)
    ]
    assert apart[0] < apart[1] / 2


def test_a_cut_begins_anew(trunk, photo, artwork):
    *_, first, second = clips.cut(clips.camera(photo, SIZE, 1), clips.camera(artwork, SIZE, 1))
    steady = painter_of(trunk, photo, artwork)
    steady.paint(Image.fromarray(first.picture))
    after = steady.paint(Image.fromarray(second.picture))
    alone = painter_of(trunk, photo, artwork).paint(Image.fromarray(second.picture))
    assert after.tobytes() == alone.tobytes()


def test_what_stands_still_is_painted_once(trunk, photo, artwork):
    steady = painter_of(trunk, photo, artwork)
    picture = photo.resize(SIZE)
    assert steady.paint(picture) is steady.paint(picture)


def test_going_on_is_as_never_having_stopped(trunk, photo, artwork):
    changes = {"preserve_color": "match"}  # artworks are recoloured like a scene's first frame
    pictures = [Image.fromarray(frame.picture) for frame in clips.camera(photo, SIZE, 3)]
    steady = painter_of(trunk, photo, artwork, **changes)
    whole = [steady.paint(picture) for picture in pictures]
    again = painter_of(trunk, photo, artwork, **changes)
    for picture, painting in zip(pictures[:2], whole, strict=False):
        again.take_in(picture, painting)
    assert again.paint(pictures[2]).tobytes() == whole[2].tobytes()
