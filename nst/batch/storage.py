"""Files of a batch by path or URL, on this machine or in a store that fsspec can reach.

A path without "://" is a file of this machine and needs nothing installed. `s3://`, `gs://`,
`memory://` and others go through fsspec and the driver that the user has installed for them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from nst import errors
from nst.errors import UserError
from nst.pictures import reading, writing
from nst.pictures.naming import shown_name

LARGEST_RESULT = 4 * reading.MAX_BYTES  # a PNG takes more room than the JPEG it was painted from
# What a folder of pictures is searched for; what else lies in it is named and passed over.
SUFFIXES = (
    *writing.SUFFIXES,
    *(".jfif", ".jpe", ".pjpeg", ".heic", ".heif", ".avif", ".gif", ".mpo"),
)
MOST_NAMES = 5  # of what is passed over, in a message


def local(path: str) -> str | None:
    """The path on this machine, or None if it is for fsspec, e.g. "s3://bucket/photos"."""
    # fsspec's own local file system moves finished files over from /tmp, which may take a while.
    path = path.removeprefix("file://")
    return None if "://" in path else path


def join(folder: str, name: str) -> str:
    """The path of the file `name` in `folder`."""
    return f"{folder.rstrip('/')}/{name}" if local(folder) is None else os.path.join(folder, name)


def name_of(path: str) -> str:
    """The last part of a path."""
    return os.path.basename(path.rstrip("/"))


def read(path: str, most: int = reading.MAX_BYTES) -> bytes:
    """The bytes of a file of at most `most`; raises `ImageError` if there are none to be had."""
    here = local(path)
    if here is not None:
        return reading.read_bytes(here, most=most)
    system, place = _opened(path)
    try:
        with system.open(place, "rb") as file:
            data: bytes = file.read(most + 1)
    except FileNotFoundError as error:
        raise errors.ImageError(f"{path} does not exist; check the address.") from error
    # Each driver has errors of its own: of the network, of rights, of a wrong address.
    except Exception as error:
        raise errors.ImageError(f"{path} cannot be read ({error}); check the address.") from error
    if len(data) > most:
        raise errors.ImageError(
            f"{path} has more than the {most // 1024**2} MB that are allowed; make it smaller."
        )
    return data


def exists(path: str) -> bool:
    """Whether there is a file or folder at this path."""
    here = local(path)
    if here is not None:
        return os.path.exists(here)
    system, place = _opened(path)
    try:
        system.invalidate_cache()
        return bool(system.exists(place))
    except Exception as error:
        raise UserError(f"{path} cannot be looked at ({error}); check the address.") from error


def pictures(path: str, tell: Callable[[str], None] | None = None) -> list[str]:
    """The pictures in a folder by name, without those in folders within; or the file itself.

    `tell` gets a sentence that names what else lies in the folder, if there is anything. Raises
    `UserError` if there is nothing at this path or no picture in the folder.
    """
    if not exists(path):
        raise UserError(f"There is no file or folder {path!r}; check the path.")
    names = _names(path)
    if names is None:
        return [path]
    chosen = [
        join(path, name)
        for name in sorted(names)
        if name.lower().endswith(SUFFIXES) and not name.startswith(".")
    ]
    if not chosen:
        raise UserError(
            f"There is no picture in the folder {path!r}; pictures end in {', '.join(SUFFIXES)}."
        )
    others = sorted({*names} - {name_of(each) for each in chosen})
    if others and tell is not None:
        named = [shown_name(name, "a name that cannot be shown") for name in others[:MOST_NAMES]]
        more = f" and {len(others) - MOST_NAMES} more" if len(others) > MOST_NAMES else ""
        tell(
            f"Not taken from the folder {path!r}, as the names are not those of pictures: "
            f"{', '.join(named)}{more}."
        )
    return chosen


def _names(path: str) -> list[str] | None:
    """What lies in a folder, or None if the path is a file."""
    here = local(path)
    if here is not None:
        return os.listdir(here) if os.path.isdir(here) else None
    system, place = _opened(path)
    if not system.isdir(place):
        return None
    return [name_of(found) for found in system.ls(place, detail=False)]


def make_folder(path: str) -> None:
    """Creates the folder unless it is there; raises `UserError` if it cannot be."""
    try:
        here = local(path)
        if here is None:
            system, place = _opened(path)
            system.makedirs(place, exist_ok=True)
        else:
            os.makedirs(here, exist_ok=True)
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"The folder {path!r} cannot be created ({error}); choose another."
        ) from error


def write(path: str, data: bytes) -> None:
    """Puts a file of these bytes at `path`, wholly or not at all.

    Raises `ImageError` when it cannot be written.
    """
    here = local(path)
    if here is not None:
        writing.write_atomically(data, here)
        return
    system, place = _opened(path)
    try:
        # What is written in a transaction appears when it ends, or never.
        with system.transaction, system.open(place, "wb") as file:
            file.write(data)
    except Exception as error:
        raise errors.ImageError(
            f"{path} cannot be written ({error}); choose another place for it."
        ) from error


def _opened(url: str) -> tuple[Any, str]:
    """The file system of a URL and the path in it; raises `UserError` if it cannot be had."""
    try:
        import fsspec
    except ImportError as error:
        raise UserError(
            f"{url} needs fsspec; install it with pip install -r requirements-cluster.txt."
        ) from error
    try:
        system, place = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:  # no driver; no such protocol
        raise UserError(f"{url} cannot be opened: {error}.") from error
    return system, place
