"""The page's address: which samples are chosen, for links and reloads."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

OWN = "own"  # stands for a photo of the visitor's, which only Back and Forward can find again


def asked(name: str) -> list[str]:
    """What the address says under this name, separated by commas."""
    return st.query_params.get(name, "").split(",")


def keep(name: str, values: Sequence[str], first: str | None) -> None:
    """Let the address name the values that are chosen, unless they are only the `first`.

    Not bound, as the controls are: the address would hold the labels with their thumbnails.
    """
    told = ",".join(values)
    if values and list(values) != [first]:
        if st.query_params.get(name) != told:
            st.query_params[name] = told
    elif name in st.query_params:
        del st.query_params[name]
