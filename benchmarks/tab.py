"""A visitor's tab without a browser: says and hears what Streamlit's page does over its websocket.

A browser takes a core for what it draws; with many visitors on the server's own machine, hardly
anything would be left for the server. A tab here draws nothing, but asks for all that a browser
asks for: a fragment's looks at their time, each picture once, uploads and downloads. It keeps large
messages, as a browser does, so that they need not come again while they are the same; and it keeps
the visit's ids over a reload, as `page/visit.js` does.
"""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from typing import Any, TypeVar

import urllib3
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import FileUploaderState, UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from websockets import Origin, Subprotocol
from websockets.sync.client import connect

COOKIE = "_streamlit_xsrf"
PATIENCE = 60.0  # seconds to wait for an answer
LOOK = 0.05  # seconds to wait for a message before looking after other things
RECONNECT = 0.25  # the least number of seconds until Streamlit's page asks if the server is there
KEPT = 64  # large messages
DONE = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)

Path = tuple[int, ...]
Found = TypeVar("Found")


class Tab:
    """One tab of a browser, open at a page of Streamlit's.

    Args:
        address: The server's, such as `http://127.0.0.1:8501`.
        query: What stands in the page's address after the question mark.
    """

    def __init__(self, address: str, query: str = "") -> None:
        self.address, self.query = address, query
        self.images: dict[str, int] = {}  # what was fetched, and the status it came with
        self._http = urllib3.PoolManager()
        answer = self._http.request("GET", f"{address}/_stcore/health")
        self._token = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE].value
        self._kept: list[str] = []  # the tab's session storage
        self._load()

    def _load(self) -> None:
        """Load the page, of which nothing is seen yet, and begin a session."""
        self._values: dict[str, WidgetState] = {}
        self._elements: dict[Path, tuple[str, str, Any]] = {}  # run, fragment and element
        self._run: tuple[str, frozenset[str]] = ("", frozenset())
        self._looks: dict[str, tuple[float, float]] = {}  # a fragment's interval and next time
        self._large: dict[str, ForwardMsg] = {}  # messages that the server may name by their hash
        self.runs = 0  # that came to their end
        self._connect()

    def _connect(self, session: str = "") -> None:
        """Connect and ask for the page, in a new session or in one that lost its connection."""
        host = self.address.partition("://")[2]
        connection = connect(
            f"ws://{host}/_stcore/stream",
            subprotocols=[
                Subprotocol(each) for each in ("streamlit", self._token, session) if each
            ],
            origin=Origin(self.address),
            additional_headers={"Cookie": f"{COOKIE}={self._token}"},
            max_size=None,
            max_queue=None,  # where unread messages pile up, closing would wait ten seconds
        )
        self._connected = contextlib.ExitStack()
        self._socket = self._connected.enter_context(connection)
        self.session = session
        self._answers: dict[str, ForwardMsg] = {}
        self.run()

    def close(self) -> None:
        """Leave the page."""
        self._connected.close()
        self._http.clear()

    def reload(self) -> None:
        """Load the page anew: another session, with what the tab's storage kept."""
        self._connected.close()
        self._load()

    def reconnect(self) -> None:
        """Lose the connection and take the session up again; what was seen stays meanwhile."""
        self._connected.close()
        # As Streamlit's page does: once this is answered, the server knows that the old one ended.
        time.sleep(RECONNECT)
        self._http.request("GET", f"{self.address}/_stcore/health")
        self._connect(self.session)

    # What is seen.

    def texts(self) -> str:
        """All that stands on the page in words."""
        parts = []
        for kind, element in self._all():
            if kind in ("markdown", "alert", "heading"):
                parts.append(element.body)
            elif kind == "progress":
                parts.append(element.text)
            elif kind == "imgs":
                parts += [image.caption for image in element.imgs]
        return "\n".join(parts)

    def button(self, label: str, *, download: bool = False) -> Any | None:
        """The button with this label, None if there is none that can be pressed."""
        found = self._find(label, "download_button" if download else "button")
        return found and found[0]

    def _find(self, label: str, wanted: str) -> tuple[Any, str] | None:
        """The button, and the fragment that it is a part of."""
        for _, fragment, holder in list(self._elements.values()):
            if holder.WhichOneof("type") == wanted:
                element = getattr(holder, wanted)
                if element.label == label and not element.disabled:
                    return element, fragment
        return None

    def _all(self) -> Iterator[tuple[str, Any]]:
        for _, _, element in list(self._elements.values()):
            kind = element.WhichOneof("type")
            yield kind, getattr(element, kind)

    # What is done.

    def click(self, label: str) -> None:
        """Press a button; raises LookupError if it cannot be pressed."""
        found = self._find(label, "button")
        if found is None:
            raise LookupError(f"no button {label!r} to press")
        pressed = WidgetState(id=found[0].id, trigger_value=True)
        self._send(BackMsg(rerun_script=self._state(pressed, fragment=found[1])))

    def run(self) -> None:
        """Ask for the page anew, as whenever a value has changed."""
        self._send(BackMsg(rerun_script=self._state()))

    def upload(self, key: str, name: str, data: bytes) -> None:
        """Give a file to the uploader whose key is part of its id."""
        uploader = next(
            element
            for kind, element in self._all()
            if kind == "file_uploader" and key in element.id
        )
        message, request = BackMsg(), uuid.uuid4().hex
        message.file_urls_request.request_id = request
        message.file_urls_request.session_id = self.session
        message.file_urls_request.file_names.append(name)
        urls = self._ask(message, request).file_urls_response.file_urls[0]
        answer = self._http.request(
            "PUT",
            self.address + urls.upload_url,
            fields={"file": (name, data)},
            headers={"Cookie": f"{COOKIE}={self._token}", "X-Xsrftoken": self._token},
        )
        if answer.status >= 300:
            raise OSError(f"the upload was answered with {answer.status}")
        info = UploadedFileInfo(file_id=urls.file_id, name=name, size=len(data), file_urls=urls)
        state = FileUploaderState(uploaded_file_info=[info])
        self._values[uploader.id] = WidgetState(id=uploader.id, file_uploader_state_value=state)
        self.run()

    def download(self, label: str, delay: float = 0.0) -> bytes:
        """Press a download button and fetch the file, `delay` seconds after its address came.

        Raises TimeoutError if no such button appears, OSError if the file does not come.
        """
        button = self.wait(lambda: self.button(label, download=True))
        assert button is not None
        message, request = BackMsg(), uuid.uuid4().hex
        message.backend_operation_request.request_id = request
        message.backend_operation_request.session_id = self.session
        message.backend_operation_request.deferred_file.file_id = button.deferred_file_id
        answer = self._ask(message, request).backend_operation_response
        if answer.error_msg:
            raise OSError(answer.error_msg)
        time.sleep(delay)
        return self._fetch(answer.deferred_file.url)

    def wait(self, sight: Callable[[], Found], seconds: float = PATIENCE) -> Found:
        """Look after the page until `sight` is there; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not (found := sight()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not seen within {seconds:g} s on: {self.texts()[-800:]}")
            self.look()
        return found

    def look(self, seconds: float = LOOK) -> None:
        """Hear what has come within this time, and ask for what it is time for."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                data = self._socket.recv(timeout=min(left, LOOK))
            except TimeoutError:
                pass  # nothing has come, and it may be time for a fragment's look
            else:
                assert isinstance(data, bytes)
                self._hear(ForwardMsg.FromString(data))
            for fragment, (interval, due) in list(self._looks.items()):
                if time.monotonic() > due:
                    self._looks[fragment] = interval, time.monotonic() + interval
                    state = self._state(fragment=fragment)
                    state.is_auto_rerun = True
                    self._send(BackMsg(rerun_script=state))

    # What is said and heard.

    def _state(self, *triggers: WidgetState, fragment: str = "") -> ClientState:
        return ClientState(
            query_string=self.query,
            widget_states=WidgetStates(widgets=[*self._values.values(), *triggers]),
            fragment_id=fragment,
            cached_message_hashes=list(self._large),
        )

    def _send(self, message: BackMsg) -> None:
        self._socket.send(message.SerializeToString())

    def _ask(self, message: BackMsg, request: str) -> ForwardMsg:
        self._send(message)
        return self.wait(lambda: self._answers.pop(request, None))  # type: ignore[return-value]

    def _hear(self, message: ForwardMsg) -> None:
        message = self._whole(message)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id
            run = message.metadata.run
            self._run = run.script_run_id, frozenset(run.fragment_ids)
            if not run.fragment_ids:
                self._looks.clear()
        elif kind == "delta":
            self._take(tuple(message.metadata.delta_path), message.delta)
        elif kind == "script_finished" and message.script_finished in DONE:
            self._tidy()
            self.runs += 1
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            interval = message.auto_rerun.interval
            self._looks[message.auto_rerun.fragment_id] = interval, time.monotonic() + interval
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._looks.pop(fragment, None)
        elif kind == "file_urls_response":
            self._answers[message.file_urls_response.response_id] = message
        elif kind == "backend_operation_response":
            self._answers[message.backend_operation_response.request_id] = message

    def _whole(self, message: ForwardMsg) -> ForwardMsg:
        """The message itself, or the earlier one that it names, in its new place; keeps large ones.

        Those that were seen last are kept, more than a page has at a time.
        """
        named = message.ref_hash or message.hash
        whole = ForwardMsg()
        whole.CopyFrom(self._large.pop(named) if message.ref_hash else message)
        if message.ref_hash or message.metadata.cacheable:
            self._large[named] = whole
            for old in list(self._large)[:-KEPT]:
                del self._large[old]
        whole.metadata.CopyFrom(message.metadata)
        return whole

    def _take(self, path: Path, delta: Any) -> None:
        """Put a new element in its place, and do what a browser does at its sight."""
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        self._elements[path] = self._run[0], delta.fragment_id, element
        kind = element.WhichOneof("type")
        if kind == "imgs":
            for image in element.imgs.imgs:
                self._see(image.url)
        elif kind == "bidi_component" and element.bidi_component.component_name.endswith("visit"):
            self._remember(element.bidi_component)

    def _tidy(self) -> None:
        """Take away what the run that has ended did not show again."""
        run, fragments = self._run
        self._elements = {
            path: (seen, fragment, element)
            for path, (seen, fragment, element) in self._elements.items()
            if seen == run or (fragments and fragment not in fragments)
        }

    def _see(self, url: str) -> None:
        """Load a picture, once; the browser has it from then on."""
        if url.startswith("/") and url not in self.images:
            self.images[url] = self._http.request("GET", self.address + url).status

    def _remember(self, component: Any) -> None:
        """What page/visit.js does."""
        data = json.loads(component.mixed.json or component.json)
        if data["known"]:
            self._kept = data["ids"]
        elif data["asked"] or self._kept:
            event = json.dumps([{"event": "kept", "value": self._kept}])
            trigger = f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{component.id}__events"
            state = self._state(WidgetState(id=trigger, json_trigger_value=event))
            self._send(BackMsg(rerun_script=state))

    def _fetch(self, url: str) -> bytes:
        answer = self._http.request("GET", self.address + url)
        if answer.status != 200:
            raise OSError(f"the file was answered with {answer.status}")
        return answer.data
