"""What is measured in a process of its own: peak memory and cold start.

python -m benchmarks.child ours|plain PX     one iteration at PX x PX, prints bytes
python -m benchmarks.child tiles PX SIDE     one iteration in tiles of at most SIDE px, prints
                                             bytes, seconds and what the model of memory says
python -m benchmarks.child plan PX [N]      a painting of N iterations, planned and measured, JSON
python -m benchmarks.child paint PX          a painting by default, prints seconds
python -m benchmarks.child command           the page's first picture by the command line, which has
                                             painted it before and keeps the network, prints seconds
python -m benchmarks.child start             prints seconds to the page's modules and the model
"""

from __future__ import annotations

import functools
import importlib
import itertools
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

TILE, TILED_FROM = 512, 2048  # px


def peak_memory() -> int:
    """Bytes this process has had resident at most."""
    status = Path("/proc/self/status")
    if status.exists():
        # Linux' getrusage would count the parent's memory too, from before this program was loaded.
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def memory(engine: str, side: int) -> int:
    """Peak bytes of a process that loads the model and takes two iterations."""
    import torch

    content, style = torch.rand(2, 1, 3, side, side)
    if engine == "plain":
        from benchmarks.plain import PlainLoop

        plain = PlainLoop(content, style)
        for _ in range(2):
            plain.step()
    else:
        from nst.paint import transfer
        from nst.settings import Settings
        from nst.vgg import network

        settings = Settings(resolution=side, iterations=2)
        transfer.stylize(transfer.Canvas(content, [style]), settings, network.load(device="cpu"))
    return peak_memory()


def tiled(side: int, tile: int) -> dict[str, float]:
    """Peak bytes of a process that paints PX x PX with the default settings, and a step's seconds.

    A sample photo and artwork, enlarged; from the targets to the picture after one iteration.
    """
    import torch

    from nst.paint import estimate, memory, transfer
    from nst.paint.loop import Loop
    from nst.paint.schedule import Stage
    from nst.pictures import reading, tensors
    from nst.settings import Settings
    from nst.vgg import network

    torch.set_num_threads(2)
    folder = Path(__file__).parent.parent / "Resources"
    content, style = (
        tensors.to_tensor(reading.open_picture(folder / name).resize((side, side)))
        for name in ("content/rocket.jpg", "styles/night_sky.jpg")
    )
    settings = Settings(resolution=side)
    inputs = transfer.Canvas(content, [style])
    trunk = network.load(device="cpu")
    painter = Loop(trunk, settings, inputs, transfer.Options(tile=tile))
    del inputs, content, style
    painter.begin(Stage(side, side, 1, brushwork=True), last=True)
    start = time.perf_counter()
    painter.step(settings.learning_rate)
    seconds = time.perf_counter() - start
    painter.moment().image()
    canvas = memory.Workload(side, side, settings, element_size=trunk.precision.itemsize)
    model = estimate.peak(canvas, tile)
    return {"peak": peak_memory(), "seconds": seconds, "model": model}


def planned(side: int, iterations: int | None = None) -> dict[str, float]:
    """A plan and the painting that it is of, at most so many iterations, with the default settings.

    A sample photo and artwork, enlarged; in tiles where most computers would need them.
    """
    import torch

    from nst.paint import estimate, memory, transfer
    from nst.pictures import fitting, reading, tensors
    from nst.settings import Settings
    from nst.vgg import network

    torch.set_num_threads(2)
    settings = Settings(resolution=side, iterations=iterations or Settings().iterations)
    folder = Path(__file__).parent.parent / "Resources"
    content, style = (
        tensors.to_tensor(fitting.fit(reading.open_picture(folder / name), side))
        for name in ("content/rocket.jpg", "styles/night_sky.jpg")
    )
    trunk = network.load(device="cpu")
    height, width = content.shape[2:]
    size = trunk.precision.itemsize
    canvas = memory.Workload(height, width, settings, element_size=size)
    free = memory.free_memory(trunk.device)
    tile = TILE if side >= TILED_FROM else None
    found = estimate.estimate(canvas, 1, tile, free, estimate.measure(trunk, settings))
    # Anew: measuring has made the narrow network, which a painting in a new process has to make.
    del trunk
    trunk = network.load(device="cpu")
    start = time.perf_counter()
    transfer.stylize(
        transfer.Canvas(content, [style]), settings, trunk, options=transfer.Options(tile=tile)
    )
    return {
        "width": width,
        "height": height,
        "iterations": found.iterations,
        "pieces": found.pieces,
        "memory": found.memory,
        "planned": found.seconds,
        "peak": peak_memory(),
        "seconds": time.perf_counter() - start,
    }


def painted(side: int) -> float:
    """Seconds of a painting with the default settings, on as many threads as torch takes."""
    from nst.paint import transfer
    from nst.pictures import fitting, reading, tensors
    from nst.settings import Settings
    from nst.vgg import network

    folder = Path(__file__).parent.parent / "Resources"
    content, style = (
        tensors.to_tensor(fitting.fit(reading.open_picture(folder / name), side))
        for name in ("content/rocket.jpg", "styles/night_sky.jpg")
    )
    trunk = network.load(device="cpu")
    start = time.perf_counter()
    transfer.stylize(transfer.Canvas(content, [style]), Settings(resolution=side), trunk)
    return time.perf_counter() - start


def commanded() -> float:
    """Seconds of a call of the command line, the second in a process that keeps the network."""
    from nst import samples
    from nst.cli.main import main
    from nst.vgg import network

    network.load = functools.cache(network.load)
    photo, style = samples.folder("content") / "cat.jpg", samples.folder("styles") / "night_sky.jpg"
    with tempfile.TemporaryDirectory() as folder:
        for effort in ("0.1", "1"):
            start = time.perf_counter()
            main([str(photo), str(style), "-o", f"{folder}/out.png", "--quiet", "--effort", effort])
            seconds = time.perf_counter() - start
    return seconds


def cold_start() -> dict[str, float]:
    """Seconds until the page's modules are imported, then torch, then the model is ready."""
    marks = [time.perf_counter()]
    for module in ("nst.settings", "nst.pictures.reading", "nst.queue.manager"):
        importlib.import_module(module)
    marks.append(time.perf_counter())
    importlib.import_module("torch")
    marks.append(time.perf_counter())
    importlib.import_module("nst.vgg.network").load()
    marks.append(time.perf_counter())
    names = ("page_modules", "torch", "model")
    took = [after - before for before, after in itertools.pairwise(marks)]
    return dict(zip(names, took, strict=True))


if __name__ == "__main__":
    if sys.argv[1] == "start":
        print(json.dumps(cold_start()))
    elif sys.argv[1] == "paint":
        print(painted(int(sys.argv[2])))
    elif sys.argv[1] == "command":
        print(commanded())
    elif sys.argv[1] == "plan":
        print(json.dumps(planned(*map(int, sys.argv[2:]))))
    elif sys.argv[1] == "tiles":
        print(json.dumps(tiled(int(sys.argv[2]), int(sys.argv[3]))))
    else:
        print(json.dumps(memory(sys.argv[1], int(sys.argv[2]))))
