"""Damaged files are read or refused, and nothing else happens."""

from __future__ import annotations

import threading
import warnings

from damaged import survives
from files import (
    ROTATED,
    encoded,
    noise,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from nst.pictures.reading import open_picture


def samples() -> list[bytes]:
    exif = Image.Exif()
    exif[0x0112] = 6
    palette = noise().convert("P")
    return [
        encoded(noise(), "JPEG", exif=exif, icc_profile=ROTATED),
        encoded(noise(), "JPEG", progressive=True),
        encoded(noise().convert("CMYK"), "JPEG"),
        encoded(noise(), "MPO", save_all=True, append_images=[noise(seed=1)]),
        encoded(noise(), "PNG", exif=exif, icc_profile=ROTATED),
        encoded(palette, "PNG", transparency=b"\0\x80"),
        encoded(noise(), "PNG", save_all=True, append_images=[noise(seed=1)]),
        encoded(noise(), "WEBP", exif=exif, icc_profile=ROTATED),
        encoded(noise().convert("RGBA"), "WEBP", lossless=True),
        encoded(palette, "GIF", transparency=3, save_all=True, append_images=[noise(seed=1)]),
        encoded(noise(), "TIFF", exif=exif, icc_profile=ROTATED),
        encoded(noise(), "TIFF", compression="tiff_lzw"),
        encoded(Image.new("F", (40, 40), 0.5), "TIFF"),
        encoded(Image.new("LAB", (40, 40)), "TIFF", compression="tiff_adobe_deflate"),
        encoded(noise(), "BMP"),
        encoded(noise(), "AVIF", exif=exif, icc_profile=ROTATED),
    ]


SAMPLES = samples()


class TestDamage:
    def test_the_samples_are_pictures(self):
        for data in SAMPLES:
            open_picture(data)

    @settings(
        max_examples=250,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
    )
    @given(st.data())
    def test_flipped_bytes_and_cuts_give_a_picture_or_a_refusal(self, data):
        damaged = bytearray(data.draw(st.sampled_from(SAMPLES)))
        # Half of the blows go to the first bytes, where headers and tables are.
        place = st.one_of(st.integers(0, 300), st.integers(0, len(damaged) - 1))
        for position in data.draw(st.lists(place, max_size=8)):
            damaged[position % len(damaged)] = data.draw(st.integers(0, 255))
        cut = data.draw(st.one_of(st.just(len(damaged)), st.integers(1, len(damaged))))
        assert survives(bytes(damaged[:cut]))

    @settings(max_examples=100, deadline=None)
    @given(st.sampled_from(SAMPLES), st.binary(max_size=200))
    def test_a_true_beginning_and_then_anything(self, sample, rest):
        assert survives(sample[:12] + rest)

    def test_cut_off_pictures_print_nothing(self, capfd):
        for data in SAMPLES:
            survives(data[: len(data) // 2])
        assert capfd.readouterr() == ("", "")

    def test_threads_may_open_pictures_at_once(self):
        filters = list(warnings.filters)
        results = []

        def work():
            results.extend(open_picture(SAMPLES[index % 8]).mode for index in range(16))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == ["RGB"] * 64
        assert list(warnings.filters) == filters
