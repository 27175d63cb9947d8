"""Looking at curves: closer, elsewhere, at one place, smoother, on another scale. They change nothing but the view."""

from __future__ import annotations

from medsynth_tui.command import command

ChartCloser = command("chart.closer", "plus,equals_sign", "Zoom in")(
    "Show half as much of the training's time; the window follows the newest."
)
ChartFarther = command("chart.farther", "minus", "Zoom out")("Show twice as much of the training's time.")
ChartEarlier = command("chart.earlier", "less_than_sign,comma", "Window back")("Move the zoomed window a quarter back.")
ChartLater = command("chart.later", "greater_than_sign,full_stop", "Window on")(
    "Move the zoomed window a quarter on, up to the newest."
)
ChartCursorBack = command("chart.cursor_back", "left", "Cursor back")(
    "Read the curves at one place: a column back. The heading says the values there."
)
ChartCursorOn = command("chart.cursor_on", "right", "Cursor on")("Read the curves a column further on.")
ChartWhole = command("chart.whole", "0", "Whole chart")(
    "Show all of the training again, without cursor, smoothing or logarithm."
)
ChartSmooth = command("chart.smooth", "m", "Smooth")(
    "Smooth the curves: not at all, 0.6, 0.9 or 0.97; the measured values stay behind as a shadow."
)
ChartLogarithm = command("chart.logarithm", "y", "Log scale")(
    "Draw the values on a logarithmic scale, or on the plain one again."
)
ChartUnit = command("chart.unit", "x", "X axis")(
    "Draw along another x axis: thousand images, steps, time, or the privacy spent where there is a budget."
)
ChartOne = command("chart.one", "1", "One chart")("Show one chart; again: as many as the window holds well.")
ChartTwo = command("chart.two", "2", "Two charts")("Show two charts; again: as many as the window holds well.")
ChartFour = command("chart.four", "4", "Four charts")(
    "Show four charts over the whole width; again: as many as the window holds well."
)

CHART = (
    *(ChartCloser, ChartFarther, ChartEarlier, ChartLater, ChartUnit),
    *(ChartCursorBack, ChartCursorOn, ChartSmooth, ChartLogarithm, ChartWhole),
)
COUNTS = (ChartOne, ChartTwo, ChartFour)
