"""Pictures to files: whole or not at all."""

from __future__ import annotations

import io
import os
import stat
import struct
from pathlib import Path

import numpy as np
import pytest
from files import noise
from PIL import Image, ImageCms

from nst.errors import ImageError
from nst.pictures import writing
from nst.pictures.reading import open_picture


def leftovers(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


class TestEncode:
    def test_the_profile_is_dated_and_of_no_moment(self):
        profile = writing.srgb_profile()
        assert struct.unpack(">6H", profile[24:36]) == (2000, 1, 1, 0, 0, 0)
        assert len(profile) == struct.unpack(">I", profile[:4])[0]

    def test_what_is_saved_is_what_is_encoded(self, tmp_path):
        kept = Image.Exif()
        kept[0x010F] = "Maker"
        path, exif = tmp_path / "a.jpg", kept.tobytes()
        writing.save(noise(), path, quality=60, dpi=300, exif=exif)
        assert path.read_bytes() == writing.encode(noise(), "JPEG", 60, dpi=300, exif=exif)
        assert "dpi" not in Image.open(io.BytesIO(writing.encode(noise()))).info
        writing.save(noise(), tmp_path / "b.png")
        assert (tmp_path / "b.png").read_bytes() == writing.encode(noise())

    @pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP"])
    def test_lossless(self, format):
        assert open_picture(writing.encode(noise(), format)).tobytes() == noise().tobytes()

    @pytest.mark.parametrize("format", ["JPEG", "WEBP"])
    def test_quality(self, format):
        smooth = noise(8, 8).resize((96, 96), Image.Resampling.BICUBIC)
        best, worse = writing.encode(smooth, format), writing.encode(smooth, format, quality=40)
        assert len(worse) < len(best)
        difference = np.asarray(open_picture(best), float) - np.asarray(smooth, float)
        assert np.abs(difference).mean() < 2.5

    def test_jpeg_keeps_full_colour_resolution(self):
        image = Image.open(io.BytesIO(writing.encode(noise(), "JPEG")))
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3
        assert image.quantization[0][0] == 2  # quality 95

    @pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "BMP"])
    def test_dots_an_inch(self, format):
        image = Image.open(io.BytesIO(writing.encode(noise(), format, dpi=300)))
        assert [round(float(value)) for value in image.info["dpi"]] == [300, 300]

    @pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
    def test_srgb_profile(self, format):
        image = Image.open(io.BytesIO(writing.encode(noise(), format)))
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)

    def test_same_picture_same_bytes_at_any_time(self, monkeypatch):
        made = iter([b"\x07" * 12, b"\x08" * 12])
        profile = writing.srgb_profile()

        class LaterProfile:
            def __init__(self, _):
                pass

            def tobytes(self):
                return profile[:24] + next(made) + profile[36:]

        monkeypatch.setattr(ImageCms, "ImageCmsProfile", LaterProfile)
        assert writing.encode(noise()) == writing.encode(noise())

    def test_text_is_kept_in_a_png_uncompressed(self):
        text = {"note": "plain " * 200, "other": "Größe 猫"}
        data = writing.encode(noise(), text=text)
        assert Image.open(io.BytesIO(data)).text == text
        for value, coding in (("plain " * 200, "ascii"), ("Größe 猫", "utf-8")):
            assert value.encode(coding) in data
        assert writing.encode(noise(), text=text) == data
        assert writing.encode(noise(), text={}) == writing.encode(noise())
        assert open_picture(data).info == {}

    @pytest.mark.parametrize("format", ["JPEG", "WEBP", "TIFF", "BMP"])
    def test_other_formats_are_written_without_the_text(self, format):
        data = writing.encode(noise(), format, text={"note": "plain"})
        assert data == writing.encode(noise(), format)

    def test_unknown_format(self):
        with pytest.raises(ImageError, match="no output format 'GIF'; choose PNG, JPEG, WEBP"):
            writing.encode(noise(), "GIF")

    def test_picture_the_format_cannot_hold(self):
        with pytest.raises(
            ImageError, match=r"17000 x 1 px cannot be stored as WEBP .*; choose PNG"
        ):
            writing.encode(Image.new("RGB", (17_000, 1)), "WEBP")


class TestSave:
    @pytest.mark.parametrize(
        ("name", "format"),
        [
            ("a.png", "PNG"),
            ("a.jpg", "JPEG"),
            ("a.JPEG", "JPEG"),
            ("a.webp", "WEBP"),
            ("a.tif", "TIFF"),
            ("a.TIFF", "TIFF"),
            ("a.bmp", "BMP"),
            ("a.jpg.PNG", "PNG"),
        ],
    )
    def test_extension_chooses_the_format(self, tmp_path, name, format):
        writing.save(noise(), tmp_path / name)
        assert leftovers(tmp_path) == [name]
        with Image.open(tmp_path / name) as image:
            assert image.format == format
        assert open_picture(tmp_path / name).size == (40, 36)

    def test_overwrites_and_is_readable_as_any_new_file(self, tmp_path):
        (tmp_path / "a.png").write_bytes(b"old")
        (tmp_path / "plain").touch()
        writing.save(noise(), str(tmp_path / "a.png"))
        assert open_picture(tmp_path / "a.png").tobytes() == noise().tobytes()
        assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode

    def test_text(self, tmp_path):
        for name in ("a.png", "a.jpg"):
            writing.save(noise(), tmp_path / name, {"note": "plain"})
        with Image.open(tmp_path / "a.png") as image:
            assert image.text == {"note": "plain"}
        assert b"plain" not in (tmp_path / "a.jpg").read_bytes()

    def test_relative_path(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        writing.save(noise(), "a.png")
        assert leftovers(tmp_path) == ["a.png"]

    def test_longest_possible_name(self, tmp_path):
        writing.save(noise(), tmp_path / ("x" * 251 + ".png"))
        assert len(leftovers(tmp_path)) == 1

    def test_a_symbolic_link_stays_one(self, tmp_path):
        (tmp_path / "real").mkdir()
        link = tmp_path / "a.png"
        link.symlink_to(tmp_path / "real" / "b.png")
        writing.save(noise(), link)
        assert link.is_symlink()
        assert leftovers(tmp_path / "real") == ["b.png"]

    @pytest.mark.parametrize("step", ["write", "replace"])
    @pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
    def test_a_failing_write_leaves_the_old_file_whole(self, tmp_path, monkeypatch, step, error):
        path = tmp_path / "a.png"
        path.write_bytes(b"old")

        class FullDisk(io.FileIO):
            def write(self, data):
                super().write(data[:100])
                raise error

        def failing(*args):
            raise error

        if step == "write":
            monkeypatch.setattr("builtins.open", FullDisk)
        else:
            monkeypatch.setattr(os, "replace", failing)
        expected = ImageError if isinstance(error, OSError) else KeyboardInterrupt
        with pytest.raises(expected) as caught:
            writing.save(noise(), path)
        monkeypatch.undo()
        if expected is ImageError:
            message = str(caught.value)
            assert message.startswith('"a.png" cannot be written (No space left on device); ')
        assert path.read_bytes() == b"old"
        assert leftovers(tmp_path) == ["a.png"]

    def test_a_picture_that_cannot_be_encoded_leaves_the_old_file_whole(self, tmp_path):
        path = tmp_path / "a.webp"
        path.write_bytes(b"old")
        with pytest.raises(ImageError, match="choose PNG"):
            writing.save(Image.new("RGB", (17_000, 1)), path)
        assert path.read_bytes() == b"old"
        assert leftovers(tmp_path) == ["a.webp"]


def output_refusal(path) -> str:
    """The message of `check_output`, which `save` must give as well."""
    with pytest.raises(ImageError) as checked:
        writing.check_output(path)
    with pytest.raises(ImageError) as saved:
        writing.save(noise(), path)
    assert str(checked.value) == str(saved.value)
    return str(checked.value)


class TestCheckOutput:
    def test_a_name_that_cannot_be_shown(self, tmp_path):
        hidden = "\u202e.\u202e"
        message = output_refusal(tmp_path / hidden)
        assert message.startswith('"." does not say which kind')
        message = output_refusal(tmp_path / "\u202e" / "a.png")
        assert message.endswith("there is no folder for it; create it first or choose another.")
        assert output_refusal("\u202e").startswith("The result does not say which kind")
        (tmp_path / "\u202e").mkdir()
        with pytest.raises(ImageError, match=r"^The result is a folder or a device"):
            writing.check_writable(tmp_path / "\u202e")

    def test_leaves_nothing_behind(self, tmp_path):
        assert writing.check_output(tmp_path / "a.png") is None
        assert leftovers(tmp_path) == []
        (tmp_path / "a.png").write_bytes(b"old")
        assert writing.check_output(str(tmp_path / "a.png")) is None
        assert (tmp_path / "a.png").read_bytes() == b"old"
        assert leftovers(tmp_path) == ["a.png"]

    @pytest.mark.parametrize("name", ["a", "a.gif", "a.png.exe", ".png", "", "a.pdf"])
    def test_unknown_extension(self, tmp_path, name):
        message = output_refusal(tmp_path / name if name else "")
        assert "let its name end in one of .png, .jpg, .jpeg, .webp, .tif, .tiff, .bmp." in message
        assert leftovers(tmp_path) == []

    def test_missing_folder(self, tmp_path):
        message = output_refusal(tmp_path / "nowhere" / "a.png")
        assert message.startswith('"a.png" cannot be written, because there is no folder "nowhere"')
        (tmp_path / "file").touch()
        assert 'no folder "file"' in output_refusal(tmp_path / "file" / "a.png")
        assert leftovers(tmp_path) == ["file"]

    def test_folder_or_device_of_that_name(self, tmp_path):
        (tmp_path / "a.png").mkdir()
        assert '"a.png" is a folder or a device' in output_refusal(tmp_path / "a.png")
        (tmp_path / "b.png").symlink_to("/dev/null")
        assert '"b.png" is a folder or a device' in output_refusal(tmp_path / "b.png")
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)

    def test_folder_that_may_not_be_written(self, tmp_path, monkeypatch):
        def denied(*args, **options):
            raise PermissionError(13, "Permission denied", options["dir"])

        monkeypatch.setattr("tempfile.TemporaryFile", denied)
        message = output_refusal(tmp_path / "a.png")
        assert message == (
            '"a.png" cannot be written (Permission denied); choose another place for it.'
        )

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_folder_without_permission(self, tmp_path):
        tmp_path.chmod(0o500)
        assert "Permission denied" in output_refusal(tmp_path / "a.png")
        tmp_path.chmod(0o700)

    @pytest.mark.parametrize("name", ["a\0.png", "x" * 252 + ".png"])
    def test_impossible_name(self, tmp_path, name):
        assert "cannot be written (" in output_refusal(tmp_path / name)
