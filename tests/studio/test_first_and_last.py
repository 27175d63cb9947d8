"""In every list the keys that mean first and last elsewhere mean it here."""

from __future__ import annotations

from textual.app import App, ComposeResult

from medsynth_tui.widgets.window_table import Column, WindowTable


class Listing(App[None]):
    def compose(self) -> ComposeResult:
        yield WindowTable([Column("name")])


async def test_home_and_end_go_where_g_and_capital_g_go() -> None:
    app = Listing()
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.query_one(WindowTable)
        table.show([("-", ("heading",)), *((f"row{each}", (str(each),)) for each in range(40))])
        table.focus()
        for last, first in (("end", "home"), ("G", "g")):
            await pilot.press(last)
            assert table.current_key == "row39", last
            await pilot.press(first)
            assert table.current_key == "row0", first
