"""The page as a visitor uses it: what is pressed, given and read, and a quick painter for it."""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import engines
import torch
from PIL import Image
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from nst.paint.transfer import Progress
from nst.pictures import writing
from nst.settings import CONTROLS, Settings
from nst.studio import recipe
from nst.studio.order import Order
from nst.studio.preparation import Prepared
from nst.studio.recipe import Source
from page import (
    samples,
    state,
)

# Each `AppTest` would look through all installed packages: as long as it takes to run the page.
manifest_scanner.scan_component_manifests = functools.cache(
    manifest_scanner.scan_component_manifests
)

ROOT = Path(__file__).parents[1]


APP = str(ROOT / "streamlit_app.py")


# Weights stand beside what they weigh, and the strength beside the painting.
ELSEWHERE = ("style_weights", "style_layer_weights", "strength")


OFFERED = [name for name in CONTROLS if name not in ELSEWHERE]


CONTENTS = sorted(path.stem for path in (ROOT / "Resources/content").glob("*.jpg"))


def make_tiny(app: AppTest, iterations: int) -> AppTest:
    app.select_slider("resolution").set_value(64)
    app.select_slider("iterations").set_value(iterations)
    app.toggle("early_stop").set_value(False)
    return app.run()


def button(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if button.label.startswith(label))


def labels(app: AppTest) -> list[str]:
    return [button.label for button in (*app.button, *app.download_button)]


def captions(app: AppTest) -> list[str]:
    return [caption for image in app.image for caption in image.captions]


def status(app: AppTest) -> str:
    """The words above the pictures."""
    return app.progress[0].text


def reload(app: AppTest) -> AppTest:
    """A new session on the same address, in the tab that kept what a reload needs."""
    again = AppTest.from_file(APP, default_timeout=30)
    again.query_params["job"] = app.query_params["job"]
    again.session_state[state.VISIT_IDS.name] = app.session_state[state.VISIT_IDS.name]
    again.session_state[state.VISIT_KNOWN.name] = True
    return again.run()


def run_until(app: AppTest, condition: Callable[[], Any]) -> None:
    """Look again, as the page does by itself, until `condition` is met."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, labels(app)
        time.sleep(0.02)
        app.run()
        assert not app.exception


def picture_bytes(format: str = "PNG", size: tuple[int, int] = (90, 60)) -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize(size).save(buffer, format)
    return buffer.getvalue()


def paint(prepared: Prepared, settings: Settings) -> Iterator[Progress]:
    """One white iteration."""
    height, width = prepared.content.size[::-1]
    yield engines.progress(torch.ones(1, 3, height, width), 1, 1)


def press(app: AppTest, label: str) -> None:
    button(app, label).click().run()
    assert not app.exception
    run_until(app, lambda: "Download PNG" in labels(app))


def titles(order: Order) -> list[str]:
    return [style.title for style in order.styles]


def blend(app: AppTest, *stems: str) -> None:
    app.toggle("blend").set_value(True).run()
    app.pills("styles").set_value(list(stems)).run()
    assert not app.exception


def upload(app: AppTest, key: str, data: bytes, name: str = "holiday.png") -> None:
    app.file_uploader(key).set_value((name, data, "image/png")).run()
    assert not app.exception


def bring_mask(app: AppTest, slot: str, data: bytes, name: str = "holiday.png") -> None:
    """Use a file as the mask of a slot: in its dialog, which is opened if it is not."""
    if not any(each.label == "Done" for each in app.button):
        app.button(state.mark(slot).name).click().run()
    upload(app, state.own_mask(app.session_state["sheets"]).name, data, name)
    button(app, "Done").click().run()
    assert not app.exception


def mask_level(order: Order, number: int = 0) -> int:
    grey = order.masks[number].open().convert("L")
    return grey.getpixel((grey.width // 2, 2))


def made_with(
    settings: Settings,
    styles: tuple[str, ...] = ("watercolour",),
    styles_of: tuple[Source, ...] = (),
    **changes: Any,
) -> bytes:
    """The PNG of a painting of the coffee cup, as Download gives it."""
    found = Order(
        samples.sample("content", "coffee"),
        tuple(samples.sample("styles", style) for style in styles),
        settings,
    ).recipe
    if styles_of:
        changes["styles"] = styles_of
    found = dataclasses.replace(found, weights="original", versions=recipe.versions(), **changes)
    picture = Image.new("RGB", (40, 40))
    return writing.encode(picture, "PNG", text={recipe.KEY: found.to_json()})


def comparisons(app: AppTest) -> list[dict[str, str]]:
    """What each slider of photo and painting is given."""
    components = [element.proto for element in app.get("bidi_component")]
    return [json.loads(each.json) for each in components if each.component_name == "compare"]
