"""What a file or a person supplies stays words: for the command line's markup, for a spreadsheet, for a terminal."""

from __future__ import annotations

import pytest
from rich.markup import render

from medsynth_engine.kernel.escape import markup, plain, table_cell

NASTY = (
    "[bold]x", r"\[bold]x", r"\\[link=http://x]here", r"\\\[/]", "[/]", "[/bold]", "[[red]]", "[@click=app.quit]x",
    "[#f00]x",
    "[link=x", "a\\", "a\\\\", "[70-80)", "[1]", "\\", "[", "[a", r"\[a", "x[/bold", "[B]x", "a[b]c[d]e", "]", "[]",
)  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_no_text_becomes_markup_nor_undoes_the_markup_around_it(text: str) -> None:
    shown = render(f"[bold]<{markup(text)}[/bold]> [italic]behind[/italic]")
    styles = [(str(span.style), shown.plain[span.start : span.end]) for span in shown.spans]
    assert [style for style, _ in styles] == ["bold", "italic"] and styles[1][1] == "behind"
    assert shown.plain.replace("\\", "") == f"<{plain(text)}> behind".replace("\\", "")


def test_what_is_no_tag_is_shown_as_it_is() -> None:
    for text in ("[70-80)", "[1]", "a[0] = [2]", "plain"):
        assert render(f"[bold]{markup(text)}[/bold]").plain == text


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-2+3", "@sum(a)", "+" + "1" * 20_000 + "x"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(cell: str) -> None:
    assert table_cell(cell).startswith("'")


@pytest.mark.parametrize("cell", ["-1", "+2.5", "-.5", "1e-3", "-1.", "+1E+10"])
def test_a_number_stays_a_number(cell: str) -> None:
    assert table_cell(cell) == cell
