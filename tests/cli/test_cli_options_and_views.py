"""The small languages of options, and what a person sees: inert, in 80 columns, with or without colour."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from medsynth_engine.kernel.errors import BadInput, WrongUsage
from medsynth_tui.cli import assessment, options, pictures, progress, runs, show
from medsynth_tui.cli.face import Face, Manner

HOSTILE = "\x1b]0;owned\x07[bold red]x[/bold red]\u202egnp.exe"


def face_into(text: io.StringIO, **console: object) -> Face:
    face = Face(Manner(home=Path("nowhere")))
    face.out = face.messages = Console(file=text, width=80, highlight=False, **console)  # type: ignore[arg-type,misc]
    return face


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["age=Age,sex=Gender"], {"age": "Age", "sex": "Gender"}),
        (["age=Age", "sex=Gender"], {"age": "Age", "sex": "Gender"}),
        (["finding=mass, left,sex=F"], {"finding": "mass, left", "sex": "F"}),
        (["note=a=b"], {"note": "a=b"}),
        (None, {}),
    ],
)
def test_pairs_are_read_also_with_commas_in_a_value(texts: list[str] | None, expected: dict[str, str]) -> None:
    assert options.pairs(texts, "--where") == expected


@pytest.mark.parametrize("text", ["sex", "=F", "sex=", "sex=F,sex=M"])
def test_pairs_that_say_nothing_or_two_things_are_wrong_usage(text: str) -> None:
    with pytest.raises(WrongUsage):
        options.pairs([text], "--given")


def test_names_are_a_list_however_they_are_given() -> None:
    assert options.names(["sex, age_band", "ethnicity"]) == ["sex", "age_band", "ethnicity"]


def test_answers_that_are_no_toml_are_bad_input(tmp_path: Path) -> None:
    (tmp_path / "answers.toml").write_text("purpose = ")
    for file in (tmp_path / "answers.toml", tmp_path / "absent.toml"):
        with pytest.raises(BadInput):
            options.toml(file)


def test_what_comes_from_outside_is_inert_in_tables_and_lines() -> None:
    text = io.StringIO()
    face = face_into(text, force_terminal=True, color_system="truecolor")
    show.table(face, ("name", "n"), [(HOSTILE, 1)])
    show.pairs(face, [("name", HOSTILE)])
    show.line(face, HOSTILE)
    shown = text.getvalue()
    assert "\x1b]0;" not in shown and "\u202e" not in shown
    assert shown.count("[bold red]x[/bold red]") == 3


def test_a_path_stays_whole_for_copying() -> None:
    text = io.StringIO()
    path = "/" + "/".join(["a-folder-with-a-name"] * 6)
    face = face_into(text)
    show.pairs(face, [("export", path), ("files", 3)])
    show.line(face, f"in {path}", indent=3)
    assert text.getvalue().count(path) == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.01234, "0.0123"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12,346"), (0.0, "0.00")],
)
def test_numbers_have_three_digits_that_say_something(value: float, words: str) -> None:
    assert show.number(value) == words


@pytest.mark.parametrize(
    ("done", "total", "words"),
    [(0.032, 0.032, "0.032 of 0.032"), (1.5, 20.0, "1.5 of 20.0"), (0.0, None, "0.0"), (12.34, None, "12.3")],
)
def test_a_short_training_has_not_seen_nothing(done: float, total: float | None, words: str) -> None:
    assert runs._kimg({"kimg": done, "kimg_total": total}) == words


@pytest.mark.parametrize("still_open", [["need.purpose"], []])
def test_where_answers_come_from_is_said_while_some_are_missing(still_open: list[str]) -> None:
    text = io.StringIO()
    face = face_into(text)
    drafted = {"subject": "c1", "audience": "internal", "state": "draft", "open": still_open, "warnings": ["Not yet."]}
    assessment.show_short(face, drafted)
    assert ("Answers come from" in text.getvalue()) == bool(still_open) and "Not yet." in text.getvalue()


def test_evidence_without_a_value_is_not_guessed() -> None:
    assert show.interval({"value": None, "low": 0.1, "high": 0.2}) == "not enough evidence"
    assert show.interval({"value": 1.5, "low": 1.25, "high": 2.0}) == "1.50 (1.25 to 2.00)"


def grey(width: int, height: int) -> dict[str, object]:
    data = bytes(255 * column // (width - 1) for _ in range(height) for column in range(width))
    return {"width": width, "height": height, "channels": 1, "pixels": base64.b64encode(data).decode()}


@pytest.mark.parametrize("colours", ["truecolor", "256"])
def test_pictures_are_half_blocks_in_colour(colours: str) -> None:
    text = io.StringIO()
    face = face_into(text, force_terminal=True, color_system=colours)
    pictures.show_row(face, [pictures.Picture.from_document(grey(16, 16))] * 9)
    lines = text.getvalue().splitlines()
    assert len(lines) == 8
    assert lines[0].count("▀") == 64  # four of 16 fit into 80 columns


@pytest.mark.parametrize("terminal", [{"no_color": True}, {"force_terminal": True, "color_system": "standard"}])
def test_pictures_are_a_ramp_of_characters_without_enough_colours(terminal: dict[str, object]) -> None:
    text = io.StringIO()
    pictures.show_row(face_into(text, **terminal), [pictures.Picture.from_document(grey(20, 2))])
    (line,) = text.getvalue().splitlines()
    assert line.rstrip()[0] in pictures.RAMP and line.rstrip().endswith("@")
    assert line.isascii()


def test_progress_is_a_line_when_something_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    face = face_into(text)
    with progress.shown(face, "intake") as update:
        for done in range(100):
            update({"progress": {"done": done, "total": 100, "unit": "files", "say": "decoding"}})
        update({"progress": {"done": 1, "total": 2, "unit": "files", "say": "writing"}})
    assert text.getvalue().splitlines() == ["intake: decoding, 0 of 100 files", "intake: writing, 1 of 2 files"]


def test_a_bar_forgets_the_phase_before() -> None:
    text = io.StringIO()
    face = face_into(text, force_terminal=True, color_system="truecolor")
    with progress.shown(face, "train") as update:
        update({"progress": {"done": 5, "total": 10, "unit": "images", "say": "resizing"}})
        update({"progress": {"done": 3, "total": None, "unit": "kimg", "say": "learning", "note": "Fréchet ratio 9"}})
    *_, last = [line for line in text.getvalue().replace("\r", "\n").split("\n") if "learning" in line]
    assert "3 kimg, Fréchet ratio 9" in last and "of 10" not in last


def test_progress_is_silent_for_programs() -> None:
    text = io.StringIO()
    face = face_into(text)
    face.json = True
    with progress.shown(face, "intake") as update:
        update({"progress": {"done": 1, "total": 2, "unit": "files", "say": "decoding"}})
    assert text.getvalue() == ""


def test_a_reader_that_leaves_early_is_no_failure(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "medsynth_tui", "doctor", "--home", str(tmp_path)]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (9, "")  # 9: there is no store to be well


def test_a_job_that_waits_for_its_dataset_says_so_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("medsynth_tui.cli.progress.time.monotonic", lambda: clock[0])
    text = io.StringIO()
    queued = {"state": "queued", "subject": "dataset:chest", "progress": {"done": None}}
    with progress.shown(face_into(text), "intake") as update:
        update(queued)
        assert text.getvalue() == ""  # every job is queued for a blink
        clock[0] += 3
        for _ in range(4):
            update(queued)
        update({"state": "queued", "subject": "run:first", "progress": {}})
    assert text.getvalue().splitlines() == ["intake: waits for other work on this dataset (medsynth jobs list)"]


def test_the_bar_of_a_job_that_waits_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medsynth_tui.cli.progress.MOMENT", 0.0)
    text = io.StringIO()
    face = face_into(text, force_terminal=True, no_color=True)
    with progress.shown(face, "intake") as update:
        update({"state": "queued", "subject": "dataset:chest", "progress": {"done": None}})
    assert "waits for other work on this dataset" in text.getvalue()
