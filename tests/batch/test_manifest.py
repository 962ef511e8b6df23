"""The file that keeps what became of the jobs."""

from __future__ import annotations

import threading

from batches import manifest

from nst.batch.manifest import Manifest, Record, Status


def test_two_batches_into_one_folder_at_once(folders):
    """Each version of the manifest is whole, and no line gets lost."""
    records = [
        [Record(f"{side}{n}.png", "c", ("s",), Status.PAINTED) for n in range(30)] for side in "ab"
    ]

    def paint(mine):
        found = Manifest(str(folders))
        for record in mine:
            found.add(record)
            found.save()

    threads = [threading.Thread(target=paint, args=(mine,)) for mine in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(manifest(folders)) == 60
