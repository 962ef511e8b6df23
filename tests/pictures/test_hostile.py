"""Pictures from hell: each is read or refused in a sentence, quickly and with little memory.

A child process opens them under limits and tells what each cost; see `limited.py`.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import hostile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limited import opened

ROOT = Path(__file__).parents[2]
SECONDS, MEGABYTES = 2.0, 300.0  # a picture may take; seconds of the processor
TRIES = 3  # a busy machine makes the same work take longer


@dataclass
class Answer:
    """What the child told of a file."""

    file: hostile.Hostile
    size: list[int] | None
    refusal: str
    other: str
    seconds: float
    processor: float
    memory: float


def opened_by_a_child(files: Iterable[hostile.Hostile]) -> Iterator[Answer]:
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).parents[1] / "limited.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # libtiff complains of every file
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as child:
        assert child.stdin
        assert child.stdout
        assert json.loads(child.stdout.readline()) == "ready"
        for file in files:
            answer = None
            for _ in range(TRIES):
                child.stdin.write(json.dumps([file.name, len(file.data)]).encode() + b"\n")
                child.stdin.write(file.data)
                child.stdin.flush()
                line = child.stdout.readline()
                assert line, f"the child died of {file.kind}, {file.title}"
                answer = Answer(file, **json.loads(line))
                if answer.processor < SECONDS:
                    break
            assert answer
            yield answer
        child.stdin.close()


def check(answers: list[Answer]) -> None:
    wrong = [
        (each.file.kind, each.file.title, each.other, each.processor, each.memory)
        for each in answers
        if each.other or each.processor >= SECONDS or each.memory >= MEGABYTES
    ]
    assert not wrong
    for each in answers:
        assert bool(each.size) != bool(each.refusal)
        if each.refusal:
            assert each.refusal.isprintable()
            assert each.refusal.endswith(".")
            assert len(each.refusal) < 300


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    return list(opened_by_a_child(hostile.corpus(large=False)))


def test_every_file_is_read_or_refused_within_the_limits(answers):
    assert len(answers) >= 600
    assert len({each.file.kind for each in answers}) >= 12
    check(answers)


def test_odd_but_honest_files_are_read(answers):
    read = {each.file.title for each in answers if each.size}
    assert len(read) > 200
    for title in (
        *("jpeg and archive", "script in jpeg", "png of 16 bits, type 6", "cmyk of Adobe"),
        *("animated GIF", "bmp upside down", "pass 3 is missing", "tiff whose next page is itself"),
        *("profile with half", "picture, right to left", "orientation 9", "palette with alpha"),
    ):
        assert title in read


def test_what_is_no_picture_is_refused(answers):
    for each in answers:
        if each.file.kind == "no picture":
            assert not each.size, each.file.title


def test_a_name_stays_a_name(answers):
    refusals = {each.file.title: each.refusal for each in answers if each.file.kind == "name"}
    for title, refusal in refusals.items():
        assert bool(refusal) == title.startswith("no picture"), title
        for part in ("../", "C:", "/etc", "\x1b", "\u202e", "\0"):
            assert part not in refusal


@pytest.mark.long
def test_few_bytes_that_become_many_pixels():
    files = (
        hostile.Hostile("large", title, f"{title}.png", data)
        for title, data in hostile.large_pictures()
    )
    answers = []
    for each in opened_by_a_child(files):
        answers.append(each)
        print(f"{each.processor:5.2f} s {each.memory:4.0f} MB  {each.file.title}")
    check(answers)
    assert sum(bool(each.size) for each in answers) >= 16


def test_the_corpus_is_the_same_each_time():
    def some() -> list[bytes]:
        makers = (hostile.truncated, hostile.flipped, hostile.pixel_bombs, hostile.passes)
        return [data for make in makers for _, data in make() if len(data) < 100_000]

    assert some() == some()


NUMBERS = st.one_of(
    st.integers(0, 300),
    st.sampled_from([2**16 - 1, 2**31 - 1, 2**32 - 1]),
    st.integers(0, 2**32 - 1),
)
TAGS = st.one_of(
    st.sampled_from(
        [
            254,
            256,
            257,
            258,
            259,
            262,
            273,
            277,
            278,
            279,
            284,
            317,
            320,
            322,
            323,
            324,
            325,
            330,
            338,
            339,
            34665,
            34675,
        ]
    ),
    st.integers(0, 2**16 - 1),
)
ENTRIES = st.lists(st.tuples(TAGS, st.integers(0, 20), NUMBERS, NUMBERS), max_size=20)
CHUNKS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                b"IHDR",
                b"PLTE",
                b"tRNS",
                b"IDAT",
                b"acTL",
                b"fcTL",
                b"fdAT",
                b"eXIf",
                b"iCCP",
                b"iTXt",
                b"zTXt",
                b"tEXt",
                b"gAMA",
                b"cHRM",
                b"pHYs",
                b"IEND",
            ]
        ),
        st.binary(max_size=40),
    ),
    max_size=8,
)


def fine(data: bytes) -> bool:
    return not opened(data, "a.png")["other"]


@settings(max_examples=150, deadline=None)
@given(ENTRIES, st.binary(max_size=200), NUMBERS)
def test_directories_of_anything(entries, rest, following):
    plain = {entry[0]: entry for entry in hostile.tiff_entries()}
    mixed = {**plain, **{entry[0]: entry for entry in entries}}
    assert fine(hostile.tiff(list(mixed.values()), rest, following))
    body = hostile.tiff(entries, rest, following)
    assert fine(
        hostile.after_start(
            hostile.SAMPLES["progressive"], hostile.segment(0xE1, b"Exif\0\0" + body)
        )
    )


@settings(max_examples=150, deadline=None)
@given(CHUNKS, st.integers(0, 64), st.integers(0, 20), st.integers(0, 20))
def test_chunks_of_anything(chunks, side, bits, colour):
    before = b"".join(hostile.chunk(kind, body) for kind, body in chunks)
    assert fine(hostile.png((side, 48), hostile.PNG_ROWS, bits, colour, before=before))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0xC0, 0xFE), st.binary(max_size=60)), max_size=6))
def test_segments_of_anything(segments):
    more = [hostile.segment(marker, body) for marker, body in segments]
    assert fine(hostile.after_start(hostile.SAMPLES["progressive"], *more))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"VP8X", b"VP8 ", b"VP8L", b"ANIM", b"ANMF", b"ALPH", b"EXIF"]),
            st.binary(max_size=60),
        ),
        max_size=6,
    )
)
def test_webp_of_anything(parts):
    assert fine(hostile.riff(hostile.vp8x(48, 40), *parts))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), NUMBERS, NUMBERS)
def test_gif_and_bmp_of_anything(body, width, height):
    assert fine(hostile.gif((48, 40), body))
    numbers = struct.pack("<II", width, height)
    assert fine(hostile.bmp(48, 40, data=body).replace(struct.pack("<ii", 48, 40), numbers))
