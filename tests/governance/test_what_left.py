"""What left tells under which assessment, who let it, and with which marks."""

from __future__ import annotations

from typing import Any

from governance_clinic import Clinic
from sqlmodel import select

from db.tables import Dataset, Override, Release, User

ANSWERS = {
    "need": {"purpose": "To train on a larger machine"},
    "processing": {"source": "The radiology archive"},
    "consultation": {"people": "The patients' council, in May"},
    "necessity": {"lawful_basis": "Art. 6(1)e, 9(2)j", "ethics": "Waiver 12/26"},
    "outcome": {"owner": "The head of radiology"},
}


async def test_what_left_names_its_assessment_by_the_id_that_show_and_list_tell_and_who_let_it(clinic: Clinic) -> None:
    await clinic.alice.pia_draft("dataset:chest", "recipient", ANSWERS)
    await clinic.alice.pia_submit("dataset:chest")
    await clinic.auditor.pia_opinion("dataset:chest", True)
    told = await clinic.admin.pia_approve("dataset:chest")
    listed = (await clinic.auditor.pia_list())[0]
    assert told["id"] == listed["id"] == (await clinic.auditor.pia_show("dataset:chest"))["id"]

    def leave(session: Any) -> None:
        alice = session.exec(select(User).where(User.name == "alice")).one()
        chief = session.exec(select(User).where(User.name == "admin")).one()
        of = {"subject_kind": "dataset", "subject_name": "chest", "audience": "recipient"}
        left = {**of, "format": "bundle", "digest": "d", "path": "p", "actor_id": alice.id}
        session.add(Release(id="signed", assessment_id=told["id"], **left))
        session.add(Override(**of, admin_id=chief.id, reason="Court order 12/26", subject_digest="d"))
        session.flush()
        session.add(Release(id="forced", overridden=True, **left))

    clinic.change(leave)
    with clinic.ledger() as ledger, ledger.write() as change:
        detail = {"release": "signed", "marks": ["DEVELOPMENT"]}
        change.record(actor="alice", action="weights.released", object_="dataset:chest", detail=detail)
    now = {each["release"]: each for each in await clinic.auditor.releases_list()}
    assert now["signed"]["there"] and not now["forced"]["there"]  # the vote was on other data
    clinic.change(lambda session: setattr(session.exec(select(Dataset)).one(), "digest", "d"))
    found = {each["release"]: each for each in await clinic.auditor.releases_list()}
    assert (found["signed"]["assessment"], found["signed"]["approved_by"]) == (told["id"], ["admin"])
    assert found["signed"]["marks"] == ["DEVELOPMENT"] and found["forced"]["marks"] is None
    assert (found["forced"]["approved_by"], found["forced"]["assessment"]) == (["admin"], None)
    assert found["forced"]["there"] and not found["signed"]["there"]
