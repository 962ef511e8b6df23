"""Many paintings by the command line: what is skipped, what fails alone, and what is told."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import fsspec
import pytest
from batches import PAIRS, SMALL, manifest, picture
from engines import WAITS, FakeEngine, FakePainter, painted
from PIL import Image
from samples import CONTENT, ROOT, STYLE

from nst.batch import cluster, local
from nst.cli.main import main
from nst.errors import UserError
from nst.pictures import sheet
from nst.studio import engine, recipe
from nst.vgg import network


def test_all_pairs_of_two_folders(run_fake, folders):
    code, out, err = run_fake(*PAIRS)
    assert code == 0
    assert out == ""
    assert re.search(r"4/4  painted: ._in_.\.png", err)
    assert "Finished" in err
    names = [f"{c}_in_{s}.png" for c in "ab" for s in "xy"]
    shown = [path.name for path in sorted((folders / "out").iterdir()) if path.name[0] != "."]
    assert shown == sorted([*names, "contact_sheet.png", "manifest.jsonl"])
    records = manifest("out")
    assert sorted(records) == names
    for name, record in records.items():
        found = recipe.read((folders / "out" / name).read_bytes())
        assert found.settings.resolution == 64
        assert [found.content.name[0], found.styles[0].name[0]] == [name[0], name[5]]
        assert record["status"] == "painted"
        assert (record["content_loss"], record["iterations"]) == (1.0, 6)
        assert record["seconds"] >= record["painting_seconds"] >= 0
        assert record["started"].endswith("+00:00")
    with Image.open("out/contact_sheet.png") as table:
        assert table.width > 2 * sheet.SIDE
        assert table.height > 2 * sheet.SIDE * 48 / 64


def sizes() -> set[tuple[int, int]]:
    """The sizes of the results of `PAIRS`."""
    found = set()
    for path in Path("out").glob("*_in_*.png"):
        with Image.open(path) as painting:
            found.add(painting.size)
    return found


def test_a_batch_has_the_size_that_is_asked_for(run_fake, folders):
    assert run_fake(*PAIRS, "--output-size", "2x")[0] == 0
    assert sizes() == {(128, 96)}
    code, out, _ = run_fake(*PAIRS, "--output-size", "128", "--json")
    assert (code, json.loads(out.splitlines()[-1])["skipped"]) == (0, 4)  # the same size
    # What has another size is painted anew; without the flag the larger of photo and canvas.
    code, out, _ = run_fake(*PAIRS, "--json")
    assert (code, json.loads(out.splitlines()[-1])["painted"]) == (0, 4)
    assert sizes() == {(64, 48)}
    assert run_fake(*PAIRS[:-1], "96")[0] == 0
    assert sizes() == {(96, 72)}
    code, _, err = run_fake(*PAIRS, "--output-size", "huge")
    assert code == 2
    assert "such as 2x" in err


def test_what_is_painted_is_skipped_and_what_changed_is_not(run_fake, folders):
    assert run_fake(*PAIRS)[0] == 0
    before = manifest("out")
    whole = (folders / "out" / "a_in_x.png").read_bytes()
    (folders / "out" / "a_in_x.png").write_bytes(whole[:-20])  # cut off
    flipped = bytearray((folders / "out" / "a_in_y.png").read_bytes())
    flipped[-30] ^= 1
    (folders / "out" / "a_in_y.png").write_bytes(flipped)  # damaged
    (folders / "photos" / "b.png").rename(folders / "photos" / "c.png")  # the same, renamed
    (folders / "art" / "y.png").write_bytes(picture(9))  # another picture of the same name
    code, out, _ = run_fake(*PAIRS, "--json")
    assert code == 0
    *records, last = map(json.loads, out.splitlines())
    assert sorted((record["output"], record["status"]) for record in records) == [
        ("a_in_x.png", "painted"),
        ("a_in_y.png", "painted"),
        ("c_in_x.png", "painted"),
        ("c_in_y.png", "painted"),
    ]
    assert (folders / "out" / "a_in_x.png").read_bytes() == whole
    assert (last["event"], last["painted"], last["skipped"]) == ("finished", 4, 0)
    assert run_fake(*PAIRS)[0] == 0
    assert len(painted(folders)) == 8
    after = manifest("out")
    assert {after[f"{c}_in_{s}.png"]["status"] for c in "ac" for s in "xy"} == {"skipped"}
    assert after["b_in_x.png"] == before["b_in_x.png"]  # what others painted there stays known
    assert after["a_in_x.png"]["iterations"] == 6  # as it was when it was painted
    assert run_fake(*PAIRS, "--seed", "5")[0] == 0  # other settings
    assert len(painted(folders)) == 12


def test_what_fails_fails_alone_in_words(run_fake, folders):
    (folders / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    (folders / "photos" / "empty.jpg").touch()
    code, _, err = run_fake(*PAIRS)
    assert code == 1
    assert len(painted(folders)) == 4
    records = manifest("out")
    assert records["broken_in_x.png"]["status"] == "failed"
    assert '"broken.jpg" is' in records["broken_in_x.png"]["error"]
    assert '"empty.jpg" is empty' in records["empty_in_y.png"]["error"]
    assert "Traceback" not in err
    assert "4 painted, 4 failed" in err


def test_a_manifest_that_is_none_is_left_alone(run_fake, folders):
    (folders / "out").mkdir()
    (folders / "out" / "manifest.jsonl").write_text("shopping list\n")
    code, _, err = run_fake(*PAIRS)
    assert code == 2
    assert "is not a manifest of this program" in err
    assert (folders / "out" / "manifest.jsonl").read_text() == "shopping list\n"


def test_a_cluster_that_is_lost_ends_the_batch_and_keeps_what_is_painted(run_fake, monkeypatch):
    def paint_all(jobs, folder, engine, *_):
        yield from local.paint_all(jobs[:1], folder, engine)
        raise UserError("There has been no worker.")

    monkeypatch.setattr(cluster, "paint_all", paint_all)
    code, _, err = run_fake(*PAIRS, "--workers", "1")
    assert code == 1
    assert "nst: There has been no worker." in err
    assert list(manifest("out")) == ["a_in_x.png"]
    assert Path("out/contact_sheet.png").exists()


def test_a_folder_that_cannot_be_written_to(run_fake, folders):
    (folders / "out" / ".manifest.jsonl.lock").mkdir(parents=True)  # rights do not stop root
    code, _, err = run_fake(*PAIRS)
    assert code == 2
    assert "The folder of the results cannot be written to (Is a directory)" in err
    assert painted(folders) == []


@pytest.mark.parametrize("flag", [["--workers", "2"], ["--scheduler", "tcp://127.0.0.1:1"]])
def test_without_dask_it_says_what_to_install(run_fake, monkeypatch, flag):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, err = run_fake(*PAIRS, *flag)
    assert code == 2
    assert f"{flag[0]} needs Dask; install it with pip install -r requirements-cluster" in err
    assert len(err.strip().splitlines()) == 1


INTERRUPTED = """
import sys
from engines import FakeEngine
from nst.batch import local
from nst.cli.main import main
from nst.studio import engine
engine.VGGEngine = lambda weights, device: FakeEngine(sys.argv[1])
local.OVERLAP = 1  # else either of two jobs may be painted first
raise SystemExit(main(sys.argv[2:]))
"""


def test_interrupted_it_keeps_what_is_finished_and_goes_on(run_fake, folders):
    (folders / "jobs.csv").write_text(
        f"content,style,seed\nphotos/a.png,art/x.png,1\nphotos/b.png,art/x.png,{WAITS}\n"
    )
    arguments = ["batch", "--jobs", "jobs.csv", "-o", "out", *SMALL]
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(folders), *arguments],
        cwd=folders,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert "1/2" in process.stderr.readline()
        deadline = time.monotonic() + 60
        while len(painted(folders)) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "1 painted, in out; the same command goes on where it stopped" in err
    assert "Traceback" not in err, err
    assert list(manifest("out")) == ["a_in_x.png"]
    assert (folders / "out" / "contact_sheet.png").exists()
    code, _, err = run_fake(*arguments)
    assert code == 0
    assert "1 painted, 1 skipped" in err


def test_the_same_picture_as_a_single_run(monkeypatch, trunk, tmp_path, capsys):
    """With the real network, whose targets are computed once for both jobs."""
    monkeypatch.setattr(network, "load", lambda weights, device: trunk)
    monkeypatch.chdir(tmp_path)
    quick = ["--resolution", "64", "--iterations", "2", "--no-coarse-to-fine"]
    assert main([CONTENT, STYLE, "-o", "one.png", *quick]) == 0
    (tmp_path / "jobs.csv").write_text(
        f"content,style,output,seed\n{CONTENT},{STYLE},first.png,1\n{CONTENT},{STYLE},one.png,\n"
    )
    assert main(["batch", "--jobs", "jobs.csv", "-o", "out", *quick, "--quiet"]) == 0
    assert Path("one.png").read_bytes() == Path("out/one.png").read_bytes()
    assert capsys.readouterr().out == ""


def test_all_is_painted_by_one_thread(run_fake, folders, monkeypatch):
    """OpenMP would give each of several threads helpers of its own."""
    threads = set()

    class Engine(FakeEngine):
        def open(self, count):
            threads.add(threading.get_ident())
            paint = super().open(count).paint

            def watched(*arguments):
                threads.add(threading.get_ident())
                yield from paint(*arguments)

            return FakePainter(watched)

    monkeypatch.setattr(engine, "VGGEngine", lambda weights, device: Engine(str(folders)))
    assert run_fake("batch", "--content", "photos", "--style", "art", "-o", "out", *SMALL)[0] == 0
    assert run_fake("sheet", "photos/a.png", "--style", "art", "-o", "sheet.png", *SMALL)[0] == 0
    assert len(threads) == 1


def test_names_in_other_alphabets_are_painted(run_fake, folders):
    """60 and 80 Chinese characters make a name of more bytes than a file may have."""
    photo, artwork = folders / f"{'風' * 60}.png", folders / f"{'山' * 80}.png"
    photo.write_bytes(picture(7))
    artwork.write_bytes(picture(8))
    batch = ["batch", "--content", photo.name, "--style", artwork.name, "-o", "out", *SMALL]
    for expected in ("1 painted", "1 skipped"):
        code, _, err = run_fake(*batch)
        assert code == 0, err
        assert expected in err


def test_a_start_may_have_an_address_as_in_a_list_of_jobs(run_fake):
    fsspec.filesystem("memory").pipe("/starts/start.png", picture(3))
    code, _, err = run_fake(*PAIRS, "--init", "memory://starts/start.png")
    assert code == 0, err
    for path in Path("out").glob("?_in_?.png"):
        assert recipe.read(path.read_bytes()).init.name == "start.png"
    code, _, err = run_fake(*PAIRS, "--init", "memory://starts/none.png")
    assert code == 2
    assert "there is no such file" in err
