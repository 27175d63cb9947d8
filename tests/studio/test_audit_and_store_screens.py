"""The audit log and the checks of a store: what is broken is said plainly, what is proven is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine
from studio_people import fill, log_in, seen, shows, studio
from studio_places import enter, fake

from medsynth_engine.engine import Engine
from medsynth_tui.screens.store import Store

MACHINE = {"memory": None, "heat": True, "text reader": False}
"""How it stands: unknown, well, not well."""


async def test_a_broken_chain_is_said_plainly(tmp_path: Path) -> None:
    app = fake(tmp_path, "auditor")
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("audit")
        await shows(pilot, "1,000,000")
        await pilot.press("v")
        await shows(pilot, "The record has been changed")
        await shows(pilot, "record 7")


async def test_the_log_is_verified_against_what_was_written_down(store: Path) -> None:
    auditor = Engine(store)
    await auditor.login("auditor", "auditor123")
    code = str((await auditor.audit_checkpoint())["code"])
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "auditor")
        app.open("audit")
        await shows(pilot, "Verify")
        await pilot.press("v")
        await shows(pilot, "V compares it with what is kept elsewhere")
        cases = {code: "The record is whole", _other(code): "Not verified", "1 K7QX": "A code reads like"}
        for given, answer in cases.items():
            await pilot.press("escape", "V")
            await shows(pilot, "Verify the log against")
            await fill(pilot, code=given)
            await pilot.press("enter")
            await shows(pilot, answer)
            assert "V compares" not in seen(app)


def _other(code: str) -> str:
    return code[:-1] + ("0" if code[-1] != "0" else "1")


async def test_the_log_says_who_had_no_login_what_was_only_begun_and_which_objects_were_meant(tmp_path: Path) -> None:
    class Log(FakeEngine):
        async def audit_list(self, **filters: Any) -> dict[str, Any]:
            usual = await super().audit_list()
            facts = {**usual["records"][1], "actor": "anyone", "action": "datasets.list", "outcome": "denied"}
            begun = {**facts, "seq": 7, "actor": "ada", "outcome": "done", "detail": {"begun": True}}
            if filters.get("object"):
                return {"records": [], "next": None, "near_objects": ["cohort:even", "dataset:even"]}
            return {"records": [facts, begun], "next": None}

    app = studio(tmp_path, engine=Log("auditor"))
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("audit")
        await shows(pilot, "no login")
        await shows(pilot, "begun")
        await pilot.press("down", "enter")
        await shows(pilot, "outcome  begun")
        await pilot.press("escape", "slash")
        await shows(pilot, "anyone: without a login")
        await fill(pilot, object="even")
        await pilot.press("enter")
        await shows(pilot, "Objects on record of that name: cohort:even, dataset:even")


async def test_a_record_is_shown_with_the_proof_that_it_was_signed_and_a_code_to_write_down(tmp_path: Path) -> None:
    app = fake(tmp_path, "auditor")
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("audit")
        await shows(pilot, "1,000,000")
        await pilot.press("enter")
        await shows(pilot, "among the first 1,000,064 records; 20 hashes prove it")
        await pilot.press("escape", "s")
        await shows(pilot, "The log keeps its own order")
        await pilot.press("S")
        await shows(pilot, "K7QX-94MT-0WZ3-H2AB")


async def test_what_is_not_well_with_a_store_or_its_machine_comes_first_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [{"name": name, "ok": ok, "says": "It says.", "what_to_do": ""} for name, ok in MACHINE.items()]
    monkeypatch.setattr(FakeEngine, "machine", told)
    app = fake(tmp_path, "admin")
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("store")
        await shows(pilot, "2 of 4 checks need a look")
        await shows(pilot, "text reader")
        assert isinstance(app.screen, Store)
        listed = [check["name"] for check in app.screen.checks.values()]
        assert listed[:2] == ["disk", "text reader"] and not {"memory", "heat"} & set(listed)
        await pilot.press("enter")
        await shows(pilot, "Do this.")
