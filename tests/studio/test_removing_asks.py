"""What destroys asks for the name first, and says what remains."""

from __future__ import annotations

from pathlib import Path

from studio_people import shows, type_words
from studio_places import enter, fake


async def test_a_destructive_step_asks_for_the_name(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("cohort", name="c1")
        await shows(pilot, "Target")
        await pilot.press("D")
        await shows(pilot, "Remove c1")
        await type_words(pilot, "c2")
        await pilot.press("enter")
        await shows(pilot, "That is not its name")
        await pilot.press("escape")
        await shows(pilot, "Target")


async def test_removing_a_dataset_says_what_remains(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("dataset", name="brain")
        await shows(pilot, "Brought in")
        await pilot.press("D")
        await shows(pilot, "Remove brain")
        await type_words(pilot, "brain")
        await pilot.press("enter")
        await shows(pilot, "generators: first")
        await pilot.press("escape")
        await shows(pilot, "Where to")
