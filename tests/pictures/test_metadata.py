"""What is kept of a photo's metadata, and what is not."""

from __future__ import annotations

import io

import pytest
from files import encoded, noise
from PIL import Image

from nst.errors import ImageError
from nst.pictures import metadata, writing


def test_camera_data_of_what_is_no_picture():
    for data in (b"no picture", encoded(noise(), "PPM")):
        with pytest.raises(ImageError, match=r'^"photo\.jpg" is not a picture'):
            metadata.camera_data(data, "folder/photo.jpg")


def test_camera_data_of_a_photo_with_details_only():
    photo = Image.Exif()
    photo.get_ifd(0x8769)[0x9003] = "2026:11:23 10:00:00"
    buffer = io.BytesIO()
    noise().save(buffer, "JPEG", exif=photo)
    found = Image.Exif()
    found.load(metadata.camera_data(buffer.getvalue(), "photo.jpg"))
    assert found.get_ifd(0x8769)[0x9003] == "2026:11:23 10:00:00"


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_camera_data_without_the_place(format):
    photo, details, place = Image.Exif(), 0x8769, 0x8825
    photo[0x010F], photo[0x0112] = "Maker", 6  # the latter on its side
    photo.get_ifd(details).update({0x9003: "2026:11:23 10:00:00", 0x927C: b"51 N 7 E"})
    photo.get_ifd(place).update({1: "N", 2: (51.0, 30.0, 0.0)})
    buffer = io.BytesIO()
    noise().save(buffer, "JPEG", exif=photo)
    kept = metadata.camera_data(buffer.getvalue(), "photo.jpg")
    found = Image.open(io.BytesIO(writing.encode(noise(), format, exif=kept))).getexif()
    assert found[0x010F] == "Maker"
    taken = {} if format == "TIFF" else {0x9003: "2026:11:23 10:00:00"}
    assert dict(found.get_ifd(details)) == taken
    assert not found.get_ifd(place)
    assert found.get(0x0112, 1) == 1
    assert metadata.camera_data(writing.encode(noise(), "JPEG"), "plain.jpg") == b""
