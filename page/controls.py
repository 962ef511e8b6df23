"""The settings' widgets, all made from the fields of `Settings`."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nst.settings import CONTROLS, PRESETS, Control, Settings
from nst.studio.order import Input, Order
from page import capacity, state
from page.samples import checked
from page.words import option

# Weights stand beside what they weigh, and the strength beside the painting.
ELSEWHERE = ("style_weights", "style_layer_weights", "strength")
WIDGETS = {name: control for name, control in CONTROLS.items() if name not in ELSEWHERE}
# In sight at once, in this order; everything else is under Advanced.
FIRST = (
    "content_weight",
    "style_weight",
    "style_scale",
    "preserve_color",
    "resolution",
    "iterations",
    "learning_rate",
)
# What the page calls a setting in plainer words than the field does.
LABELS = {"content_weight": "Photo", "style_weight": "Style"}
MOST_OPTIONS = 1001  # beyond it a slider is no longer a tool for choosing a number


@dataclass(frozen=True)
class Chosen:
    """The settings, and the picture to start from where they name one."""

    settings: Settings
    init: Input | None
    plan: DeltaGenerator  # beside the resolution, for what a painting takes
    advanced: DeltaGenerator  # for what few need

    def order(
        self,
        photo: Input,
        styles: Sequence[Input],
        masks: Sequence[Input | None],
        style_masks: Sequence[Input | None],
    ) -> Order:
        """What to paint, once no picture is missing."""
        found = tuple(mask for mask in masks if mask is not None)
        counted = tuple(mask for mask in style_masks if mask is not None)
        settings = dataclasses.replace(self.settings, strength=state.NEXT_STRENGTH.get())
        return Order(photo, tuple(styles), settings, found, self.init, counted)


def choose_settings(style_weights: tuple[float, ...]) -> Chosen:
    """Show the preset and the controls; `style_weights` are chosen beside the styles."""
    top = st.container()
    values = asdict(Settings()) | {"style_weights": style_weights}
    plan = top
    for name in FIRST:
        values[name] = setting_widget(name, WIDGETS[name])
        if name == "resolution":
            plan = st.container()
    init = None
    advanced = st.expander("Advanced")
    with advanced:
        for name, control in WIDGETS.items():
            if name not in FIRST:
                values[name] = setting_widget(name, control)
            if name == "init" and values[name] == "picture":
                init = choose_init()
            if name == "style_layers":
                values["style_layer_weights"] = weigh_layers(values["style_layers"])
    # Made last, as the controls may have got their values from the page's address.
    state.PRESET.set(preset_of(values))
    with top:
        preset = st.segmented_control(
            "Preset",
            capacity.OFFERED,
            format_func=str.capitalize,
            key=state.PRESET.name,
            on_change=apply_preset,
        )
        st.caption(PRESETS[preset].help if preset else "Your own settings.")
    return Chosen(Settings.from_dict(values), init, plan, advanced)


def choose_init() -> Input | None:
    """The picture to start from, as an upload."""
    upload = st.file_uploader(
        "Picture to start from",
        type=capacity.PICTURES,
        key=state.OWN_INIT.name,
        max_upload_size=capacity.budget().upload,
    )
    if upload is None:
        st.caption("Upload a picture to start from; it is stretched to the photo's shape.")
        return None
    return checked(capacity.uploaded("Your own picture", upload))


def weigh_layers(layers: Sequence[str]) -> tuple[float, ...]:
    """A weight for each style layer where the visitor asks for them, else ()."""
    control = CONTROLS["style_layer_weights"]
    if not st.toggle(
        control.label, key=state.WEIGH_LAYERS.name, help=control.help, bind="query-params"
    ):
        return ()
    assert control.maximum is not None
    weights = tuple(
        st.number_input(
            layer,
            0.0,
            control.maximum,
            1.0,
            0.5,
            format="%.10g",
            key=state.layer_weight(layer).name,
            bind="query-params",
            persist_state="session",
        )
        for layer in layers
    )
    if not any(weights):
        st.caption("All weights are 0, so every layer counts alike.")
        return ()
    return weights


def preset_of(values: dict[str, Any]) -> str | None:
    """The preset with these values, or None. Weights of styles are part of no preset."""
    values = values | {"style_weights": ()}
    offered = {name: capacity.within(Settings.preset(name)) for name in capacity.OFFERED}
    same = [name for name, settings in offered.items() if asdict(settings) == values]
    return same[0] if same else None


def apply_preset() -> None:
    """Set every control to what the preset says."""
    if preset := state.PRESET.get():
        set_controls(Settings.preset(preset))


def set_controls(settings: Settings) -> None:
    """Set every control to what the settings say; to be called before they are made."""
    values = asdict(settings)
    for name in WIDGETS:
        value = values[name]
        state.setting(name).set(list(value) if isinstance(value, tuple) else value)
    state.WEIGH_LAYERS.set(bool(settings.style_layer_weights))
    for layer, weight in zip(settings.style_layers, settings.style_layer_weights, strict=False):
        state.layer_weight(layer).set(weight)


def setting_widget(name: str, control: Control) -> Any:
    """The value of a setting, from a widget that can only take values that are allowed."""
    label = LABELS.get(name, control.label)
    label = f"{label} ({control.unit})" if control.unit else label
    common: dict[str, Any] = {
        "value": getattr(Settings(), name),
        "key": state.setting(name).name,
        "help": f"{control.label}: {control.help}" if name in LABELS else control.help,
        "bind": "query-params",
    }
    if control.most:
        common["default"] = list(common.pop("value"))
        chosen = st.multiselect(label, control.choices, format_func=option, **common)
        return tuple(chosen) or getattr(Settings(), name)
    if name == "resolution":
        capacity.lower_resolution()
        common["value"] = capacity.within(Settings()).resolution
    options = offered(name)
    if control.choices:
        first = control.choices.index(common.pop("value"))
        return st.selectbox(label, control.choices, first, format_func=option, **common)
    if control.minimum is None:
        return st.toggle(label, **common)
    if options:
        value = st.select_slider(label, with_present(name, options), format_func=number, **common)
        if name == "resolution":
            capacity.tell(int(value))
        return value
    if _infinite_in_address(name):
        common.pop("bind")
    low, high = int(control.minimum), int(control.maximum or 0)
    return st.number_input(label, low, high, step=int(control.step or 1), **common)


def _infinite_in_address(name: str) -> bool:
    """Whether the page's address has 1e999, say, for a whole number: Streamlit (1.67) breaks."""
    try:
        return math.isinf(float(st.query_params.get(name, "")))
    except ValueError:
        return False


def in_address(name: str, value: Any) -> str | list[str]:
    """A setting's value as its widget writes it into the page's address."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return [option(each) for each in value]
    if isinstance(value, str):
        return option(value)
    return number(value) if slider_options(name) else str(value)


def number(value: float) -> str:
    """A setting's number as the page shows it, exactly: 1,000 or 0.1."""
    return f"{value:,}".removesuffix(".0")


def offered(name: str) -> tuple[float, ...]:
    """The values of a setting's slider that this server can paint with."""
    options = slider_options(name)
    if name != "resolution":
        return options
    return tuple(side for side in options if side <= capacity.budget().highest_resolution)


@functools.cache
def slider_options(name: str) -> tuple[float, ...]:
    """The values a setting's slider offers, or none if they are too many.

    Round numbers with every preset's value among them: a plain slider would count its steps from
    the minimum and offer 991 and 1001 iterations, but not 1000.
    """
    control = CONTROLS[name]
    low, high, step = control.minimum, control.maximum, control.step
    if low is None or high is None or step is None or (high - low) / step > MOST_OPTIONS * 10:
        return ()
    presets = [getattr(Settings.preset(preset), name) for preset in PRESETS]
    if control.logarithmic:
        inner = [digit * 10.0**power for power in range(-6, 10) for digit in (1, 2, 5)]
    else:
        inner = [round(count * step, 9) for count in range(int(high / step) + 1)]
    kind = type(presets[0])
    zero = (0,) if control.or_zero else ()
    options = {kind(value) for value in (*zero, low, *inner, *presets, high)}
    options = {value for value in options if control.permits(value)}
    return tuple(sorted(options)) if len(options) <= MOST_OPTIONS else ()


def with_present(name: str, options: Sequence[float]) -> list[float]:
    """The options and the setting's present value: a recipe may bring one that lies between.

    So may the page's address, where a reload finds it again.
    """
    control, present = CONTROLS[name], {state.setting(name).get()}
    if not state.setting(name).known and name in st.query_params:
        try:
            present = {type(options[0])(st.query_params[name].replace(",", ""))}
        except ValueError:
            present = set()
    allowed = {value for value in present if value is not None and control.permits(value)}
    return sorted({*options, *allowed})
