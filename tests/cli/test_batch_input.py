"""What a batch takes: lists of jobs, and mistakes told in a sentence."""

from __future__ import annotations

import json

import pytest
from batches import PAIRS, SMALL, manifest
from engines import BREAKS, FALLS_APART

from nst.settings import Settings
from nst.studio import recipe


def test_what_a_folder_holds_that_is_no_picture_is_named(run_fake, folders):
    (folders / "photos" / "notes.txt").touch()
    (folders / "photos" / "broken.jfif").write_bytes(b"no picture")
    code, _, errors = run_fake(
        "batch", "--content", "photos", "--style", "art/x.png", "-o", "out", *SMALL
    )
    assert code == 1
    assert "nst: Not taken from the folder 'photos', as the names are not those" in errors
    assert '"notes.txt".' in errors
    assert '"broken.jfif" is not a picture' in errors


def test_a_list_of_jobs_with_settings_of_their_own(run_fake, folders, caplog):
    (folders / "jobs.csv").write_text(
        "content,style,output,preset,resolution,style_weights,early_stop,style_layers,seed,init\n"
        "photos/a.png,art/x.png;art/y.png,one.png,fine,96,2;1,off,conv1_1;conv2_1,,\n"
        f"photos/a.png,art/x.png,,,,,,,{FALLS_APART},\n"
        f"photos/b.png,art/x.png,,,,,,,{BREAKS},photos/a.png\n"
    )
    code, _, _ = run_fake("batch", "--jobs", "jobs.csv", "-o", "out", *SMALL, "--tv-weight", "5")
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


def test_a_list_of_jobs_as_json_lines(run_fake, folders):
    jobs = [
        {"content": "photos/a.png", "style": ["art/x.png", "art/y.png"], "seed": 3},
        {"content": "photos/b.png", "style": "art/x.png", "masks": "photos/a.png"},
        {"content": "photos/b.png", "style": "art/y.png", "style_masks": "photos/a.png"},
    ]
    (folders / "jobs.jsonl").write_text("\n\n".join(map(json.dumps, jobs)))
    code, _, err = run_fake("batch", "--jobs", "jobs.jsonl", "-o", "out", *SMALL)
    assert code == 0, err
    assert recipe.read((folders / "out" / "a_in_x_and_y.png").read_bytes()).settings.seed == 3
    assert len(recipe.read((folders / "out" / "b_in_x.png").read_bytes()).masks) == 1
    found = recipe.read((folders / "out" / "b_in_y.png").read_bytes())
    assert (len(found.masks), [each.name for each in found.style_masks]) == (0, ["a.png"])


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
def test_bad_input_is_told_in_one_sentence(run_fake, folders, arguments, sentence):
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
    code, out, err = run_fake("batch", *arguments)
    assert code == 2
    assert out == ""
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert not list(folders.glob("out/*.png"))
