"""Defaults, limits, presets and what is refused."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nst.errors import UserError
from nst.layers import LAYERS
from nst.settings import CONTROLS, MOST_STYLES, PRESETS, Settings, SettingsError

LISTS = [name for name, control in CONTROLS.items() if control.most]
NUMBERS = [
    name for name, control in CONTROLS.items() if control.minimum is not None and name not in LISTS
]
FLAGS = [name for name in CONTROLS if isinstance(getattr(Settings(), name), bool)]
CHOICES = [name for name, control in CONTROLS.items() if control.choices and name not in LISTS]


def test_defaults_are_those_of_the_readme():
    settings = Settings()
    assert (settings.content_weight, settings.style_weight) == (10, 10_000)
    assert (settings.iterations, settings.learning_rate) == (1000, 0.1)
    assert (settings.resolution, settings.refresh_every) == (384, 100)


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().iterations = 5


def test_every_control_says_what_it_is():
    for control in CONTROLS.values():
        assert control.label
        assert control.help.endswith(".")
    assert set(NUMBERS) | set(FLAGS) | set(CHOICES) | set(LISTS) == set(CONTROLS)


@pytest.mark.parametrize("name", NUMBERS)
def test_limits_are_allowed_and_what_lies_outside_is_refused_with_the_range(name):
    control = CONTROLS[name]
    for value in (control.minimum, control.maximum):
        assert getattr(Settings(**{name: value}), name) == value
    for value in (control.minimum - 1, control.maximum + 1):
        with pytest.raises(SettingsError) as refusal:
            Settings(**{name: value})
        assert control.allowed in str(refusal.value)
        assert name in str(refusal.value)


def test_the_photo_may_be_left_out_but_not_nearly():
    """A logarithmic range has no 0, which is allowed beside it."""
    assert Settings(content_weight=0).is_texture
    assert not Settings(content_weight=0.1).is_texture
    for value in (0.05, -1):
        with pytest.raises(SettingsError, match=r"a number from 0\.1 to 1000, or 0\."):
            Settings(content_weight=value)
    with pytest.raises(SettingsError, match="a number from 100 to"):
        Settings(style_weight=0)


@pytest.mark.parametrize("value", ["12", None, float("nan"), float("inf"), 10**400, [1], True])
@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_no_number_is_refused(name, value):
    with pytest.raises(SettingsError, match="must be a"):
        Settings(**{name: value})


def test_a_whole_number_is_not_rounded():
    with pytest.raises(SettingsError, match="whole number"):
        Settings(iterations=10.5)
    assert Settings(iterations=10.0).iterations == 10


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_is_on_or_off(name):
    assert getattr(Settings(**{name: False}), name) is False
    with pytest.raises(SettingsError, match="on or off"):
        Settings(**{name: 1})


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_one_of_its_names(name):
    for choice in CONTROLS[name].choices:
        assert getattr(Settings(**{name: choice}), name) == choice
    with pytest.raises(SettingsError, match=f"one of {CONTROLS[name].choices[0]}"):
        Settings(**{name: "nonsense"})


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("value", ["conv1_1", 3, None, [None], [[1]], [{}], [1] * 100, [True]])
def test_what_is_no_list_of_the_kind_is_refused(name, value):
    with pytest.raises(SettingsError, match=name):
        Settings(**{name: value})


def test_lists():
    settings = Settings(style_layers=["conv2_1", "conv1_1"], style_layer_weights=[1, 2.5])
    assert settings.style_layers == ("conv2_1", "conv1_1")
    assert settings.style_layer_weights == (1.0, 2.5)
    assert Settings.from_dict(dataclasses.asdict(settings)) == settings


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"style_layers": []}, "at least one"),
        ({"style_layers": ["conv1_1", "conv1_1"]}, "twice"),
        ({"style_layer_weights": [1, 2]}, "2 weights for 5 style layers"),
        ({"style_layer_weights": [0] * 5}, "all 0"),
        ({"style_weights": [0, 0]}, "all 0"),
        ({"style_weights": [-1, 1]}, "from 0 to 1000"),
    ],
)
def test_lists_that_make_no_sense_are_refused(values, sentence):
    with pytest.raises(SettingsError, match=sentence):
        Settings(**values)


@pytest.mark.parametrize(
    ("values", "inputs", "sentence"),
    [
        ({}, (0, 0, False), "from 1 to 16"),
        ({}, (17, 0, False), "from 1 to 16"),
        ({"style_weights": [1, 2]}, (3, 0, False), "2 style weights for 3 style pictures"),
        ({}, (2, 1, False), "1 masks for 2 style pictures"),
        ({"init": "picture"}, (1, 0, False), "no picture to start from"),
    ],
)
def test_settings_that_do_not_suit_the_pictures_are_refused(values, inputs, sentence):
    with pytest.raises(SettingsError, match=sentence):
        Settings(**values).check_inputs(*inputs)


def test_settings_that_suit_the_pictures():
    Settings().check_inputs(1, 0, False)
    Settings(style_weights=[1, 2], init="picture").check_inputs(2, 2, True)


def test_presets():
    assert set(PRESETS) == {"quick", "balanced", "fine", "poster", "classic"}
    assert Settings.preset("balanced") == Settings()
    assert Settings.preset("quick").effort < 1
    assert Settings.preset("fine").resolution > Settings().resolution
    for preset in PRESETS.values():
        assert preset.help.endswith(".")


def test_classic_is_the_recipe_the_project_started_from():
    classic = Settings.preset("classic")
    assert classic.resolution == 128
    assert classic.square
    assert (classic.iterations, classic.learning_rate) == (1000, 0.1)
    assert (classic.coarse_to_fine, classic.anneal, classic.early_stop) == (False,) * 3


def test_changes_go_on_top_of_a_preset():
    assert Settings.preset("classic", iterations=7).iterations == 7


def test_an_unknown_preset_or_setting_is_refused_with_the_names_there_are():
    with pytest.raises(SettingsError, match="quick, balanced, fine, poster, classic"):
        Settings.preset("slow")
    with pytest.raises(SettingsError, match="choose from content_weight"):
        Settings.from_dict({"brush": 3})


def test_from_dict_is_the_inverse_of_asdict():
    settings = Settings(style_weight=2500, early_stop=False)
    assert Settings.from_dict(dataclasses.asdict(settings)) == settings


@given(
    st.dictionaries(
        st.sampled_from([*CONTROLS, "other"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    )
)
def test_foreign_values_are_settings_or_refused_in_one_sentence(values):
    try:
        settings = Settings.from_dict(values)
    except UserError as refusal:
        message = str(refusal)
    else:
        message = ""
        assert Settings.from_dict(dataclasses.asdict(settings)) == settings
    assert "\n" not in message


def told(values, inputs=None):
    try:
        made = Settings(**values)
        made.check_inputs(*inputs)
    except SettingsError as refusal:
        return str(refusal)
    pytest.fail(f"{values} were not refused")


def test_sentences_in_full():
    layers = ", ".join(LAYERS)
    chosen = ", ".join(Settings().style_layers)
    assert told({"style_layers": []}) == (
        f"Style layers (style_layers) were none; give at least one of {layers}."
    )
    assert told({"style_layer_weights": [1]}) == (
        f"There were 1 weights for 5 style layers; give one weight for each of {chosen} "
        "(style_layer_weights), or none."
    )
    twice = {"style_layers": ["conv2_1", "conv1_1", "conv1_1"]}
    assert told(twice) == "Style layers (style_layers) named one twice: conv2_1, conv1_1, conv1_1."
    assert told({"style_weights": [1, 2]}, (3, 0, False)) == (
        "There were 2 style weights for 3 style pictures; give one for each of them "
        "(style_weights), or none."
    )
    assert told({"init": "picture"}, (1, 0, False)) == (
        "Start from (init) was 'picture', but no picture to start from was given; give one, or "
        "choose content, noise or style."
    )
    assert told({"strength": 2}) == "Strength (strength) was 2; it must be a number from 0 to 1."
    assert told({"iterations": 0}) == (
        "Iterations (iterations) was 0; it must be a whole number from 1 to 5000."
    )
    with pytest.raises(SettingsError) as refusal:
        Settings.from_dict({"brush": 3})
    assert str(refusal.value) == (
        f"There is no setting called 'brush'; choose from {', '.join(CONTROLS)}."
    )


def test_as_many_as_are_allowed():
    most = [1.0] * MOST_STYLES
    Settings(style_weights=most, style_layers=LAYERS).check_inputs(MOST_STYLES, 0, False)
