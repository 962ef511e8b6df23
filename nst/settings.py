"""Every control of a style transfer, once: default, limits, unit, label and help text.

The command line's flags, the page's widgets and the validation are all read from the fields of
`Settings`. No third party is imported here, so that a page or `--help` is instant.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from nst.errors import UserError
from nst.layers import LAYERS

DEFAULT_PRESET = "balanced"
MOST_STYLES = 16


class SettingsError(UserError):
    """A setting is unknown, of the wrong type or out of its range."""


@dataclass(frozen=True)
class Control:
    """How a setting is presented and what it may be."""

    label: str
    help: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str = ""
    logarithmic: bool = False
    advanced: bool = False
    choices: tuple[str, ...] = ()
    most: int = 0  # values of a list; 0 for a single value
    or_zero: bool = False  # whether it may be 0 although its range begins above

    @property
    def allowed(self) -> str:
        """The range or the choices in words, e.g. "from 64 to 1024 px"."""
        if self.choices:
            return f"{'any' if self.most else 'one'} of {', '.join(self.choices)}"
        unit = f" {self.unit}" if self.unit else ""
        zero = ", or 0" if self.or_zero else ""
        return f"from {self.minimum:.10g} to {self.maximum:.10g}{unit}{zero}"

    def permits(self, value: float) -> bool:
        """Whether a number is one that the setting may be; NaN is none."""
        assert self.minimum is not None
        assert self.maximum is not None
        return self.minimum <= value <= self.maximum or (self.or_zero and value == 0)


def _control(default: Any, label: str, help: str, **limits: Any) -> Any:
    return dataclasses.field(default=default, metadata={"control": Control(label, help, **limits)})


@dataclass(frozen=True)
class Settings:
    """What to paint and how long to take over it; immutable and always valid.

    Raises `SettingsError` when a value is out of its range; the message names the range.
    """

    content_weight: float = _control(
        10.0,
        "Content weight",
        "How closely the painting follows the photo. Raise it if the subject gets lost; 0 leaves "
        "the photo out and paints a texture in the style alone.",
        minimum=0.1,
        maximum=1000.0,
        step=1.0,
        logarithmic=True,
        or_zero=True,
    )
    style_weight: float = _control(
        10_000.0,
        "Style weight",
        "How strongly the brushwork and colours of the style show. Raise it for a bolder painting.",
        minimum=100.0,
        maximum=1_000_000.0,
        step=100.0,
        logarithmic=True,
    )
    style_loss: str = _control(
        "neighbours",
        "Brushwork",
        "How strokes come about. Painted strokes (neighbours): each place gets the strokes of the "
        "artwork's place that looks most like it. Textured photo (gram): only the artwork's "
        "textures count, wherever they are, and more of the photograph stays.",
        choices=("neighbours", "gram"),
    )
    style_scale: float = _control(
        1.0,
        "Stroke size",
        "How large the strokes are. Above 1 they are broader, below 1 finer than in the artwork.",
        minimum=0.25,
        maximum=4.0,
        step=0.05,
        logarithmic=True,
    )
    preserve_color: str = _control(
        "off",
        "Keep the photo's colours",
        "Off: the artwork's colours. Luminance: only light and dark are painted, and the photo's "
        "colours stay. Match: the artwork is first given the photo's colours.",
        choices=("off", "luminance", "match"),
    )
    strength: float = _control(
        1.0,
        "Strength",
        "How much of the painting shows over the photo, from 0 to 1; may be changed afterwards.",
        minimum=0.0,
        maximum=1.0,
        step=0.05,
    )
    tv_weight: float = _control(
        30.0,
        "Smoothness",
        "Total variation weight: calms speckle. Too much of it blurs the strokes; 0 switches it "
        "off.",
        minimum=0.0,
        maximum=500.0,
        step=1.0,
        advanced=True,
    )
    iterations: int = _control(
        1000,
        "Iterations",
        "How many steps the painting is improved by, at most. It is finished earlier once it no "
        "longer gets better.",
        minimum=1,
        maximum=5000,
        step=10,
    )
    learning_rate: float = _control(
        0.1,
        "Learning rate",
        "How much each step may change. High is fast and rough, low is slow and careful.",
        minimum=0.001,
        maximum=1.0,
        step=0.01,
    )
    resolution: int = _control(
        384,
        "Resolution",
        "Longer side of what is painted on. Larger shows finer strokes and takes longer: twice the "
        "side, four times the time.",
        minimum=64,
        maximum=4096,
        step=64,
        unit="px",
    )
    effort: float = _control(
        1.0,
        "Effort",
        "How thoroughly each size is worked over. Half the effort takes half the time.",
        minimum=0.1,
        maximum=10.0,
        step=0.1,
        advanced=True,
    )
    refresh_every: int = _control(
        100,
        "Refresh every",
        "How many iterations pass between two previews.",
        minimum=1,
        maximum=1000,
        step=10,
        unit="iterations",
        advanced=True,
    )
    init: str = _control(
        "content",
        "Start from",
        "What is on the canvas at first: the photo (content), random noise, the style or a picture "
        "of your own. Noise gives the freest painting and keeps the least of the photo.",
        choices=("content", "noise", "style", "picture"),
        advanced=True,
    )
    style_weights: tuple[float, ...] = _control(
        (),
        "Weights of several styles",
        "How much each of several styles counts, in their order; without them all count alike.",
        minimum=0.0,
        maximum=1000.0,
        most=MOST_STYLES,
        advanced=True,
    )
    content_layer: str = _control(
        "conv4_2",
        "Content layer",
        "Which layer of VGG19 the subject is compared in. conv4_2 knows shapes and leaves colours "
        "free; lower layers hold on to the photo's colours.",
        choices=LAYERS,
        advanced=True,
    )
    style_layers: tuple[str, ...] = _control(
        ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"),
        "Style layers",
        "In which layers of VGG19 the style is compared. Low layers know colours and fine strokes, "
        "high ones large shapes.",
        choices=LAYERS,
        most=len(LAYERS),
        advanced=True,
    )
    style_layer_weights: tuple[float, ...] = _control(
        (),
        "Weights of the style layers",
        "How much each of the style layers counts, in their order; without them all count alike.",
        minimum=0.0,
        maximum=1000.0,
        most=len(LAYERS),
        advanced=True,
    )
    pooling: str = _control(
        "max",
        "Pooling",
        "How VGG19 makes its layers smaller: max, as it was trained, gives crisper strokes, avg "
        "smoother ones.",
        choices=("max", "avg"),
        advanced=True,
    )
    optimizer: str = _control(
        "adam",
        "Optimiser",
        "How the pixels are moved. Adam is sure; L-BFGS looks at the curvature of the loss and "
        "takes no annealing.",
        choices=("adam", "lbfgs"),
        advanced=True,
    )
    seed: int = _control(
        0,
        "Random seed",
        "Which noise to start from. The same seed, settings and pictures give the same painting.",
        minimum=0,
        maximum=2**32 - 1,
        step=1,
        advanced=True,
    )
    early_stop: bool = _control(
        True,
        "End early",
        "Finish a size once it no longer improves instead of using up all iterations.",
        advanced=True,
    )
    coarse_to_fine: bool = _control(
        True,
        "Coarse to fine",
        "Paint small first and enlarge step by step, and judge the style at several sizes: bolder "
        "strokes, and much faster.",
        advanced=True,
    )
    anneal: bool = _control(
        True,
        "Anneal",
        "Take smaller steps towards the end of each size, which removes speckle. Off keeps the "
        "learning rate constant.",
        advanced=True,
    )
    square: bool = _control(
        False,
        "Square canvas",
        "Squash the photo to a square while painting and stretch the result back, as the classic "
        "recipe does.",
        advanced=True,
    )

    @property
    def is_texture(self) -> bool:
        """Whether nothing of the photo counts but its size: a texture in the style alone."""
        return self.content_weight == 0

    @property
    def content_to_style(self) -> float:
        """The ratio of content weight to style weight, beside that of the default settings."""
        content = self.content_weight / Settings.content_weight
        return content * Settings.style_weight / self.style_weight

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = _checked(field.name, getattr(self, field.name), field.default)
            object.__setattr__(self, field.name, value)
        self._check_lists()

    def _check_lists(self) -> None:
        """What no field can tell of itself: lists that must agree."""
        if not self.style_layers:
            raise SettingsError(
                f"{CONTROLS['style_layers'].label} (style_layers) were none; give at least one of "
                f"{', '.join(LAYERS)}."
            )
        given, needed = len(self.style_layer_weights), len(self.style_layers)
        if given not in (0, needed):
            raise SettingsError(
                f"There were {given} weights for {needed} style layers; give one weight for each "
                f"of {', '.join(self.style_layers)} (style_layer_weights), or none."
            )
        for name in ("style_weights", "style_layer_weights"):
            if getattr(self, name) and not any(getattr(self, name)):
                raise SettingsError(
                    f"{CONTROLS[name].label} ({name}) were all 0; at least one must be more."
                )

    def check_inputs(self, styles: int, masks: int, init: bool, style_masks: int = 0) -> None:
        """Whether the settings suit so many styles and masks, and a picture to start from or none.

        `style_masks` are those that say which part of a style counts. Raises `SettingsError`.
        """
        if not 1 <= styles <= MOST_STYLES:
            raise SettingsError(f"There were {styles} styles; give from 1 to {MOST_STYLES}.")
        if len(self.style_weights) not in (0, styles):
            raise SettingsError(
                f"There were {len(self.style_weights)} style weights for {styles} style pictures; "
                "give one for each of them (style_weights), or none."
            )
        if masks not in (0, styles):
            raise SettingsError(
                f"There were {masks} masks for {styles} style pictures; give one for each, or none."
            )
        if style_masks not in (0, styles):
            raise SettingsError(
                f"There were {style_masks} style masks for {styles} style pictures; give one for "
                "each, or none."
            )
        if self.init == "picture" and not init:
            raise SettingsError(
                "Start from (init) was 'picture', but no picture to start from was given; give "
                "one, or choose content, noise or style."
            )

    @classmethod
    def preset(cls, name: str, **changes: Any) -> Settings:
        """The preset called `name`, with `changes` on top.

        Raises `SettingsError` for an unknown preset, an unknown setting or a value out of range.
        """
        if name not in PRESETS:
            raise SettingsError(
                f"There is no preset called {name!r}; choose one of {', '.join(PRESETS)}."
            )
        return cls.from_dict({**PRESETS[name].changes, **changes})

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Settings from untrusted names and values; the inverse of `dataclasses.asdict`.

        Raises `SettingsError` for an unknown name or a value of the wrong type or out of range.
        """
        unknown = sorted(set(values) - set(CONTROLS))
        if unknown:
            raise SettingsError(
                f"There is no setting called {unknown[0]!r}; choose from {', '.join(CONTROLS)}."
            )
        return cls(**values)


def _checked(name: str, value: Any, default: Any) -> Any:
    """`value` as the type of `default`, or a `SettingsError` that names what is allowed."""
    control = CONTROLS[name]
    if control.most:
        return _checked_list(name, value)
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise SettingsError(
                f"{control.label} is either on or off (true or false), not {value!r}."
            )
        return value
    if control.choices:
        return _checked_choice(name, value)
    return _checked_number(name, value, type(default))


def _checked_list(name: str, values: Any) -> tuple[Any, ...]:
    control = CONTROLS[name]
    if not isinstance(values, (list, tuple)) or len(values) > control.most:
        raise SettingsError(
            f"{control.label} ({name}) were {values!r}; give a list of at most {control.most}, "
            f"each {control.allowed}."
        )
    if control.choices:
        checked = tuple(_checked_choice(name, value) for value in values)
        if len(set(checked)) < len(checked):
            raise SettingsError(f"{control.label} ({name}) named one twice: {', '.join(checked)}.")
        return checked
    return tuple(_checked_number(name, value, float) for value in values)


def _checked_choice(name: str, value: Any) -> str:
    control = CONTROLS[name]
    if not isinstance(value, str) or value not in control.choices:
        raise SettingsError(f"{control.label} ({name}) was {value!r}; it is {control.allowed}.")
    return value


def _checked_number(name: str, value: Any, kind: type) -> Any:
    control = CONTROLS[name]
    words = "a whole number" if kind is int else "a number"
    problem = SettingsError(
        f"{control.label} ({name}) was {value!r}; it must be {words} {control.allowed}."
    )
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise problem
    if not control.permits(value):
        raise problem
    if kind is int and value != int(value):
        raise problem
    return kind(value)


CONTROLS: dict[str, Control] = {
    field.name: field.metadata["control"] for field in dataclasses.fields(Settings)
}


@dataclass(frozen=True)
class Preset:
    """A named starting point: what it changes against the defaults, and when to choose it."""

    help: str
    changes: dict[str, Any]


PRESETS: dict[str, Preset] = {
    "quick": Preset(
        "A good first look in a fraction of the time.",
        {"effort": 0.4},
    ),
    "balanced": Preset("The best picture for the time; start here.", {}),
    "fine": Preset(
        "More detail on a larger canvas; takes a few times longer.",
        {"resolution": 640},
    ),
    "poster": Preset(
        "For large prints: 4096 px. Takes hours on a processor, so let it run over lunch or night.",
        {"resolution": 4096},
    ),
    "classic": Preset(
        "The recipe of the first demos: one small square canvas, 1,000 equal steps.",
        {
            "resolution": 128,
            "coarse_to_fine": False,
            "anneal": False,
            "early_stop": False,
            "square": True,
            "tv_weight": 0.0,
            "style_loss": "gram",
        },
    ),
}


def number(text: str) -> float | int | str:
    """The number in `text`; what is none is left for `Settings` to refuse with the range."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
