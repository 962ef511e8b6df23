"""A batch on several workers; they and their connections are really killed."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import fsspec
import pytest
from dask.system import CPU_COUNT
from engines import BREAKS, DIES, EATS_MEMORY, FALLS_APART, WAITS, FakeEngine, painted
from PIL import Image
from same import check_same

from nst.batch import cluster, local, team
from nst.batch.job import Job
from nst.errors import UserError
from nst.paint import transfer
from nst.pictures import reading, tensors, writing
from nst.settings import Settings
from nst.studio import recipe
from nst.studio.engine import VGGEngine
from nst.vgg import network

ROOT = Path(__file__).parents[2]
CONTENT = str(ROOT / "Resources" / "content" / "coffee.jpg")
STYLE = str(ROOT / "Resources" / "styles" / "night_sky.jpg")


def jobs(*seeds):
    """A job for each seed; its result is called SEED.png."""
    return [
        Job(CONTENT, (STYLE,), Settings(resolution=64, seed=seed), output=f"{seed}.png")
        for seed in seeds
    ]


def wait_for(condition):
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def worker_of(folder, seed):
    """The process that paints the job of this seed, once it does."""
    wait_for(lambda: any(other == seed for _, _, other in painted(folder)))
    return next(process for process, _, other in painted(folder) if other == seed)


def meanwhile(act):
    """Runs `act` beside the batch; what goes wrong in it is raised at the end."""
    found = []

    def run():
        try:
            act()
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def join():
        thread.join(100)
        assert not thread.is_alive()
        if found:
            raise found[0]

    return join


def test_workers_of_this_machine_that_die_and_fail(tmp_path):
    out = str(tmp_path / "out")
    os.mkdir(out)
    kill = meanwhile(lambda: os.kill(worker_of(tmp_path, WAITS), signal.SIGKILL))
    missing = Job("none.jpg", (STYLE,), Settings(), output="missing.png")
    wanted = [*jobs(WAITS, 1, DIES, 2, FALLS_APART, BREAKS, 3), missing]
    engine = FakeEngine(str(tmp_path))
    found = {record.output: record for record in cluster.paint_all(wanted, out, engine, workers=2)}
    kill()
    assert {name: record.status for name, record in found.items()} == {
        f"{WAITS}.png": "painted",  # killed from outside once, and painted elsewhere
        f"{DIES}.png": "failed",
        f"{FALLS_APART}.png": "failed",
        f"{BREAKS}.png": "failed",
        "missing.png": "failed",
        **{f"{number}.png": "painted" for number in (1, 2, 3)},
    }
    assert found[f"{WAITS}.png"].attempts > 1
    assert found[f"{DIES}.png"].attempts == found[f"{BREAKS}.png"].attempts == 3
    assert "3 of them" in found[f"{DIES}.png"].error
    assert found[f"{FALLS_APART}.png"].error == "The painting fell apart."
    assert "FileNotFoundError: nobody has" in found[f"{BREAKS}.png"].error
    assert '"none.jpg" does not exist' in found["missing.png"].error
    # It was tried that often and no more, and the cores were divided.
    seeds = [seed for _, _, seed in painted(tmp_path)]
    assert seeds.count(DIES) == cluster.MOST_ATTEMPTS
    assert {threads for _, threads, _ in painted(tmp_path)} == {max(1, CPU_COUNT // 2)}
    assert os.getpid() not in {process for process, _, _ in painted(tmp_path)}
    # In one process the same picture comes out.
    (alone,) = local.paint_all(jobs(1), str(tmp_path), engine)
    assert alone.status == "painted"
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "out" / "1.png").read_bytes()


@contextlib.contextmanager
def dask(folder, *arguments):
    """A process of Dask's command line, at home in `folder`."""
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
        # A worker that has nothing left may be killed at once.
        "DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE": "False",
        "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL": "False",
        "DASK_DISTRIBUTED__WORKER__MEMORY__TARGET": "False",
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Proxy:
    """Carries what comes in at a port of its own to another, until it is cut."""

    def __init__(self, port):
        self._to, self._pairs = port, []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                there = self._server.accept()[0]
                here = socket.create_connection(("127.0.0.1", self._to))
                self._pairs.append((there, here))
                for pair in ((there, here), (here, there)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    @staticmethod
    def _carry(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def cut(self):
        """End all connections there are; new ones are taken."""
        for _ in range(len(self._pairs)):
            for end in self._pairs.pop(0):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def close(self):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """The port of a scheduler that is not ours, with two workers, which share nothing with us."""
    home = tmp_path_factory.mktemp("foreign")
    places = [home / name for name in ("scheduler", "one", "two")]
    for place in places:
        place.mkdir()
    told = home / "scheduler.json"
    worker = ("--nthreads", "1", "--memory-limit", "1500MB", "--no-dashboard")
    with contextlib.ExitStack() as stack:
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file")
        stack.enter_context(dask(places[0], "scheduler", *options, str(told)))
        wait_for(told.exists)
        port = int(json.loads(told.read_text())["address"].rpartition(":")[2])
        for place in places[1:]:
            stack.enter_context(dask(place, "worker", f"tcp://127.0.0.1:{port}", *worker))
        yield port


def test_a_cluster_that_shares_nothing_but_the_scheduler(foreign, tmp_path):
    """Out of memory, cut off, and with pictures that only this process has."""
    memory = fsspec.filesystem("memory")
    memory.pipe("/here/photo.png", writing.encode(Image.new("RGB", (64, 48), "teal")))
    memory.pipe("/here/style.png", writing.encode(Image.new("RGB", (64, 48), "red")))
    mine = [
        Job(
            "memory://here/photo.png",
            ("memory://here/style.png",),
            Settings(resolution=64, seed=seed),
            output=f"{seed}.png",
        )
        for seed in (WAITS, EATS_MEMORY, 1, 2)
    ]
    proxy = Proxy(foreign)

    def cut():
        worker_of(tmp_path, WAITS)
        proxy.cut()  # its result is lost now, and it has to be painted again
        (tmp_path / "go_on").touch()

    cutting = meanwhile(cut)
    records = list(
        cluster.paint_all(
            mine,
            "memory://results",
            FakeEngine(str(tmp_path)),
            scheduler=f"tcp://127.0.0.1:{proxy.port}",
        )
    )
    cutting()
    proxy.close()
    assert sorted((record.output, record.status) for record in records) == sorted(
        (f"{seed}.png", "painted") for seed in (WAITS, EATS_MEMORY, 1, 2)
    )
    seeds = [seed for _, _, seed in painted(tmp_path)]
    assert seeds.count(WAITS) >= 2
    assert seeds.count(EATS_MEMORY) >= 2
    for record in records:
        data = memory.cat(f"/results/{record.output}")
        assert f"{recipe.read(data).settings.seed}.png" == record.output
        recipe.check_whole(data)


def test_workers_that_reach_the_files_themselves(foreign, tmp_path, monkeypatch):
    """They are at home in other folders, so that relative paths have to be told them in full."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "style.jpg").write_bytes(Path(STYLE).read_bytes())
    address, engine = f"tcp://127.0.0.1:{foreign}", FakeEngine(str(tmp_path))
    wanted = [dataclasses.replace(job, styles=("style.jpg",)) for job in jobs(1, FALLS_APART)]
    for expected in ("painted", "skipped"):
        found = list(cluster.paint_all(wanted, ".", engine, scheduler=address, shared=True))
        assert {record.styles for record in found} == {("style.jpg",)}
        assert {record.output: record.status for record in found} == {
            "1.png": expected,
            f"{FALLS_APART}.png": "failed",
        }
    assert recipe.read((tmp_path / "1.png").read_bytes()).settings.seed == 1


def test_a_scheduler_that_does_not_answer(monkeypatch, tmp_path):
    monkeypatch.setattr(cluster, "CONNECT", 0.5)
    address = "tcp://127.0.0.1:1"
    with pytest.raises(UserError, match=f"{address} does not answer"):
        list(cluster.paint_all(jobs(1), str(tmp_path), FakeEngine(""), scheduler=address))


def test_one_picture_on_several_workers_of_which_one_is_killed(tmp_path):
    """With the real network, to the same picture as here."""
    content, style = (
        tensors.to_tensor(reading.open_picture(path).resize((128, 64))) for path in (CONTENT, STYLE)
    )
    settings = Settings(iterations=3, coarse_to_fine=False, style_layers=("conv1_1", "conv3_1"))
    trunk = network.load("original", "cpu")
    alone = transfer.stylize(
        transfer.Canvas(content, [style]), settings, trunk, options=transfer.Options(tile=64)
    )
    with team.gather(VGGEngine("original", "cpu"), workers=2) as workers:
        assert len(workers) == 2
        processes = set(workers._client.run(os.getpid).values())
        assert len(processes - {os.getpid()}) == 2
        run = transfer.steps(
            transfer.Canvas(content, [style]),
            settings,
            trunk,
            options=transfer.Options(tile=64, team=workers),
        )
        next(run)
        os.kill(processes.pop(), signal.SIGKILL)
        *_, last = run
    assert last.iteration == 3
    check_same(last.image, alone)
