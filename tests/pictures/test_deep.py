"""Pictures of 16 bits in files that all can read."""

from __future__ import annotations

import io
import types
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from engines import progress
from PIL import Image

from nst import errors
from nst.cli.main import main
from nst.paint import transfer
from nst.pictures import deep, metadata, tensors, writing
from nst.settings import DEFAULT_PRESET, Settings
from nst.studio import recipe
from nst.vgg import network

EXTENSIONS = ["png", "tif"]
SIZE = (40, 24)  # px, of the photo


def noise(seed: int, size: tuple[int, int] = SIZE) -> torch.Tensor:
    """A painting of shape (1, 3, height, width), of any values in 0..1."""
    return torch.rand(1, 3, size[1], size[0], generator=torch.manual_seed(seed))


def picture(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    return tensors.to_picture(noise(seed, size))


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Types and bodies of a PNG's chunks, checksums verified."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, place = [], 8
    while place < len(data):
        length = int.from_bytes(data[place : place + 4])
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        checksum = data[place + 8 + length : place + 12 + length]
        assert zlib.crc32(kind + body) == int.from_bytes(checksum)
        found.append((kind, body))
        place += 12 + length
    return found


def decoded(data: bytes) -> np.ndarray:
    """The pixels of a PNG of 16 bits, by the book (PNG specification, section 9)."""
    found = chunks(data)
    header = found[0][1]
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    assert header[8:] == bytes([16, 2, 0, 0, 0])
    lines = zlib.decompress(b"".join(body for kind, body in found if kind == b"IDAT"))
    rows = np.frombuffer(lines, np.uint8).reshape(height, 1 + 6 * width)
    above = np.zeros(6 * width, np.uint8)
    result = []
    for row in rows:
        line = row[1:].copy()
        for place in range(len(line)):
            left = int(line[place - 6]) if place >= 6 else 0
            up, corner = int(above[place]), int(above[place - 6]) if place >= 6 else 0
            nearest = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
            guess = [0, left, up, (left + up) // 2, nearest][row[0]]
            line[place] = (int(line[place]) + guess) % 256
        result.append(line)
        above = line
    return np.stack(result).view(">u2").reshape(height, width, 3)


def pixels(size: tuple[int, int] = SIZE) -> deep.Pixels:
    """Noise over a gradient, so that the filters of a PNG are all of use."""
    random = np.random.default_rng(0).integers(0, 300, (size[1], size[0], 3))
    return (random + np.arange(size[0])[:, None] * 1000).astype(np.uint16)


def read(path: Path) -> np.ndarray:
    return decoded(path.read_bytes()) if path.suffix == ".png" else tifffile.imread(path)


@pytest.mark.parametrize("extension", ["png", "tif", "tiff", "PNG", "TIFF"])
@pytest.mark.parametrize("size", [SIZE, (1, 1), (3, 50)])
def test_a_file_holds_every_bit(tmp_path, extension, size):
    path = tmp_path / f"out.{extension}"
    deep.save(pixels(size), path)
    found = decoded(path.read_bytes()) if extension.lower() == "png" else tifffile.imread(path)
    assert found.dtype.itemsize == 2
    np.testing.assert_array_equal(found, pixels(size))
    with Image.open(path) as image:
        image.load()  # with 8 bits, but without an objection
        assert image.size == size
    assert [child.name for child in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_file_says_that_it_is_srgb_and_how_large(tmp_path, extension):
    path = tmp_path / f"out.{extension}"
    deep.save(pixels(), path, dpi=300)
    with Image.open(path) as image:
        assert image.info["icc_profile"] == writing.srgb_profile()
        assert [float(value) for value in image.info["dpi"]] == pytest.approx([300, 300], abs=0.02)
    deep.save(pixels(), path)
    with Image.open(path) as image:
        assert set(image.info.get("dpi", (1,))) <= {1}  # TIFF has no way to say nothing
        assert not image.getexif().get_ifd(0x8769)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_the_same_picture_is_the_same_file(tmp_path, extension):
    one, other = tmp_path / f"one.{extension}", tmp_path / f"other.{extension}"
    for path in (one, other):
        deep.save(pixels(), path, {"key": "value"}, 300, photographed())
    assert one.read_bytes() == other.read_bytes()


def photographed() -> bytes:
    """What is kept of a photo that says where it was taken."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Acme", "Box 1", 6
    exif.get_ifd(0x8769)[0x829A] = 0.004
    exif.get_ifd(0x8769)[0xA434] = "50 mm"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 12.0, 30.0)
    buffer = io.BytesIO()
    picture(8).save(buffer, "JPEG", exif=exif)
    return metadata.camera_data(buffer.getvalue(), "photo.jpg")


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_file_tells_of_the_camera_but_not_of_the_place(tmp_path, extension):
    path = tmp_path / f"out.{extension}"
    deep.save(pixels(), path, exif=photographed())
    np.testing.assert_array_equal(read(path), pixels())
    with Image.open(path) as image:
        found = image.getexif()
        assert (found[0x010F], found[0x0110]) == ("Acme", "Box 1")
        assert 0x0112 not in found or found[0x0112] == 1
        assert not found.get_ifd(0x8825)
        if extension == "png":
            assert found.get_ifd(0x8769)[0xA434] == "50 mm"
            assert float(found.get_ifd(0x8769)[0x829A]) == pytest.approx(0.004)


def test_a_png_keeps_texts(tmp_path):
    path = tmp_path / "out.png"
    deep.save(pixels(), path, {recipe.KEY: "{}", "title": "Nächte 夜"})
    with Image.open(path) as image:
        assert image.text == {recipe.KEY: "{}", "title": "Nächte 夜"}
    np.testing.assert_array_equal(read(path), pixels())


def test_other_kinds_of_files_are_refused(tmp_path):
    for name in ("out.jpg", "out.webp", "out.bmp"):
        with pytest.raises(errors.ImageError, match=r"16 bits are for \.png, \.tif, \.tiff"):
            deep.check_output(tmp_path / name)
        with pytest.raises(errors.ImageError, match="16 bits are for"):
            deep.save(pixels(), tmp_path / name)
    with pytest.raises(errors.ImageError, match="no folder"):
        deep.check_output(tmp_path / "nowhere" / "out.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch, extension):
    def replace(source, target):
        raise OSError(28, "No space left on device")

    path = tmp_path / f"out.{extension}"
    path.write_bytes(b"old")
    monkeypatch.setattr("os.replace", replace)
    with pytest.raises(errors.ImageError, match="No space left on device"):
        deep.save(pixels(), path)
    assert [(child.name, child.read_bytes()) for child in tmp_path.iterdir()] == [
        (path.name, b"old")
    ]


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_the_command_line(tmp_path, monkeypatch, capsys, extension):
    """A painting of few, very close values arrives in the file with all of them."""
    painting = torch.linspace(0.5, 0.52, 96).expand(1, 3, 64, 96)

    def steps(*_, **__):
        yield progress(painting, 1, 1)

    trunk = types.SimpleNamespace(device=torch.device("cpu"), precision=torch.float32)
    monkeypatch.setattr(network, "load", lambda weights, device: trunk)
    monkeypatch.setattr(transfer, "steps", steps)
    monkeypatch.chdir(tmp_path)
    picture(9, (96, 64)).save("photo.png")
    arguments = ["photo.png", "photo.png", "--resolution", "96", "--dpi", "150", "--quiet"]
    out = Path(f"out.{extension}")
    assert main([*arguments, "-o", str(out), "--depth", "16"]) == 0
    found = read(out)
    wanted = np.rint(np.linspace(0.5, 0.52, 96) * 65535)
    assert np.abs(found - wanted[:, None]).max() <= 1
    with Image.open(out) as image:
        assert float(image.info["dpi"][0]) == pytest.approx(150, abs=0.02)
    if extension == "png":
        assert recipe.read(out.read_bytes()).settings == Settings.preset(
            DEFAULT_PRESET, resolution=96
        )
    assert main([*arguments, "-o", f"eight.{extension}"]) == 0
    with Image.open(f"eight.{extension}") as image:
        assert image.mode == "RGB"
    assert capsys.readouterr().err == ""
