"""A visitor who means harm: markup in names and addresses, other sites, large uploads, logs."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from visitor import ROOT, SECONDS, job_of, open_page

from nst.pictures import writing
from nst.settings import Settings
from nst.studio import recipe
from nst.studio.recipe import Recipe, Source
from Resources.make_screenshots import wait_until_up

MARKUP = (
    "<img src=x onerror=window.hacked=1>",
    "</script><script>window.hacked=1</script>",
    "[x](javascript:window.hacked=1)",
    "![x](http://127.0.0.1:9/tracker.png)",
    "$\\href{javascript:window.hacked=1}{x}$",
    ":red[x]<style>body{display:none}</style>",
)


def picture_bytes(colour: str = "teal", **text: str) -> bytes:
    return writing.encode(Image.new("RGB", (64, 48), colour), text=text)


def upload(page: Page, place: str, name: str, data: bytes) -> None:
    file = {"name": name, "mimeType": "image/png", "buffer": data}
    page.locator(f'.st-key-{place} input[type="file"]').set_input_files([file])  # type: ignore[list-item]


def test_markup_stays_text(window: Page, server: str) -> None:
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    window.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    query = dict.fromkeys(("style", "photo", "job", "preset", "resolution", "x"), MARKUP[1])
    window.goto(f"{server}/?{urlencode(query)}")
    window.get_by_text("is no longer kept").wait_for(timeout=30 * SECONDS)
    for number, markup in enumerate(MARKUP):
        name = f"{markup}{number}.png"
        upload(window, "own_photo", name, b"no picture")
        told = window.get_by_text(f"{number}.png").and_(window.get_by_text("is not a picture"))
        told.first.wait_for()
    # Each is waited for: a file that comes while the page changes its place gets lost.
    upload(window, "own_photo", "fine.png", picture_bytes())
    window.get_by_text("Photo: Your photo").wait_for(timeout=30 * SECONDS)
    upload(window, "own_style", f"{MARKUP[0]}.png", picture_bytes("maroon"))
    window.get_by_text(f"Style: {MARKUP[0]}").wait_for(timeout=30 * SECONDS)
    expect(window.get_by_role("button", name="Paint", exact=True)).to_be_enabled()
    # A name ends at a slash; one that looks like it does not.
    named = [Source(markup.replace("/", "\u2215"), f"{n}" * 64) for n, markup in enumerate(MARKUP)]
    versions = {markup: markup for markup in MARKUP}
    made = Recipe(Settings(), named[0], tuple(named[1:5]), (), named[5], MARKUP[0], "", versions)
    upload(window, "earlier", "earlier.png", picture_bytes(**{recipe.KEY: made.to_json()}))
    window.get_by_text("To paint the same again").wait_for(timeout=30 * SECONDS)
    broken = json.dumps({"format": 1, MARKUP[0]: MARKUP[1]})
    upload(window, "earlier", "broken.png", picture_bytes(**{recipe.KEY: broken}))
    window.get_by_text("This is not a valid recipe").wait_for(timeout=30 * SECONDS)
    assert window.evaluate("window.hacked") is None
    assert window.locator('img[src="x"], a[href^="javascript"], [onerror]').count() == 0
    assert window.evaluate("getComputedStyle(document.body).display") != "none"
    assert not [url for url in asked if "tracker" in url or "javascript" in url]
    assert not [url for url in asked if not url.startswith((server, "data:", "blob:"))]


def request(address: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str]]:
    call = urllib.request.Request(address, method=method, headers=headers)
    try:
        with urllib.request.urlopen(call, timeout=10) as answer:
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers)


def test_other_sites_and_paths_get_nothing(server: str) -> None:
    evil = "https://evil.example"
    status, headers = request(f"{server}/", Origin=evil)
    assert status == 200
    assert headers.get("Access-Control-Allow-Origin") not in ("*", evil)
    for path in (
        "/../../../etc/passwd",
        "/static/..%2f..%2f..%2fetc/passwd",
        "/app/static/../streamlit_app.py",
        "/media/..%2f..%2fREADME.md",
        "/component/mask_canvas/..%2f..%2f..%2fetc/passwd",
        "/streamlit_app.py",
    ):
        address = f"{server}{path}"
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            body = error.read()
        assert b"root:" not in body, path
        assert b"import streamlit" not in body, path
    # An upload without the token of this page, or of a session that does not exist, is refused.
    for session in ("nobody", quote("../../etc", safe="")):
        status, _ = request(f"{server}/_stcore/upload_file/{session}/file", "PUT", Origin=evil)
        assert status in (400, 403, 405)
    # A page of another site may not open the connection that everything goes through.
    host, port = server.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            (
                f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {evil}\r\n"
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            ).encode()
        )
        answer = connection.recv(200)
    assert b" 403 " in answer.splitlines()[0], answer


def started(options: list[str], places: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", *options]
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **places},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def begun(page: Page) -> str:
    """Begin a painting; its id."""
    upload(page, "own_photo", "secret-garden.png", picture_bytes())
    page.wait_for_timeout(500)  # for a person's hand, too, the upload is through first
    page.get_by_role("button", name="Paint", exact=True).click()
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").wait_for()
    return job_of(page)


@pytest.mark.long  # a server of its own has to begin and to end
def test_uploads_stay_in_memory_and_names_out_of_the_log_until_the_server_ends(
    page: Page, tmp_path: Path
) -> None:
    """One server with a folder of its own for all that is written, and a log."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, log = f"http://127.0.0.1:{port}", tmp_path / "log"
    writable = tmp_path / "writable"
    writable.mkdir()
    places = {"TMPDIR": str(writable), "HOME": str(writable), "MPLCONFIGDIR": str(writable)}
    options = ["--server.headless=true", f"--server.port={port}", "--server.fileWatcherType=none"]
    server = started(options, places, log)
    try:
        wait_until_up(address)
        open_page(page, address, "resolution=64&iterations=5,000&early_stop=false")
        upload(page, "own_photo", "secret-garden.png", picture_bytes(note="secret pixels"))
        page.get_by_role("button", name="Paint", exact=True, disabled=False).wait_for()
        # More than the page says it takes: what the browser would refuse, the server must, too.
        large = tmp_path / "secret-large.png"
        large.write_bytes(picture_bytes() + bytes(51 * 2**20))
        page.locator('.st-key-own_photo input[type="file"]').set_input_files(large)
        page.get_by_text("50").and_(page.get_by_text("MB")).first.wait_for()
        status = page.evaluate(
            """async () => {
                const token = document.cookie.match(/_streamlit_xsrf=([^;]*)/);
                const form = new FormData();
                form.append("file", new Blob([new Uint8Array(66 << 20)]), "secret-direct.png");
                const answer = await fetch("/_stcore/upload_file/unknown/unknown", {
                    method: "PUT", body: form, headers: token ? {"X-Xsrftoken": token[1]} : {},
                }).catch(() => ({status: 400}));
                return answer.status;
            }"""
        )
        assert status >= 400
        written = [path for path in writable.rglob("*") if path.is_file()]
        for path in written:
            assert b"secret" not in path.read_bytes()
            assert "secret" not in path.name
        assert b"secret" not in log.read_bytes()
        assert b"Traceback" not in log.read_bytes()
        job = begun(page)
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0  # not aborted by a thread that was torn out of its work
        server = started(options, places, log)
        wait_until_up(address)
        # The page finds the new server by itself, or when it is loaded again; its painting is gone.
        page.goto(f"{address}/?job={job}")
        page.get_by_text("is no longer kept").wait_for(timeout=30 * SECONDS)
        page.get_by_role("button", name="Paint", exact=True, disabled=False).wait_for()
    finally:
        server.kill()
        server.wait(30)
    assert b"Traceback" not in log.read_bytes()
    assert b"secret" not in log.read_bytes()
