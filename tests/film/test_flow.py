"""Motion between frames, against clips whose motion is known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import clips
from nst.film import flow

SIZE = (128, 96)


@pytest.mark.parametrize("kind", ["camera", "crossing"])
def test_the_motion_is_found_where_it_was_to_be_seen(kind, photo, artwork):
    made = clips.camera if kind == "camera" else clips.crossing
    pictures = [photo] if kind == "camera" else [photo, artwork]
    before, after = made(*pictures, SIZE, 2)
    motion = flow.Flow().between(before.picture, after.picture)
    apart = np.linalg.norm(motion.back - after.back, axis=2)
    seen = (motion.held > 0) & (after.seen > 0)
    assert seen.mean() > 0.7
    assert np.median(apart[seen]) < 0.2
    assert apart[seen].mean() < 0.3
    assert not motion.is_cut
    # What the motion moves is the next frame.
    moved = flow.moved(before.picture.astype(np.float32), motion.back)
    assert np.abs(moved - after.picture)[seen].mean() < 4


def test_what_was_hidden_is_not_held(photo, artwork):
    before, after = clips.crossing(photo, artwork, SIZE, 2)
    motion = flow.Flow().between(before.picture, after.picture)
    assert motion.held[after.seen == 0].mean() < 0.5
    assert motion.held[after.seen > 0].mean() > 0.8


def test_a_cut_is_told_from_motion(photo, artwork):
    *_, last, first, second = clips.cut(
        clips.camera(photo, SIZE, 2), clips.camera(artwork, SIZE, 2)
    )
    search = flow.Flow()
    assert search.between(last.picture, first.picture).is_cut
    assert not search.between(first.picture, second.picture).is_cut


def test_moving_again_and_again_keeps_what_is_fine(photo):
    """Half a pixel to the left and back, fifty times."""
    picture = np.asarray(photo.convert("L").resize(SIZE), np.float32)
    half = np.zeros((SIZE[1], SIZE[0], 2), np.float32)
    half[..., 0] = 0.5
    moved = picture
    for _ in range(25):
        moved = flow.moved(flow.moved(moved, half), -half)
    inner = np.s_[16:-16, 16:-16]
    sharp = [np.abs(np.diff(each[inner], axis=1)).mean() for each in (picture, moved)]
    assert sharp[1] > 0.75 * sharp[0]
