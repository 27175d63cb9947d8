"""An assessment through the operations, as its author, the auditor and the admins live it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from governance_clinic import Clinic
from sqlmodel import select

from db.errors import LedgerConflict
from db.tables import Assessment, Cohort, CredentialTouch, Dataset, Evaluation, Override, User, Weights
from medsynth_engine.engine import Engine
from medsynth_engine.governance import measured
from medsynth_engine.kernel.errors import BadInput, Denied, NotFound

ANSWERS = {
    "need": {"purpose": "To train on a larger machine"},
    "processing": {"source": "The radiology archive"},
    "consultation": {"people": "The patients' council, in May"},
    "necessity": {"lawful_basis": "Art. 6(1)e, 9(2)j", "ethics": "Waiver 12/26"},
    "outcome": {"owner": "The head of radiology"},
}


async def submitted(clinic: Clinic, **answers: Any) -> dict[str, Any]:
    await clinic.alice.pia_draft("dataset:chest", "recipient", {**ANSWERS, **answers})
    return await clinic.alice.pia_submit("dataset:chest")


async def approved(clinic: Clinic) -> dict[str, Any]:
    await submitted(clinic)
    await clinic.auditor.pia_opinion("dataset:chest", True)
    return await clinic.admin.pia_approve("dataset:chest")


def reasons(gate: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {reason["code"]: reason for reason in gate["reasons"]}


async def test_a_dataset_is_assessed_before_its_bundle_leaves(clinic: Clinic) -> None:
    before = await clinic.alice.gate_show("dataset:chest", "internal")
    assert "pia_missing" in reasons(before)
    after = await approved(clinic)
    assert after["state"] == "approved" and after["lapsed"] == []
    assert {signed["digest"] for signed in after["signatures"]} == {after["digest"]}
    assert not any(
        code.startswith("pia") for code in reasons(await clinic.alice.gate_show("dataset:chest", "internal"))
    )


async def test_one_that_the_log_names_can_be_read_when_there_is_a_newer_one(clinic: Clinic, tmp_path: Path) -> None:
    before = await approved(clinic)
    newer = await clinic.alice.pia_draft("dataset:chest", "internal", {**ANSWERS, "outcome": {"owner": "Another"}})
    await clinic.alice.pia_submit("dataset:chest")
    (named, *_) = (await clinic.auditor.audit_list(action="pia.approve"))["records"]
    told = await clinic.auditor.pia_show(named["object"])
    assert (told["id"], told["audience"], told["state"]) == (before["id"], "recipient", "superseded")
    assert told["signatures"] == before["signatures"] and told["possible"] == []
    changed = await clinic.auditor.pia_diff(named["object"])
    assert [text["text"] for text in changed["texts"]] == ["1.1"] and changed["after"]["digest"] == before["digest"]
    assert (await clinic.alice.pia_show("dataset:chest"))["id"] == newer["id"] != before["id"]
    assert (await clinic.auditor.pia_report(named["object"], str(tmp_path / "a.html")))["digest"] == before["digest"]
    code = (await clinic.admin.users_add("bob", "researcher"))["code"]
    bob = Engine(clinic.home)
    await bob.activate("bob", code, "somebody else")
    await bob.login("bob", "somebody else")
    with pytest.raises(Denied):
        await bob.pia_show(named["object"])
    with pytest.raises(NotFound, match="of that id"):
        await clinic.auditor.pia_show("assessment:e72f953b62d9")


async def test_what_was_submitted_is_frozen_for_its_author_and_in_the_ledger(clinic: Clinic) -> None:
    await submitted(clinic)
    with pytest.raises(BadInput):
        await clinic.alice.pia_update("dataset:chest", {"need": {"purpose": "Something else"}})

    def tamper(session: Any) -> None:
        from sqlmodel import select

        row = session.exec(select(Assessment)).one()
        row.document = {**row.document, "audience": "public"}
        session.add(row)

    with pytest.raises(LedgerConflict):
        clinic.change(tamper)


async def test_sent_back_with_a_reason_it_says_what_was_changed_and_both_texts_stay(clinic: Clinic) -> None:
    first = await submitted(clinic)
    with pytest.raises(BadInput):
        await clinic.admin.pia_return("dataset:chest", " ")
    await clinic.admin.pia_return("dataset:chest", "Say who keeps the key.")
    await clinic.alice.pia_update("dataset:chest", {"outcome": {"owner": "The data office"}})
    draft = await clinic.alice.pia_diff("dataset:chest")
    assert (draft["before"]["text"], draft["after"]["text"]) == ("1.1", "1 draft")
    await clinic.alice.pia_submit("dataset:chest")
    difference = await clinic.auditor.pia_diff("dataset:chest")
    assert (difference["before"]["text"], difference["after"]["text"]) == ("1.1", "1.2")
    assert difference["before"]["digest"] == first["digest"]
    assert [(each["field"], each["before"], each["after"]) for each in difference["changes"]] == [
        ("outcome.owner", "The head of radiology", "The data office")
    ]
    await clinic.alice.pia_draft("dataset:chest", "internal", ANSWERS)
    third = await clinic.alice.pia_diff("dataset:chest", "1.1")
    assert third["after"]["text"] == "2 draft" and "audience" in {each["field"] for each in third["changes"]}
    with pytest.raises(BadInput, match="no text"):
        await clinic.alice.pia_diff("dataset:chest", "9.9")


async def test_a_high_residual_risk_takes_two_admins(clinic: Clinic) -> None:
    high = {"risk": [{"id": "insider", "likelihood": 4, "residual_likelihood": 4, "residual_severity": 4}]}
    await clinic.alice.pia_draft("dataset:chest", "recipient", {**ANSWERS, **high})
    with pytest.raises(BadInput, match="cannot be submitted"):
        await clinic.alice.pia_submit("dataset:chest")
    await clinic.alice.pia_update("dataset:chest", {"outcome": {"regulator_consulted": "Yes, in June."}})
    await clinic.alice.pia_submit("dataset:chest")
    await clinic.auditor.pia_opinion("dataset:chest", True)
    once = await clinic.admin.pia_approve("dataset:chest")
    assert (once["state"], once["approvals_needed"]) == ("submitted", 2)
    with pytest.raises(Denied):
        await clinic.admin.pia_approve("dataset:chest")
    assert (await clinic.second.pia_approve("dataset:chest"))["state"] == "approved"


async def test_who_touched_the_authors_credential_may_not_judge_and_everybody_is_told(clinic: Clinic) -> None:
    """Also the one before the last: two admins who reset an account one after the other both knew a code of it."""
    for admin in (clinic.admin, clinic.second):
        code = (await admin.users_reset("alice"))["code"]
    await Engine(clinic.home).activate("alice", code, "quiet lantern over harbour 7")
    await clinic.alice.login("alice", "quiet lantern over harbour 7")
    await submitted(clinic)
    for admin in (clinic.admin, clinic.second):
        with pytest.raises(Denied) as refused:
            await admin.pia_approve("dataset:chest", "fine")
        assert refused.value.code == "credential_issuer"
    told = await clinic.auditor.pia_show("dataset:chest")
    assert [(each["admin"], each["kind"]) for each in told["credential_touches"]] == [
        ("admin", "reset"), ("second", "reset")
    ]  # fmt: skip
    denied = (await clinic.auditor.audit_list(action="pia.approve", outcome="denied"))["records"]
    assert {record["reason"] for record in denied} == {"credential_issuer"}


def another_digest(session: Any) -> None:
    from sqlmodel import select

    row = session.exec(select(Dataset).where(Dataset.name == "chest")).one()
    row.digest = "e" * 64
    session.add(row)


async def test_it_counts_no_longer_as_soon_as_the_data_changes(clinic: Clinic) -> None:
    await approved(clinic)
    clinic.change(another_digest)
    shown = await clinic.alice.pia_show("dataset:chest")
    assert (shown["state"], shown["lapsed"]) == ("expired", ["the data has changed"])
    assert (await clinic.alice.pia_list())[0]["state"] == "expired"
    why = reasons(await clinic.alice.gate_show("dataset:chest", "internal"))["pia_other_subject"]
    assert "the data has changed" in why["why"] and "pia draft dataset:chest" in why["what_to_do"]


async def test_it_counts_no_longer_as_soon_as_the_thresholds_change(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    await approved(clinic)
    monkeypatch.setattr(measured, "MEMBERSHIP_P", 0.05)
    assert (await clinic.alice.pia_show("dataset:chest"))["lapsed"] == ["the thresholds of the gate have changed"]
    assert "pia_other_subject" in reasons(await clinic.alice.gate_show("dataset:chest", "internal"))


async def test_for_a_wider_audience_it_does_not_count(clinic: Clinic) -> None:
    await clinic.alice.pia_draft("dataset:chest", "internal", ANSWERS)
    await clinic.alice.pia_submit("dataset:chest")
    await clinic.admin.pia_approve("dataset:chest", "no auditor here")
    assert "pia_audience" in reasons(await clinic.alice.gate_show("dataset:chest", "recipient"))


async def test_after_twelve_months_it_is_over(clinic: Clinic) -> None:
    await approved(clinic)

    def a_year_later(session: Any) -> None:
        from sqlmodel import select

        row = session.exec(select(Assessment)).one()
        row.expires_at = datetime.now(UTC) - timedelta(seconds=1)
        session.add(row)

    clinic.change(a_year_later)
    assert (await clinic.alice.pia_show("dataset:chest"))["state"] == "expired"
    assert "pia_expired" in reasons(await clinic.alice.gate_show("dataset:chest", "internal"))


async def test_nobody_signs_what_has_changed_under_their_hands(clinic: Clinic) -> None:
    await submitted(clinic)
    clinic.change(another_digest)
    with pytest.raises(BadInput, match="the data has changed"):
        await clinic.admin.pia_approve("dataset:chest", "no auditor here")


async def test_the_page_shows_each_signature_beside_the_text_it_is_over(clinic: Clinic, tmp_path: Path) -> None:
    first = await submitted(clinic, need={"purpose": "<script>alert(1)</script>"})
    await clinic.admin.pia_return("dataset:chest", "Say more.")
    await clinic.alice.pia_update("dataset:chest", {"outcome": {"owner": "The data office"}})
    second = await clinic.alice.pia_submit("dataset:chest")
    written = await clinic.auditor.pia_report("dataset:chest", str(tmp_path / "page.html"))
    page = Path(written["path"]).read_text()
    assert written["digest"] == second["digest"] != first["digest"]
    assert page.count(f"this text: <code>{second['digest']}") == 1
    assert page.count(f"an earlier text of it: <code>{first['digest']}") == 2
    assert "<script" not in page and "DEVELOPMENT" in page and "Say more." in page


async def test_an_override_marks_the_release_and_takes_two_who_are_not_one(clinic: Clinic) -> None:
    once = await clinic.admin.gate_override("dataset:chest", "internal", "The court has ordered it")
    assert (once["counted"], once["needed"]) == (1, 2)
    assert not (await clinic.alice.gate_show("dataset:chest", "internal"))["open"]
    await clinic.second.gate_override("dataset:chest", "internal", "The court has ordered it")
    opened = await clinic.alice.gate_show("dataset:chest", "internal")
    assert opened["open"] and opened["overridden"] and "OVERRIDDEN" in opened["marks"]
    await clinic.admin.users_reset("second")
    assert (await clinic.alice.gate_show("dataset:chest", "internal"))["open"], "they were two when they voted"


async def newcomer(clinic: Clinic, by: Engine, name: str, role: str = "admin") -> Engine:
    code = (await by.users_add(name, role))["code"]
    await Engine(clinic.home).activate(name, code, "quiet lantern over harbour 7")
    engine = Engine(clinic.home)
    await engine.login(name, "quiet lantern over harbour 7")
    return engine


async def vote(engine: Engine) -> tuple[int, list[bool]]:
    told = await engine.gate_override("dataset:chest", "internal", "The court has ordered it")
    return told["counted"], [each["counts"] for each in told["overrides"]]


async def test_accounts_that_one_admin_made_have_one_vote_also_where_that_admin_has_none(clinic: Clinic) -> None:
    first, other = await newcomer(clinic, clinic.admin, "puppet1"), await newcomer(clinic, clinic.admin, "puppet2")
    deeper = await newcomer(clinic, other, "puppet3")
    assert [await vote(each) for each in (first, other, deeper)][-1] == (1, [True, False, False])
    assert not (await clinic.alice.gate_show("dataset:chest", "internal"))["open"]
    assert await vote(clinic.second) == (2, [True, False, False, True])
    assert (await clinic.alice.gate_show("dataset:chest", "internal"))["overridden"]


@pytest.mark.parametrize(("touched", "voted"), [(10, 0), (46, 45)])
async def test_an_admin_whose_vote_does_not_count_is_told_from_when_on_it_would(
    clinic: Clinic, touched: int, voted: int
) -> None:
    """`admin` reset the account of `second` so many days ago, and `second` voted after that."""
    now = datetime.now(UTC)

    def long_ago(session: Any) -> None:
        ids = {user.name: user.id for user in session.exec(select(User))}
        at = now - timedelta(days=touched)
        session.add(CredentialTouch(user_id=ids["second"], admin_id=ids["admin"], kind="reset", at=at))
        session.add(
            Override(
                subject_kind="dataset", subject_name="chest", subject_digest="d" * 64, audience="internal",
                admin_id=ids["second"], reason="The court has ordered it", at=now - timedelta(days=voted),
            )
        )  # fmt: skip

    clinic.change(long_ago)
    told = await clinic.admin.gate_override("dataset:chest", "internal", "The court has ordered it")
    dates = {each["admin"]: each["would_count_from"] for each in told["overrides"]}
    assert dates["admin"] is None
    day = datetime.fromisoformat(dates["second"])
    due = now + timedelta(days=30 - touched)
    assert abs(day - due) < timedelta(seconds=2) if due > now else day >= now.replace(microsecond=0)


@pytest.mark.parametrize(("touched", "counted"), [(46, 1), (76, 2)])
async def test_a_vote_is_measured_when_it_is_given_and_gains_nothing_by_waiting(
    clinic: Clinic, touched: int, counted: int
) -> None:
    """The vote of `second` is 45 days old; `admin` had reset that account so many days ago."""

    def long_ago(session: Any) -> None:
        ids = {user.name: user.id for user in session.exec(select(User))}
        now = datetime.now(UTC)
        session.add(
            CredentialTouch(
                user_id=ids["second"], admin_id=ids["admin"], kind="reset", at=now - timedelta(days=touched)
            )
        )
        session.add(
            Override(
                subject_kind="dataset", subject_name="chest", subject_digest="d" * 64, audience="internal",
                admin_id=ids["second"], reason="The court has ordered it", at=now - timedelta(days=45),
            )
        )  # fmt: skip

    clinic.change(long_ago)
    assert (await vote(clinic.admin))[0] == counted


async def test_the_owner_of_the_data_has_no_vote_on_them(clinic: Clinic) -> None:
    await clinic.admin.users_role("alice", "admin")
    await clinic.alice.login("alice", "password123")
    told = await clinic.alice.gate_override("dataset:chest", "internal", "The court has ordered it")
    assert told["counted"] == 0
    assert [(each["counts"], each["would_count_from"]) for each in told["overrides"]] == [(False, None)]
    assert (await vote(clinic.admin))[0] == 1


async def test_a_signature_keeps_the_role_in_which_it_was_given(clinic: Clinic) -> None:
    await clinic.alice.pia_draft("dataset:chest", "recipient", ANSWERS)
    await clinic.alice.pia_submit("dataset:chest")
    await clinic.second.pia_return("dataset:chest", "Say more.")
    await clinic.alice.pia_submit("dataset:chest")
    await clinic.auditor.pia_opinion("dataset:chest", True)
    await clinic.second.pia_approve("dataset:chest")
    for name, role in (("second", "auditor"), ("alice", "auditor"), ("auditor", "researcher")):
        await clinic.admin.users_role(name, role)
    signed = (await clinic.admin.pia_show("dataset:chest"))["signatures"]
    assert [(each["name"], each["kind"], each["role"]) for each in signed] == [
        ("alice", "submit", "researcher"),
        ("second", "return", "admin"),
        ("alice", "submit", "researcher"),
        ("auditor", "concur", "auditor"),
        ("second", "approve", "admin"),
    ]


async def test_whose_credential_an_approver_had_is_told_with_the_approval(clinic: Clinic) -> None:
    puppet = await newcomer(clinic, clinic.admin, "puppet1")
    await submitted(clinic)
    told = await puppet.pia_approve("dataset:chest", "no auditor here")
    assert told["state"] == "approved"
    assert [(each["user"], each["admin"], each["kind"]) for each in told["approver_touches"]] == [
        ("puppet1", "admin", "issued")
    ]
    page = await clinic.auditor.pia_report("dataset:chest", str(clinic.home / "page.html"))
    assert "they may be one person" in Path(page["path"]).read_text()


def drawn(session: Any) -> None:
    """A generator of alice's, and a cohort drawn from it with its evaluation."""
    from sqlmodel import select

    dataset = session.exec(select(Dataset)).one()
    owner = dataset.owner_id
    session.add(Weights(name="g1", owner_id=owner, digest="w" * 64, dataset_id=dataset.id))
    document = {"generator": {"digest": "w" * 64}}
    cohort = Cohort(name="c1", dataset_id=dataset.id, owner_id=owner, n=9, folder="c1", digest="c" * 64,
                    document=document)  # fmt: skip
    session.add(cohort)
    session.flush()
    judged(session)


def judged(session: Any, digest: str = "1" * 64) -> None:
    from sqlmodel import select

    cohort = session.exec(select(Cohort)).one()
    session.add(
        Evaluation(cohort_id=cohort.id, cohort_digest=cohort.digest, dataset_id=cohort.dataset_id, digest=digest,
                   document={"evidence": [], "gauge": {}}, actor_id=cohort.owner_id)
    )  # fmt: skip


def another_model(session: Any) -> None:
    row = session.get(Weights, "g1")
    row.digest = "x" * 64
    session.add(row)


@pytest.mark.parametrize(
    ("subject", "change", "changed"),
    [
        ("c1", lambda session: judged(session, "2" * 64), ["the evaluation has changed"]),
        ("generator:g1", lambda session: judged(session, "2" * 64), ["the evaluation has changed"]),
        ("generator:g1", another_model, ["the model has changed", "the evaluation has changed"]),
    ],
)
async def test_of_a_cohort_and_a_generator_too_it_ends_with_what_it_rests_on(
    clinic: Clinic, subject: str, change: Any, changed: list[str]
) -> None:
    clinic.change(drawn)
    high = {"outcome": {"owner": "The head", "regulator_consulted": "Yes, in June."}}
    await clinic.alice.pia_draft(subject, "internal", {**ANSWERS, **high})
    await clinic.alice.pia_submit(subject)
    await clinic.auditor.pia_opinion(subject, True)
    signed = await clinic.admin.pia_approve(subject)
    if signed["approvals_needed"] == 2:
        signed = await clinic.second.pia_approve(subject)
    assert (signed["state"], signed["lapsed"]) == ("approved", [])
    clinic.change(change)
    shown = await clinic.auditor.pia_show(subject)
    assert (shown["state"], shown["lapsed"]) == ("expired", changed)
