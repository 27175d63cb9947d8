"""Evidence in the studio: every number with its words, what is behind it, pictures side by side, cohorts compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_engine import LONG, FakeEngine, document
from studio_people import SIZES, complaint, log_in, seen, shows, studio
from textual.pilot import Pilot

from medsynth_engine.kernel.errors import NotFound
from medsynth_tui.app import MedSynth
from medsynth_tui.screens.evidence import FAMILIES
from medsynth_tui.widgets.window_table import WindowTable


def fake(tmp_path: Path, engine: FakeEngine | None = None, **options: Any) -> MedSynth:
    return studio(tmp_path, engine=engine or FakeEngine("researcher"), **options)


async def enter(pilot: Pilot[Any]) -> None:
    await log_in(pilot, "somebody", "some words")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
async def test_every_number_of_a_family_has_a_row_with_a_verdict_in_words(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=size) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG)
        await shows(pilot, "Fréchet ratio")
        for key, family in enumerate(FAMILIES, 1):
            await pilot.press(str(key))
            rows = dict(app.screen.query_one(f"#{family}", WindowTable).shown)
            names = [each["name"] for each in document("evaluation")["evidence"]]
            for name in names:
                if name.startswith(f"{family}."):
                    words, code = str(rows[name][0]).strip(), rows[name][-1][0]
                    assert words and words != name
                    assert code[0] in "✓✗=?·" and len(code) > 3
        assert not app.failures


async def test_a_name_that_nobody_knew_shows_in_words_beside_its_own(tmp_path: Path) -> None:
    engine = FakeEngine("researcher")
    found = document("evaluation")
    new = {**found["evidence"][0], "name": "fidelity.new_space.some_thing", "reads_as": "It reads well."}

    async def show(cohort: str) -> dict[str, Any]:
        return {**found, "evidence": [new]}

    engine.evaluation_show = show  # type: ignore[method-assign]
    app = fake(tmp_path, engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG)
        await shows(pilot, "New space (some thing)")
        await shows(pilot, "New space (some thing) ·")
        await shows(pilot, "It reads well.")


async def test_enter_says_what_is_behind_a_number_and_escape_closes_it(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG, page="privacy")
        await shows(pilot, "Who holds the data")
        await pilot.press("enter")
        await shows(pilot, "Every attack on this scale")
        await pilot.press("escape", "down", "down", "down", "down", "down", "down", "enter")
        for words in ("How it is computed", "Who could do this", "Control", "Good is", "Its name in files: privacy."):
            await shows(pilot, words)
        await pilot.press("escape", "1", "enter")
        await shows(pilot, "Source: Dowson & Landau 1982")
        await pilot.press("escape")
        await shows(pilot, "interval")


async def test_the_first_row_is_one_that_can_be_explained(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG, page="privacy")
        await shows(pilot, "Who holds the data")
        await pilot.press("G", "g", "enter")
        await shows(pilot, "Every attack on this scale")


async def test_a_sentence_that_does_not_fit_under_the_table_ends_in_a_mark(tmp_path: Path) -> None:
    engine, found = FakeEngine("researcher"), document("evaluation")
    long = {**found["evidence"][0], "reads_as": "It reads well, as far as one can read. " * 9}

    async def show(cohort: str) -> dict[str, Any]:
        return {**found, "evidence": [long], "outdated": ["The dataset has another version by now. " * 9]}

    engine.evaluation_show = show  # type: ignore[method-assign]
    app = fake(tmp_path, engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG)
        await shows(pilot, "It reads well")
        ends = [line.rstrip(" │")[-1:] for line in seen(app).splitlines() if "by now" in line or "can read" in line]
        assert ends.count("…") == 2


async def test_the_heatmap_has_a_cursor_colours_only_what_is_beyond_chance_and_turns_its_layers(tmp_path: Path) -> None:
    from medsynth_tui.widgets.prevalence_table import PrevalenceTable

    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG, page="prevalence")
        await shows(pilot, "the cohort (1 of 3)")
        table = app.screen.query_one(PrevalenceTable)
        flags = [flag for row in table.map["flag"] for flag in row]
        cells = [table.get_row_at(row)[column] for row in range(table.row_count) for column in (1, 2)]
        assert [" on " in str(cell.style) for cell in cells] == flags
        await shows(pilot, "of the training data")
        await pilot.press("v")
        await shows(pilot, ": the training data (1 of 3)")
        await pilot.press("v", "o")
        await shows(pilot, "by age band: cohort minus training (2 of 3)")
        await pilot.press("enter")
        await shows(pilot, "Newcombe")
        await pilot.press("escape", "left")
        await shows(pilot, "interval")


async def test_before_and_after_rebalancing_stand_in_one_view(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG, page="groups")
        await shows(pilot, "before")
        words = seen(app)
        line = next(line for line in words.splitlines() if line.strip().startswith("F "))
        assert "33 %" in line and "50 %" in line and "no gap shown" in line
        await pilot.press("down", "enter")
        await shows(pilot, "What it shows")


async def test_an_evaluation_that_is_out_of_date_says_so_on_every_page(tmp_path: Path) -> None:
    engine = FakeEngine("researcher")

    async def show(cohort: str) -> dict[str, Any]:
        return {**document("evaluation"), "outdated": ["The dataset has a version 2 by now."]}

    engine.evaluation_show = show  # type: ignore[method-assign]
    app = fake(tmp_path, engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG)
        for _ in range(6):
            await shows(pilot, "! Out of date: The dataset has a version 2 by now.")
            await pilot.press("l")


async def test_an_evaluation_under_way_shows_its_progress_and_can_be_cancelled(tmp_path: Path) -> None:
    engine, cancelled = FakeEngine("researcher", empty=True), []

    async def jobs() -> list[dict[str, Any]]:
        return [{"job": "j1", "kind": "evaluate", "subject": "cohort:c1", "state": "running"}]

    async def follow(job: str) -> Any:
        import asyncio

        yield {"job": job, "state": "running", "progress": {"done": 3, "total": 14, "unit": "measures", "say": "rows"}}
        while not cancelled:
            await asyncio.sleep(0.02)

    async def cancel(job: str) -> dict[str, Any]:
        cancelled.append(job)
        return {"job": job, "state": "running"}

    async def finish(job: str) -> dict[str, Any]:
        raise NotFound("cancelled", "The evaluation was cancelled; nothing was kept.")

    engine.jobs_list, engine.follow = jobs, follow  # type: ignore[method-assign]
    engine.jobs_cancel, engine.finish = cancel, finish  # type: ignore[attr-defined]
    app = fake(tmp_path, engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort="c1")
        await shows(pilot, "3 of 14 measures")
        assert "Cancel job" in seen(app).splitlines()[-1]
        await shows(pilot, "It is being evaluated")
        assert "Not evaluated yet" not in seen(app)
        await pilot.press("f8")
        await shows(pilot, "Cancel this work")
        assert not cancelled, "not by one key"
        await pilot.press("right", "enter")
        await shows(pilot, "nothing was kept")
        assert cancelled == ["j1"]
        await shows(pilot, "Not evaluated yet")


async def test_nearest_pairs_stand_side_by_side_and_say_how_near_they_are(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG, page="privacy")
        await shows(pilot, "Privacy gauge")
        await pilot.press("n")
        await shows(pilot, "nearest in training")
        await shows(pilot, "1. correlation 0.99; nearer than any unseen real picture")
        await pilot.press("right")
        await shows(pilot, "2. correlation 0.98; 2.0 % of unseen real pictures")
        await pilot.press("left")
        await shows(pilot, "1. correlation")


async def test_who_may_not_see_images_is_not_offered_the_pairs(tmp_path: Path) -> None:
    app = fake(tmp_path, FakeEngine("auditor"))
    async with app.run_test(size=(120, 40)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG)
        await shows(pilot, "Fréchet ratio")
        assert "Nearest pairs" not in seen(app)
        assert "Evaluate" not in seen(app).splitlines()[-1]


async def test_two_to_four_marked_cohorts_are_compared_and_the_best_is_marked(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await enter(pilot)
        app.open("cohorts")
        await shows(pilot, LONG[-20:])
        await pilot.press("c")
        assert "Mark two to four" in complaint(app)
        await pilot.press("space", "down", "space", "c")
        await shows(pilot, "✓ 1.02")
        await shows(pilot, "✗ 126")
        await shows(pilot, f"Better: {LONG}-0")
        await pilot.press("enter")
        await shows(pilot, "lies wholly")
        await pilot.press("escape", "right")
        await shows(pilot, "Coverage")
        await pilot.press("right")
        await shows(pilot, "training")
        assert not app.failures


async def test_at_most_four_can_be_marked(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("cohorts")
        await shows(pilot, LONG[-8:])
        await pilot.press(*["space", "down"] * 5)
        assert "At most 4" in complaint(app)


@pytest.mark.parametrize("page", ["fidelity", "privacy", "bias", "groups", "prevalence"])
async def test_on_ascii_terminals_evidence_is_ascii(tmp_path: Path, page: str) -> None:
    app = fake(tmp_path, ascii=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG, page=page)
        await shows(pilot, "reads as" if page != "prevalence" else "How common")
        await pilot.pause(0.2)
        await pilot.press("enter")
        await pilot.pause(0.1)
        odd = {character for character in seen(app) if not character.isascii()}
        assert odd <= {"‹", "›", "…", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "±"}, odd


async def test_verdicts_follow_the_palette(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG)
        await shows(pilot, "worse")
        table = app.screen.query_one("#fidelity", WindowTable)
        dark = dict(table.shown)["fidelity.coverage"][-1][1]
        app.theme = "medsynth-light"
        await pilot.pause(0.2)
        assert dict(table.shown)["fidelity.coverage"][-1][1] != dark
