"""Jobs and the names of their results."""

from __future__ import annotations

from nst.batch.job import pairs, zipped
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
