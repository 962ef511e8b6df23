"""Who orders a painting, as far as the queue needs to know: a browser that did before, or another.

Nothing is stored for it, in the browser or here, and nothing about a person is looked at. Streamlit
gives each browser a random token against forged requests, in a cookie that ends with the browser's
session and that all its tabs share; whoever holds the same token is the same visitor. Where there
is no such cookie, because it is refused or the protection is switched off, each tab is a visitor of
its own.
"""

from __future__ import annotations

import hashlib
import secrets

import streamlit as st

from page import state

COOKIE = "_streamlit_xsrf"


def identity() -> str:
    """A secret that stands for this visitor; the same in all tabs of a browser, if possible."""
    if token := _token(st.context.cookies.get(COOKIE, "")):
        return hashlib.sha256(token).hexdigest()  # as the token itself is not for this
    state.VISITOR.begin(secrets.token_urlsafe(16))
    return state.VISITOR.get()


def _token(cookie: str) -> bytes:
    """The token in the cookie, which the server masks anew in every answer; empty if malformed."""
    try:
        version, mask, masked, _ = cookie.split("|")
        key, data = bytes.fromhex(mask), bytes.fromhex(masked)
    except ValueError:
        return b""
    if version != "2" or not key or len(data) < 16:
        return b""
    return bytes(byte ^ key[place % len(key)] for place, byte in enumerate(data))
