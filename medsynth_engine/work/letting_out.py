"""What every job has in common that lets something out: the gate once more, a hidden folder, a release on record."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from db.tables import Release
from medsynth_engine.governance.gate import Verdict
from medsynth_engine.kernel.errors import Refused
from medsynth_engine.operations import gatekeeping, subjects
from medsynth_engine.operations.declare import Recorded
from medsynth_engine.operations.half_out import hidden_folder
from medsynth_engine.operations.way_out import demand_place
from medsynth_engine.work.desk import Desk


@dataclass(frozen=True)
class Passage:
    """A subject for which the gate is open, and the id of its newest assessment, if it has one."""

    subject: subjects.Subject
    audience: str
    verdict: Verdict
    assessment: str | None

    def refused(self, code: str, why: str, what_to_do: str) -> Refused:
        """For what the gate could not know: the bytes are not the ones that were judged."""
        return _refused(self.subject, self.audience, [{"code": code, "why": why, "what_to_do": what_to_do}])

    def record(self, desk: Desk, change: Recorded, release: str, path: str, format: str, digest: str) -> None:
        """Add the release in the transaction of its audit record, which says the same. `path`: its last part alone."""
        marks = list(self.verdict.marks)
        change.detail |= {"release": release, "audience": self.audience, "digest": digest, "marks": marks}
        change.detail |= {"assessment": self.assessment} if self.assessment else {}
        change.session.add(
            Release(
                id=release,
                subject_kind=self.subject.kind,
                subject_name=self.subject.name,
                cohort_id=self.subject.cohort_id,
                assessment_id=self.assessment,
                audience=self.audience,
                format=format,
                path=path,
                digest=digest,
                actor_id=desk.actor.user_id,
                overridden=self.verdict.overridden,
            )
        )


def passage(desk: Desk, subject: str, audience: str) -> Passage:
    """Ask the gate once more, for time has passed since the operation asked it. Raises Refused with every reason."""
    with desk.ledger.read() as session:
        found = subjects.find(session, subject)
        judged = gatekeeping.verdict(session, found, audience, desk.ledger.stamp)
        assessment = gatekeeping.newest_assessment(session, found.kind, found.name)
    if not judged.open:
        raise _refused(found, audience, [reason.document() for reason in judged.reasons])
    return Passage(found, audience, judged, assessment.id if assessment else None)


@contextmanager
def hidden(desk: Desk) -> Iterator[tuple[Path, Path]]:
    """The job's target, and an empty folder beside what will lie there; the folder is gone afterwards."""
    target = Path(desk.arguments["target"])
    demand_place(desk.home, target)
    folder = hidden_folder(target, desk.folder.name)
    try:
        folder.mkdir(mode=0o700)
        yield target, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _refused(subject: subjects.Subject, audience: str, reasons: list[dict[str, str]]) -> Refused:
    more = f"See: medsynth gate show {subject.label} --audience {audience}"
    return Refused(f"The gate is closed for this {subject.kind}.", reasons, more)
