"""What was cut off, closed or misspelt is told with the next step."""

from __future__ import annotations

from typing import Any

import pytest
from cli_people import Hospital

from medsynth_tui.cli.demo_report import show_where
from medsynth_tui.cli.face import Face, Manner
from medsynth_tui.cli.jobs import show_job
from medsynth_tui.cli.runs import show_run
from medsynth_tui.cli.users import show_users


def printed(capsys: pytest.CaptureFixture[str], printer: Any, document: Any) -> str:
    printer(Face(Manner(plain=True)), document)
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("state", "told"), [("interrupted", True), ("paused", True), ("running", False)])
def test_a_run_that_can_go_on_says_how(capsys: Any, state: str, told: bool) -> None:
    said = printed(capsys, show_run, {"run": "t1", "state": state})
    assert ("Next: medsynth runs resume t1" in said) is told


@pytest.mark.parametrize(
    ("kind", "subject", "says"),
    [("train", "run:t1", "Next: medsynth runs resume t1"), ("intake", "dataset:chest", "Next: ask for it again")],
)
def test_a_job_that_was_cut_off_says_what_to_do(capsys: Any, kind: str, subject: str, says: str) -> None:
    document = {"job": "j1", "kind": kind, "subject": subject, "state": "interrupted"}
    assert says in printed(capsys, show_job, document)
    assert "Next" not in printed(capsys, show_job, {**document, "state": "finished"})


def test_who_closes_an_account_learns_how_it_is_opened_again(hospital: Hospital) -> None:
    admin = hospital.admin
    admin.gets("users", "add", "bea", "--role", "researcher")
    answer = admin.types("users", "disable", "bea", "--home", hospital.home)
    assert answer.code == 0 and "medsynth users reset bea" in answer.out
    admin.gets("users", "reset", "bea")  # it is so
    assert {"bea": "invited"}.items() <= {one["name"]: one["state"] for one in admin.gets("users", "list")}.items()


def test_a_role_that_there_is_not_is_told_without_words_of_the_library(hospital: Hospital) -> None:
    answer = hospital.admin.types("users", "add", "bob", "--role", "boss", "--home", hospital.home)
    assert answer.code == 2 and "'boss' is not one of" in answer.err and "Value error" not in answer.err


@pytest.mark.parametrize(("last", "says"), [(None, "invited"), ("2026-11-20T08:00:00+00:00", "reset")])
def test_who_was_reset_is_not_listed_as_newly_invited(capsys: Any, last: str | None, says: str) -> None:
    person = {"name": "bea", "role": "admin", "state": "invited", "second_factor": False, "created": last}
    said = printed(capsys, show_users, [{**person, "last_login": last}])
    assert [word for word in ("invited", "reset") if word in said] == [says]


def test_the_demo_ends_with_how_the_next_command_finds_its_store(capsys: Any) -> None:
    said = printed(capsys, show_where, "/x y/data/demo")
    assert "export MEDSYNTH_HOME='/x y/data/demo'" in said and "alice" in said
