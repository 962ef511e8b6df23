"""How content and style are weighed where strokes are drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nst.paint import losses
from nst.settings import Settings

# How far the photo leads the choice of neighbours, with the default weights: while strokes are laid
# out, and at the full size, where its lines are there and the finest strokes may be the artwork's.
LEAD, REFINED_LEAD = 0.5, 0.35
# The powers of the ratio of content to style weight by which the lead grows, where the ratio is
# below and above 1, and by which Gram matrices lose. A tenth of the content weight gives a lead of
# 0.47 and 1.26 times the texture, ten times of it 0.76 and 0.32 times. Chosen by trying: on three
# pairs each step of either weight brings the painting nearer to what it is the weight of.
FREER, CLOSER = 0.06, 0.5
RICHER, PLAINER = -0.1, -0.5
LEAST_RATIO = 1e-4  # at which Gram matrices gain no more: that of the least weight above 0
# The power of that ratio, where it is below 1, by which evenness grows, and the most of it: with
# all of it some places are chosen that suit nothing, and the painting is less like the artwork.
EVENNESS_POWER, MOST_EVENNESS = 0.4, 0.8
FACES_POWER = 0.25  # of that ratio, where it is below 1, by which faces are an exception


@dataclass(frozen=True)
class Balance:
    """How content and style are weighed where neighbours are chosen."""

    lead: float  # 0..1, how much of the photo there is in what is compared with the artwork
    faces: float  # 0..1, how much of an exception faces are
    evenness: float  # 0..1, how much all places of the artwork are to be chosen alike often
    strokes: float  # weight of the distance from the neighbours
    texture: float  # weight of the style loss

    @classmethod
    def of(cls, settings: Settings, *, refining: bool = False) -> Balance:
        """The balance for these settings; only the ratio of content weight to style weight counts.

        With more of the content weight the photo leads the choice of neighbours, up to the place of
        the artwork that looks most like each of the photo's; with more of the style weight all of
        the artwork is used, and the painting is another view of it. Textures count as much as
        strokes, less where the photo shall be kept, and a little more where it may go. Without any
        content weight the photo leads nothing. `refining` says that a smaller canvas has strokes.
        """
        usual, ratio = Settings().style_weight, settings.content_to_style
        lead = REFINED_LEAD if refining else LEAD
        odds = lead / (1 - lead) * math.pow(ratio, FREER if ratio < 1 else CLOSER)
        free = min(1.0, ratio)
        texture = math.pow(max(ratio, LEAST_RATIO), RICHER if ratio < 1 else PLAINER)
        return cls(
            lead=odds / (1 + odds),
            faces=math.pow(free, FACES_POWER),
            evenness=MOST_EVENNESS * (1 - math.pow(free, EVENNESS_POWER)),
            strokes=usual * losses.STYLE_UNIT,
            texture=usual * texture,
        )
