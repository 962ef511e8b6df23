"""A riverbank in dots."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from Resources.drawing.arrays import Floats, Rng
from Resources.drawing.colour import luminance, mix, palette, ramp, rgb, to_array, to_image
from Resources.drawing.fields import (
    FIELD,
    OVERSAMPLING,
    blur,
    fbm,
    look_up,
    scatter,
    smoothstep,
    unit_grid,
)
from Resources.drawing.strokes import spaced_lines


def river_scene(rng: Rng) -> Floats:
    """Lay in the colours of a riverbank under a low sun, without any dots."""
    x, y = unit_grid(FIELD)
    horizon, sun = 0.43, np.array([0.66, 0.27])
    sky = palette("4f86c8 7fa8d8 b9b4dc f2bfae fbd98a fdeaa0")
    glow = np.exp(-(((x - sun[0]) / 0.30) ** 2 + ((y - sun[1]) / 0.22) ** 2))
    clouds = smoothstep(0.5, 0.8, fbm(FIELD, 5, rng, 4, 3))

    def heaven(height: Floats, cloud: Floats) -> Floats:
        air = ramp(0.95 * height / horizon * 0.8 + 0.35 * glow, sky)
        air = mix(air, palette("fff0d8")[0], 0.6 * cloud)
        return mix(
            air,
            palette("fffbd0")[0],
            smoothstep(0.062, 0.05, np.hypot(x - sun[0], height - sun[1])),
        )

    scene = heaven(y, clouds)
    ripple = 0.03 * np.sin(2 * np.pi * (y**0.7 * 60 + 1.5 * fbm(FIELD, 6, rng, 3, 5)))
    mirror = np.clip(2 * horizon - y + ripple, 0, 1)
    water = mix(heaven(mirror, 0 * x), palette("2f5f9f")[0], 0.35 + 8 * ripple)
    glitter = np.exp(-(((x - sun[0]) / (0.03 + 0.22 * (y - horizon))) ** 2)) * (ripple > -0.005)
    water = mix(water, palette("fff2a8")[0], 0.85 * glitter)
    scene = np.where((y > horizon)[..., None], water, scene)

    hills = horizon - 0.075 - 0.04 * np.sin(5 * x + 1) - 0.02 * np.sin(13 * x)
    land = (y > hills) & (y < horizon)
    scene = np.where(land[..., None], ramp((y - hills) * 9, palette("8f86c8 7f9fc0 9fc08a")), scene)
    row = np.abs(np.sin(24 * x + 2 * np.sin(7 * x)))
    grove = horizon - 0.015 - (0.05 + 0.05 * np.sin(3 * x + 2)) * row**0.6
    trees = (y > grove) & (y < horizon + 0.004)
    leaf = ramp(
        (y - grove) * 12 + 0.3 * (fbm(FIELD, 20, rng) - 0.5), palette("c8c05a 4f8f5a 2a4f7a")
    )
    scene = np.where(trees[..., None], leaf, scene)
    shadow = (y > horizon) & (y < 2 * horizon - grove + 0.015)
    scene = mix(scene, palette("2f4f7f")[0], 0.65 * shadow.astype(float))

    sail = (y > 0.40) & (y < 0.52) & (x > 0.405) & (x - 0.405 < 0.42 * (y - 0.395))
    scene = mix(scene, palette("fff6e4")[0], sail)
    hull = (np.abs(x - 0.43) < 0.045 - 1.2 * (y - 0.525)) & (y > 0.525) & (y < 0.545)
    scene = mix(scene, palette("a8324a")[0], hull)

    bank = 0.62 + 0.17 * x + 0.02 * np.sin(9 * x) - 0.06 * np.exp(-(((x - 0.97) / 0.2) ** 2))
    depth = y - bank
    grass = palette("f0dc6a b8c84a 6fae4a 3f8a4f 2f6a5f 2a4a7a")
    sward = ramp(0.25 + 0.9 * depth + 0.7 * (fbm(FIELD, 7, rng, 4, 2) - 0.45), grass)
    bloom = fbm(FIELD, 40, rng, 2)
    sward = mix(sward, palette("e8486a")[0], (bloom > 0.86) & (depth > 0.05))
    sward = mix(sward, palette("fbe9f0")[0], (bloom < 0.13) & (depth > 0.04))
    shade = np.exp(-(((depth - 0.13 - 0.10 * (x - 0.1)) / 0.06) ** 2)) * (x < 0.62)
    sward = mix(sward, palette("2f3f8f")[0], 0.7 * shade)
    scene = np.where((depth > 0)[..., None], sward, scene)

    trunk = np.abs(x - 0.17 - 0.05 * np.sin(5 * y)) < 0.022 + 0.05 * np.clip(y - 0.62, 0, 1)
    scene = mix(scene, ramp((x - 0.12) * 9, palette("3a2a5a 7a4a4a d88a4a")), trunk & (y < 0.76))
    crown = 1.15 - np.hypot((x - 0.15) / 0.33, (y - 0.20) / 0.30) + 0.9 * (fbm(FIELD, 8, rng) - 0.5)
    leaves = ramp(
        fbm(FIELD, 11, rng) + 0.5 * (x - 0.2), palette("1f2f6a 1f5a5a 3f8f4a 9fbf3f f4dc5a")
    )
    return mix(scene, leaves, smoothstep(0.22, 0.30, crown))


def contours(scene: Floats, rng: Rng) -> Floats:
    """Give the angle of the rows of dots: along the edges of what is seen, level elsewhere."""
    light = blur(luminance(scene), 0.012)
    down, right = np.gradient(light)
    # The angle is doubled, as rows that run to the left are those that run to the right.
    turn = 2 * np.arctan2(right, -down)
    steep = np.hypot(down, right) * FIELD
    level = 0.35 + 0.4 * (fbm(FIELD, 4, rng, 2) - 0.5)
    across, along = steep * np.sin(turn), steep * np.cos(turn) + level
    soft = [plane / (1e-6 + np.abs(plane).max()) for plane in (across, along)]
    smooth = [blur(0.5 + 0.5 * plane, 0.015) - 0.5 for plane in soft]
    return np.asarray(np.arctan2(smooth[0], smooth[1]) / 2)


def pointillism(size: int, rng: Rng) -> Image.Image:
    """Cover a sunlit riverbank with dots of divided colour, in rows along what they show."""
    scene = river_scene(rng) ** 1.3
    n = size * OVERSAMPLING
    ground = mix(0.5 * scene, palette("2a2a5a")[0], np.full((FIELD,) * 2, 0.3))
    canvas = to_image(ground, n)
    draw = ImageDraw.Draw(canvas)
    # one dot leans to the warm, the cool, the rosy or the green; the eye adds them up again
    leanings = np.array(
        [[0.24, 0.10, -0.22], [-0.22, -0.04, 0.26], [0.20, -0.14, 0.10], [-0.12, 0.16, -0.04]]
    )
    angle = contours(scene, rng)
    for gap, radius, share in ((0.0062, 0.0066, 0.55), (0.0125, 0.0040, 0.95)):
        rows = spaced_lines(angle, np.full((FIELD,) * 2, gap), scatter(130, rng), 0.5, 0.004)
        for row in rows:
            marks = np.cumsum(np.r_[0, np.hypot(*np.diff(row, axis=0).T)])
            stops = np.arange(rng.uniform(0, 0.006), marks[-1], 2.05 * gap)
            spots = np.stack([np.interp(stops, marks, axis) for axis in row.T], axis=-1)
            spots += rng.normal(0, 0.0007, spots.shape)
            colours = look_up(scene, spots) + share * leanings[rng.integers(0, 4, len(spots))]
            grey = luminance(colours)[:, None]
            colours = 1.08 * grey + (colours - grey) * 1.35
            sizes = radius * rng.uniform(0.8, 1.12, (len(spots), 1))
            corners = np.concatenate([spots - sizes, spots + sizes], axis=1) * n
            for corner, colour in zip(corners.tolist(), colours.tolist(), strict=True):
                draw.ellipse(corner, fill=rgb(colour))
    return to_image(to_array(canvas), size)
