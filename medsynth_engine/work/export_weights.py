"""Let a generator out: the gate is asked once more, the file's digest checked, then folder and release appear."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import Any

from db.tables import new_id
from medsynth_engine.exchange import sums
from medsynth_engine.exchange.weights_card import WeightsCard
from medsynth_engine.kernel.atomic import file_digest, write_text
from medsynth_engine.work.desk import Desk, run
from medsynth_engine.work.letting_out import Passage, hidden, passage

CHANGED = (
    "generator_changed",
    "The generator's file is not the one that was evaluated and assessed.",
    "Draw a cohort from it again, evaluate it and have the generator assessed.",
)


def work(desk: Desk) -> dict[str, Any]:
    name, audience, folder = (desk.arguments[key] for key in ("name", "audience", "folder"))
    allowed = passage(desk, f"generator:{name}", audience)
    release = new_id()
    with hidden(desk) as (target, made):
        shutil.copyfile(desk.home.weights / f"{name}.pth", made / f"{name}.pth")
        if file_digest(made / f"{name}.pth") != allowed.subject.digest:
            raise allowed.refused(*CHANGED)
        write_text(made / "CARD.md", _card(allowed, release).text())
        digest = sums.write(made)
        with desk.commit("weights.released", f"generator:{name}") as change:
            allowed.record(desk, change, release, folder, "weights", digest)
        made.rename(target / folder)  # last: what is visible has been recorded
    return {"release": release, "path": str(target / folder), "files": 3, "audience": audience}


def _card(allowed: Passage, release: str) -> WeightsCard:
    subject = allowed.subject
    return WeightsCard(
        name=subject.name,
        audience=allowed.audience,
        at=datetime.now(UTC),
        digest=subject.digest,
        evaluation_digest=subject.evaluation_digest or "",
        release=release,
        document=subject.row.document,
        gauge=(subject.document or {}).get("gauge") or {},
        marks=allowed.verdict.marks,
    )


if __name__ == "__main__":
    run(work)
