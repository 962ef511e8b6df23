"""Jobs and the names of their results."""

from __future__ import annotations

import hashlib
import os

import pytest

from nst.batch.job import Job, check_name, pairs, zipped
from nst.batch.job import named as named_jobs
from nst.errors import UserError
from nst.settings import Settings


def test_zip_pairs_by_order():
    jobs = zipped(["a.png", "b.png"], ["x.png", "y.png"], Settings())
    assert [job.output for job in jobs] == ["a_in_x.png", "b_in_y.png"]


def test_names_do_not_clash_and_do_not_depend_on_the_order():
    contents = ["here/a.png", "there/a.png", "there/A.jpg", "b.png"]
    jobs = pairs(contents, ["x.png", "x.png"], Settings())  # a style twice is once
    names = [job.output for job in jobs]
    assert len({name.casefold() for name in names}) == 4
    assert names[3] == "b_in_x.png"
    turned = pairs(contents[::-1], ["x.png"], Settings())
    assert names == [job.output for job in turned][::-1]
    long = pairs(["p" * 300 + ".png"], ["q" * 300 + ".png"], Settings())
    assert len(long[0].output) < 200


def named(content: str, style: str) -> str:
    (job,) = pairs([content], [style], Settings())
    return job.output


def test_names_of_results_fit_into_a_file_system_and_tell_what_they_are() -> None:
    """255 bytes, of which a Chinese character takes three and an emoji four."""
    for content, style in (("風" * 60, "山" * 80), ("🎨" * 90, "x" * 300), ("é" * 200, "ß" * 200)):
        name = named(f"{content}.jpg", f"{style}.png")
        assert len(name.encode()) <= 255
        assert name.startswith(content[:20])
        assert f"_in_{style[:20]}" in name
        assert name.endswith(".png")
    # What was painted before is found again.
    assert named(f"{'p' * 60}.jpg", f"{'q' * 80}.jpg") == f"{'p' * 60}_in_{'q' * 80}.png"
    assert named(f"{'p' * 70}.jpg", "q.jpg") == f"{'p' * 60}_in_q.png"
    # A name that is no text, as another system may have left it.
    assert len(os.fsencode(named(os.fsdecode(b"\xff" * 200 + b".jpg"), "q.jpg"))) <= 255


def test_what_was_painted_before_there_were_style_masks_has_the_same_name() -> None:
    plain = Job("a/x.png", ("y.png",), Settings())
    other, counted = (
        Job("b/x.png", ("y.png",), Settings()),
        Job("a/x.png", ("y.png",), Settings(), style_masks=("m.png",)),
    )
    first, second, third = named_jobs([plain, other, counted])
    before = repr(plain).replace(", style_masks=()", "")
    assert first.output == f"x_in_y_{hashlib.sha256(before.encode()).hexdigest()[:8]}.png"
    assert len({first.output, second.output, third.output}) == 3


def test_long_names_that_differ_at_their_ends_do_not_clash() -> None:
    jobs = pairs([f"{'風' * 70}{end}.jpg" for end in "ab"], ["山" * 90 + ".jpg"], Settings())
    assert len({job.output for job in jobs}) == 2
    assert max(len(job.output.encode()) for job in jobs) <= 255


@pytest.mark.parametrize("name", [f"{'風' * 84}.png", f"{'x' * 252}.png", "a\0b.png"])
def test_names_that_no_file_can_have_are_refused(name: str) -> None:
    with pytest.raises(UserError):
        check_name(name)
    check_name(f"{'x' * 251}.png")
