"""F1 in a question says what is asked and what its keys do, and leads back to it as it was."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

from fake_engine import FakeEngine
from studio_people import log_in, seen, shows, studio, type_words, until
from textual.content import Content
from textual.widgets import Input

from medsynth_tui import screens
from medsynth_tui.screens.answer import EditAnswer, EditRisk
from medsynth_tui.screens.assessment_diff import Difference
from medsynth_tui.screens.audit_asks import Against, FilterAudit
from medsynth_tui.screens.confirm import Ask, ConfirmByName, Sure, Tell
from medsynth_tui.screens.evidence_detail import Explained
from medsynth_tui.screens.failed import Failed
from medsynth_tui.screens.help import Help
from medsynth_tui.screens.picker import Picker
from medsynth_tui.screens.prove import Prove
from medsynth_tui.screens.themes import Themes
from medsynth_tui.view import Dialog

RISK = {
    "id": "r",
    "title": "Membership",
    "likelihood": 1,
    "severity": 2,
    "residual_likelihood": 1,
    "residual_severity": 1,
}
QUESTIONS: tuple[Callable[[], Dialog], ...] = (
    lambda: Sure("Cancel this work", "It is lost.", "Cancel it", "Let it go on"),
    lambda: ConfirmByName("Remove the run first", "It is deleted.", "first", "Remove it"),
    lambda: Ask("Add an account", "Name", choice=("Role", ["researcher", "admin"]), verb="Add"),
    lambda: Tell("The backup is written", "Keep the passphrase."),
    lambda: EditAnswer("What for?", "", lambda _: None),
    lambda: EditRisk(RISK),
    lambda: FilterAudit({}),
    Against,
    lambda: Explained("Fréchet ratio", [Content("It is low.")]),
    lambda: Difference({"before": None, "after": None, "changes": []}),
    lambda: Failed("A1B2C3"),
    Themes,
    Prove,
    Picker,
)


def test_every_question_explains_itself() -> None:
    for module in pkgutil.iter_modules(screens.__path__):
        importlib.import_module(f"{screens.__name__}.{module.name}")
    waiting, silent = [Dialog], []
    while waiting:
        kinds = waiting.pop().__subclasses__()
        waiting += kinds
        silent += [kind.__name__ for kind in kinds if kind is not Help and not kind.EXPLAINS]
    assert silent == []


async def test_f1_in_a_question_says_what_its_keys_do_and_leads_back_to_it(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        for make in QUESTIONS:
            question = make()
            app.push_screen(question)
            await until(pilot, lambda on=question: app.screen is on and on.query("*"), why=str(question))  # type: ignore[misc]
            await pilot.press("f1")
            await shows(pilot, ": keys")
            first = " ".join(question.EXPLAINS.split()[:5])
            assert first in seen(app), question
            assert f"esc      {question.ESC}"[:60] in seen(app), question
            await pilot.press("escape")
            await until(pilot, lambda on=question: app.screen is on, why=f"back to {question}")  # type: ignore[misc]
            await pilot.press("f6" if ("F6" in dict(question.KEYS)) else "escape")
            await until(pilot, lambda on=question: app.screen is not on, why=f"{question} closes")  # type: ignore[misc]


async def test_a_question_mark_is_a_letter_where_one_types_and_what_was_typed_stays(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.push_screen(Ask("A note", "Note"))
        await shows(pilot, "A note")
        await type_words(pilot, "why?")
        await pilot.press("f1")
        await shows(pilot, "A note: keys")
        assert "F1 ?" not in seen(app)
        await pilot.press("f1")
        await shows(pilot, "why?")
        await pilot.press("tab", "question_mark")
        await shows(pilot, "F1 ?")


async def test_in_a_form_keys_that_are_letters_there_are_told_apart(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 40)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("upload")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), why="the first field")
        await pilot.press("f1")
        await shows(pilot, "Bring in: keys")
        keys = [line.strip(" │")[:8].strip() for line in seen(app).splitlines()]
        assert "F5" in keys and "esc" in keys and "^p" in keys
        assert not {"r F5", "esc q", "^p :", "F1 ?"} & set(keys)


async def test_the_palette_tells_its_keys_too(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        await pilot.press("ctrl+p")
        await shows(pilot, "What do you want to do?")
        await pilot.press("f1")
        await shows(pilot, "Find: keys")
        assert "Do what is marked" in seen(app)


async def test_a_question_longer_than_the_window_is_read_and_answered(tmp_path: Path) -> None:
    app, answers = studio(tmp_path, engine=FakeEngine()), []
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        long = "\n".join(f"sentence {each}" for each in range(40))
        app.push_screen(Ask("A note", "Note", says=long, choice=("You", ["concur", "dissent"])), answers.append)
        await shows(pilot, "Note")
        await pilot.press(*["pageup"] * 3)
        await shows(pilot, "sentence 0")
        await type_words(pilot, "yes")
        await pilot.press("enter", "d", "enter")
        await shows(pilot, "Go on")
        await pilot.press("enter")
        await until(pilot, lambda: answers == [("dissent", "yes")], why="the answer")
