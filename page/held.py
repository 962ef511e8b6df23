"""Files that are made at a click, held until the visitor's browser has had time to fetch them.

Streamlit (1.67) makes such a file, tells the browser its address, and lets go of it at the end of
the second run of anybody's page from then on. Where others watch their paintings, that is sooner
than a browser comes. So the file is put down as shown by the visitor's session as well: with the
same content, type and name it is the same file to Streamlit, which keeps what a session shows.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from streamlit import runtime
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

SECONDS = 60.0  # until the browser has long begun to fetch a file; what it fetches it gets in full


class Shown(NamedTuple):
    """A file of a session, as Streamlit is told of it."""

    context: ScriptRunContext
    mime: str
    name: str

    def put(self, data: bytes) -> None:
        """Let the session show this content, and no other under this name."""
        files = runtime.get_instance().media_file_mgr
        place = f"held {self.mime} {self.name}"
        thread = threading.Thread(
            target=files.add,
            args=(data, self.mime, place),
            kwargs={"file_name": self.name, "is_for_static_download": True},
        )
        add_script_run_ctx(thread, self.context)  # which says whose file it is
        thread.start()
        thread.join()

    def release(self) -> None:
        """Let go of the content; there is no other way than to put down an empty one."""
        if runtime.get_instance().is_active_session(self.context.session_id):
            self.put(b"")


_lock = threading.Lock()
_held: deque[tuple[float, Shown]] = deque()  # with the time from which on it can go


def held(make: Callable[[], bytes], mime: str, name: str) -> Callable[[], bytes]:
    """What `st.download_button` can call to make a file of this type and name, when it is clicked.

    The button must be given the same type and name. What was held for others and is no longer
    needed goes at the next click of anybody.
    """
    context = get_script_run_ctx()

    def made() -> bytes:
        _release(time.monotonic())
        data = make()
        if context is not None:
            shown = Shown(context, mime, name)
            shown.put(data)
            with _lock:
                _held.append((time.monotonic() + SECONDS, shown))
        return data

    return made


def _release(now: float) -> None:
    """Let go of what was held for long enough."""
    with _lock:
        due = []
        while _held and _held[0][0] < now:
            due.append(_held.popleft()[1])
        still = {(each.context.session_id, each.mime, each.name) for _, each in _held}
    for shown in due:
        if (shown.context.session_id, shown.mime, shown.name) not in still:  # clicked again
            shown.release()
