"""The audit log and the checks of a store: what is broken is said plainly, what is proven is shown."""

from __future__ import annotations

from pathlib import Path

from studio_people import shows
from studio_places import enter, fake


async def test_a_broken_chain_is_said_plainly(tmp_path: Path) -> None:
    app = fake(tmp_path, "auditor")
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("audit")
        await shows(pilot, "1,000,000")
        await pilot.press("v")
        await shows(pilot, "The chain is broken")
        await shows(pilot, "record 7")


async def test_a_record_is_shown_with_the_proof_that_it_was_signed_and_a_code_to_write_down(tmp_path: Path) -> None:
    app = fake(tmp_path, "auditor")
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("audit")
        await shows(pilot, "1,000,000")
        await pilot.press("enter")
        await shows(pilot, "among the first 1,000,064 records; 20 hashes prove it")
        await pilot.press("escape", "s")
        await shows(pilot, "K7QX-94MT-0WZ3-H2AB")


async def test_what_is_not_well_with_a_store_comes_first_with_what_to_do(tmp_path: Path) -> None:
    app = fake(tmp_path, "admin")
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("store")
        await shows(pilot, "1 of 3 checks need a look")
        await pilot.press("enter")
        await shows(pilot, "Do this.")
