"""Opens the pictures that come on standard input under limits, and tells what each of them cost.

A process of its own: a decoder that crashes or eats all memory takes only it along. A picture comes
as a line of JSON, its name and length, and then its bytes; the answer is a line of JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from hostile import SAMPLES

from nst import errors
from nst.pictures import reading

MEGABYTE = 2**20
CLEAR, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
ADDRESSES = 3000 * MEGABYTE  # a last resort: more than what is allowed, less than what does harm
SECONDS = 300  # of the processor, for all pictures together


def main() -> None:
    for data in SAMPLES.values():  # loads every decoder, and what they load
        reading.open_picture(data)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin.buffer:
        name, length = json.loads(line)
        print(json.dumps(opened(sys.stdin.buffer.read(length), name)), flush=True)


def opened(data: bytes, name: str) -> dict[str, object]:
    """What became of a picture, the seconds and the memory that it took; MB."""
    if CLEAR.exists():
        CLEAR.write_text("5")  # the peak is measured from here on
    before, began, processor = resident("VmRSS"), time.perf_counter(), time.process_time()
    size, refusal, other = None, "", ""
    try:
        picture = reading.open_picture(data, name)
        size = picture.size
        assert (picture.mode, picture.info) == ("RGB", {})
    except errors.ImageError as error:
        refusal = str(error)
    except BaseException as error:
        other = repr(error)
    return {
        "size": size,
        "refusal": refusal,
        "other": other,
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - processor,
        "memory": resident("VmHWM") - before,
    }


def resident(name: str) -> float:
    """A line of this process' status, MB; 0 where the system has none."""
    if not STATUS.exists():
        return 0.0
    return int(STATUS.read_text().partition(f"{name}:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
