"""Many paintings: which ones, what is skipped, what fails alone, and what is told of them."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import fsspec
import pytest
import torch
from engines import BREAKS, FALLS_APART, WAITS, FakeEngine, FakePainter, painted, progress
from PIL import Image

from nst.batch import batch, cluster, storage
from nst.cli import cli
from nst.errors import UserError
from nst.pictures import sheet, writing
from nst.settings import Settings
from nst.studio import engine, recipe
from nst.studio.studio import Studio
from nst.vgg import network

ROOT = Path(__file__).parents[2]
CONTENT = str(ROOT / "Resources" / "content" / "coffee.jpg")
STYLE = str(ROOT / "Resources" / "styles" / "night_sky.jpg")
SMALL = ["--resolution", "64"]


def picture(seed, size=(64, 48)):
    """The bytes of a small picture that no other seed has."""
    noise = random.Random(seed).randbytes(3 * size[0] * size[1])
    return writing.encode(Image.frombytes("RGB", size, noise))


@pytest.fixture
def folders(tmp_path):
    """Two photos and two styles, of which one pair of names differs only by its suffix."""
    for number, name in enumerate(["photos/a.png", "photos/b.png", "art/x.png", "art/y.png"]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(picture(number))
    (tmp_path / "photos" / "notes.txt").write_text("no picture")
    (tmp_path / "photos" / ".hidden.png").write_text("no picture")
    return tmp_path


@pytest.fixture
def run(monkeypatch, folders, capsys):
    """Run a command in a folder of its own, with a painter that only inverts."""
    monkeypatch.setattr(engine, "VGGEngine", lambda weights, device: FakeEngine(str(folders)))
    monkeypatch.chdir(folders)

    def run(*arguments):
        try:
            code = cli.main([*arguments])
        except SystemExit as end:
            code = end.code
        output = capsys.readouterr()
        return code, output.out, output.err

    return run


def manifest(folder):
    lines = (Path(folder) / "manifest.jsonl").read_text().splitlines()
    return {record["output"]: record for record in map(json.loads, lines)}


PAIRS = ["batch", "--content", "photos", "--style", "art", "-o", "out", *SMALL]


def test_all_pairs_of_two_folders(run, folders):
    code, out, err = run(*PAIRS)
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


def test_what_is_painted_is_skipped_and_what_changed_is_not(run, folders):
    assert run(*PAIRS)[0] == 0
    before = manifest("out")
    whole = (folders / "out" / "a_in_x.png").read_bytes()
    (folders / "out" / "a_in_x.png").write_bytes(whole[:-20])  # cut off
    flipped = bytearray((folders / "out" / "a_in_y.png").read_bytes())
    flipped[-30] ^= 1
    (folders / "out" / "a_in_y.png").write_bytes(flipped)  # damaged
    (folders / "photos" / "b.png").rename(folders / "photos" / "c.png")  # the same, renamed
    (folders / "art" / "y.png").write_bytes(picture(9))  # another picture of the same name
    code, out, _ = run(*PAIRS, "--json")
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
    assert run(*PAIRS)[0] == 0
    assert len(painted(folders)) == 8
    after = manifest("out")
    assert {after[f"{c}_in_{s}.png"]["status"] for c in "ac" for s in "xy"} == {"skipped"}
    assert after["b_in_x.png"] == before["b_in_x.png"]  # what others painted there stays known
    assert after["a_in_x.png"]["iterations"] == 6  # as it was when it was painted
    assert run(*PAIRS, "--seed", "5")[0] == 0  # other settings
    assert len(painted(folders)) == 12


def test_what_fails_fails_alone_in_words(run, folders):
    (folders / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    (folders / "photos" / "empty.jpg").touch()
    code, _, err = run(*PAIRS)
    assert code == 1
    assert len(painted(folders)) == 4
    records = manifest("out")
    assert records["broken_in_x.png"]["status"] == "failed"
    assert '"broken.jpg" is' in records["broken_in_x.png"]["error"]
    assert '"empty.jpg" is empty' in records["empty_in_y.png"]["error"]
    assert "Traceback" not in err
    assert "4 painted, 4 failed" in err


def test_a_list_of_jobs_with_settings_of_their_own(run, folders, caplog):
    (folders / "jobs.csv").write_text(
        "content,style,output,preset,resolution,style_weights,early_stop,style_layers,seed,init\n"
        "photos/a.png,art/x.png;art/y.png,one.png,fine,96,2;1,off,conv1_1;conv2_1,,\n"
        f"photos/a.png,art/x.png,,,,,,,{FALLS_APART},\n"
        f"photos/b.png,art/x.png,,,,,,,{BREAKS},photos/a.png\n"
    )
    code, _, _ = run("batch", "--jobs", "jobs.csv", "-o", "out", *SMALL, "--tv-weight", "5")
    assert code == 1
    records = manifest("out")
    assert {name: record["status"] for name, record in records.items()} == {
        "one.png": "painted",
        "a_in_x.png": "failed",
        "b_in_x.png": "failed",
    }
    assert records["a_in_x.png"]["error"] == "The painting fell apart."
    assert "FileNotFoundError: nobody" in records["b_in_x.png"]["error"]
    assert "nobody has foreseen this" in caplog.text  # with its traceback
    found = recipe.read((folders / "out" / "one.png").read_bytes()).settings
    wanted = Settings.preset(
        "fine",
        resolution=96,
        tv_weight=5,
        style_weights=(2, 1),
        early_stop=False,
        style_layers=("conv1_1", "conv2_1"),
    )
    assert found == wanted


def test_a_list_of_jobs_as_json_lines(run, folders):
    jobs = [
        {"content": "photos/a.png", "style": ["art/x.png", "art/y.png"], "seed": 3},
        {"content": "photos/b.png", "style": "art/x.png", "masks": "photos/a.png"},
    ]
    (folders / "jobs.jsonl").write_text("\n\n".join(map(json.dumps, jobs)))
    code, _, err = run("batch", "--jobs", "jobs.jsonl", "-o", "out", *SMALL)
    assert code == 0, err
    assert recipe.read((folders / "out" / "a_in_x_and_y.png").read_bytes()).settings.seed == 3
    assert len(recipe.read((folders / "out" / "b_in_x.png").read_bytes()).masks) == 1


def test_zip_pairs_by_order():
    jobs = batch.zipped(["a.png", "b.png"], ["x.png", "y.png"], Settings())
    assert [job.output for job in jobs] == ["a_in_x.png", "b_in_y.png"]


def test_names_do_not_clash_and_do_not_depend_on_the_order():
    contents = ["here/a.png", "there/a.png", "there/A.jpg", "b.png"]
    jobs = batch.pairs(contents, ["x.png", "x.png"], Settings())  # a style twice is once
    names = [job.output for job in jobs]
    assert len({name.casefold() for name in names}) == 4
    assert names[3] == "b_in_x.png"
    turned = batch.pairs(contents[::-1], ["x.png"], Settings())
    assert names == [job.output for job in turned][::-1]
    long = batch.pairs(["p" * 300 + ".png"], ["q" * 300 + ".png"], Settings())
    assert len(long[0].output) < 200


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-o", "out"], "Give --content and --style"),
        (["--content", "photos", "--style", "nowhere", "-o", "out"], "no file or folder 'nowhere'"),
        (["--content", ".", "--style", "art", "-o", "out"], "no picture in the folder"),
        ([*PAIRS[1:], "--content", "photos/a.png", "--zip"], "1 contents and 2 styles"),
        ([*PAIRS[1:], "--resolution", "5000"], "from 64 to 4096 px"),
        ([*PAIRS[1:], "--style-weights", "1", "2"], "2 style weights for 1"),
        ([*PAIRS[1:], "--jobs", "jobs.csv"], "leave out --content"),
        ([*PAIRS[1:], "--workers", "0"], "from 1 to 1024"),
        ([*PAIRS[1:], "--shared"], "--shared is for workers"),
        ([*PAIRS[1:], "--workers", "2", "--scheduler", "tcp://127.0.0.1:1"], "give one"),
        ([*PAIRS[1:6], "foo://out"], "Protocol not known: foo"),
        ([*PAIRS[1:6], "s3://bucket/out"], "Install s3fs"),
        ([*PAIRS[1:6], "photos/a.png"], "cannot be created"),
        (["--jobs", "none.csv", "-o", "out"], "does not exist"),
        (["--jobs", "photos/notes.txt", "-o", "out"], "must be a .csv or a .jsonl file"),
        (["--jobs", "empty.csv", "-o", "out"], "has no jobs"),
        (["--jobs", "latin.csv", "-o", "out"], "not text in UTF-8"),
        (["--jobs", "brush.csv", "-o", "out"], "Line 2 of brush.csv: There is no column"),
        (["--jobs", "wide.csv", "-o", "out"], "Line 2 of wide.csv has more cells"),
        (["--jobs", "range.csv", "-o", "out"], "Line 3 of range.csv: Resolution"),
        (["--jobs", "same.csv", "-o", "out"], "Two jobs would be saved as 'a.png'"),
        (["--jobs", "away.csv", "-o", "out"], "'../a.png'; give the name of a .png file"),
        (["--jobs", "taken.csv", "-o", "out"], "is the name of the sheet"),
        (["--jobs", "bad.jsonl", "-o", "out"], "Line 1 of bad.jsonl is not JSON"),
        (["--jobs", "list.jsonl", "-o", "out"], "must be an object"),
        (["--jobs", "number.jsonl", "-o", "out"], "The content was 3; it must be text"),
        (["--jobs", "none.jsonl", "-o", "out"], "needs a content and a style"),
    ],
)
def test_bad_input_is_told_in_one_sentence(run, folders, arguments, sentence):
    for name, text in {
        "empty.csv": "content,style\n",
        "brush.csv": "content,style,brush\na,b,c\n",
        "wide.csv": "content,style\na,b,c\n",
        "range.csv": "content,style,resolution\na,b,64\na,b,5000\n",
        "same.csv": "content,style,output\na,b,a.png\nc,d,a.png\n",
        "away.csv": "content,style,output\na,b,../a.png\n",
        "taken.csv": "content,style,output\na,b,contact_sheet.png\n",
        "bad.jsonl": "{",
        "list.jsonl": "[]",
        "number.jsonl": '{"content": 3, "style": "b"}',
        "none.jsonl": '{"content": "a"}',
    }.items():
        (folders / name).write_text(text)
    (folders / "latin.csv").write_bytes(b"content,style\n\xe9.png,b\n")
    code, out, err = run("batch", *arguments)
    assert code == 2
    assert out == ""
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert not list(folders.glob("out/*.png"))


def test_a_manifest_that_is_none_is_left_alone(run, folders):
    (folders / "out").mkdir()
    (folders / "out" / "manifest.jsonl").write_text("shopping list\n")
    code, _, err = run(*PAIRS)
    assert code == 2
    assert "is not a manifest of this program" in err
    assert (folders / "out" / "manifest.jsonl").read_text() == "shopping list\n"


def test_a_cluster_that_is_lost_ends_the_batch_and_keeps_what_is_painted(run, monkeypatch):
    def paint_all(jobs, folder, engine, *_):
        yield from batch.paint_all(jobs[:1], folder, engine)
        raise UserError("There has been no worker.")

    monkeypatch.setattr(cluster, "paint_all", paint_all)
    code, _, err = run(*PAIRS, "--workers", "1")
    assert code == 1
    assert "nst: There has been no worker." in err
    assert list(manifest("out")) == ["a_in_x.png"]
    assert Path("out/contact_sheet.png").exists()


def test_a_folder_that_cannot_be_written_to(run, folders):
    (folders / "out" / ".manifest.jsonl.lock").mkdir(parents=True)  # rights do not stop root
    code, _, err = run(*PAIRS)
    assert code == 2
    assert "The folder of the results cannot be written to (Is a directory)" in err
    assert painted(folders) == []


@pytest.mark.parametrize("flag", [["--workers", "2"], ["--scheduler", "tcp://127.0.0.1:1"]])
def test_without_dask_it_says_what_to_install(run, monkeypatch, flag):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, err = run(*PAIRS, *flag)
    assert code == 2
    assert f"{flag[0]} needs Dask; install it with pip install -r requirements-cluster" in err
    assert len(err.strip().splitlines()) == 1


def test_two_batches_into_one_folder_at_once(folders):
    """Each version of the manifest is whole, and no line gets lost."""
    records = [
        [batch.Record(f"{side}{n}.png", "c", ("s",), batch.Status.PAINTED) for n in range(30)]
        for side in "ab"
    ]

    def paint(mine):
        found = batch.Manifest(str(folders))
        for record in mine:
            found.add(record)
            found.save()

    threads = [threading.Thread(target=paint, args=(mine,)) for mine in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(manifest(folders)) == 60


def test_memory_and_local_addresses(folders):
    """fsspec's own file systems stand in for a store; nothing appears before it is whole."""
    memory = fsspec.filesystem("memory")
    memory.pipe("/photos/a.png", picture(0))
    memory.pipe("/photos/readme.md", b"")
    jobs = batch.pairs(
        storage.pictures("memory://photos"),
        storage.pictures(f"file://{folders}/art"),
        Settings(resolution=64),
    )
    for out in ("memory://out/here", f"file://{folders}/out/here"):
        storage.make_folder(out)
        fake = FakeEngine(str(folders))
        assert [r.status for r in batch.paint_all(jobs, out, fake)] == ["painted"] * 2
        assert [r.status for r in batch.paint_all(jobs, out, fake)] == ["skipped"] * 2
        assert storage.pictures(out) == [f"{out}/a_in_x.png", f"{out}/a_in_y.png"]
        batch.Manifest(out).save()
    for bad in ("memory://photos/none.png", "foo://x/a.png"):
        with pytest.raises(UserError, match=bad):
            storage.read(bad)
    with pytest.raises(UserError, match="no file or folder"):
        storage.pictures("memory://nowhere")
    with pytest.raises(UserError, match="more than the 0 MB"):
        storage.read("memory://photos/a.png", most=10)


def test_what_cannot_be_written_to_a_store_does_not_appear_there(monkeypatch):
    from fsspec.implementations.memory import MemoryFile

    def write(self, data):
        super(MemoryFile, self).write(data[:3])
        raise ConnectionResetError("the line is dead")

    monkeypatch.setattr(MemoryFile, "write", write)
    with pytest.raises(UserError, match=r"half\.png cannot be written \(the line is dead"):
        storage.write("memory://half.png", b"whole")
    assert not storage.exists("memory://half.png")


INTERRUPTED = """
import sys
from engines import FakeEngine
from nst.batch import batch
from nst.cli import cli
from nst.studio import engine
engine.VGGEngine = lambda weights, device: FakeEngine(sys.argv[1])
batch.OVERLAP = 1  # else either of two jobs may be painted first
raise SystemExit(cli.main(sys.argv[2:]))
"""


def test_interrupted_it_keeps_what_is_finished_and_goes_on(run, folders):
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
    code, _, err = run(*arguments)
    assert code == 0
    assert "1 painted, 1 skipped" in err


def test_the_same_picture_as_a_single_run(monkeypatch, trunk, tmp_path, capsys):
    """With the real network, whose targets are computed once for both jobs."""
    monkeypatch.setattr(network, "load", lambda weights, device: trunk)
    monkeypatch.chdir(tmp_path)
    quick = ["--resolution", "64", "--iterations", "2", "--no-coarse-to-fine"]
    assert cli.main([CONTENT, STYLE, "-o", "one.png", *quick]) == 0
    (tmp_path / "jobs.csv").write_text(
        f"content,style,output,seed\n{CONTENT},{STYLE},first.png,1\n{CONTENT},{STYLE},one.png,\n"
    )
    assert cli.main(["batch", "--jobs", "jobs.csv", "-o", "out", *quick, "--quiet"]) == 0
    assert Path("one.png").read_bytes() == Path("out/one.png").read_bytes()
    assert capsys.readouterr().out == ""


def test_a_sheet_of_all_sample_styles(run, folders):
    (folders / "art" / "broken.png").write_bytes(b"broken")
    code, _, err = run("sheet", CONTENT, "--resolution", "64")
    assert code == 0
    samples = len(list((ROOT / "Resources" / "styles").glob("*.jpg")))
    assert len(painted(folders)) == samples
    assert f"{samples}/{samples}  painted: Woodblock wave" in err
    with Image.open("coffee_sheet.png") as found:
        assert found.width > 3 * 64
    code, _, err = run("sheet", CONTENT, "--style", "art", "-o", "art.jpg", "--resolution", "64")
    assert code == 1
    assert 'Broken: "broken.png" is not a picture' in err
    with Image.open("art.jpg") as found:
        assert found.width > 2 * 64
    assert run("sheet", "none.jpg")[0] == 2


def test_help_and_mistakes_of_the_commands():
    script = (
        "import sys, runpy; sys.argv = ['nst', *sys.argv[1:]]\n"
        "try: runpy.run_module('nst', run_name='__main__')\n"
        "finally: assert not {'torch', 'numpy', 'PIL', 'distributed'} & set(sys.modules)"
    )
    for arguments, code, expected in (
        (["batch", "--help"], 0, "--scheduler"),
        (["sheet", "--help"], 0, "--style-weight"),
        (["batch"], 2, "see python -m nst batch --help"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == code, done.stderr
        assert expected in done.stdout + done.stderr


def test_all_is_painted_by_one_thread(run, folders, monkeypatch):
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
    assert run("batch", "--content", "photos", "--style", "art", "-o", "out", *SMALL)[0] == 0
    assert run("sheet", "photos/a.png", "--style", "art", "-o", "sheet.png", *SMALL)[0] == 0
    assert len(threads) == 1


def test_a_painting_that_nobody_waits_for_any_more_ends(folders, monkeypatch):
    begun, ended = threading.Event(), threading.Event()

    class Endless(FakeEngine):
        def open(self, threads):
            def paint(prepared, settings):
                begun.set()
                try:
                    while True:
                        yield progress(torch.zeros(1, 3, 64, 64), 3)
                        time.sleep(0.01)
                finally:
                    ended.set()

            return FakePainter(paint)

    def interrupted(self, timeout=None):
        assert begun.wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr(Future, "result", interrupted)
    jobs = batch.pairs([str(folders / "photos/a.png")], [str(folders / "art/x.png")], Settings())
    with pytest.raises(KeyboardInterrupt):
        batch.paint(Studio(Endless(str(folders))), batch.gather(jobs[0]))
    assert ended.wait(10)
