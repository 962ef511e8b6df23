"""One photo in all sample styles."""

from __future__ import annotations

from engines import painted
from PIL import Image
from samples import CONTENT, ROOT


def test_a_sheet_of_all_sample_styles(run_fake, folders):
    (folders / "art" / "broken.png").write_bytes(b"broken")
    code, _, err = run_fake("sheet", CONTENT, "--resolution", "64")
    assert code == 0
    samples = len(list((ROOT / "Resources" / "styles").glob("*.jpg")))
    assert len(painted(folders)) == samples
    assert f"{samples}/{samples}  painted: Woodblock wave" in err
    with Image.open("coffee_sheet.png") as found:
        assert found.width > 3 * 64
    code, _, err = run_fake(
        "sheet", CONTENT, "--style", "art", "-o", "art.jpg", "--resolution", "64"
    )
    assert code == 1
    assert 'Broken: "broken.png" is not a picture' in err
    with Image.open("art.jpg") as found:
        assert found.width > 2 * 64
    assert run_fake("sheet", "none.jpg")[0] == 2
