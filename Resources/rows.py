"""The rows of small pictures in docs/controls.md, one row a control: what each one paints.

`make_pictures.py` paints them, `write_controls.py` writes the page that shows them.
"""

from __future__ import annotations

from dataclasses import dataclass

from nst.settings import CONTROLS, Settings

PROGRAM = "nst"
SMALL = "--resolution 256"


@dataclass(frozen=True)
class Variant:
    """A painting of a row: its flags, and what stands below it beside them, or instead."""

    flags: str
    note: str = ""
    caption: str = ""  # instead of the flags
    styles: str = ""  # instead of those of the row

    @property
    def text(self) -> str:
        """What stands below the painting."""
        return self.caption or f"{self.flags} {self.note}".strip()


@dataclass(frozen=True)
class Row:
    """Paintings of one photo that differ in one control, beside the photo and its artworks."""

    name: str  # of its JPEG
    title: str
    content: str
    styles: str  # names with spaces between
    variants: tuple[Variant, ...]
    common: str = SMALL  # flags of all variants

    @property
    def commands(self) -> list[str]:
        """The command line of each variant."""
        return [
            " ".join(
                part
                for part in (
                    PROGRAM,
                    f"Resources/content/{self.content}.jpg",
                    *(f"Resources/styles/{name}.jpg" for name in self._styles(variant)),
                    self.common,
                    variant.flags,
                    f"-o {self.name}_{number}.png",
                )
                if part
            )
            for number, variant in enumerate(self.variants, 1)
        ]

    def _styles(self, variant: Variant) -> list[str]:
        return (variant.styles or self.styles).split()

    @property
    def markdown(self) -> str:
        """How docs/controls.md shows the row."""
        return "\n".join(
            [
                f"**{self.title}**",
                "",
                f"![{self.title}](../Resources/controls/{self.name}.jpg)",
                "",
                "<details><summary>Command lines</summary>",
                "",
                "```sh",
                *self.commands,
                "```",
                "",
                "</details>",
                "",
            ]
        )


def _values(name: str, *values: str) -> tuple[Variant, ...]:
    """A variant for each value of a setting, its default marked."""
    flag = "--" + name.replace("_", "-")
    default = getattr(Settings(), name)
    usual = default if isinstance(default, str) else f"{default:.10g}" if default else ""
    return tuple(
        Variant(f"{flag} {value}", note="(default)" if value == usual else "") for value in values
    )


SUBJECT, BACKGROUND = (f"Resources/masks/astronaut{name}.png" for name in ("", "_background"))
ROWS = (
    Row(
        "content_weight",
        CONTROLS["content_weight"].label,
        "cat",
        "night_sky",
        _values("content_weight", "1", "10", "100"),
    ),
    Row(
        "style_weight",
        CONTROLS["style_weight"].label,
        "rocket",
        "night_sky",
        _values("style_weight", "1000", "10000", "100000"),
    ),
    Row(
        "style_loss",
        CONTROLS["style_loss"].label,
        "astronaut",
        "tile_mosaic",
        _values("style_loss", "neighbours", "gram"),
    ),
    Row(
        "style_scale",
        CONTROLS["style_scale"].label,
        "cat",
        "tile_mosaic",
        _values("style_scale", "0.5", "1", "2"),
    ),
    Row(
        "preserve_color",
        CONTROLS["preserve_color"].label,
        "astronaut",
        "night_sky",
        _values("preserve_color", "off", "luminance", "match"),
    ),
    Row(
        "strength",
        CONTROLS["strength"].label,
        "cat",
        "stained_glass",
        _values("strength", "0.3", "0.6", "1"),
    ),
    Row(
        "tv_weight",
        CONTROLS["tv_weight"].label,
        "rocket",
        "pointillism",
        _values("tv_weight", "0", "30", "300"),
    ),
    Row(
        "style_weights",
        "Several styles, blended",
        "rocket",
        "night_sky stained_glass",
        _values("style_weights", "3 1", "1 1", "1 3"),
    ),
    Row(
        "masks",
        "Masks",
        "astronaut",
        "night_sky woodblock_wave",
        (
            Variant(
                f"--masks {BACKGROUND}", caption="--masks: only the background", styles="night_sky"
            ),
            Variant(f"--masks {SUBJECT}", caption="--masks: only the subject", styles="night_sky"),
            Variant(f"--masks {BACKGROUND} {SUBJECT}", caption="--masks: two styles"),
        ),
    ),
    Row(
        "init",
        CONTROLS["init"].label,
        "coffee",
        "woodblock_wave",
        _values("init", "content", "noise", "style"),
    ),
    Row(
        "content_layer",
        CONTROLS["content_layer"].label,
        "cat",
        "stained_glass",
        _values("content_layer", "conv2_2", "conv4_2", "conv5_1"),
    ),
    Row(
        "style_layers",
        CONTROLS["style_layers"].label,
        "rocket",
        "night_sky",
        (
            Variant("--style-layers conv1_1 conv2_1"),
            Variant("--style-layers conv4_1 conv5_1"),
            Variant("--style-layers conv1_1 conv2_1 conv3_1 conv4_1 conv5_1", note="(default)"),
        ),
    ),
    Row(
        "pooling",
        CONTROLS["pooling"].label,
        "coffee",
        "stained_glass",
        _values("pooling", "max", "avg"),
    ),
    Row(
        "optimizer",
        CONTROLS["optimizer"].label,
        "cat",
        "woodblock_wave",
        _values("optimizer", "adam", "lbfgs"),
    ),
    Row(
        "resolution",
        CONTROLS["resolution"].label,
        "coffee",
        "stained_glass",
        _values("resolution", "128", "256", "512"),
        common="",
    ),
    Row(
        "effort",
        CONTROLS["effort"].label,
        "rocket",
        "night_sky",
        _values("effort", "0.1", "1", "3"),
    ),
    Row(
        "coarse_to_fine",
        CONTROLS["coarse_to_fine"].label,
        "rocket",
        "night_sky",
        (
            Variant("--no-coarse-to-fine"),
            Variant("--coarse-to-fine", note="(default)"),
        ),
    ),
)
BLEND_SHEET = Row(
    "blend_sheet",
    "Blend sheet: from style to style, and from weak to strong",
    "rocket",
    "night_sky stained_glass",
    (Variant("--blend-sheet 4"),),
)
ALL_ROWS = (*ROWS, BLEND_SHEET)
