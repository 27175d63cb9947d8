"""Looking at curves: closer, elsewhere, at one place, smoother, on another scale. They change nothing but the view."""

from __future__ import annotations

from medsynth_tui.command import Command


class ChartCloser(Command):
    """Show half as much of the training's time; the window follows the newest."""

    id, keys, title = "chart.closer", "plus,equals_sign", "Zoom in"


class ChartFarther(Command):
    """Show twice as much of the training's time."""

    id, keys, title = "chart.farther", "minus", "Zoom out"


class ChartEarlier(Command):
    """Move the zoomed window a quarter back."""

    id, keys, title = "chart.earlier", "less_than_sign,comma", "Window back"


class ChartLater(Command):
    """Move the zoomed window a quarter on, up to the newest."""

    id, keys, title = "chart.later", "greater_than_sign,full_stop", "Window on"


class ChartCursorBack(Command):
    """Read the curves at one place: a column back. The heading says the values there."""

    id, keys, title = "chart.cursor_back", "left", "Cursor back"


class ChartCursorOn(Command):
    """Read the curves a column further on."""

    id, keys, title = "chart.cursor_on", "right", "Cursor on"


class ChartWhole(Command):
    """Show all of the training again, without cursor, smoothing or logarithm."""

    id, keys, title = "chart.whole", "0", "Whole chart"


class ChartSmooth(Command):
    """Smooth the curves: not at all, 0.6, 0.9 or 0.97; the measured values stay behind as a shadow."""

    id, keys, title = "chart.smooth", "m", "Smooth"


class ChartLogarithm(Command):
    """Draw the values on a logarithmic scale, or on the plain one again."""

    id, keys, title = "chart.logarithm", "y", "Log scale"


CHART = (
    *(ChartCloser, ChartFarther, ChartEarlier, ChartLater),
    *(ChartCursorBack, ChartCursorOn, ChartSmooth, ChartLogarithm, ChartWhole),
)
