"""The window that shows a painting while it is painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nst.cli.report import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

    from nst.paint.transfer import Progress


def open_window(report: Report, content: Image, style: Image) -> LiveWindow | None:
    """The window, or none, with a word about it, where there is no display."""
    import matplotlib
    from matplotlib import pyplot
    from matplotlib.backends.registry import BackendFilter, backend_registry

    builtin = backend_registry.list_builtin(BackendFilter.INTERACTIVE)  # type: ignore[no-untyped-call]
    interactive = {name.lower() for name in builtin}
    try:
        figure = pyplot.figure("Neural style transfer", figsize=(12, 4.8))
        usable = matplotlib.get_backend().lower() in interactive
    except (ImportError, RuntimeError) as error:
        report.say(f"There is no window to show it in ({error}); painting goes on without.")
        return None
    if not usable:
        pyplot.close(figure)
        report.say("There is no display to show it on; painting goes on without the window.")
        return None
    return LiveWindow(figure, content, style)


class LiveWindow:
    """A watcher that shows content, style and result beside each other, at every preview."""

    def __init__(self, figure: Figure, content: Image, style: Image) -> None:
        self.figure, self.content, self.style = figure, content, style

    def __call__(self, progress: Progress) -> None:
        """Draw a preview; closing the window does not end the painting."""
        from matplotlib import pyplot

        from nst.pictures import charts, tensors

        if not pyplot.fignum_exists(self.figure.number) or progress.image is None:
            return
        result = tensors.to_picture(progress.image).resize(self.content.size)
        title = f"iteration {progress.iteration} of {progress.total}"
        charts.draw_side_by_side(self.figure, (self.content, self.style, result), title)
        self.figure.canvas.draw_idle()
        pyplot.pause(0.01)

    def wait(self) -> None:
        """Keep the finished picture in view until the window is closed."""
        from matplotlib import pyplot

        pyplot.show(block=True)
