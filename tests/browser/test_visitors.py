"""Several visitors at once on the real page, through its websocket, without browsers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from benchmarks import load
from benchmarks.tab import Tab
from nst.studio import recipe

LONG = "resolution=64&iterations=5,000&early_stop=false&effort=0.3"
OTHERS = 3  # tabs that watch while one downloads


@pytest.fixture(scope="module")
def tab(server: str) -> Iterator[Tab]:
    """A tab with a painting that was stopped as soon as there was something to see."""
    tab = Tab(server, LONG)
    tab.wait(lambda: tab.button("Paint"))
    tab.click("Paint")
    tab.wait(lambda: "in the style of" in tab.texts() and tab.button("Stop"))
    tab.click("Stop")
    tab.wait(lambda: tab.button("Download PNG", download=True))
    yield tab
    tab.close()


def test_a_reload_and_a_lost_connection_find_the_painting_again(server: str, tab: Tab) -> None:
    for come in (tab.reload, tab.reconnect):
        come()
        tab.wait(lambda: tab.button("Download PNG", download=True))
        assert "the picture is kept" in tab.texts()
    address = tab.query
    tab.click("Paint")
    time.sleep(1.0)  # and nothing is heard of what the server says meanwhile
    tab.reconnect()
    assert tab.query == address
    tab.wait(lambda: tab.button("Stop"))
    tab.click("Stop")
    tab.wait(lambda: tab.button("Download PNG", download=True))
    assert tab.query != address
    other = Tab(server, tab.query)  # whoever has the address only
    other.wait(lambda: "no longer kept" in other.texts())
    assert other.button("Download PNG", download=True) is None
    other.close()


def test_a_file_waits_for_a_slow_browser_while_others_look_at_their_paintings(
    server: str, tab: Tab
) -> None:
    over, others = threading.Event(), [Tab(server, LONG) for _ in range(OTHERS)]

    def watch(other: Tab) -> None:
        other.wait(lambda: other.button("Paint"))
        other.click("Paint")
        while not over.is_set():
            other.look(0.2)
        other.click("Stop")
        other.wait(lambda: other.button("Stop") is None)

    def seen() -> int:
        return sum(other.runs for other in others)

    threads = [threading.Thread(target=watch, args=[other]) for other in others]
    for thread in threads:
        thread.start()
    try:
        tab.wait(lambda: all(other.button("Stop") for other in others))
        data = tab.download("Download PNG", delay=3.0)
        runs, again = seen(), tab.download("Download PNG")
        tab.wait(lambda: seen() >= runs + 3)  # they went on looking all the time
    finally:
        over.set()
        for thread, other in zip(threads, others, strict=True):
            thread.join(30)
            other.close()
    assert data == again
    assert recipe.read(data).settings.iterations == 5000


def test_two_visitors_wait_for_one_another(server: str) -> None:
    first = Tab(server, f"{LONG}&photo=rocket")
    second = Tab(server, "resolution=64&iterations=20&photo=coffee")
    for tab in (first, second):
        tab.wait(lambda tab=tab: tab.button("Paint"))  # type: ignore[misc]
        tab.click("Paint")
        tab.wait(lambda tab=tab: tab.button("Stop"))  # type: ignore[misc]
    second.wait(lambda: "In the queue: 1 painting is ahead of yours." in second.texts())
    first.wait(lambda: "Rocket in the style of" in first.texts())
    assert "Coffee in the style of" not in second.texts()
    # Who knows the address of another's painting sees nothing of it.
    third = Tab(server, first.query)
    third.wait(lambda: "was made in another tab" in third.texts())
    third.wait(lambda: "An example" in third.texts())
    assert "Rocket in the style of" not in third.texts()
    assert third.button("Stop") is None

    first.click("Stop")
    first.wait(lambda: "the picture is kept" in first.texts())
    second.wait(lambda: "Finished:" in second.texts())
    photos = [recipe.read(tab.download("Download PNG")).content for tab in (first, second)]
    assert [photo.name for photo in photos] == ["rocket.jpg", "coffee.jpg"]
    for tab in (first, second, third):
        assert set(tab.images.values()) <= {200}  # what is fetched was there when it was asked for
        tab.close()


def test_try_them_all_begins_at_once(server: str) -> None:
    tab = Tab(server)
    tab.wait(lambda: tab.button("Try them all"))
    tab.click("Try them all")
    tab.wait(lambda: "Trying them all: style 1 of" in tab.texts())
    tab.click("Stop")
    tab.wait(lambda: tab.button("Paint"))
    tab.close()


@pytest.mark.long  # the tests above it are of the same, one thing at a time
def test_some_visitors_at_once(server: str) -> None:
    told = load.visit(server, 4, 6.0, lambda: {"memory": 1.0})
    assert told["visitors without any answer"] == 0
    assert told["visitors with a painting"]
    assert not told["troubles"]
    assert "another's" not in told["ends"]  # type: ignore[operator]
