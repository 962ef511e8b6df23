"""What the workers of this machine are started with."""

from __future__ import annotations

import pytest

from nst.batch import own_workers


@pytest.mark.parametrize(
    ("given", "cards", "wanted"),
    [
        (None, 2, ["0", "1", "0"]),
        ("2,3", 2, ["2", "3", "2"]),
        (" 5 , GPU-1f2e ", 2, ["5", "GPU-1f2e", "5"]),
        ("1,0,-1", 2, ["1", "0", "1"]),  # what follows one that is not there does not count
        ("", 0, [None, None, None]),
    ],
)
def test_workers_share_the_graphics_cards_of_their_parent(
    monkeypatch: pytest.MonkeyPatch, given: str | None, cards: int, wanted: list[str | None]
) -> None:
    if given is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    options = own_workers._options(3, cards, 8)
    assert [each["env"].get("CUDA_VISIBLE_DEVICES") for each in options] == wanted
    assert {each["nthreads"] for each in options} == {2}
    assert all(each["resources"] == ({own_workers.GPU: 1} if cards else {}) for each in options)
