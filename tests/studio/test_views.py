"""Every screen, for every role, at both sizes: it opens, fits, and says what it must; and what fails is contained."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from fake_engine import LONG, FakeEngine
from studio_people import complaint, fill, log_in, seen, shows, studio, type_words, until
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widgets import DataTable, OptionList, Static

from medsynth_tui.app import MedSynth
from medsynth_tui.screens.failed import Failed
from medsynth_tui.screens.run import LiveRun
from medsynth_tui.screens.upload import Upload
from medsynth_tui.typeahead import PATIENCE_SECONDS
from medsynth_tui.view import View
from medsynth_tui.widgets.field import Typed
from medsynth_tui.widgets.hints import Hints
from medsynth_tui.widgets.status_line import StatusLine

EVERYONE: dict[str, dict[str, Any]] = {
    "home": {},
    "datasets": {},
    "dataset": {"name": LONG},
    "cohorts": {},
    "cohort": {"name": LONG},
    "cohort_table": {"name": LONG},
    "table": {"name": LONG},
    "rules": {"dataset": LONG},
    "evidence": {"cohort": LONG},
    "compare": {"cohorts": [f"{LONG}-1", f"{LONG}-2", f"{LONG}-3"]},
    "assessments": {},
    "assessment": {"subject": LONG},
    "export": {"cohort": LONG},
    "jobs": {},
    "disk": {},
    "audit": {},
    "password": {},
}
RESEARCHER: dict[str, dict[str, Any]] = {
    **EVERYONE,
    "upload": {},
    "review": {},
    "scan": {"name": LONG, "intake": {"path": "p"}, "document": {"columns": {"age": LONG}, "submitted": 3}},
    "runs": {},
    "run_new": {},
    "run_import": {},
    "bundle": {"dataset": LONG},
    "run": {"name": LONG},
    "compare_runs": {"runs": [f"{LONG}-{index}" for index in range(4)]},
    "cohort_new": {},
    "population": {"source": {"dataset": LONG}},
    "learners": {"dataset": LONG},
    "nearest_pairs": {"cohort": LONG},
}
BACKUPS: dict[str, dict[str, Any]] = {"backups": {}, "backup_new": {}, "backup_read": {}}
PLACES = {
    "researcher": RESEARCHER,
    "admin": {**EVERYONE, "users": {}, "settings": {}, "totp": {}, "store": {}, **BACKUPS},
    "auditor": EVERYONE,
}


def fake(tmp_path: Path, role: str = "researcher", **options: Any) -> MedSynth:
    return studio(tmp_path, engine=FakeEngine(role, **options))


async def enter(pilot: Pilot[Any]) -> None:
    await log_in(pilot, "somebody", "some words")


async def fails(pilot: Pilot[Any]) -> None:
    """Wait for the note that a view failed."""
    app = pilot.app
    assert isinstance(app, MedSynth)
    end = time.monotonic() + 90
    while not isinstance(app.screen, Failed):
        assert time.monotonic() < end, f"nothing was said:\n{seen(app)}"
        await pilot.pause(0.05)
    app.failures.clear()


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


@pytest.mark.parametrize(
    ("role", "size"),
    [*((role, (80, 24)) for role in PLACES), ("researcher", (120, 40))],
    ids=lambda value: value if isinstance(value, str) else f"{value[0]}x{value[1]}",
)
async def test_every_screen_opens_and_fits(tmp_path: Path, role: str, size: tuple[int, int]) -> None:
    app = fake(tmp_path, role)
    async with app.run_test(size=size) as pilot:
        await enter(pilot)
        for place, arguments in PLACES[role].items():
            app.go(place, **arguments)
            await until(
                pilot, lambda: isinstance(app.screen, View) and not app.screen._asked, why=f"answers for {place}"
            )
            await until(pilot, lambda: role in seen(app) and "Asking" not in seen(app), why=f"{place} drawn")
            await pilot.pause(0.05)
            demand_fit(app, place)
            words = seen(app)
            assert "DEVELOPMENT" in words, place
            assert role in words, place
            assert "Asking" not in words, words


async def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    app = fake(tmp_path, empty=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        await shows(pilot, "Bring in a dataset to begin")
        for place in ("datasets", "runs", "cohorts", "assessment", "assessments"):
            app.go(place, **RESEARCHER[place])
            await shows(pilot, "Press ")
        app.go("evidence", cohort=LONG, page="privacy")
        await shows(pilot, "Press e")


async def test_every_page_of_a_cohort_fits_and_left_and_right_turn_them(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("cohort", name=LONG)
        for words in ("Target", "▀▀▀▀"):
            await shows(pilot, words)
            demand_fit(app)
            await pilot.press("right")
        await shows(pilot, "Target")
        await pilot.press("left")
        await shows(pilot, "▀▀▀▀")


@pytest.mark.parametrize(
    ("role", "there", "not_there"),
    [
        ("researcher", ["Datasets", "Runs", "Cohorts", "Assessments", "Review", "Audit log"], ["Users"]),
        ("admin", ["Datasets", "Cohorts", "Assessments", "Audit log", "Users"], ["Runs", "Review"]),
        ("auditor", ["Datasets", "Cohorts", "Assessments", "Audit log"], ["Users", "Runs", "Review"]),
    ],
)
async def test_the_menu_follows_the_role(tmp_path: Path, role: str, there: list[str], not_there: list[str]) -> None:
    app = fake(tmp_path, role, empty=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        menu = "\n".join(line[:28] for line in seen(app).splitlines())
        assert all(name in menu for name in there)
        assert not any(name in menu for name in not_there)
        await pilot.press("ctrl+p")
        await type_words(pilot, "users")
        await until(pilot, lambda: app.screen.query_one(Typed).value == "users")
        if role == "admin":
            await shows(pilot, "Accounts and their roles")
        await pilot.pause()  # what was set off has come to rest
        assert ("Accounts and their roles" in seen(app)) == (role == "admin")


async def test_an_admin_is_not_offered_what_only_researchers_may(tmp_path: Path) -> None:
    app = fake(tmp_path, "admin")
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("dataset", name=LONG)
        await shows(pilot, "Brought in")
        bottom = seen(app).splitlines()[-1]
        assert "Train" not in bottom
        assert "Pictures" not in bottom
        await pilot.press("t")
        await pilot.pause(0.1)
        assert "New run" not in seen(app)


async def test_a_wrong_password_is_a_sentence(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "A development store")
        await fill(pilot, name="alice", password="wrong")
        await pilot.press("enter")
        await until(pilot, lambda: "do not belong together" in complaint(app))
        assert "Try again" in seen(app)


async def test_keys_typed_ahead_reach_the_field_they_were_meant_for(tmp_path: Path) -> None:
    from textual import events

    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "A development store")
        for key in [*"alice", "tab", *"secret", "enter"]:
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await shows(pilot, "Where to")
        assert app.session.person is not None
        for key in ["1", "n", *"/a", "tab", *"b"]:
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await shows(pilot, "Nothing is stored")
        await until(pilot, lambda: [field.value for field in app.screen.query("Typed")][:2] == ["/a", "b"])


async def test_keys_do_not_overtake_a_screen_that_a_busy_machine_is_slow_to_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from textual import events

    opens = Upload.compose_body

    def late(self: Upload) -> Any:
        time.sleep(PATIENCE_SECONDS + 0.5)  # as long as others have the processor
        return opens(self)

    monkeypatch.setattr(Upload, "compose_body", late)
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        for key in ["1", "n", *"/a", "tab", *"b"]:
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await shows(pilot, "Nothing is stored")
        await until(pilot, lambda: [field.value for field in app.screen.query("Typed")][:2] == ["/a", "b"])


async def test_a_view_that_fails_says_so_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    app = fake(tmp_path, broken=("datasets_show",))
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        await pilot.press("1")
        await shows(pilot, LONG[:10])
        await pilot.press("enter")
        await fails(pilot)
        words = seen(app)
        assert "This view failed" in words
        assert "JANE" not in words
        assert "Traceback" not in words
        (report,) = (tmp_path / "data" / "logs").glob("studio-*.txt")
        assert report.stem.removeprefix("studio-") in words
        assert "RuntimeError" in report.read_text()
        assert "JANE" not in report.read_text()
        await pilot.press("escape")
        await shows(pilot, "Datasets")
        await pilot.press("escape", "3")
        await shows(pilot, "drawn by")


async def test_a_widget_that_cannot_draw_excuses_itself(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG, page="privacy")
        await shows(pilot, "Who holds the data")
        await pilot.press("enter")
        await shows(pilot, "somebody holds the cohort")
        from medsynth_tui.widgets.gauge import Gauge, Reading

        broken = Reading("data", "not a number", "low", "")  # type: ignore[arg-type]
        app.screen.query_one(Gauge).show([broken])
        await fails(pilot)
        await pilot.press("escape", "escape")
        await shows(pilot, "Who holds the data")


async def test_a_login_that_ended_leads_back_to_the_first_screen(tmp_path: Path) -> None:
    engine = FakeEngine()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        engine.session_over = True
        await pilot.press("3")
        await shows(pilot, "nobody was there for half an hour")
        assert app.session.person is None


async def test_late_answers_are_dropped(tmp_path: Path) -> None:
    engine, answering = FakeEngine(), asyncio.Event()
    asked: list[str] = []
    gone: list[str] = []

    async def slow(name: str) -> dict[str, Any]:
        asked.append(name)
        try:
            await answering.wait()
        except asyncio.CancelledError:
            gone.append(name)
            raise
        return await FakeEngine().datasets_show(name)

    engine.datasets_show = slow  # type: ignore[method-assign]
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("dataset", name="one")
        await until(pilot, lambda: asked == ["one"])
        await pilot.press("escape")
        await until(pilot, lambda: gone == ["one"], why="nobody waits for it any more")
        answering.set()
        await shows(pilot, "Where to")
        assert not app.failures


async def test_a_slow_store_is_not_asked_again_before_it_has_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, answering, tick = FakeEngine(), asyncio.Event(), LiveRun._tick
    asked: list[int] = []
    ticks: list[int] = []

    async def slow(run: str, offset: int = 0) -> dict[str, Any]:
        asked.append(offset)
        await answering.wait()
        return await FakeEngine().runs_watch(run, offset)

    def counted(self: LiveRun) -> None:
        ticks.append(len(asked))
        tick(self)

    monkeypatch.setattr(LiveRun, "_tick", counted)
    engine.runs_watch = slow  # type: ignore[method-assign]
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("run", name="first")
        await until(pilot, lambda: len(ticks) == 3, why="three looks at a clock")
        assert asked == [0]
        answering.set()
        await shows(pilot, "● gen")
        await until(pilot, lambda: asked[:2] == [0, 1], why="the next question")


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


async def test_ctrl_c_interrupts_nothing_and_says_how_to_leave(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        await pilot.press("ctrl+c")
        await shows(pilot, "^q leaves")


async def test_an_activation_code_is_shown_once(tmp_path: Path) -> None:
    app = fake(tmp_path, "admin")
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("users")
        await shows(pilot, "30 accounts")
        await pilot.press("n")
        await shows(pilot, "Add an account")
        await fill(pilot, text="bob")
        await pilot.press("enter")
        await shows(pilot, "ABCD-EFGH-IJKL")
        await pilot.press("escape")
        await shows(pilot, "30 accounts")
        assert "ABCD" not in seen(app)


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


async def test_too_small_a_window_is_one_line_that_says_what_it_needs(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "A development store")
        await pilot.resize_terminal(60, 15)
        await shows(pilot, "window 60x15, needs 80x24")
        assert len(seen(app).split("\n")) == 15
        await pilot.resize_terminal(100, 30)
        await shows(pilot, "A development store")


async def test_help_and_palette_come_from_the_commands(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        await pilot.press("1", "question_mark")
        await shows(pilot, "Datasets: keys")
        await shows(pilot, "Bring in")
        await pilot.press("escape", "colon")
        await pilot.pause(0.1)
        assert "Screenshot" not in seen(app)
        await type_words(pilot, "bring")
        await pilot.press("enter")
        await shows(pilot, "Nothing is stored")


async def test_nothing_moves_by_itself(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "A development store")
        assert app.animation_level == "none"
        assert not app.screen.query("LoadingIndicator")
        assert not any(field.cursor_blink for field in app.screen.query("Typed"))  # type: ignore[attr-defined]


async def test_ascii_terminals_get_ascii_alone(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine(), ascii=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG, page="privacy")
        await shows(pilot, "Who holds the data")
        odd = {character for character in seen(app) if not character.isascii()}
        assert odd <= {"‹", "›", "…", "▁", "▂", "▃", "▄", "▅", "▆", "▇"}, odd  # Textual's own leave through AsciiDriver


async def test_simulated_is_said_on_every_screen(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine(), simulated=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        for place in ("datasets", "runs", "cohorts", "assessments", "audit"):
            app.open(place)
            titled = app.screen.place()[-1]  # type: ignore[attr-defined]
            await until(pilot, lambda: titled in seen(app).partition("\n")[0], why=place)  # noqa: B023 - awaited here
            assert "SIMULATED" in seen(app).splitlines()[0]


@pytest.mark.parametrize("theme", ["medsynth-dark", "medsynth-light", "medsynth-contrast", "medsynth-safe"])
async def test_every_palette_can_be_worn(tmp_path: Path, theme: str) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.theme = theme
        app.open("run", name=LONG)
        await shows(pilot, "Loss")
        assert not app.failures
