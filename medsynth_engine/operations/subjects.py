"""What an assessment and the gate are about: a cohort, `dataset:NAME` or `generator:NAME`, as it is right now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from medsynth_engine.kernel.errors import BadInput, NotFound
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.evidence import Evidence
from medsynth_engine.operations.judged import newest_evaluation


@dataclass(frozen=True)
class Subject:
    """A subject and the newest evaluation of exactly it.

    digest      of what would leave now
    document    of the evaluation (evidence, gauge, bias tables), or None where there is none
    unknown     the weights' training data is not in this store
    """

    kind: str
    name: str
    owner_id: str
    digest: str
    dataset_id: str | None
    cohort_id: str | None
    row: Any
    evaluation_digest: str | None = None
    evaluated_digest: str | None = None
    document: dict[str, Any] | None = None
    simulated: bool = False
    imported: bool = False
    unknown: bool = False

    @property
    def label(self) -> str:
        """As a person writes it."""
        return label_of(self.kind, self.name)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        found = (self.document or {}).get("evidence") or []
        return tuple(Evidence.from_document(value) for value in found)


LISTED = {"cohort": "cohorts", "dataset": "datasets", "generator": "weights"}
"""What lists the subjects of that kind."""


def label_of(kind: str, name: str) -> str:
    """What `parse` reads."""
    return name if kind == "cohort" else f"{kind}:{name}"


def parse(subject: str) -> tuple[str, str]:
    """`dataset:x` -> ("dataset", "x"); a word alone is a cohort. Raises BadInput for another kind."""
    kind, _, name = subject.rpartition(":")
    kind = kind or "cohort"
    if kind not in ("cohort", "dataset", "generator") or not name:
        raise BadInput("bad_subject", f"{plain(subject)!r} is no subject.", "COHORT, dataset:NAME or generator:NAME.")
    return kind, name


def find(session: Session, subject: str) -> Subject:
    """The subject as it is now. Raises NotFound or BadInput."""
    kind, name = parse(subject)
    finders = {"cohort": _cohort, "dataset": _dataset, "generator": _generator}
    found = finders[kind](session, name)
    if found is None:
        others = [
            f"{other}:{name}" for other in ("dataset", "generator") if other != kind and finders[other](session, name)
        ]
        meant = f"Did you mean {' or '.join(map(plain, others))}? " if others else ""
        hint = f"{meant}See: medsynth {LISTED[kind]} list"
        raise NotFound(f"no_such_{kind}", f"There is no {kind} {plain(name)!r}.", hint)
    return found


def digest_of(session: Session, kind: str, name: str) -> str | None:
    """The digest of what goes by that name now, without its evaluation; None where nothing does."""
    from db.tables import Cohort, Dataset, Weights

    chosen = {
        "cohort": select(Cohort.digest).where(Cohort.name == name, Cohort.state == "present"),
        "dataset": select(Dataset.digest)
        .where(Dataset.name == name, Dataset.state == "present")
        .order_by(col(Dataset.version).desc()),
        "generator": select(Weights.digest).where(Weights.name == name),
    }
    return session.exec(chosen[kind]).first()


def _cohort(session: Session, name: str) -> Subject | None:
    from db.tables import Cohort, Weights

    row = session.exec(select(Cohort).where(Cohort.name == name, Cohort.state == "present")).first()
    if row is None:
        return None
    weights = session.get(Weights, row.weights) if row.weights else None
    evaluation = newest_evaluation(session, row.id, row.digest) or _any_evaluation(session, row.id)
    return Subject(
        "cohort",
        name,
        row.owner_id,
        row.digest,
        row.dataset_id,
        row.id,
        row,
        evaluation_digest=evaluation.digest if evaluation else None,
        evaluated_digest=evaluation.cohort_digest if evaluation else None,
        document=evaluation.document if evaluation else None,
        simulated=row.simulated,
        imported=bool(row.document.get("imported")),
        unknown=weights is not None and weights.dataset_id is None,
    )


def _any_evaluation(session: Session, cohort_id: str) -> Any | None:
    from db.tables import Evaluation

    return session.exec(
        select(Evaluation).where(Evaluation.cohort_id == cohort_id).order_by(col(Evaluation.created_at).desc())
    ).first()


def _dataset(session: Session, name: str) -> Subject | None:
    from db.tables import Dataset

    row = session.exec(
        select(Dataset).where(Dataset.name == name, Dataset.state == "present").order_by(col(Dataset.version).desc())
    ).first()
    return Subject("dataset", name, row.owner_id, row.digest, row.id, None, row) if row else None


def _generator(session: Session, name: str) -> Subject | None:
    """Weights are judged by the newest evaluated cohort that was drawn from them."""
    from db.tables import Cohort, Weights

    row = session.get(Weights, name)
    if row is None:
        return None
    drawn = [
        cohort
        for cohort in session.exec(select(Cohort).where(Cohort.state == "present"))
        if (cohort.document.get("generator") or {}).get("digest") == row.digest
    ]
    evaluations = [found for cohort in drawn if (found := newest_evaluation(session, cohort.id, cohort.digest))]
    evaluation = max(evaluations, key=lambda found: found.created_at, default=None)
    return Subject(
        "generator",
        name,
        row.owner_id,
        row.digest,
        row.dataset_id,
        None,
        row,
        evaluation_digest=evaluation.digest if evaluation else None,
        evaluated_digest=row.digest if evaluation else None,
        document=evaluation.document if evaluation else None,
        unknown=row.dataset_id is None,
    )
