"""The page: choose a photo, a style and settings, press Paint and watch the painting come about.

Run it with `streamlit run streamlit_app.py`. The painting itself is done by the worker of a
`JobManager`; the script only starts jobs and shows how far they are.
"""

from __future__ import annotations

import base64
import functools
import io
import logging
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from PIL import Image, ImageFilter, ImageOps

from nst import export, images, jobs
from nst.settings import CONTROLS, PRESETS, Control, Settings, UserError

RESOURCES = Path(__file__).parent / "Resources"
EXAMPLE = RESOURCES / "example.jpg"  # what the first photo and style below give
FAVOURITES = {"content": "cat", "styles": "night_sky"}
POLL = 1.0  # seconds between two looks at a running job
WARM_UP = 4.0  # seconds after the first paint: whoever has just come looks around first
# What needs more than one style, or more room than the sidebar has; the command line offers it.
NOT_OFFERED = ("style_weights", "style_layer_weights")
MOST_OPTIONS = 1001  # beyond it a slider is no longer a tool for choosing a number

# Streamlit shows pictures in labels as small as letters; here they are what one chooses by. Uploads
# are made low, so that the settings come into view. On a phone the painting comes before the photo.
STYLE_SHEET = """<style>
[class*="st-key-gallery"] [role="radiogroup"] {
  display: grid; grid-template-columns: repeat(4, 1fr); gap: 0.4rem;
}
.st-key-gallery_content [role="radiogroup"] {
  grid-template-columns: repeat(5, 1fr); gap: 0.25rem;
}
.st-key-gallery_content [role="radio"] p { font-size: 0.6rem; }
.st-key-gallery_content [role="radio"] { padding: 0.2rem; }
@media (max-width: 640px) {
  .st-key-painted [data-testid="stColumn"]:last-child { order: -1; }
}
[class*="st-key-gallery"] [role="radio"] {
  width: 100%; height: 100%; padding: 0.25rem; border-radius: 0.6rem; align-items: flex-start;
}
[class*="st-key-gallery"] [role="radio"] p {
  display: flex; flex-direction: column; align-items: center; gap: 0.2rem;
  white-space: normal; font-size: 0.7rem; line-height: 1.1; overflow-wrap: anywhere;
}
[class*="st-key-gallery"] [role="radio"] img {
  width: 100%; height: auto; max-height: none; border-radius: 0.4rem; margin: 0;
}
[data-testid="stSidebar"] [data-testid="stFileUploaderDropzone"] {
  flex-direction: row; align-items: center; padding: 0.5rem;
}
</style>"""


@dataclass(frozen=True)
class Choice:
    """A picture the visitor has chosen, as a file."""

    name: str
    data: bytes
    file_name: str


@st.cache_resource
def job_manager() -> jobs.JobManager:
    """The one queue of this server."""
    manager = jobs.JobManager()
    manager.warm_up(WARM_UP)
    return manager


@st.cache_data(show_spinner=False)
def gallery(folder: str) -> dict[str, str]:
    """File name without extension -> thumbnail as a data URI, of every readable sample picture."""
    thumbnails = {}
    for path in sorted((RESOURCES / folder).glob("*.jpg")):
        try:
            picture = images.open_picture(path)
        except images.ImageError as error:
            logging.warning("A sample picture is left out: %s", error)
            continue
        jpeg = base64.b64encode(jobs.show_cropped(picture, (144, 144))).decode()
        thumbnails[path.stem] = f"data:image/jpeg;base64,{jpeg}"
    return thumbnails


@st.cache_data(max_entries=32, show_spinner=False)
def shown(data: bytes, file_name: str) -> tuple[bytes, tuple[int, int]]:
    """A photo as the page shows it, and the size it is shown at."""
    picture = images.open_picture(data, file_name)
    size = jobs.shown_size(picture.size)
    return jobs.show(picture, size), size


@st.cache_data(max_entries=32, show_spinner=False)
def shown_style(data: bytes, file_name: str, size: tuple[int, int]) -> bytes:
    """A style as the page shows it: in the shape of the photo beside it."""
    return jobs.show_cropped(images.open_picture(data, file_name), size)


@st.cache_data(max_entries=32, show_spinner=False)
def sketch(jpeg: bytes) -> bytes:
    """A pencil sketch of a photo, the stand-in for a painting that has not begun (PNG).

    Its paper is transparent, so that it suits a light and a dark page.
    """
    grey = Image.open(io.BytesIO(jpeg)).convert("L").filter(ImageFilter.GaussianBlur(2))
    edges = ImageOps.autocontrast(grey.filter(ImageFilter.FIND_EDGES), cutoff=(50, 1))
    edges = ImageOps.expand(ImageOps.crop(edges, 3), 3, fill=0)  # the filter marks the rim
    pencil = Image.new("L", edges.size, 128)
    buffer = io.BytesIO()
    Image.merge("LA", (pencil, edges)).save(buffer, "PNG")
    return buffer.getvalue()


def title_of(stem: str) -> str:
    """A file's name in plain words: night_sky -> Night sky."""
    return stem.replace("_", " ").capitalize()


def plain(text: str) -> str:
    """`text` with whatever Markdown would take for markup made harmless: it may hold file names."""
    return re.sub(r"([\\`*_\[\]<>$~#|!])", r"\\\1", text)


def choose_picture(folder: str, label: str, own: str) -> Choice | None:
    """A gallery and an upload; the one used last counts. None while no picture can be had."""
    sample_key, upload_key = label.lower(), f"own_{label.lower()}"
    thumbnails = gallery(folder)
    first, asked = favourite(folder), st.query_params.get(sample_key)

    def browse() -> None:
        st.session_state.browsing = True
        if st.session_state[sample_key] is None and st.session_state[upload_key] is None:
            st.session_state[sample_key] = first

    def take_upload() -> None:
        st.session_state.browsing = True
        st.session_state[sample_key] = None if st.session_state[upload_key] else first

    with st.container(key=f"gallery_{folder}"):
        sample = st.pills(
            label,
            list(thumbnails),
            default=asked if asked in thumbnails else first,
            format_func=lambda stem: f"![]({thumbnails[stem]}) {title_of(stem)}",
            key=sample_key,
            on_change=browse,
        )
    upload = st.file_uploader(own, type="image", key=upload_key, on_change=take_upload)
    # Not bound, as the controls are: the address would hold the label with its thumbnail.
    if sample is not None and sample != first:
        st.query_params[sample_key] = sample
    elif sample_key in st.query_params:
        del st.query_params[sample_key]
    if sample is not None:
        path = RESOURCES / folder / f"{sample}.jpg"
        return Choice(title_of(sample), path.read_bytes(), path.name)
    return None if upload is None else checked(Choice(own, upload.getvalue(), upload.name))


def checked(choice: Choice) -> Choice | None:
    """The choice, or None and a sentence on the page if its file cannot be used."""
    try:
        shown(choice.data, choice.file_name)
    except UserError as error:
        st.error(plain(str(error)), icon=":material/broken_image:")
        return None
    return choice


def favourite(folder: str) -> str | None:
    """The sample that is chosen when the page opens."""
    names = list(gallery(folder))
    return FAVOURITES[folder] if FAVOURITES[folder] in names else next(iter(names), None)


def choose_settings() -> Settings:
    """Preset and controls, all made from the fields of `Settings`."""
    top = st.container()
    offered = {name: control for name, control in CONTROLS.items() if name not in NOT_OFFERED}
    values = asdict(Settings())
    values |= {
        name: setting_widget(name, control)
        for name, control in offered.items()
        if not control.advanced
    }
    with st.expander("Advanced"):
        values |= {
            name: setting_widget(name, control)
            for name, control in offered.items()
            if control.advanced
        }
    # Made last, as the controls may have got their values from the page's address.
    st.session_state.preset = preset_of(values)
    with top:
        preset = st.segmented_control(
            "Preset",
            list(PRESETS),
            format_func=str.capitalize,
            key="preset",
            on_change=apply_preset,
        )
        st.caption(PRESETS[preset].help if preset else "Your own settings.")
    return Settings.from_dict(values)


def preset_of(values: dict[str, Any]) -> str | None:
    """The preset that the values amount to, if any."""
    same = [name for name in PRESETS if asdict(Settings.preset(name)) == values]
    return same[0] if same else None


def apply_preset() -> None:
    """Set every control to what the preset says."""
    if st.session_state.preset:
        values = asdict(Settings.preset(st.session_state.preset))
        st.session_state.update(
            {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in values.items()
                if name not in NOT_OFFERED
            }
        )


def setting_widget(name: str, control: Control) -> Any:
    """The value of a setting, from a widget that can only take values that are allowed."""
    label = f"{control.label} ({control.unit})" if control.unit else control.label
    common: dict[str, Any] = {
        "value": getattr(Settings(), name),
        "key": name,
        "help": control.help,
        "bind": "query-params",
    }
    if control.most:
        common["default"] = list(common.pop("value"))
        chosen = st.multiselect(label, control.choices, **common)
        return tuple(chosen) or getattr(Settings(), name)
    options = slider_options(name)
    if control.choices:
        first = control.choices.index(common.pop("value"))
        choices = [choice for choice in control.choices if choice != "picture"]
        return st.selectbox(label, choices, first, format_func=str.capitalize, **common)
    if control.minimum is None:
        return st.toggle(label, **common)
    if options:
        return st.select_slider(
            label, options, format_func=lambda value: f"{value:,.10g}", **common
        )
    low, high = int(control.minimum), int(control.maximum or 0)
    return st.number_input(label, low, high, step=int(control.step or 1), **common)


@functools.cache
def slider_options(name: str) -> list[float]:
    """The values a setting's slider offers, or none if they are too many.

    Round numbers with every preset's value among them: a plain slider would count its steps from
    the minimum and offer 991 and 1001 iterations, but not 1000.
    """
    control = CONTROLS[name]
    low, high, step = control.minimum, control.maximum, control.step
    if low is None or high is None or step is None or (high - low) / step > MOST_OPTIONS * 10:
        return []
    presets = [getattr(Settings.preset(preset), name) for preset in PRESETS]
    if control.logarithmic:
        inner = [digit * 10.0**power for power in range(-6, 10) for digit in (1, 2, 5)]
    else:
        inner = [round(count * step, 9) for count in range(int(high / step) + 1)]
    kind = type(presets[0])
    options = {kind(value) for value in (low, *inner, *presets, high) if low <= value <= high}
    return sorted(options) if len(options) <= MOST_OPTIONS else []


def start(content: Choice, style: Choice, settings: Settings) -> None:
    """Queue a painting and let the address of the page point to it, so that a reload finds it."""
    job_id = job_manager().submit(
        images.open_picture(content.data, content.file_name),
        images.open_picture(style.data, style.file_name),
        settings,
        (content.name, style.name),
    )
    st.session_state.browsing = False
    st.query_params["job"] = job_id


def current_job() -> jobs.Snapshot | None:
    """The job the page's address points to."""
    job_id = st.query_params.get("job")
    if not job_id:
        return None
    job_manager().touch(job_id)
    return job_manager().snapshot(job_id)


def show_actions(
    content: Choice | None, style: Choice | None, settings: Settings, job: jobs.Snapshot | None
) -> None:
    """The buttons: Paint, and Stop or Download when there is something to stop or to download."""
    active = job is not None and job.active
    with st.container(horizontal=True):
        if st.button(
            "Paint",
            type="primary",
            icon=":material/brush:",
            disabled=active or content is None or style is None,
            help="One painting at a time: stop this one to begin another." if active else None,
        ):
            assert content is not None
            assert style is not None
            try:
                start(content, style, settings)
            except UserError as error:
                st.error(plain(str(error)), icon=":material/hourglass_disabled:")
            else:
                st.rerun()
        if job is not None and job.active:
            st.button(
                "Stop",
                icon=":material/stop_circle:",
                help="The picture is kept as it is then.",
                on_click=job_manager().stop,
                args=[job.id],
            )
        elif job is not None and job.preview:
            st.download_button(
                "Download PNG",
                functools.partial(job_manager().png, job.id),
                download_name(job),
                "image/png",
                on_click="ignore",
                icon=":material/download:",
                help="At the size of the photo.",
            )


def download_name(job: jobs.Snapshot) -> str:
    """E.g. cat-night-sky.png."""
    words = re.sub(r"[\W_]+", "-", f"{job.content_name} {job.style_name}".lower())
    return f"{words.strip('-')}.png"


def show_status(job: jobs.Snapshot) -> None:
    """How far the job is, or how it ended, in words."""
    standing = job.standing
    if job.state is jobs.State.QUEUED and job.ahead:
        others = "1 painting is" if job.ahead == 1 else f"{job.ahead} paintings are"
        st.progress(0.0, f"In the queue: {others} ahead of yours. It begins by itself.")
    elif job.active and standing is None:
        st.progress(0.0, "Getting brushes and paint ready …")
    elif job.active and standing is not None:
        st.progress(standing.fraction, f"{time_left(standing)} · {place(standing)}")
    elif job.state is jobs.State.FAILED:
        st.error(plain(job.message), icon=":material/error:")
    elif standing is None:
        st.info(plain(job.message), icon=":material/info:")
    else:  # as tall as while it ran, so that the pictures stay where they are
        painted = f"{standing.iteration} iterations in {duration(standing.seconds)}"
        end = plain(job.message) or ":material/check_circle: Finished:"
        st.progress(standing.fraction, f"{end} {painted}.")


def duration(seconds: float) -> str:
    """A time as one says it: 20 s, 3 min."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 5) * 5} s" if seconds < 100 else f"{round(seconds / 60)} min"


def time_left(standing: jobs.Standing) -> str:
    """What is still to wait, as far as it can be known."""
    if standing.fraction < 0.01:
        return "Estimating the time"
    return f"About {duration(standing.seconds_left)} left"


def place(standing: jobs.Standing) -> str:
    """Which size is painted on, and the iteration."""
    at = f"iteration {standing.iteration}, at {standing.scale} px"
    if len(standing.scales) == 1:
        return at
    number = standing.scales.index(standing.scale) + 1
    return f"size {number} of {len(standing.scales)}: {at}"


def show_pictures(content: Choice | None, style: Choice | None, job: jobs.Snapshot | None) -> None:
    """Photo, style and painting side by side, all in the shape of the photo."""
    with st.container(key="painted" if job else "chosen"):
        left, middle, right = st.columns(3)
    if job is not None and not (st.session_state.get("browsing") and content and style):
        photo, texture = job.content_shown, job.style_shown
        names = job.content_name, job.style_name
    elif content is None or style is None:
        st.info("Choose a photo and a style in the sidebar.", icon=":material/image_search:")
        return
    else:
        photo, size = shown(content.data, content.file_name)
        texture = shown_style(style.data, style.file_name, size)
        names = content.name, style.name
    left.image(photo, f"Photo: {names[0]}", width="stretch", alt=f"The photo: {names[0]}")
    middle.image(texture, f"Style: {names[1]}", width="stretch", alt=f"The style: {names[1]}")
    show_painting(right, photo, names, job)


def show_painting(
    column: Any, photo: bytes, names: tuple[str, str], job: jobs.Snapshot | None
) -> None:
    """The painting as far as it is, or a sketch of the photo where there is none yet."""
    if job is not None and job.preview is not None:
        title = f"{job.content_name} in the style of {job.style_name}"
        alt = "The painting so far" if job.active else "The painting"
        column.image(job.preview, title, width="stretch", alt=f"{alt}: {title}")
    elif job is None and names == example_names() and EXAMPLE.exists():
        column.image(
            EXAMPLE.read_bytes(),
            "An example; press Paint to make your own",
            width="stretch",
            alt=f"An example: {names[0]} in the style of {names[1]}",
        )
    else:
        column.image(
            sketch(photo), "Your painting appears here", width="stretch", alt="A pencil sketch"
        )


def example_names() -> tuple[str, str]:
    """Photo and style of the ready-made example."""
    return title_of(FAVOURITES["content"]), title_of(FAVOURITES["styles"])


def show_losses(job: jobs.Snapshot) -> None:
    """The three losses now, and their course so far."""
    standing = job.standing
    if standing is None:
        return
    values = {
        "Total loss": standing.total_loss,
        "Content loss": standing.content_loss,
        "Style loss": standing.style_loss,
    }
    helps = (
        "What the painting minimises: the losses below, each times its weight, and the smoothness.",
        "How far the painting is from the subject of the photo.",
        "How far its brushwork and colours are from those of the style.",
    )
    numbers, chart = st.columns([1, 3])
    for (name, value), text in zip(values.items(), helps, strict=True):
        numbers.metric(name, f"{value:.3g}", help=text)
    chart.vega_lite_chart(
        loss_table(job.history), LOSS_CHART, alt="Total, content and style loss over iterations"
    )


def loss_table(history: Sequence[jobs.Standing]) -> dict[str, list[Any]]:
    """One row a loss and iteration; what is 0 but for rounding would stretch the axis."""
    rows = [
        (at.iteration, name, value)
        for at in history
        for name, value in (
            ("Total", at.total_loss),
            ("Content", at.content_loss),
            ("Style", at.style_loss),
        )
        if value > export.LEAST_SHOWN
    ]
    columns = zip(*rows, strict=True) if rows else ([], [], [])
    return dict(zip(("iteration", "loss", "value"), map(list, columns), strict=True))


LOSS_CHART = {
    "mark": {"type": "line", "strokeWidth": 2},
    "height": 260,
    "encoding": {
        "x": {"field": "iteration", "type": "quantitative", "title": "Iteration"},
        "y": {
            "field": "value",
            "type": "quantitative",
            "scale": {"type": "log"},
            "title": "Loss",
            "axis": {"tickCount": 4, "format": "~g"},
        },
        "color": {
            "field": "loss",
            "type": "nominal",
            "sort": ["Total", "Content", "Style"],
            "title": None,
            "legend": {"orient": "top"},
        },
    },
}


def studio(content: Choice | None, style: Choice | None, live: bool) -> None:
    """Status, pictures and losses; looks again by itself while the job runs."""
    job = current_job()
    if live and (job is None or not job.active):
        st.rerun()
    if job is not None:
        show_status(job)
    show_pictures(content, style, job)
    if job is not None:
        show_losses(job)


st.set_page_config(
    "Neural style transfer", ":material/palette:", layout="wide", initial_sidebar_state=360
)
st.html(STYLE_SHEET)

with st.sidebar:
    content = choose_picture("content", "Photo", "Your own photo")
    style = choose_picture("styles", "Style", "Your own style")
    settings = choose_settings()

st.title("Neural style transfer")
st.write("Choose a photo and an artwork, press Paint, and watch the photo being painted anew.")

job = current_job()
if job is None and "job" in st.query_params:
    st.info(
        "The painting this address pointed to is no longer kept; press Paint to make a new one."
    )
live = job is not None and job.active
show_actions(content, style, settings, job)
st.fragment(studio, run_every=POLL if live else None)(content, style, live)
