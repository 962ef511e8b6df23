"""Find a photo's subject by a rectangle around it or a scribble over it.

C. Rother, V. Kolmogorov, A. Blake: "GrabCut": interactive foreground extraction using iterated
graph cuts, SIGGRAPH 2004, in OpenCV's implementation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from nst.errors import UserError

# px, longer sides: what is subject is found on the small picture, where its edge runs on the large
# one. That takes a quarter of the time that all rounds take on the large one.
COARSE_SIDE, FINE_SIDE = 256, 512
ROUNDS = 4  # in which colours and edge are found anew on the small picture
EDGE = 5  # px of the large picture, at either side of the edge that the small one gave
RIM = 0.02  # of each side but the lower one: what is there is background
AROUND = 0.3  # of a scribble's own size: how far from it the subject is thought to reach
LEAST_PART = 0.05  # of the largest part: what is smaller is taken for a speck, or for a hole
LEAST_SUBJECT = 0.001  # of the photo
MOST_SUBJECT = 0.99  # of what may be subject: then nothing told it from what is around it
GRAIN = 2  # of 255, standard deviation
SOFTNESS = 0.7  # px of the large picture, standard deviation of the edge's blur

Labels = NDArray[np.uint8]

NOT_FOUND = (
    "No subject was found there; draw a rectangle closely around it, or scribble over all of its "
    "colours."
)


class Box(NamedTuple):
    """A rectangle on a photo, in parts of its width and height: 0 is left and top, 1 the end."""

    left: float
    top: float
    right: float
    bottom: float


MIDDLE = Box(0.1, 0.05, 0.9, 1.0)  # where most photos have their subject


def subject(photo: Image.Image, hint: Box | Image.Image) -> Image.Image:
    """The mask of the photo's subject: grey, of the photo's size, white is subject, edges soft.

    `hint` is a box around the subject, or a scribble over it: a picture in grey of any size, white
    where the subject is for certain. The same photo and hint give the same mask, in about half a
    second whatever the size of the photo. Raises `UserError` if nothing stands out.
    """
    photo = photo.convert("RGB")
    coarse, fine = (_reduced(photo, side) for side in (COARSE_SIDE, FINE_SIDE))
    labels = _labels(coarse.size, hint)
    possible = (labels > 0).mean()  # what is not background for certain
    found = _tidied(_cut(coarse, labels, ROUNDS))
    if found.mean() < LEAST_SUBJECT or found.mean() > MOST_SUBJECT * possible:
        raise UserError(NOT_FOUND)
    sharp = _tidied(_cut(fine, _band(found, fine.size), rounds=1))
    mask = Image.fromarray(sharp * np.uint8(255)).filter(ImageFilter.GaussianBlur(SOFTNESS))
    return mask.resize(photo.size, Image.Resampling.BICUBIC)


def _reduced(photo: Image.Image, side: int) -> Image.Image:
    """The photo, its longer side at most `side` px; no side is shorter than 8 px."""
    factor = min(1.0, side / max(photo.size))
    width, height = (max(8, round(length * factor)) for length in photo.size)
    return photo.resize((width, height), Image.Resampling.BOX)


def _labels(size: tuple[int, int], hint: Box | Image.Image) -> Labels:
    """What GrabCut begins with, (H, W): for each pixel whether it is subject, and how surely."""
    import cv2  # late: only those who look for a subject need it

    width, height = size
    labels: Labels = np.full((height, width), cv2.GC_BGD, np.uint8)
    # Something must be background for certain; most often it is not what is lowest.
    labels[_span(RIM, 1, height), _span(RIM, 1 - RIM, width)] = cv2.GC_PR_BGD
    if isinstance(hint, Box):
        left, right = sorted((hint.left, hint.right))
        top, bottom = sorted((hint.top, hint.bottom))
        box = np.zeros((height, width), bool)
        box[_span(top, bottom, height), _span(left, right, width)] = True
        return np.where(box & (labels == cv2.GC_PR_BGD), cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    scribble = np.asarray(hint.convert("L").resize(size, Image.Resampling.BOX)) > 127
    if not scribble.any():
        raise UserError(NOT_FOUND)
    near = labels[_around(scribble)]
    near[near == cv2.GC_PR_BGD] = cv2.GC_PR_FGD
    labels[scribble] = cv2.GC_FGD
    return labels


def _span(first: float, last: float, length: int) -> slice:
    """The pixels between two parts of a length."""
    return slice(max(0, round(first * length)), max(0, round(last * length)))


def _around(scribble: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Rows and columns of a scribble and of what is near it."""
    spans = []
    for axis in (1, 0):
        at = np.flatnonzero(scribble.any(axis))
        reach = round(AROUND * (at[-1] + 1 - at[0]))
        spans.append(slice(max(0, int(at[0]) - reach), int(at[-1]) + 1 + reach))
    return spans[0], spans[1]


def _cut(picture: Image.Image, labels: Labels, rounds: int) -> Labels:
    """1 where the picture is subject, else 0, (H, W), by GrabCut from these labels."""
    import cv2

    if not (_is_subject(labels).any() and (1 - _is_subject(labels)).any()):
        return _is_subject(labels)  # GrabCut wants some of both
    cv2.setRNGSeed(0)  # its first colours are drawn by chance
    bgr = _grained(np.asarray(picture)[..., ::-1])
    below, above = np.zeros((1, 65)), np.zeros((1, 65))  # for its models of both colours
    cv2.grabCut(bgr, labels, (0, 0, 0, 0), below, above, rounds, cv2.GC_INIT_WITH_MASK)
    return _is_subject(labels)


def _grained(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels with a faint grain: in one flat colour GrabCut looks for an edge for a minute."""
    grain = np.random.default_rng(0).normal(0, GRAIN, pixels.shape)
    return np.clip(pixels + grain, 0, 255).round().astype(np.uint8)


def _is_subject(labels: Labels) -> Labels:
    """1 for what is subject, surely or probably: both of GrabCut's labels for it are odd."""
    return labels & np.uint8(1)


def _tidied(found: Labels) -> Labels:
    """A subject without specks and without holes of a speck's size."""
    if not found.any():
        return found
    kept = _large_parts(found, found)
    return 1 - _large_parts(1 - kept, kept)


def _large_parts(parts: Labels, whole: Labels) -> Labels:
    """Those parts, connected, that have at least `LEAST_PART` of the largest part of the whole."""
    import cv2

    areas = cv2.connectedComponentsWithStats(whole)[2][1:, cv2.CC_STAT_AREA]
    _, numbered, stats, _ = cv2.connectedComponentsWithStats(parts)
    large = stats[:, cv2.CC_STAT_AREA] >= LEAST_PART * areas.max()
    large[0] = False  # what is no part
    kept: Labels = large[numbered].astype(np.uint8)
    return kept


def _band(found: Labels, size: tuple[int, int]) -> Labels:
    """GrabCut's labels at `size`: open only near the edge of what was found, certain elsewhere."""
    import cv2

    enlarged = np.asarray(Image.fromarray(found * np.uint8(255)).resize(size)) > 127
    inside = enlarged.astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * EDGE + 1, 2 * EDGE + 1))
    labels: Labels = np.where(inside, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[cv2.erode(inside, disc) > 0] = cv2.GC_FGD
    labels[cv2.dilate(inside, disc) == 0] = cv2.GC_BGD
    return labels
