"""Time to the finished picture: the default run beside 1,000 plain steps of the same size.

    python -m benchmarks.speed [CONTENT STYLE] [--preset NAME] [--resolution PX] [--rounds N]

The two sides take turns, so that a machine that slows down slows both. The plain loop's steps are
all alike: a few are timed in every round, and 1,000 of them cost 1,000 times their median. The
package's runs are timed whole, from the first step's preparation to the finished picture; loading
the model is left out on both sides.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch

from benchmarks.plain import STEPS, PlainLoop
from nst.paint import transfer
from nst.pictures import fitting, reading, tensors
from nst.settings import PRESETS, Settings
from nst.vgg import network

RESOURCES = Path(__file__).parent.parent / "Resources"
PLAIN_STEPS_A_ROUND = 5


def main() -> None:
    """Measure and print."""
    options = _options()
    settings = Settings.preset(options.preset, **_changes(options))
    content, style = (
        tensors.to_tensor(fitting.fit(reading.open_picture(path), settings.resolution))
        for path in (options.content, options.style)
    )
    trunk = network.load()
    plain = PlainLoop(content, style)
    plain.step()  # the first one builds what later ones reuse
    transfer.stylize(
        transfer.Canvas(content[..., :64, :64], [style[..., :64, :64]]), settings, trunk
    )

    plain_steps, runs = [], []
    for number in range(options.rounds):
        plain_steps += [_seconds(plain.step) for _ in range(PLAIN_STEPS_A_ROUND)]
        runs.append(
            _seconds(lambda: transfer.stylize(transfer.Canvas(content, [style]), settings, trunk))
        )
        print(f"round {number + 1}: plain step {plain_steps[-1]:.3f} s, run {runs[-1]:.1f} s")

    step, run = statistics.median(plain_steps), statistics.median(runs)
    size = f"{content.shape[3]} x {content.shape[2]} px"
    print(f"threads {torch.get_num_threads()}, precision {trunk.precision}, {size}")
    print(f"plain loop, {STEPS} steps of {step:.3f} s: {STEPS * step:.0f} s")
    print(f"preset {options.preset}: {run:.1f} s")
    print(f"ratio: {STEPS * step / run:.1f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("content", nargs="?", default=RESOURCES / "content" / "rocket.jpg")
    parser.add_argument("style", nargs="?", default=RESOURCES / "styles" / "night_sky.jpg")
    parser.add_argument("--preset", default="balanced", choices=PRESETS)
    parser.add_argument("--resolution", type=int)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def _changes(options: argparse.Namespace) -> dict[str, int]:
    return {"resolution": options.resolution} if options.resolution else {}


def _seconds(work: object) -> float:
    assert callable(work)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
