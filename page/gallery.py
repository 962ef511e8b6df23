"""Photos and styles: the sample pictures, uploads, and what the page shows of them."""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import logging
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from PIL import Image, ImageFilter, ImageOps

from nst import errors
from nst.errors import UserError
from nst.pictures import previews, reading
from nst.studio.order import Input
from page.words import plain, title_of

RESOURCES = Path(__file__).parent.parent / "Resources"
FAVOURITES = {"content": "cat", "styles": "night_sky"}
MOST_STYLES = 4  # that can be told apart, side by side and in the painting
HIGHEST_WEIGHT = 10.0  # of a style on its slider; only the weights' proportions count
TOO_MANY = f"At most {MOST_STYLES} styles can be blended; take one away to add another."

WEIGHTS = "weights"  # of the sample styles, in the address
BLENDS = 0.25  # of the surprises are of two styles

# What a visitor's pictures are called.
OWN_PHOTO, OWN_STYLE = "Your own photo", "Your own style"


@st.cache_data(show_spinner=False)
def gallery(folder: str) -> dict[str, str]:
    """File name without extension -> thumbnail as a data URI, of every readable sample picture."""
    thumbnails = {}
    for path in sorted((RESOURCES / folder).glob("*.jpg")):
        try:
            picture = reading.open_picture(path)
        except errors.ImageError as error:
            logging.warning("A sample picture is left out: %s", error)
            continue
        jpeg = base64.b64encode(previews.cropped(picture, (144, 144))).decode()
        thumbnails[path.stem] = f"data:image/jpeg;base64,{jpeg}"
    return thumbnails


@functools.cache
def hashes(folder: str) -> dict[str, str]:
    """SHA-256 -> file name without extension, of every sample picture."""
    paths = [sample_path(folder, stem) for stem in gallery(folder)]
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path.stem for path in paths}


def sample_path(folder: str, stem: str) -> Path:
    """The file of a sample picture."""
    return RESOURCES / folder / f"{stem}.jpg"


def sample(folder: str, stem: str) -> Input:
    """A sample picture."""
    path = sample_path(folder, stem)
    return Input(title_of(stem), path.read_bytes(), path.name)


@st.cache_data(max_entries=32, show_spinner=False)
def shown(data: bytes, file_name: str) -> tuple[bytes, tuple[int, int]]:
    """A photo as the page shows it, and the size it is shown at."""
    picture = reading.open_picture(data, file_name)
    size = previews.size_of(picture.size)
    return previews.stretched(picture, size), size


@st.cache_data(max_entries=32, show_spinner=False)
def shown_styles(files: Sequence[tuple[bytes, str]], size: tuple[int, int]) -> bytes:
    """The styles as the page shows them: side by side, in the shape of the photo beside them."""
    return previews.tiled([reading.open_picture(data, name) for data, name in files], size)


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


def choose_photo() -> Input | None:
    """A gallery and an upload; the one used last counts. None while no photo can be had."""
    stem = choose_sample("content", "Photo", "photo", "own_photo")
    upload = st.file_uploader(
        OWN_PHOTO,
        type="image",
        key="own_photo",
        on_change=take_upload,
        args=["content", "photo", "own_photo"],
    )
    if st.button(
        "Take a photo",
        icon=":material/photo_camera:",
        width="stretch",
        help="With the camera of this device. The browser asks first whether it may be used.",
    ):
        take_photo()
    keep_in_address("photo", [stem] if stem else [], favourite("content"))
    own: Input | None = st.session_state.get("shot")  # newer than the upload, if there is one
    if own is None and upload is not None:
        own = checked(Input(OWN_PHOTO, upload.getvalue(), upload.name))
    return own if stem is None else sample("content", stem)


@st.dialog("Take a photo", icon=":material/photo_camera:")
def take_photo() -> None:
    """The camera, which is not asked for before this is open; a photo closes it."""
    photo = st.camera_input("Camera", key="camera", on_change=take_shot)
    if photo is not None and checked(Input(OWN_PHOTO, photo.getvalue(), photo.name)):
        st.rerun()


def take_shot() -> None:
    """A photo from the camera takes the place that an upload would."""
    state: Any = st.session_state
    photo = state.camera
    if photo is None or problem(photo.getvalue(), photo.name):
        return
    state.shot = Input(OWN_PHOTO, photo.getvalue(), photo.name)
    state.photo = None
    state.browsing = True


def surprise() -> None:
    """Choose a photo and a style by chance, or two, all others than those that are chosen now."""
    state: Any = st.session_state
    chosen = state.styles if state.blend else [state.style]
    styles = [stem for stem in gallery("styles") if stem not in chosen]
    photos = [stem for stem in gallery("content") if stem != state.photo]
    # A style of one's own would be blended in.
    blend = random.random() < BLENDS and not state.own_style
    if len(styles) < 1 + blend or not photos:
        return
    state.browsing = True
    state.photo = random.choice(photos)
    state.blend = blend
    if blend:
        state.styles = random.sample(styles, 2)
    else:
        state.style = random.choice(styles)


def choose_styles() -> tuple[Input, ...]:
    """One style, or up to `MOST_STYLES` where the visitor asks for several; () while none is."""
    asked = st.query_params.get("style", "").split(",")
    # Shown below the gallery, known before: it decides how many pictures a click may leave chosen.
    st.session_state.setdefault("blend", len(asked) > 1)
    if st.session_state.blend:
        stems = choose_samples("styles", "Style", "styles")
    else:
        stem = choose_sample("styles", "Style", "style", "own_style")
        stems = [stem] if stem else []
    st.toggle(
        "Blend several styles",
        key="blend",
        help=f"Up to {MOST_STYLES} styles in one painting, each with a weight. Or give each its "
        "own part of the photo, under Where to paint.",
        on_change=switch_blending,
    )
    uploads = st.file_uploader(
        OWN_STYLE,
        type="image",
        key="own_style",
        accept_multiple_files=True,
        on_change=take_upload,
        args=["styles", "style", "own_style"],
    )
    keep_in_address("style", stems, favourite("styles"))
    own = [Input(own_title(upload.name), upload.getvalue(), upload.name) for upload in uploads]
    own = [each for each in own if checked(each)]
    if not st.session_state.blend:
        own = [] if stems else own[-1:]  # the one that came last
        own = [Input(OWN_STYLE, each.data, each.file_name) for each in own]
    found = [sample("styles", stem) for stem in stems] + own
    # A picture that came twice is one style.
    chosen = list({each.source.sha256: each for each in reversed(found)}.values())[::-1]
    if len(chosen) > MOST_STYLES or st.session_state.pop("too_many", False):
        st.warning(TOO_MANY, icon=":material/layers:")
    return tuple(chosen[:MOST_STYLES])


def own_title(file_name: str) -> str:
    """What an uploaded style is called beside others: its file's name."""
    return title_of(Path(file_name.replace("\\", "/")).stem[:40]) or OWN_STYLE


def weigh(styles: Sequence[Input]) -> tuple[float, ...]:
    """A weight for each of several styles, from a slider each; () while all count alike."""
    if len(styles) < 2:
        keep_in_address(WEIGHTS, [], None)
        return ()
    st.caption("How much each style counts")
    asked = weights_in_address()
    stems = {style.source.sha256: hashes("styles").get(style.source.sha256) for style in styles}
    for sha256, stem in stems.items():
        if stem in asked:
            st.session_state.setdefault(weight_key(sha256), asked[stem])
    weights = tuple(
        st.slider(
            plain(style.title),
            0.0,
            HIGHEST_WEIGHT,
            1.0,
            0.1,
            "%.1f",
            key=weight_key(style.source.sha256),
            persist_state="session",
        )
        for style in styles
    )
    samples = zip(stems.values(), weights, strict=True)
    told = [f"{stem}:{weight:.10g}" for stem, weight in samples if stem and weight != 1]
    keep_in_address(WEIGHTS, told, None)
    if not any(weights):
        st.caption("All weights are 0, so every style counts alike.")
        return ()
    return () if len(set(weights)) == 1 else weights


def weights_in_address() -> dict[str, float]:
    """Sample style -> its weight, as the page's address has them; what is not allowed is not."""
    found = {}
    for part in st.query_params.get(WEIGHTS, "").split(","):
        stem, _, weight = part.partition(":")
        if stem in gallery("styles") and weight.replace(".", "", 1).isdecimal():
            found[stem] = min(float(weight), HIGHEST_WEIGHT)
    return found


def weight_key(sha256: str) -> str:
    """The weight's key: it stays with its style when others come and go."""
    return f"weight_{sha256[:16]}"


def choose_sample(folder: str, label: str, key: str, upload_key: str) -> str | None:
    """A gallery of which one picture is chosen, or none where an upload is used instead."""
    thumbnails, first = gallery(folder), favourite(folder)
    asked = st.query_params.get(key, "").split(",")[0]

    def browse() -> None:
        st.session_state.browsing = True
        if st.session_state[key] is None and not has_own(upload_key):
            st.session_state[key] = first

    with st.container(key=f"gallery_{folder}"):
        return st.pills(
            label,
            list(thumbnails),
            default=asked if asked in thumbnails else first,
            format_func=functools.partial(thumbnail, thumbnails),
            key=key,
            on_change=browse,
        )


def has_own(upload_key: str) -> bool:
    """Whether the visitor gave a picture that can be used in place of a sample."""
    state = st.session_state
    return bool(state[upload_key]) or (upload_key == "own_photo" and "shot" in state)


def choose_samples(folder: str, label: str, key: str) -> list[str]:
    """A gallery of which up to `MOST_STYLES` pictures are chosen, in the order of the clicks."""
    thumbnails = gallery(folder)
    asked = [stem for stem in st.query_params.get("style", "").split(",") if stem in thumbnails]
    before = st.session_state.get("styles_before", [])

    def browse() -> None:
        st.session_state.browsing = True
        if len(st.session_state[key]) > MOST_STYLES:
            st.session_state[key] = before
            st.session_state.too_many = True

    with st.container(key=f"gallery_{folder}"):
        stems = st.pills(
            label,
            list(thumbnails),
            selection_mode="multi",
            default=asked[:MOST_STYLES],
            format_func=functools.partial(thumbnail, thumbnails),
            key=key,
            on_change=browse,
        )
    st.session_state.styles_before = list(stems)
    return list(stems)


def thumbnail(thumbnails: dict[str, str], stem: str) -> str:
    """A sample picture's label."""
    return f"![]({thumbnails[stem]}) {title_of(stem)}"


def take_upload(folder: str, key: str, upload_key: str) -> None:
    """An upload takes the place of a sample; taken away, it leaves it to the favourite.

    One that cannot be read takes no place: what was chosen before still is.
    """
    state: Any = st.session_state
    state.browsing = True
    if key not in state:  # several styles are blended: it is one more
        return
    uploads = state[upload_key] or []
    uploads = uploads if isinstance(uploads, list) else [uploads]
    readable = [problem(upload.getvalue(), upload.name) is None for upload in uploads]
    if readable and readable[-1]:
        state[key] = None
        if key == "photo":
            state.pop("shot", None)
    elif not any(readable) and state[key] is None and not (key == "photo" and "shot" in state):
        state[key] = favourite(folder)


def switch_blending() -> None:
    """Go on from one style to several with that one, and from several to one with the first."""
    state: Any = st.session_state
    state.browsing = True
    if state.blend:
        state.styles = [state.style] if state.get("style") else []
    else:
        stems = state.get("styles") or []
        state.style = stems[0] if stems else None
        if not stems and not state.own_style:
            state.style = favourite("styles")


def keep_in_address(key: str, stems: Sequence[str], first: str | None) -> None:
    """Let the page's address name the samples that are chosen, unless they are the favourite.

    Not bound, as the controls are: the address would hold the labels with their thumbnails.
    """
    if stems and list(stems) != [first]:
        st.query_params[key] = ",".join(stems)
    elif key in st.query_params:
        del st.query_params[key]


def checked(choice: Input) -> Input | None:
    """The choice, or None and a sentence on the page if its file cannot be used."""
    if sentence := problem(choice.data, choice.file_name):
        st.error(plain(sentence), icon=":material/broken_image:")
        return None
    return choice


def problem(data: bytes, file_name: str) -> str | None:
    """Why a file cannot be used, if so."""
    try:
        shown(data, file_name)
    except UserError as error:
        return str(error)
    return None


def favourite(folder: str) -> str | None:
    """The sample that is chosen when the page opens."""
    names = list(gallery(folder))
    return FAVOURITES[folder] if FAVOURITES[folder] in names else next(iter(names), None)
