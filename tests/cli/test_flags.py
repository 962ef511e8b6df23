"""Flags and the settings they stand for."""

from __future__ import annotations

from samples import CONTENT, STYLE

from nst.cli import flags
from nst.cli.main import parse, parsers
from nst.settings import CONTROLS


def test_every_setting_has_its_flag():
    for parser in parsers()[1].values():
        found = {flag for action in parser._actions for flag in action.option_strings}
        for name in CONTROLS:
            assert "--" + name.replace("_", "-") in found


def test_flags_go_on_top_of_the_preset():
    options = parse(
        [CONTENT, STYLE, "-o", "x.png", "--preset", "classic", "--seed", "7", "--early-stop"]
    )
    settings = flags.settings_of(options)
    assert (settings.resolution, settings.seed, settings.early_stop) == (128, 7, True)
