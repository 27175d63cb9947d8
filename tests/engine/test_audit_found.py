"""What an auditor asks the log for is found, whatever came of it; a word that is nothing is said to be nothing."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

import db
import medsynth_engine
from db.ledger import Ledger
from medsynth_engine.engine import Engine, operations
from medsynth_engine.kernel.errors import BadInput, Denied
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations.acted_on import KINDS, acted_on, kind_of
from medsynth_engine.operations.audit_actions import UNASKED

DECLARED = {each.name: each for each in operations().values()}
NO_ACTION = (".json", ".id", ".name", ".store_copies")
"""Endings of files, of columns of the ledger and of a measure, which else read like an action."""


def run(asked: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asked)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = Home(tmp_path_factory.mktemp("found") / "home")
    run(Engine(made.root).init(development=True))
    return made


def of(home: Home, name: str, password: str) -> Iterator[Engine]:
    engine = Engine(home.root, run(Engine(home.root).login(name, password))["token"])
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def auditor(home: Home) -> Iterator[Engine]:
    yield from of(home, "auditor", "auditor123")


@pytest.fixture(scope="module")
def alice(home: Home) -> Iterator[Engine]:
    yield from of(home, "alice", "password123")


def test_a_denial_is_filed_under_the_name_that_the_thing_has_when_it_is_done(home: Home, auditor: Engine) -> None:
    with Ledger.open(home.ledger) as ledger, ledger.write() as change:  # as earlier programs wrote them
        change.record(actor="admin", action="cohorts.export", object_="c3", outcome="denied")
        change.record(actor="admin", action="datasets.remove", object_="c3", outcome="denied")
        change.record(actor="alice", action="cohorts.drawn", object_="cohort:c3")
    with pytest.raises(Denied):
        run(auditor.export("c3", "internal"))
    with pytest.raises(Denied):
        run(auditor.pia_submit("c3"))
    found = run(auditor.audit_list(object="cohort:c3"))["records"]
    assert [(each["action"], each["object"], each["outcome"]) for each in found] == [
        ("pia.submit", "cohort:c3", "denied"),
        ("cohorts.export", "cohort:c3", "denied"),
        ("cohorts.drawn", "cohort:c3", "done"),
        ("cohorts.export", "c3", "denied"),
    ]
    assert len(run(auditor.audit_list(object="cohort:c3", action="cohorts."))["records"]) == 3
    assert len(run(auditor.audit_list(object="cohort:c3", outcome="done"))["records"]) == 1


@pytest.mark.parametrize(
    ("action", "given", "object_", "detail"),
    [
        ("review.show", "chest/12ab", "dataset:chest", {"record": "12ab"}),
        ("review.show", "12ab", "", {"record": "12ab"}),
        ("pia.draft", "generator:g1", "generator:g1", {}),
        ("users.role", "mallory", "user:mallory", {}),
        ("weights.show", "g1", "generator:g1", {}),
        ("settings.set", "confirm_minutes", "setting:confirm_minutes", {}),
        ("runs.show", "/mnt/usb/SMITH_JOHN", "", {}),
    ],
)
def test_what_was_denied_is_named_by_its_kind(action: str, given: str, object_: str, detail: dict[str, str]) -> None:
    body = next(getattr(Engine, name) for name, each in operations().items() if each.name == action).__wrapped__
    # `acted_on` is given the body bound to its engine.
    assert acted_on(DECLARED[action], body.__get__(object()), (given,), {}) == (object_, detail)


def test_an_action_that_no_code_knows_is_refused_with_what_was_meant(auditor: Engine, alice: Engine) -> None:
    for engine in (auditor, alice):
        with pytest.raises(BadInput, match=r"No action is called 'cohort\.export'") as refused:
            run(engine.audit_list(action="cohort.export"))
        assert "Did you mean cohorts.export" in refused.value.hint
        with pytest.raises(BadInput):
            run(engine.audit_list(action="cohort."))
        assert run(engine.audit_list(action="rules.drop"))["records"] == []  # nobody did that yet


def test_a_word_that_is_no_outcome_is_refused_and_never_found_to_be_nothing(auditor: Engine, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"Nothing ends as 'deny'") as refused:
        run(auditor.audit_list(outcome="deny"))
    assert "Did you mean denied" in refused.value.hint
    with pytest.raises(BadInput, match="Nothing ends as"):
        run(auditor.audit_export(str(tmp_path / "part.csv"), "csv", outcome="deny"))
    assert not (tmp_path / "part.csv").exists()


def test_a_name_without_its_kind_finds_what_is_called_so(home: Home, auditor: Engine, alice: Engine) -> None:
    with Ledger.open(home.ledger) as ledger, ledger.write() as change:
        change.record(actor="admin", action="cohorts.drawn", object_="cohort:even")
        change.record(actor="admin", action="datasets.add", object_="dataset:even")
    assert run(auditor.audit_list(object="even"))["near_objects"] == ["cohort:even", "dataset:even"]
    assert "near_objects" not in run(auditor.audit_list(object="odd"))
    assert "near_objects" not in run(alice.audit_list(object="even"))  # of others' records nothing is told


def test_an_actor_that_never_was_is_told_to_whoever_may_know_who_exists(auditor: Engine, alice: Engine) -> None:
    assert run(auditor.audit_list(actor="nobody"))["unknown_actor"]
    assert "unknown_actor" not in run(auditor.audit_list(actor="admin", action="rules.drop"))
    assert "unknown_actor" not in run(alice.audit_list(actor="nobody", action="rules.drop"))


def test_whoever_sees_their_own_records_alone_gets_none_of_them_as_somebody_else_s(
    auditor: Engine, alice: Engine, tmp_path: Path
) -> None:
    assert run(alice.audit_list(actor="alice"))["records"] and "own_alone" not in run(alice.audit_list(actor="alice"))
    for somebody in ("admin", "nobodyhere", "no login"):
        assert run(alice.audit_list(actor=somebody)) == {"records": [], "next": None, "own_alone": True}
        with pytest.raises(BadInput, match="your own records alone"):
            run(alice.audit_export(str(tmp_path / "theirs.csv"), "csv", actor=somebody))
    assert not (tmp_path / "theirs.csv").exists() and "own_alone" not in run(auditor.audit_list(actor="alice"))
    assert run(alice.audit_export(str(tmp_path / "mine.csv"), "csv", actor="alice"))["records"]


def test_every_action_that_the_code_records_is_known() -> None:
    known = UNASKED | set(DECLARED)
    families = {name.partition(".")[0] for name in known}
    roots = [Path(next(iter(package.__path__))) for package in (medsynth_engine, db)]
    found = {
        node.value
        for root in roots
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    actions = {
        word
        for word in found
        if re.fullmatch(r"[a-z]+\.[a-z_]+", word)
        and word.partition(".")[0] in families
        and not word.endswith(NO_ACTION)
    }
    assert actions - known == set()
    assert found >= UNASKED


def test_every_operation_can_name_what_it_was_denied() -> None:
    """A denial is recorded while it is raised: an operation of a new family must not fail there."""
    assert {kind_of(each) for each in DECLARED.values()} <= {*KINDS, "preference", "setting", "user", "generator", ""}


def test_who_had_no_login_is_found_by_the_words_that_lists_show_and_by_that_of_the_log(
    home: Home, auditor: Engine
) -> None:
    with Ledger.open(home.ledger) as ledger, ledger.write() as change:
        change.record(actor="anyone", action="datasets.list", outcome="denied")
    for actor in ("no login", "anyone"):
        found = run(auditor.audit_list(actor=actor))
        assert {each["actor"] for each in found["records"]} == {"anyone"} and "unknown_actor" not in found
