"""Why an export is refused can be read to its end, and its key says whether anything is mended where it leads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fake_engine import LONG, FakeEngine
from studio_people import log_in, seen, shows, studio, until

from medsynth_tui.app import MedSynth


def refused(tmp_path: Path, codes: list[str]) -> MedSynth:
    engine = FakeEngine()

    async def gate_show(subject: str, audience: str = "internal") -> dict[str, Any]:
        reasons = [{"code": code, "why": f"It is {code}. " * 9, "what_to_do": "Do this. " * 9} for code in codes]
        return {"subject": subject, "audience": audience, "open": False, "reasons": reasons, "marks": []}

    engine.gate_show = gate_show  # type: ignore[method-assign]
    return studio(tmp_path, engine=engine)


async def test_page_keys_turn_the_reasons_under_a_verdict_that_says_that_there_are_more(tmp_path: Path) -> None:
    app = refused(tmp_path, ["simulated", "pia_missing", "imported_cohort"])
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("export", cohort=LONG)
        await shows(pilot, "closed, for 3 reasons. (more: PgDn, PgUp)")
        assert "It is simulated" in seen(app) and "It is imported_cohort" not in seen(app)
        await pilot.press("pagedown", "pagedown")
        await until(pilot, lambda: "It is imported_cohort" in seen(app) and "It is simulated" not in seen(app))
        assert "closed, for 3 reasons" in seen(app)
        await pilot.press("pageup", "tab", "tab", "pageup")  # from a field that is typed in too
        await shows(pilot, "It is simulated")
        await pilot.resize_terminal(80, 50)
        await until(pilot, lambda: "PgDn" not in seen(app), why="all of it is seen")


async def test_the_key_promises_to_mend_only_where_something_is_mended(tmp_path: Path) -> None:
    codes = ["not_enough_evidence"]
    app = refused(tmp_path, codes)
    async with app.run_test(size=(120, 40)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("export", cohort=LONG)
        await shows(pilot, "F7 See why")
        for code, label in (("pia_missing", "Mend it"), ("band_not_allowed", "See why"), ("not_evaluated", "Mend it")):
            codes[:] = [code]
            await pilot.press("right")  # another audience: the gate is asked anew
            await shows(pilot, f"It is {code}")
            await shows(pilot, f"F7 {label}")
