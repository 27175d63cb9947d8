"""Let a generator out: the gate is asked once more, the file's digest checked, then folder and release appear."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db.tables import Release, Weights, new_id
from medsynth_engine.exchange import sums
from medsynth_engine.exchange.weights_card import WeightsCard
from medsynth_engine.governance.gate import Verdict
from medsynth_engine.kernel.atomic import file_digest, write_text
from medsynth_engine.kernel.errors import Refused
from medsynth_engine.operations import gatekeeping, subjects
from medsynth_engine.work.desk import Desk, run

CHANGED = {
    "code": "generator_changed",
    "why": "The generator's file is not the one that was evaluated and assessed.",
    "what_to_do": "Draw a cohort from it again, evaluate it and have the generator assessed.",
}


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    name, audience = arguments["name"], arguments["audience"]
    with desk.ledger.read() as session:
        row = session.get_one(Weights, name)
        subject = subjects.find(session, f"generator:{name}")
        judged = gatekeeping.verdict(session, subject, audience, desk.ledger.stamp)
        assessment = gatekeeping.newest_assessment(session, "generator", name)
    if not judged.open:
        raise _refused(name, [reason.document() for reason in judged.reasons])
    target = Path(arguments["target"])
    hidden = target / f".leaving-{desk.folder.name}"
    release = new_id()
    try:
        hidden.mkdir(mode=0o700)
        shutil.copyfile(desk.home.weights / f"{name}.pth", hidden / f"{name}.pth")
        if file_digest(hidden / f"{name}.pth") != row.digest:
            raise _refused(name, [CHANGED])
        write_text(hidden / "CARD.md", _card(row, subject, judged, audience, release).text())
        digest = sums.write(hidden)
        detail = {"audience": audience, "release": release, "digest": digest, "marks": list(judged.marks)}
        with desk.commit("weights.released", f"generator:{name}", **detail) as change:
            change.session.add(
                Release(
                    id=release,
                    subject_kind="generator",
                    subject_name=name,
                    assessment_id=assessment.id if assessment else None,
                    audience=audience,
                    format="weights",
                    path=arguments["folder"],
                    digest=digest,
                    actor_id=desk.actor.user_id,
                    overridden=judged.overridden,
                )
            )
        hidden.rename(target / arguments["folder"])
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return {"release": release, "path": str(target / arguments["folder"]), "files": 3, "audience": audience}


def _card(row: Weights, subject: subjects.Subject, judged: Verdict, audience: str, release: str) -> WeightsCard:
    return WeightsCard(
        name=row.name,
        audience=audience,
        at=datetime.now(UTC),
        digest=row.digest,
        evaluation_digest=subject.evaluation_digest or "",
        release=release,
        document=row.document,
        gauge=(subject.document or {}).get("gauge") or {},
        marks=judged.marks,
    )


def _refused(name: str, reasons: list[dict[str, str]]) -> Refused:
    return Refused("The gate is closed for this generator.", reasons, f"See: medsynth gate show generator:{name}")


if __name__ == "__main__":
    run(work)
