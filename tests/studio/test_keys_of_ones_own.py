"""A person's `keys.toml`: keys change where it says so, everywhere they are told of, and what cannot be is said."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from fake_engine import FakeEngine
from studio_people import complaint, log_in, seen, shows, studio, type_words, until

from medsynth_tui.app import MedSynth
from medsynth_tui.command import key_word
from medsynth_tui.commands import DatasetAdd, Help, Theme
from medsynth_tui.keymap import Keymap, from_document, read
from medsynth_tui.keys import Unusable, key_named
from medsynth_tui.widgets.field import Field


def with_keys(tmp_path: Path, text: str, **options: object) -> MedSynth:
    file = tmp_path / "keys.toml"
    file.write_text(text)
    return studio(tmp_path, engine=FakeEngine(), keymap=read(file), **options)


async def test_a_key_of_ones_own_works_and_the_old_one_does_not(tmp_path: Path) -> None:
    app = with_keys(tmp_path, 'dataset.add = "a"\n')
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("datasets")
        await shows(pilot, "a Bring in")
        await pilot.press("n")
        await pilot.pause(0.1)
        assert "Scan" not in seen(app)
        await pilot.press("a")
        await shows(pilot, "Scan")


async def test_footer_help_palette_and_tips_name_the_new_key(tmp_path: Path) -> None:
    app = with_keys(tmp_path, '"dataset.add" = ["+", "F9"]\nhelp = "F10"\n')
    app.session._engine.empty = True  # type: ignore[union-attr]
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("datasets")
        await shows(pilot, "Press + to bring in")
        assert "F10 Help" in seen(app)
        await pilot.press("f10")
        await shows(pilot, "+ F9     Bring in")
        await pilot.press("escape", "ctrl+p")
        await type_words(pilot, "bring in")
        await until(pilot, lambda: any("Bring in" in line and " + " in line for line in seen(app).splitlines()))


async def test_a_letter_of_ones_own_is_text_while_one_types(tmp_path: Path) -> None:
    app = with_keys(tmp_path, 'theme = "t"\nhelp = ["F1", "x"]\nlock = "F9"\n')
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "A development store")
        name = app.screen.query_one("#name", Field)
        name.focus_input()
        await type_words(pilot, "tax")
        assert name.value == "tax"


async def test_a_place_gets_a_key_and_nobody_goes_there_before_the_login(tmp_path: Path) -> None:
    app = with_keys(tmp_path, 'audit = "F9"\n')
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "A development store")
        await pilot.press("f9")
        await pilot.pause(0.1)
        assert "Log in" in seen(app)
        await log_in(pilot, "somebody", "some words")
        await pilot.press("f9")
        await shows(pilot, "Audit log")
        assert app.keymap.label(DatasetAdd) == "n"


async def test_what_is_wrong_with_the_file_is_said_at_the_start_and_under_help(tmp_path: Path) -> None:
    app = with_keys(tmp_path, '"dataset.ad" = "a"\n"run.stop" = "alt+s"\n')
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "no command is called dataset.ad; is it dataset.add?" in complaint(app))
        assert "1 more: F1" in seen(app)
        await pilot.press("f1")
        await pilot.press("end")
        await shows(pilot, "run.stop cannot be alt+s")


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"dataset.train": "p"}, "p would do both"),
        ({"dataset.train": "p", "dataset.pictures": "t"}, ""),
        ({"theme": "n"}, "n would do both"),
        ({"run.stop": "ctrl+i"}, "terminals send it as tab"),
        ({"run.stop": "Shift+S"}, "For shift and a letter write S."),
        ({"run.stop": "alt+s"}, "no terminal sends it. Alt and command stay with the terminal"),
        ({"run.stop": "ctrl+a"}, "screen and tmux take it"),
        ({"run.stop": "é"}, "not every keyboard has it"),
        ({"run.stop": "j"}, "one moves in lists and tables by it"),
        ({"run.stop": "ctrl+k"}, "a field that one types in needs it"),
        ({"run.stop": "0"}, "sliders move by it"),
        ({"run.stop": "h"}, "lists and forms need it"),
        ({"run.stop": "f²"}, "no terminal sends it"),
        ({"run.stop": "enter"}, "lists and forms need it"),
        ({"run.stop": "F13"}, "no terminal sends it"),
        ({"run.stop": []}, "takes a key"),
        ({"run.stop": 7}, "takes a key"),
        ({"upload.scan": "x"}, "is needed while one types"),
        ({"help": "x"}, "is needed while one types"),
        ({"back": "b"}, "is needed while one types"),
        ({"nothing": "x"}, "no command is called nothing"),
        ({"dataset": {"train": "^t"}}, ""),
    ],
)
def test_a_line_that_cannot_be_is_said_and_keeps_its_own_key(document: dict[str, object], says: str) -> None:
    keymap = from_document(document)
    assert bool(keymap.troubles) == bool(says)
    assert says in " ".join(keymap.troubles)
    assert bool(keymap.changed) != bool(says)


def test_a_file_that_is_none_changes_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "nowhere" / "keys.toml") == Keymap()
    (tmp_path / "keys.toml").write_bytes(b"\xff\xfe = [")
    assert "not TOML" in read(tmp_path / "keys.toml").troubles[0]
    (tmp_path / "keys.toml").write_text("x = '" + "x" * 70_000 + "'")
    assert "larger than 64 KB" in read(tmp_path / "keys.toml").troubles[0]
    for text in ("x = " + "[" * 3_000, "x = " + "1" * 5_000):
        (tmp_path / "keys.toml").write_text(text)
        assert "not TOML" in read(tmp_path / "keys.toml").troubles[0]
    (tmp_path / "folder.toml").mkdir()
    assert "cannot be read" in read(tmp_path / "folder.toml").troubles[0]


def test_keys_are_read_as_people_write_them() -> None:
    written = {"x": "x", "X": "X", "?": "question_mark", "^t": "ctrl+t", "Ctrl+T": "ctrl+t", "F9": "f9", "f9": "f9"}
    assert {word: key_named(word, (), "some.command") for word in written} == written
    assert key_named("esc", ("escape",), "some.command") == "escape"
    assert key_named("#", (), "some.command") == "number_sign"
    with pytest.raises(Unusable):
        key_named("esc", (), "some.command")


def test_what_is_not_changed_keeps_its_keys() -> None:
    named = {sign: key_named(sign, (), "some.command") for sign in string.punctuation.translate({91: None, 93: None})}
    assert {sign: key_word(key) for sign, key in named.items()} == {sign: sign for sign in named}
    keymap = from_document({"theme": "F9"})
    assert (keymap.label(Help), keymap.labels(Help), keymap.label(Theme)) == ("F1", "F1 ?", "F9")
