"""What a file or a person supplies stays words: for the command line's markup, for a spreadsheet, for a terminal."""

from __future__ import annotations

import random

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
    assert shown.plain == f"<{plain(text)}> behind"
    styles = [(str(span.style), shown.plain[span.start : span.end]) for span in shown.spans if span]
    assert styles == [("bold", f"<{plain(text)}"), ("italic", "behind")]


@pytest.mark.parametrize("around", ["{}", "[bold]{}[/bold]", "{}[dim]x[/dim]", "[dim]x[/] {} x]"])
def test_any_text_is_shown_as_it_is_whatever_stands_around_it(around: str) -> None:
    parts, draw = ("\\", "[", "]", "/", "a", "B", "#", "@", "=", "(", " ", "é", "1", "link="), random.Random(0)
    for _ in range(2_000):
        text = plain("".join(draw.choices(parts, k=draw.randint(0, 9))))
        assert render(around.format(markup(text))).plain == render(around.format("@")).plain.replace("@", text), text


def test_what_is_no_tag_is_shown_as_it_is() -> None:
    for text in ("[70-80)", "[1]", "a[0] = [2]", "plain"):
        assert render(f"[bold]{markup(text)}[/bold]").plain == text


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-2+3", "@sum(a)", "+" + "1" * 20_000 + "x"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(cell: str) -> None:
    assert table_cell(cell).startswith("'")


@pytest.mark.parametrize("cell", ["-1", "+2.5", "-.5", "1e-3", "-1.", "+1E+10"])
def test_a_number_stays_a_number(cell: str) -> None:
    assert table_cell(cell) == cell
