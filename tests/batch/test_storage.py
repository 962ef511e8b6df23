"""Files by path or URL."""

from __future__ import annotations

import fsspec
import pytest
from batches import picture
from engines import FakeEngine

from nst.batch import local, storage
from nst.batch.job import pairs
from nst.batch.manifest import Manifest
from nst.errors import UserError
from nst.settings import Settings


def test_memory_and_local_addresses(folders):
    """fsspec's own file systems stand in for a store; nothing appears before it is whole."""
    memory = fsspec.filesystem("memory")
    memory.pipe("/photos/a.png", picture(0))
    memory.pipe("/photos/readme.md", b"")
    jobs = pairs(
        storage.pictures("memory://photos"),
        storage.pictures(f"file://{folders}/art"),
        Settings(resolution=64),
    )
    for out in ("memory://out/here", f"file://{folders}/out/here"):
        storage.make_folder(out)
        fake = FakeEngine(str(folders))
        assert [r.status for r in local.paint_all(jobs, out, fake)] == ["painted"] * 2
        assert [r.status for r in local.paint_all(jobs, out, fake)] == ["skipped"] * 2
        assert storage.pictures(out) == [f"{out}/a_in_x.png", f"{out}/a_in_y.png"]
        Manifest(out).save()
    for bad in ("memory://photos/none.png", "foo://x/a.png"):
        with pytest.raises(UserError, match=bad):
            storage.read(bad)
    with pytest.raises(UserError, match="no file or folder"):
        storage.pictures("memory://nowhere")
    with pytest.raises(UserError, match="more than the 0 MB"):
        storage.read("memory://photos/a.png", most=10)


def test_what_else_a_folder_holds_is_named(tmp_path):
    names = ("a.jfif", "b.JPE", "c.pjpeg", "d.heic", "e.HEIF", "f.tif", "g.jpg")
    for name in (*names, "notes.txt", ".hidden.png", "raw\n.cr2", "film.mp4"):
        (tmp_path / name).touch()
    (tmp_path / "older").mkdir()
    told = []
    found = storage.pictures(str(tmp_path), told.append)
    assert [storage.name_of(path) for path in found] == sorted(names)
    (sentence,) = told
    assert sentence.endswith(
        'as the names are not those of pictures: ".hidden.png", "film.mp4", "notes.txt", "older", '
        '"raw.cr2".'
    )
    for number in range(3):
        (tmp_path / f"z{number}").touch()
    storage.pictures(str(tmp_path), told.append)
    assert told[1].endswith('"raw.cr2" and 3 more.')
    assert storage.pictures(str(tmp_path / "g.jpg"), told.append) == [str(tmp_path / "g.jpg")]
    assert len(told) == 2


def test_what_cannot_be_written_to_a_store_does_not_appear_there(monkeypatch):
    from fsspec.implementations.memory import MemoryFile

    def write(self, data):
        super(MemoryFile, self).write(data[:3])
        raise ConnectionResetError("the line is dead")

    monkeypatch.setattr(MemoryFile, "write", write)
    with pytest.raises(UserError, match=r"half\.png cannot be written \(the line is dead"):
        storage.write("memory://half.png", b"whole")
    assert not storage.exists("memory://half.png")
