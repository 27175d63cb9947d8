"""Whether what the store lists as released and signed is what its log says, which nobody changes unseen.

The triggers keep these rows from a program, not from whoever owns the ledger's file. Of each record of a release and of
a signature there is one row, written in one transaction with it, and the record is in the chain that is signed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, select

from db import chain
from db.dialect import run
from medsynth_engine.kernel.escape import plain

RELEASED = ("cohorts.released", "weights.released", "datasets.bundled")
"""Actions that record what left."""
SIGNED = {
    "submit": "pia.submit", "concur": "pia.opinion", "dissent": "pia.opinion", "approve": "pia.approve",
    "return": "pia.return", "reject": "pia.reject", "withdraw": "pia.withdraw",
}  # fmt: skip
"""The action that records each kind of signature."""
PAGE = 1_000
Key = tuple[str, str, str, str | None]
"""Assessment, action, person and digest of signatures."""


@dataclass(frozen=True)
class Told:
    """A record of the log, as much of it as is compared."""

    record: chain.Record
    detail: Mapping[str, Any]


def differences(session: Session) -> list[str]:
    """A sentence for each release and signature that the log tells otherwise, or that only one of the two has.

    Compared of a release: who, what, for whom, digest, and the assessment where the record names one; of a signature:
    who, on which assessment and digest, and its kind as the record tells it. Not: times, notes, names of files. What
    a record of an earlier program leaves out, and whatever was archived with `audit seal`, is not called a difference.
    """
    since = _kept_since(session)
    try:
        return [*_releases(session, since), *_signatures(session, since)]
    except (ValueError, TypeError, LookupError):  # values of kinds that no ledger ever holds
        return ["What is listed as released and signed cannot be read."]


def _releases(session: Session, since: datetime | None) -> Iterator[str]:
    from db.tables import Release

    rows = {row.id: row for row in session.exec(select(Release))}
    recorded, unnamed = set(), set()
    for told in _told(session, RELEASED):
        release, about = told.detail.get("release"), told.record.object
        if release is None:
            unnamed.add(about)
            continue
        recorded.add(release)
        if release not in rows:
            yield f"Release {plain(release, 40)} of {plain(about, 80)} (record {told.record.seq}) is not listed."
        elif other := _differs(rows[release], told):
            yield f"Release {plain(release, 40)} is not as record {told.record.seq} has it: {', '.join(other)}."
    for row in rows.values():
        about = f"{row.subject_kind}:{row.subject_name}"
        if row.id not in recorded and about not in unnamed and not (since and row.at <= since):
            yield f"Release {plain(row.id, 40)} of {plain(about, 80)} is listed, and on no record."


def _differs(row: Any, told: Told) -> list[str]:
    """What the row of a release says otherwise than its record, where that says it."""
    listed = {
        "who": (row.actor_id, told.record.actor_id or None),
        "what": (f"{row.subject_kind}:{row.subject_name}", told.record.object),
        "for whom": (row.audience, told.detail.get("audience")),
        "digest": (row.digest, told.detail.get("digest")),
        "assessment": (row.assessment_id, told.detail.get("assessment")),
    }
    return [name for name, (here, there) in listed.items() if there is not None and here != there]


def _signatures(session: Session, since: datetime | None) -> Iterator[str]:
    """A record names no signature, so as many as one person gave to one text by one action are counted."""
    from db.tables import Signature, User

    people = {user.id: user.name for user in session.exec(select(User))}
    rows: dict[Key, list[Any]] = defaultdict(list)
    records: dict[Key, list[Told]] = defaultdict(list)
    for row in session.exec(select(Signature)):
        rows[row.assessment_id, SIGNED.get(row.kind, row.kind), row.user_id, row.digest].append(row)
    for told in _told(session, sorted({*SIGNED.values()})):
        about = told.record.object.removeprefix("assessment:")
        records[about, told.record.action, told.record.actor_id, told.detail.get("digest")].append(told)
    for key in sorted({*rows, *records}, key=str):
        assessment, action, person, _ = key
        who = plain(people.get(person, person), 80)
        said = f"of assessment {plain(assessment, 40)}: {plain(action, 40)} by {who}"
        more = len(rows[key]) - len(records[key])
        if more < 0:
            yield f"A signature {said} (record {records[key][0].record.seq}) is not listed."
        elif more > len([row for row in rows[key] if since and row.at <= since]):
            yield f"A signature {said} is listed, and on no record."
        elif more == 0 and _other_kinds(rows[key], records[key]):
            yield f"A signature {said} is not of the kind that record {records[key][0].record.seq} has."


def _other_kinds(rows: Iterable[Any], records: Iterable[Told]) -> bool:
    left = [row.kind for row in rows]
    for told in records:
        kind = told.detail.get("signed")
        if kind in left:
            left.remove(kind)
        elif kind is not None:
            return True
    return False


def _told(session: Session, actions: Iterable[str]) -> Iterator[Told]:
    for action in actions:
        before = None
        while True:
            found = chain.page(session, before=before, limit=PAGE, action=action, outcome="done")
            for record in found:
                detail = json.loads(record.detail)
                yield Told(record, detail if isinstance(detail, dict) else {})
            if len(found) < PAGE:
                break
            before = found[-1].seq


def _kept_since(session: Session) -> datetime | None:
    """Up to when a record may have been archived, with room for a clock that was set; None where all are here."""
    first = run(session.connection(), "SELECT seq, ts_ns FROM audit ORDER BY seq LIMIT 1").first()
    if first is None or first[0] == 1:
        return None
    return datetime.fromtimestamp((first[1] + chain.SLACK_NS) / 1e9, UTC)
