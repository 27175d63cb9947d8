"""Writing an assessment at the studio: nothing typed is lost, and what changed can be looked at."""

from __future__ import annotations

import asyncio
from pathlib import Path

from studio_people import log_in, seen, shows, studio, type_words, until

from db.ledger import Ledger
from db.tables import Dataset, User
from medsynth_engine.engine import Engine
from medsynth_tui.app import MedSynth
from medsynth_tui.screens.answer import EditAnswer
from medsynth_tui.widgets.window_table import WindowTable


async def drafted(store: Path) -> Engine:
    """alice's dataset with a draft for internal use."""
    from sqlmodel import select

    with Ledger.open(store / "data" / "medsynth.sqlite3") as ledger, ledger.write() as change:
        alice = change.session.exec(select(User).where(User.name == "alice")).one()
        change.session.add(Dataset(name="chest", owner_id=alice.id, folder="chest-v1", digest="d" * 64))
        change.record(actor="system", action="test.made")
    engine = Engine(store)
    await engine.login("alice", "password123")
    await engine.pia_draft("dataset:chest", "internal", {"need": {"purpose": "To try it"}})
    return engine


async def purpose(engine: Engine) -> str:
    document = await engine.pia_show("dataset:chest")
    return next(f["answer"] for s in document["sections"] for f in s["fields"] if f["id"] == "need.purpose")


async def opened(app: MedSynth, pilot) -> None:  # type: ignore[no-untyped-def]
    await log_in(pilot, "alice")
    app.go("assessment", subject="dataset:chest")
    await until(pilot, lambda: app.screen.query(WindowTable) and app.screen.query_one(WindowTable).row_count > 10)


async def test_what_is_typed_after_an_answer_is_kept_at_a_pause_and_when_it_is_closed(store: Path) -> None:
    engine = await drafted(store)
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditAnswer))
        await type_words(pilot, " now")
        await shows(pilot, "kept; esc or F6 closes")
        assert await purpose(engine) == "To try it now"
        await pilot.press("f6")
        await shows(pilot, "Saved.")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditAnswer))
        await type_words(pilot, " and then")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, EditAnswer))
        for _ in range(100):
            if await purpose(engine) == "To try it now and then":
                break
            await asyncio.sleep(0.1)
        assert await purpose(engine) == "To try it now and then"


async def test_what_changed_since_it_was_sent_back_is_one_key_away(store: Path) -> None:
    engine, admin = await drafted(store), Engine(store)
    await admin.login("admin", "admin123")
    await engine.pia_submit("dataset:chest")
    await admin.pia_return("dataset:chest", "Say for whom.")
    await engine.pia_update("dataset:chest", {"need": {"purpose": "For the students"}})
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        assert "admin sent it back: Say for whom." in seen(app)
        await pilot.press("d")
        await shows(pilot, "+ For the students")
        assert "admin gave" not in seen(app), "a development account was issued by nobody"
        assert "- To try it" in seen(app) and "1.1" in seen(app)
        await pilot.press("escape")
        await shows(pilot, "Assessments")


async def test_a_dataset_is_assessed_from_the_list_of_assessments(store: Path) -> None:
    await drafted(store)
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        app.go("assessments")
        await shows(pilot, "dataset:ch")
        await pilot.press("n")
        await shows(pilot, "What is assessed?")
        await type_words(pilot, "chest")
        await pilot.press("enter", "right", "enter", "enter")
        await shows(pilot, "draft  for internal, version 1")
