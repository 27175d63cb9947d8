"""The demo, in short: the whole main job on the phantom, and that it is made afresh."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_people import Person

from medsynth_tui.cli.demo import afresh
from medsynth_tui.cli.face import Face, Manner


@pytest.mark.slow
@pytest.mark.whole("make demo is the same way")
def test_the_demo_ends_in_a_release_and_names_what_it_measured(tmp_path: Path) -> None:
    person = Person(tmp_path / "home", tmp_path / "user")
    short = ("demo", "--minutes", "0.1", "--patients", "300", "-n", "120")
    answer = person.types(*short, "--home", person.home, timeout=600)
    assert answer.code == 0, answer.out + answer.err
    for words in ("Fidelity", "Privacy gauge", "Bias", "refused:", "export", "medsynth --home"):
        assert words in answer.out, words
    assert all(len(line) <= 80 or "/" in line for line in answer.out.splitlines())
    store = person.home / "data" / "demo"
    (released,) = (path for path in (store / "generated").iterdir() if path.is_dir())
    assert (released / "metadata.csv").exists()


def test_the_demo_is_made_afresh_and_leaves_everything_else_alone(tmp_path: Path) -> None:
    person = Person(tmp_path / "data" / "demo", tmp_path / "user")
    face = Face(Manner(home=tmp_path))
    with face, afresh(face) as folder:
        assert person.asks("init", "--dev").code == 0
        assert (folder / "data" / "medsynth.sqlite3").exists()
    (tmp_path / "data" / "mine").mkdir()
    with Face(Manner(home=tmp_path)) as again, afresh(again) as folder:
        assert [path.name for path in folder.iterdir()] == ["DEMO"]
        busy = Person(tmp_path, tmp_path / "user").asks("demo")
        assert (busy.code, busy.document["error"]["code"]) == (7, "demo_runs")
    assert (tmp_path / "data" / "mine").is_dir()


def test_the_demo_never_removes_what_it_did_not_make(tmp_path: Path) -> None:
    person = Person(tmp_path / "home", tmp_path / "user")
    (person.home / "data" / "demo").mkdir(parents=True)
    (person.home / "data" / "demo" / "thesis.txt").write_text("years of work")
    answer = person.asks("demo")
    assert (answer.code, answer.document["error"]["code"]) == (2, "not_a_demo")
    assert (person.home / "data" / "demo" / "thesis.txt").exists()
