"""What ends a run from outside: a request to end, and memory that has run out.

Only the standard library is imported here, so that `--help` is instant.
"""

from __future__ import annotations

import errno

# The exit codes of a shell: 128 and the number of the signal.
INTERRUPTED, TERMINATED = 130, 143


class UserError(ValueError):
    """Something the user can mend; its text is one clear sentence to be shown as it is."""


class ImageError(UserError):
    """A picture cannot be read, or a result cannot be written."""


class Terminated(KeyboardInterrupt):
    """A polite request to end (SIGTERM); the picture so far is saved as after Ctrl-C."""


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """130 after Ctrl-C, 143 after a request to end."""
    return TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED


class NoMemoryError(UserError):
    """There is not enough memory for what was asked for."""

    def __init__(self, message: str = "") -> None:
        super().__init__(
            message
            or "There is not enough memory to go on; give a lower --resolution, or end other "
            "programs."
        )


class TooLargeError(UserError):
    """A canvas needs more memory than there is, as is known before anything is painted."""


def unfinished(width: int, height: int) -> str:
    """A sentence: memory ran out after painting, and this is the size of what is saved, px."""
    return (
        "There is not enough memory to finish the picture, so it is saved as it was painted, at "
        f"{width} x {height} px."
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that no more memory can be had, on the processor or a graphics card."""
    if isinstance(error, (MemoryError, NoMemoryError)):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    text = str(error)
    if isinstance(error, ImportError):
        # Of a library that was to be loaded; where it is forbidden to be, more follows.
        return text.endswith(("map segment from shared object", "Cannot allocate memory"))
    if type(error).__module__ == "cv2":
        return "Insufficient memory" in text
    # torch has a class of its own for graphics cards only; on the CPU it says it in words.
    # "Primitive" is oneDNN's word for a convolution, which nothing else keeps it from creating.
    words = ("out of memory", "can't allocate memory", "not enough memory", "create a primitive")
    return isinstance(error, RuntimeError) and any(each in text for each in words)
