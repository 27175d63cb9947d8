"""The demo, in short: the whole main job on the phantom, and that it is made afresh."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_people import Person

pytestmark = pytest.mark.slow


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
    (person.home / "data" / "mine").mkdir()
    again = person.asks(*short)
    assert again.code == 0, again.out + again.err
    document = again.document
    assert document["audit"]["ok"] and document["refused"] and Path(document["release"]["path"]).is_dir()
    assert set(document["evaluations"]) == {"as-trained", "balanced"}
    assert (person.home / "data" / "mine").is_dir()
    json.dumps(document)


def test_the_demo_never_removes_what_it_did_not_make(tmp_path: Path) -> None:
    person = Person(tmp_path / "home", tmp_path / "user")
    (person.home / "data" / "demo").mkdir(parents=True)
    (person.home / "data" / "demo" / "thesis.txt").write_text("years of work")
    answer = person.asks("demo")
    assert (answer.code, answer.document["error"]["code"]) == (2, "not_a_demo")
    assert (person.home / "data" / "demo" / "thesis.txt").exists()
