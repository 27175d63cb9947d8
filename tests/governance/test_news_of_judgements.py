"""Home tells an author how admins decided, and what ended meanwhile, from the ledger, once and not for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from governance_clinic import Clinic
from sqlmodel import col, select
from test_what_left import ANSWERS

from db.tables import Dataset, Job, LoginSession, Signature, User
from medsynth_engine.engine import Engine


async def submit(clinic: Clinic) -> None:
    await clinic.alice.pia_draft("dataset:chest", "recipient", ANSWERS)
    await clinic.alice.pia_submit("dataset:chest")


async def decided(clinic: Clinic, who: str = "alice") -> list[tuple[str, str, str]]:
    told = (await getattr(clinic, who).home())["decided"]
    return [(each["subject"], each["state"], each["by"]) for each in told]


async def test_home_tells_the_author_alone_that_an_assessment_was_approved_or_rejected(clinic: Clinic) -> None:
    await submit(clinic)
    assert await decided(clinic) == []
    await clinic.admin.pia_reject("dataset:chest", "The risk is too high.")
    assert await decided(clinic) == [("dataset:chest", "rejected", "admin")]
    assert (await clinic.alice.home())["decided"][0]["note"] == "The risk is too high."
    await submit(clinic)
    await clinic.auditor.pia_opinion("dataset:chest", True)
    await clinic.second.pia_approve("dataset:chest")
    assert ("dataset:chest", "approved", "second") in await decided(clinic)
    assert await decided(clinic, "admin") == await decided(clinic, "auditor") == []


async def test_who_has_given_an_opinion_is_not_waited_for_until_the_text_is_submitted_again(clinic: Clinic) -> None:
    async def waits_for(who: str) -> bool:
        return bool((await getattr(clinic, who).home())["assessments"])

    await submit(clinic)
    assert await waits_for("auditor") and await waits_for("admin")
    await clinic.auditor.pia_opinion("dataset:chest", False, "The purpose is too wide.")
    assert not await waits_for("auditor") and await waits_for("admin")
    await clinic.admin.pia_return("dataset:chest", "Narrow the purpose.")
    await clinic.alice.pia_submit("dataset:chest")
    assert await waits_for("auditor"), "another round, though of the same text"


async def test_who_may_not_judge_a_text_is_told_that_it_waits_for_others(clinic: Clinic) -> None:
    code = (await clinic.admin.users_reset("alice"))["code"]
    alice = Engine(clinic.home)
    await alice.activate("alice", code, "four new words here")
    await alice.login("alice", "four new words here")
    await alice.pia_draft("dataset:chest", "recipient", ANSWERS)
    await alice.pia_submit("dataset:chest")
    barred = {who: (await getattr(clinic, who).home())["assessments"][0]["barred"] for who in ("admin", "second")}
    assert barred == {"admin": True, "second": False}
    assert (await clinic.auditor.home())["assessments"][0]["barred"] is False


async def approve(clinic: Clinic) -> None:
    await submit(clinic)
    await clinic.auditor.pia_opinion("dataset:chest", True)
    for admin in (clinic.admin, clinic.second):
        if (await admin.pia_approve("dataset:chest"))["state"] == "approved":
            return


async def test_an_approval_of_what_has_changed_or_was_removed_since_is_no_news(clinic: Clinic) -> None:
    await approve(clinic)
    assert [state for _, state, _ in await decided(clinic)] == ["approved"]

    def another_digest(session: Any) -> None:
        for dataset in session.exec(select(Dataset)):
            dataset.digest = "e" * 64

    clinic.change(another_digest)
    assert (await clinic.alice.pia_show("dataset:chest"))["state"] == "expired" and await decided(clinic) == []
    await submit(clinic)
    await clinic.admin.pia_reject("dataset:chest", "The risk is too high.")
    assert [state for _, state, _ in await decided(clinic)] == ["rejected"]
    await clinic.alice.datasets_remove("chest")
    assert await decided(clinic) == []


async def test_news_grow_old_from_the_login_before_this_one_on(clinic: Clinic) -> None:
    await submit(clinic)
    await clinic.admin.pia_reject("dataset:chest", "The risk is too high.")
    days = timedelta(days=1)

    def age(signed: int, login: int) -> None:
        def change(session: Any) -> None:
            alice = session.exec(select(User).where(User.name == "alice")).one()
            now = datetime.now(UTC)
            for old in session.exec(select(LoginSession).where(LoginSession.user_id == alice.id)):
                old.face = "studio"
            for before in session.exec(select(LoginSession).where(LoginSession.id == "before")):
                session.delete(before)
            session.flush()
            at = now - login * days
            times = {"created_at": at, "last_seen_at": at, "expires_at": at}
            session.add(LoginSession(id="before", user_id=alice.id, face="studio", **times))
            job = Job(
                id=f"job{signed}-{login}", kind="evaluate", actor_id=alice.id, subject="cohort:c1", state="finished",
                arguments_digest="d", expires_at=now, folder="f", ended_at=now - signed * days,
            )  # fmt: skip
            session.add(job)

        clinic.change(change)

    age(signed=5, login=2)
    assert (await clinic.alice.home())["done"] == []
    age(signed=5, login=8)
    (told,) = (await clinic.alice.home())["done"]
    assert (told["kind"], told["subject"]) == ("evaluate", "cohort:c1")
    age(signed=20, login=30)
    assert len((await clinic.alice.home())["done"]) == 1
    assert len(clinic_signatures(clinic)) == len(await decided(clinic)) == 1


def clinic_signatures(clinic: Clinic) -> list[Any]:
    with clinic.ledger() as ledger, ledger.read() as session:
        return list(session.exec(select(Signature).where(col(Signature.kind) == "reject")))
