"""Who may take which step with an assessment, and what it becomes."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from governance_people import ADMIN, ALICE, AUDITOR, BOB, NOW, SECOND, Somebody

from medsynth_engine.governance.workflow import ACTIONS, Assessment, Touch, act, possible, settle, supersede
from medsynth_engine.kernel.errors import BadInput, Denied

FRESH = Assessment("draft", ALICE.user_id, "d" * 64, "medium")


def submitted(residual: str = "medium", consulted: bool = False) -> Assessment:
    return act(replace(FRESH, residual=residual, consulted=consulted), "submit", ALICE, NOW)


def approved() -> Assessment:
    return act(submitted(), "approve", ADMIN, NOW, note="no auditor here")


def test_the_way_from_draft_to_approval() -> None:
    commented = act(submitted(), "concur", AUDITOR, NOW)
    done = act(commented, "approve", ADMIN, NOW, note="fine")
    assert done.state == "approved"
    assert [s.kind for s in done.signatures] == ["submit", "concur", "approve"]
    assert {s.digest for s in done.signatures} == {"d" * 64}
    assert done.expires_at == NOW + timedelta(days=365)


def test_returned_with_a_reason_it_can_be_changed_and_submitted_again() -> None:
    back = act(submitted(), "return", ADMIN, NOW, note="name the lawful basis")
    assert back.state == "returned"
    edited = replace(act(back, "edit", ALICE, NOW), digest="f" * 64)
    again = act(edited, "submit", ALICE, NOW)
    assert again.state == "submitted"
    assert act(again, "approve", ADMIN, NOW, note="no auditor here").state == "approved"


def test_an_approval_of_an_earlier_text_does_not_count() -> None:
    high = act(submitted("high", consulted=True), "approve", ADMIN, NOW, note="no auditor here")
    assert high.state == "submitted"
    back = act(high, "return", SECOND, NOW, note="change it")
    again = act(replace(back, digest="f" * 64), "submit", ALICE, NOW)
    assert again.approvers() == ()
    assert act(again, "approve", SECOND, NOW, note="no auditor here").state == "submitted"


def test_a_high_residual_risk_needs_two_different_admins() -> None:
    once = act(submitted("high", consulted=True), "approve", ADMIN, NOW, note="no auditor here")
    assert once.state == "submitted"
    with pytest.raises(Denied, match="different second admin"):
        act(once, "approve", ADMIN, NOW, note="no auditor here")
    assert act(once, "approve", SECOND, NOW, note="no auditor here").state == "approved"


def test_a_high_residual_risk_needs_the_regulator() -> None:
    with pytest.raises(BadInput, match="regulator"):
        act(submitted("high"), "approve", ADMIN, NOW, note="no auditor here")


def test_whoever_issued_the_credential_waits_thirty_days() -> None:
    touches = [Touch(ADMIN.user_id, ALICE.user_id, NOW - timedelta(days=29))]
    for action in ("approve", "return", "reject"):
        with pytest.raises(Denied) as refused:
            act(submitted(), action, ADMIN, NOW, note="x", touches=touches)
        assert refused.value.code == "credential_issuer"
    assert act(submitted(), "approve", SECOND, NOW, note="no auditor here", touches=touches).state == "approved"
    older = [Touch(ADMIN.user_id, ALICE.user_id, NOW - timedelta(days=30))]
    assert act(submitted(), "approve", ADMIN, NOW, note="no auditor here", touches=older).state == "approved"


@pytest.mark.parametrize("action", ["approve", "return", "reject"])
def test_nobody_decides_on_their_own_even_with_another_role(action: str) -> None:
    promoted = Somebody(ALICE.user_id, "alice", "admin")
    with pytest.raises(Denied, match="own"):
        act(submitted(), action, promoted, NOW, note="x")


@pytest.mark.parametrize("action", ["concur", "dissent"])
def test_nobody_gives_an_opinion_on_their_own(action: str) -> None:
    with pytest.raises(Denied, match="own"):
        act(submitted(), action, Somebody(ALICE.user_id, "alice", "auditor"), NOW, note="x")


PERMITTED = {
    ALICE: {"edit", "submit", "withdraw"},
    BOB: set(),
    ADMIN: {"approve", "return", "reject", "withdraw"},
    AUDITOR: {"concur", "dissent"},
}


@pytest.mark.parametrize("person", PERMITTED, ids=lambda p: p.name)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_cell_of_who_may_what(person: Somebody, action: str) -> None:
    case = FRESH if action in ("edit", "submit") else submitted()
    if action in PERMITTED[person]:
        act(case, action, person, NOW, note="x")
    else:
        with pytest.raises(Denied):
            act(case, action, person, NOW, note="x")


@pytest.mark.parametrize("action", ["return", "reject", "dissent"])
def test_a_refusal_needs_a_reason(action: str) -> None:
    with pytest.raises(BadInput, match="reason"):
        act(submitted(), action, AUDITOR if action == "dissent" else ADMIN, NOW)


def test_an_admin_who_overrules_the_auditor_says_why() -> None:
    doubted = act(submitted(), "dissent", AUDITOR, NOW, note="too few patients")
    with pytest.raises(BadInput, match="dissents"):
        act(doubted, "approve", ADMIN, NOW)
    assert act(doubted, "approve", ADMIN, NOW, note="internal only").state == "approved"
    convinced = act(doubted, "concur", AUDITOR, NOW)
    assert act(convinced, "approve", ADMIN, NOW).state == "approved"


def test_it_expires_after_twelve_months_and_then_allows_nothing() -> None:
    assert settle(approved(), NOW + timedelta(days=364)).state == "approved"
    later = NOW + timedelta(days=365)
    assert settle(approved(), later).state == "expired"
    with pytest.raises(BadInput, match="expired"):
        act(approved(), "withdraw", ALICE, later)


@pytest.mark.parametrize("state", ["rejected", "withdrawn", "expired", "superseded"])
def test_what_has_ended_stays_ended(state: str) -> None:
    ended = replace(FRESH, state=state)
    for person in (ALICE, ADMIN, AUDITOR):
        assert possible(ended, person, NOW) == ()
    assert supersede(ended).state == state


def test_a_new_version_supersedes_an_approval() -> None:
    assert supersede(approved()).state == "superseded"


def test_the_menu_offers_what_is_possible() -> None:
    assert possible(FRESH, ALICE, NOW) == ("edit", "submit", "withdraw")
    assert possible(submitted(), ADMIN, NOW) == ("approve", "return", "reject", "withdraw")
    assert possible(submitted(), AUDITOR, NOW) == ("concur", "dissent")
    assert possible(submitted(), BOB, NOW) == ()


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(BadInput):
        act(FRESH, "sign", ALICE, NOW)


def test_times_are_aware() -> None:
    done = approved()
    assert isinstance(done.decided_at, datetime)
    assert done.decided_at.tzinfo is not None


def test_without_an_auditors_opinion_the_approver_says_why() -> None:
    with pytest.raises(BadInput, match="No auditor"):
        act(submitted(), "approve", ADMIN, NOW)
    assert act(submitted(), "approve", ADMIN, NOW, note="the auditor is away").state == "approved"
