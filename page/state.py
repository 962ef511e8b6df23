"""Every key of the session's state: what each visitor's session keeps from run to run.

A widget's value is kept under the widget's key, which is `Key.name`. Names that stand in the page's
address, too, are those that links have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import streamlit as st

from nst.studio.order import Input, Order
from nst.studio.recipe import Recipe

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from nst.film.footage import Footage
    from page.actions import Actions
    from page.marking import Marked, Sheet

T = TypeVar("T")


@dataclass(frozen=True)
class Key(Generic[T]):
    """A value of the session's state; `default` stands for it while there is none."""

    name: str
    default: T

    def get(self) -> T:
        """The value."""
        found: T = st.session_state.get(self.name, self.default)
        return found

    def set(self, value: T) -> None:
        """Put a value in its place; that of a widget only before the widget is made."""
        st.session_state[self.name] = value

    def begin(self, value: T) -> None:
        """Put a value in its place if there is none."""
        st.session_state.setdefault(self.name, value)

    def drop(self) -> None:
        """Let go of the value."""
        st.session_state.pop(self.name, None)

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return self.name in st.session_state


class Refused(NamedTuple):
    """A visitor's file that cannot be used, and why."""

    name: str
    sentence: str


# What is chosen to be painted: a sample, or what stands for a picture of the visitor's.
PHOTO: Key[str | None] = Key("photo", None)
STYLE: Key[str | None] = Key("style", None)
STYLES: Key[list[str]] = Key("styles", [])  # where several are blended
STYLES_BEFORE: Key[list[str]] = Key("styles_before", [])  # those of the run before
TOO_MANY: Key[bool] = Key("too_many", False)  # whether a click chose more than can be blended
BLEND: Key[bool] = Key("blend", False)
OWN_PHOTO: Key[UploadedFile | None] = Key("own_photo", None)
OWN_STYLE: Key[list[UploadedFile] | None] = Key("own_style", None)
OWN_INIT: Key[UploadedFile | None] = Key("own_init", None)
CAMERA: Key[UploadedFile | None] = Key("camera", None)
FILM: Key[tuple[str, Footage | str] | None] = Key("film", None)  # id of an upload, what it is
SHOT: Key[Input | None] = Key("shot", None)  # from the camera; newer than the upload
UPLOADS_SEEN: Key[frozenset[str]] = Key("uploads_seen", frozenset())  # ids of artworks' files
REFUSED_PHOTO: Key[Refused | None] = Key("refused_photo", None)
REFUSED_STYLE: Key[Refused | None] = Key("refused_style", None)
BROWSING: Key[bool] = Key("browsing", False)  # whether something was chosen after the painting

# Masks.
MASKED: Key[tuple[str, tuple[str, ...]] | None] = Key("masked", None)  # photo and styles, SHA-256
MASKS_DROPPED: Key[bool] = Key("masks_dropped", False)  # whether the photo before had some
SHEET: Key[Sheet | None] = Key("sheet", None)  # on which a part of a picture is marked
SHEETS: Key[int] = Key("sheets", 0)  # how many there were

# The settings.
PRESET: Key[str | None] = Key("preset", None)
WEIGH_LAYERS: Key[bool] = Key("weigh_layers", False)
RESOLUTION_ASKED: Key[int | None] = Key("resolution_asked", None)  # too high for this server
NEXT_STRENGTH: Key[float] = Key("next_strength", 1.0)  # of the next painting
STRENGTH_TAKEN: Key[bool] = Key("strength_taken", False)  # whether the address was looked at
EARLIER: Key[UploadedFile | None] = Key("earlier", None)  # a PNG with a recipe
RECIPE: Key[Recipe | None] = Key("recipe", None)  # that the settings were restored from
RECIPE_PROBLEM: Key[str] = Key("recipe_problem", "")

# The paintings.
ACTIONS: Key[Actions | None] = Key("actions", None)
PAINTED: Key[tuple[str, Order] | None] = Key("painted", None)  # the latest job and its order
VISIT_IDS: Key[list[str]] = Key("visit_ids", [])
VISIT_KNOWN: Key[bool] = Key("visit_known", False)  # whether the tab has said what it kept
VISIT_GONE: Key[int] = Key("visit_gone", 0)  # paintings that the server let go of
VISITOR: Key[str] = Key("visitor", "")

# Buttons and components.
VISIT: Key[Any] = Key("visit", None)
ANNOUNCEMENT: Key[Any] = Key("announcement", None)
VIEWPORT: Key[Any] = Key("viewport", None)
SHARE: Key[Any] = Key("share", None)
CONNECTION: Key[Any] = Key("connection", None)
BACK: Key[Any] = Key("back", None)
PAINT: Key[bool] = Key("paint", False)
STOP: Key[bool] = Key("stop", False)
PASTE: Key[Any] = Key("paste", None)
TAKE_PHOTO: Key[bool] = Key("take_photo", False)
SURPRISE: Key[bool] = Key("surprise", False)
TRY_ALL: Key[bool] = Key("try_all", False)
AGAIN: Key[bool] = Key("choose_again", False)
FILE_FORMAT: Key[str | None] = Key("file_format", None)  # of what is downloaded
LOSSES: Key[bool] = Key("for_the_curious", False)  # whether the expander is open


def opened_with(name: str) -> Key[str | None]:
    """The sample that a gallery had chosen when the page was opened."""
    return Key(f"{name}_opened_with", None)


def setting(name: str) -> Key[Any]:
    """The value of a control, by the name of its setting."""
    return Key(name, None)


def style_weight(sha256: str) -> Key[float]:
    """A style's weight: it stays with its picture when others come and go."""
    return Key(f"weight_{sha256[:16]}", 1.0)


def layer_weight(layer: str) -> Key[float]:
    """The weight of a style layer."""
    return Key(f"layer_weight_{layer}", 1.0)


def where(number: int) -> Key[Any]:
    """Where the style of this number is painted, a `masks.Where`."""
    return Key(f"where_{number}", None)


def own_mask(sheet: int) -> Key[UploadedFile | None]:
    """The upload of a mask for the sheet of this number."""
    return Key(f"own_mask_{sheet}", None)


def marked(slot: str) -> Key[Marked | None]:
    """What is marked for this slot."""
    return Key(f"marked_{slot}", None)


def mark(slot: str) -> Key[bool]:
    """The button that opens the dialog to mark it."""
    return Key(f"mark_{slot}", False)


def save_mask(slot: str) -> Key[bool]:
    """The button that downloads the mask of this slot."""
    return Key(f"save_mask_{slot}", False)


def mask_canvas(sheet: int) -> Key[Any]:
    """The canvas of the sheet of this number, on which one draws."""
    return Key(f"mask_canvas_{sheet}", None)


def in_part(sha256: str) -> Key[bool]:
    """Whether only a part of a style counts: it stays with its picture."""
    return Key(f"in_part_{sha256[:16]}", False)


def strength(job_id: str) -> Key[float | None]:
    """The strength that the visitor chose for a painting."""
    return Key(f"strength_{job_id}", None)


def file_size(job_id: str) -> Key[str | None]:
    """The size of a painting's files that the visitor chose."""
    return Key(f"file_size_{job_id}", None)


def comparing(job_id: str) -> Key[list[str]]:
    """What is pressed of Compare: nothing, or itself while a painting is compared."""
    return Key(f"compare_{job_id}", [])


def comparison(job_id: str) -> Key[Any]:
    """The component that compares; an id may hold two underscores, this key must not."""
    return Key(f"slider_{job_id.encode().hex()}", None)


def chosen(job_id: str) -> Key[bool]:
    """Whether a painting of the strip is chosen, to be compared or deleted."""
    return Key(f"choose_{job_id}", False)


def reopen(job_id: str) -> Key[bool]:
    """The button that shows a painting of the strip again."""
    return Key(f"show_{job_id}", False)
