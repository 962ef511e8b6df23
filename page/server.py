"""The one queue of this server, which all visitors share."""

from __future__ import annotations

import atexit
import dataclasses
import logging
import os

import streamlit as st

from nst.queue import manager
from nst.queue.bounds import Bounds
from page import capacity, films

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
DRAFTS = "NST_DRAFTS"  # an environment variable; "off" where the host wants none
LOADED_AFTER = 4.0  # seconds after the first paint: whoever has just come looks around first


@st.cache_resource
def queue() -> manager.JobManager:
    """The queue, which tells on the server's console of every painting."""
    logging.basicConfig(format=LOG_FORMAT)  # Streamlit sets up its own loggers only
    logging.getLogger("nst").setLevel(logging.INFO)
    budget = capacity.budget()
    bounds = Bounds(kept_bytes=budget.kept, memory=budget.painting, films=films.allowed())
    if os.environ.get(DRAFTS) == "off":
        bounds = dataclasses.replace(bounds, drafts=0)
    made = manager.JobManager(bounds=bounds)
    made.warm_up(LOADED_AFTER)
    atexit.register(made.close)
    return made
