"""What holds of every screen at every size."""

from __future__ import annotations

from textual.containers import VerticalScroll
from textual.widgets import DataTable, OptionList, Static

from medsynth_tui.app import MedSynth
from medsynth_tui.widgets.hints import Hints
from medsynth_tui.widgets.status_line import StatusLine


def demand_fit(app: MedSynth, place: str = "") -> None:
    """Nothing leaves the window, no line is cut by its edge, the top line and the hints are whole."""
    width, height = app.size
    for widget in app.screen.walk_children():
        if not widget.display or not widget.region or not widget.is_on_screen:
            continue
        if any(isinstance(each, VerticalScroll | DataTable | OptionList) for each in widget.ancestors):
            continue
        region = widget.region
        assert region.right <= width, (place, widget, region)
        assert region.bottom <= height, (place, widget, region)
    for note in app.screen.query(".field-note").results(Static):
        if note.size.width:
            assert len(str(note.content)) <= note.size.width, (place, note.content)
    lines = app.screen.query_one(StatusLine).lines(width) + app.screen.query_one(Hints).lines(width)
    assert all(line.cell_length <= width for line in lines)
