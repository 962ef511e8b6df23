"""The recipe in a painting's PNG: written, read back, and what is refused of foreign ones."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import struct
import subprocess
import sys
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nst.errors import UserError
from nst.pictures import writing
from nst.settings import CONTROLS, PRESETS, Settings
from nst.studio import recipe
from nst.studio.recipe import KEY, MAX_LENGTH, Recipe, RecipeError, Source

HASH = hashlib.sha256(b"picture").hexdigest()
SIGNATURE = b"\x89PNG\r\n\x1a\n"
FULL = Recipe(
    Settings.preset("classic", seed=7, content_weight=0.1 + 0.2),
    Source("cat.jpg", HASH),
    (Source("night sky.jpg", HASH), Source("Größe 猫 🐈.png", HASH)),
    (Source("mask.png", HASH),),
    Source("start.png", HASH),
    "original",
    HASH,
    {"nst": "1.0.0", "torch": "2.0.0+cpu"},
)
COUNTED = dataclasses.replace(FULL, style_masks=(Source("part.png", HASH),) * 2)
PLAIN = Recipe(Settings(), Source("cat.jpg", HASH), (Source("sky.jpg", HASH),))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*chunks: bytes) -> bytes:
    return SIGNATURE + b"".join(chunks) + chunk(b"IEND", b"")


def text_chunk(text: str, kind: bytes = b"tEXt", start: bytes = b"") -> bytes:
    return chunk(kind, KEY.encode() + b"\0" + start + text.encode())


def changed(**values) -> str:
    """The JSON of a valid recipe with `values` in place of its own."""
    return json.dumps({**json.loads(FULL.to_json()), **values})


def checked(error: Exception) -> str:
    message = str(error)
    assert isinstance(error, RecipeError)
    assert isinstance(error, UserError)
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 1100
    message.encode()  # can be printed: holds no lone surrogate
    return message


def refusal(text: str) -> str:
    with pytest.raises(RecipeError) as caught:
        Recipe.from_json(text)
    return checked(caught.value)


def read_refusal(data: bytes) -> str:
    with pytest.raises(RecipeError) as caught:
        recipe.read(data)
    return checked(caught.value)


def survives(text: str) -> bool:
    """Whether foreign text is a recipe; if so one that stays as it is, else refused in a line."""
    try:
        found = Recipe.from_json(text)
    except RecipeError as error:
        checked(error)
        return False
    assert Recipe.from_json(found.to_json()) == found
    return True


class TestSource:
    def test_of_bytes(self):
        assert Source.of(b"picture", "photos/cat.jpg") == Source("cat.jpg", HASH)

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("/etc/passwd", "passwd"),
            ("../../x", "x"),
            ("..\\..\\x.jpg", "x.jpg"),
            ("C:\\Users\\me\\my cat.jpg", "my cat.jpg"),
            ("photos/", "photos"),
            ("..", ""),
            ("a/.", ""),
            (" .. ", ""),
            (".\N{RIGHT-TO-LEFT OVERRIDE}.", ""),
            ("..\0/", ""),
            ("", ""),
            ("gpj.\N{RIGHT-TO-LEFT OVERRIDE}exe", "gpj.exe"),
            ("a\n\x1b[31mb\x00\x7f.png", "a[31mb.png"),
            ("\ud800cat.jpg", "cat.jpg"),
            ("x" * 300, "x" * 255),
            ("猫" * 300, "猫" * 85),
        ],
    )
    def test_name_is_a_clean_last_part(self, path, name):
        assert Source(path, HASH).name == name

    @given(st.text() | st.text("./\\ \0\u202ea", max_size=12))
    def test_any_name_becomes_a_clean_one_that_stays(self, path):
        name = Source(path, HASH).name
        assert not set(name) & set("/\\\0\n\u202e")
        assert name not in (".", "..")
        assert len(name) <= 255
        assert Source(name, HASH).name == name

    @pytest.mark.parametrize(
        "sha256", ["", HASH[:-1], HASH + "0", HASH.upper(), HASH[:-1] + "g", HASH + "\n", "\ud800"]
    )
    def test_what_is_no_hash_is_refused(self, sha256):
        with pytest.raises(RecipeError, match="64 lowercase hex digits"):
            Source("cat.jpg", sha256)


class TestJson:
    @pytest.mark.parametrize("made", [FULL, PLAIN, COUNTED], ids=["full", "plain", "counted"])
    def test_round_trip(self, made):
        text = made.to_json()
        assert text.isascii()
        assert "\n" not in text
        assert Recipe.from_json(text) == made
        assert Recipe.from_json(text).to_json() == text

    @pytest.mark.parametrize("preset", PRESETS)
    def test_settings_come_back(self, preset):
        made = dataclasses.replace(PLAIN, settings=Settings.preset(preset))
        assert Recipe.from_json(made.to_json()).settings == Settings.preset(preset)

    def test_says_everything(self):
        values = json.loads(PLAIN.to_json())
        assert values["format"] == 1
        assert set(values["settings"]) == set(CONTROLS)
        assert values["content"] == {"name": "cat.jpg", "sha256": HASH}
        assert values["init"] is None

    def test_older_versions_read_what_has_no_style_masks(self):
        """They know format 1, in which there is nothing of them."""
        assert "style_masks" not in json.loads(FULL.to_json())
        values = json.loads(COUNTED.to_json())
        assert values["format"] == 2
        assert len(values["style_masks"]) == 2

    def test_style_masks_make_another_painting(self):
        assert COUNTED.ingredients != FULL.ingredients

    def test_the_longest_recipe_there_can_be_is_read(self):
        sources = (Source("é" * 300, HASH),) * 16
        versions = {f"{number}{'é' * 300}": "é" * 300 for number in range(16)}
        longest = "é" * 300
        made = Recipe(
            Settings(), sources[0], sources, sources, sources[0], longest, "", versions, sources
        )
        assert Recipe.from_json(made.to_json()) == made

    def test_a_setting_that_is_missing_has_the_value_of_before_it_was_there(self):
        assert Recipe.from_json(changed(settings={})).settings == Settings(style_loss="gram")

    @pytest.mark.parametrize("preset", PRESETS)
    def test_from_before_there_were_strokes_it_is_painted_without(self, preset):
        values = json.loads(PLAIN.to_json())
        values["settings"] = json.loads(json.dumps(dataclasses.asdict(Settings.preset(preset))))
        del values["settings"]["style_loss"]
        found = Recipe.from_json(json.dumps(values)).settings
        assert found == Settings.preset(preset, style_loss="gram")
        # What is said counts.
        for kind in CONTROLS["style_loss"].choices:
            values["settings"]["style_loss"] = kind
            assert Recipe.from_json(json.dumps(values)).settings.style_loss == kind

    def test_a_foreign_path_is_only_a_name(self):
        foreign = changed(
            content={"name": "/etc/passwd", "sha256": HASH},
            styles=[{"name": "../../x", "sha256": HASH}],
            weights="/home/me/../vgg.pth",
            versions={"nst\x1b": "1\n2"},
        )
        found = Recipe.from_json(foreign)
        assert (found.content.name, found.styles[0].name) == ("passwd", "x")
        assert found.weights == "vgg.pth"
        assert found.versions == {"nst": "12"}

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ({"format": 3}, r"newer version .* format 3, and this version reads up to 2; update"),
            ({"format": 10**15}, "newer version"),
            ({"format": 0}, "format must be from 1 to 2"),
            ({"format": -1}, "format must be from 1 to 2"),
            ({"format": 1.0}, "format must be from 1 to 2"),
            ({"format": True}, "format must be from 1 to 2"),
            ({"format": "1"}, "format must be from 1 to 2"),
            ({"format": None}, "format must be from 1 to 2"),
            ({"note": 1}, "there is no 'note' in a recipe"),
            ({"note\n\ud800" * 20: 1}, "there is no 'note"),
            ({"settings": {"brush": 3}}, "settings do not fit: There is no setting called 'brush'"),
            ({"settings": {"x" * 9000: 3}}, "do not fit: There is no setting called 'x"),
            ({"settings": {"seed": -1}}, r"Random seed \(seed\) was -1; it must be a whole number"),
            ({"settings": {"seed": ["x"] * 9000}}, "it must be a whole number from 0 to"),
            ({"settings": {"seed": 10**19}}, "it must be a whole number from 0 to"),
            ({"settings": []}, "settings must be an object"),
            ({"content": None}, "content must be an object"),
            ({"content": {"name": "a"}}, "must have a name and a sha256"),
            ({"content": {"name": "a", "sha256": HASH, "path": "/"}}, "must have a name and a sha"),
            ({"content": {"name": 1, "sha256": HASH}}, "content must be text"),
            ({"content": {"name": "a", "sha256": 1}}, "content must be text"),
            ({"content": {"name": "a", "sha256": HASH.upper()}}, "not 64 lowercase hex digits"),
            ({"init": []}, "init must be an object"),
            ({"styles": {}}, "styles must be a list"),
            ({"styles": ["a"]}, "styles must be an object"),
            ({"styles": [{"name": "a", "sha256": HASH}] * 17}, "17 styles, but at most 16"),
            ({"masks": [{"name": "a", "sha256": HASH}] * 17}, "17 masks, but at most 16"),
            ({"weights": None}, "weights must be text"),
            ({"weights_sha256": "abc"}, "'abc' is not 64 lowercase hex digits"),
            ({"weights_sha256": "x" * 9000}, "is not 64 lowercase hex digits"),
            ({"versions": []}, "versions must be an object"),
            ({"versions": {"nst": 1}}, "versions must be text"),
            ({"versions": {str(number): "1" for number in range(17)}}, "17 versions, but at most"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, values, reason):
        with pytest.raises(RecipeError, match=reason) as caught:
            Recipe.from_json(changed(**values))
        checked(caught.value)

    @pytest.mark.parametrize("name", [*json.loads(PLAIN.to_json())])
    def test_nothing_may_be_missing(self, name):
        values = json.loads(PLAIN.to_json())
        del values[name]
        assert name in refusal(json.dumps(values))

    @pytest.mark.parametrize("text", ["", "{", "recipe", "\0", "{'format': 1}", "{} {}", "\ufeff1"])
    def test_what_is_no_json_is_refused(self, text):
        assert "not a valid recipe" in refusal(text)

    @pytest.mark.parametrize("text", ["null", "1", '"x"', "[]", "{}", "[1]", "true"])
    def test_other_json_is_refused(self, text):
        assert "does not say its format" in refusal(text)

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
    def test_numbers_are_finite(self, number):
        text = PLAIN.to_json().replace('"format":1', f'"format":1,"note":{number}')
        assert "a number in it is" in refusal(text)

    @pytest.mark.parametrize("digits", [21, 400, 5000, 60_000])
    def test_whole_numbers_are_short(self, digits):
        text = PLAIN.to_json().replace('"seed":0', f'"seed":{"9" * digits}')
        assert f"{digits} digits" in refusal(text)

    @pytest.mark.parametrize("key", ["format", "seed", "sha256"])
    def test_no_key_stands_twice(self, key):
        text = PLAIN.to_json()
        assert f"it says '{key}' twice" in refusal(text.replace(f'"{key}":', f'"{key}":1,"{key}":'))

    def test_length(self):
        text = PLAIN.to_json()
        assert Recipe.from_json(text.ljust(MAX_LENGTH)) == PLAIN
        assert "97 KB long, but at most 96 KB" in refusal(text.ljust(MAX_LENGTH + 1))

    @pytest.mark.parametrize("depth", [*range(700, 1000, 10), 20_000])
    @pytest.mark.parametrize("where", ["settings", "top"])
    def test_deep_nesting(self, depth, where):
        nested = "[" * depth + "]" * depth
        text = PLAIN.to_json().replace('"seed":0', f'"seed":{nested}')
        refusal(text if where == "settings" else nested)

    def test_nesting_is_named(self):
        assert "nested too deeply" in refusal("[" * MAX_LENGTH)

    def test_long_text_is_refused_quickly(self):
        start = time.perf_counter()
        for text in (
            "[" * 65_000,
            "9" * 65_000,
            '{"a":' * 13_000,
            '"\\u0000' * 9000,
            "[" + "1," * 32_000,
        ):
            refusal(text)
        assert time.perf_counter() - start < 2

    @given(st.text())
    def test_any_text(self, text):
        assert not survives(text)

    @given(
        st.sampled_from([*json.loads(FULL.to_json())]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("name"), inner),
            max_leaves=8,
        ),
    )
    def test_any_json_in_any_place(self, name, value):
        survives(changed(**{name: value}))

    @given(
        st.sampled_from([*CONTROLS]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=8,
        ),
    )
    def test_any_json_as_a_setting(self, name, value):
        survives(changed(settings={name: value}))

    @given(st.data())
    def test_any_change_of_the_text(self, data):
        text = FULL.to_json()
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 20)))
        survives(text[:start] + data.draw(st.text('{}[]",:0129eE-.\\u/ax')) + text[end:])


class TestRead:
    @pytest.mark.parametrize("made", [FULL, PLAIN, COUNTED], ids=["full", "plain", "counted"])
    def test_round_trip_through_a_painting(self, made, tmp_path):
        picture = Image.new("RGB", (40, 36), "red")
        assert recipe.read(writing.encode(picture, text={KEY: made.to_json()})) == made
        text = {"Title": "Größe 猫", KEY: made.to_json(), "Comment": "x" * 100_000}
        writing.save(picture, tmp_path / "a.png", text)
        assert recipe.read((tmp_path / "a.png").read_bytes()) == made

    def test_after_the_pixels_and_as_international_text(self):
        text = FULL.to_json().replace("night sky", "Nächte 猫")
        found = recipe.read(
            png(chunk(b"IDAT", b"x" * 99), text_chunk(text, b"iTXt", b"\0\0en\0t\0"))
        )
        assert found.styles[0].name == "Nächte 猫.jpg"

    @pytest.mark.parametrize("data", [b"", b"\x89PNG", b"GIF89a", SIGNATURE[1:], b"\xff\xd8" * 99])
    def test_what_is_no_png_is_refused(self, data):
        assert "not a PNG" in read_refusal(data)

    def test_a_png_without_a_recipe(self):
        assert "holds no recipe" in read_refusal(writing.encode(Image.new("RGB", (40, 40))))
        for other in (b"nst-recipe", b"nst-recipes\0{}", b"", b"nst", b"NST-RECIPE\0{}"):
            # The next chunk must not be taken for the rest of a keyword.
            data = png(chunk(b"tEXt", other), chunk(b"IDAT", b"\0" + PLAIN.to_json().encode()))
            assert "holds no recipe" in read_refusal(data)

    def test_nothing_is_read_behind_the_end(self):
        assert "holds no recipe" in read_refusal(png() + text_chunk(PLAIN.to_json()))

    def test_compressed_text_is_not_unpacked(self, monkeypatch):
        monkeypatch.setattr(zlib, "decompress", None)
        monkeypatch.setattr(zlib, "decompressobj", None)
        body = KEY.encode() + b"\0"
        for data in (
            png(chunk(b"zTXt", body + b"\0x")),
            png(chunk(b"iTXt", body + b"\1\0\0\0x")),
            png(chunk(b"iTXt", body)),
        ):
            assert "compressed" in read_refusal(data)

    @pytest.mark.parametrize("rest", [b"\0", b"\0\0", b"\0\0en", b"\0\0en\0", b"\0\0\0\0\xff"])
    def test_malformed_international_text(self, rest):
        assert "damaged" in read_refusal(png(chunk(b"iTXt", KEY.encode() + b"\0" + rest)))

    def test_too_long(self):
        for length in (MAX_LENGTH + 1, 5 * MAX_LENGTH):
            assert "at most 96 KB" in read_refusal(png(text_chunk(" " * length)))
        unchecked = text_chunk(" " * 5 * MAX_LENGTH)[:-4] + bytes(4)
        assert "at most 96 KB" in read_refusal(png(unchecked))

    def test_a_chunk_longer_than_the_file(self):
        for length in (100, 2**31, 2**32 - 1):
            data = SIGNATURE + struct.pack(">I", length) + b"tEXt" + KEY.encode() + b"\0{}"
            assert "damaged or cut off" in read_refusal(data)

    def test_endless_chunks_are_refused_quickly(self):
        data = SIGNATURE + chunk(b"tEXt", b"") * 1_500_000
        start = time.perf_counter()
        assert "damaged" in read_refusal(data)
        assert time.perf_counter() - start < 2

    def test_cut_off_anywhere(self):
        """Every cut is either refused or behind the recipe."""
        data = writing.encode(Image.new("RGB", (1, 1)), text={KEY: PLAIN.to_json()})
        text = PLAIN.to_json().encode()
        end = data.index(text) + len(text) + 4
        for length in range(len(data)):
            if length < end:
                read_refusal(data[:length])
            else:
                assert recipe.read(data[:length]) == PLAIN

    def test_flipped_bits(self):
        """No flip changes the recipe: it is noticed, or it lies elsewhere."""
        data = writing.encode(Image.new("RGB", (1, 1)), text={KEY: PLAIN.to_json()})
        for position in range(len(data)):
            flipped = bytearray(data)
            flipped[position] ^= 1 << position % 8
            try:
                found = recipe.read(bytes(flipped))
            except RecipeError as error:
                checked(error)
            else:
                assert found == PLAIN

    @given(st.binary())
    def test_any_bytes(self, data):
        read_refusal(data)
        read_refusal(SIGNATURE + data)

    @settings(max_examples=50)
    @given(st.lists(st.tuples(st.sampled_from([b"tEXt", b"iTXt", b"zTXt"]), st.binary())))
    def test_any_text_chunks(self, chunks):
        read_refusal(png(*(chunk(kind, KEY.encode() + b"\0" + body) for kind, body in chunks)))


def test_import_needs_only_the_standard_library():
    code = "import sys, nst.studio.recipe; "
    code += "print(sorted({'torch', 'numpy', 'PIL'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
