"""A painting as large as the window, from the file that is taken home."""

from __future__ import annotations

import streamlit as st

from nst.errors import UserError
from nst.queue.files import Files
from page.downloads import Version


def offer(title: str, version: Version, files: Files) -> None:
    """A button that opens it."""
    if st.button(
        "Full size",
        icon=":material/open_in_full:",
        help="As large as this window: the picture that is downloaded, with all its detail.",
    ):
        _open(title, version, files)


@st.dialog("Full size", width="large")
def _open(title: str, version: Version, files: Files) -> None:
    """The picture in a dialog that fills the window, as page.css has it."""
    with st.container(key="full_size"):
        try:
            with st.spinner("Getting the picture …"):
                jpeg = files.jpeg(*version)
        except UserError as error:  # others needed the room meanwhile
            st.error(str(error), icon=":material/error:")
            return
        # Streamlit makes wider pictures smaller unless it is told their width.
        st.image(jpeg, width=version.size[0], alt=f"In full size: {title}")
