"""The tables of the ledger, one class each. What a column may hold is checked by the migration's constraints.

Ids are short random text. Times are aware UTC. A `document` or `summary` is plain JSON, kept in canonical spelling.
The audit table is not here: it is written by `db.chain` alone.
"""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel, UniqueConstraint

from db.canonical import canonical


def new_id() -> str:
    """Twelve random hex characters: enough for a store, short enough to say aloud."""
    return secrets.token_hex(6)


def now() -> datetime:
    return datetime.now(UTC)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as ISO 8601 text in UTC with microseconds, so that text order is time order."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """Plain JSON in canonical spelling. Assign a new value to change it: changes inside a dictionary are not seen."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else canonical(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Flag(TypeDecorator[bool]):
    """Yes or no, kept as 1 or 0 in every kind of store."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:
        return None if value is None else bool(value)


class Store(SQLModel, table=True):
    """Facts of the whole store: `store_id`, `stamp` and `created` never change; settings are `setting.<name>`."""

    __tablename__: ClassVar[Any] = "store"
    key: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_type=Json, nullable=True)


class User(SQLModel, table=True):
    """Somebody who can log in. The password is only here as an argon2id hash, an activation code only as SHA-256."""

    __tablename__: ClassVar[Any] = "user"
    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    role: str
    password_hash: str | None = Field(default=None, repr=False)
    state: str = "invited"
    activation_hash: str | None = Field(default=None, repr=False)
    activation_expires: datetime | None = Field(default=None, sa_type=UtcTime)
    failed_logins: int = 0
    next_login_at: datetime | None = Field(default=None, sa_type=UtcTime)
    must_change: bool = Field(default=False, sa_type=Flag)
    credential_set_by: str | None = None
    credential_set_at: datetime | None = Field(default=None, sa_type=UtcTime)
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class LoginSession(SQLModel, table=True):
    """One login. `id` is the SHA-256 of the token; the token itself is nowhere."""

    __tablename__: ClassVar[Any] = "session"
    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="user.id")
    face: str
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    last_seen_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    expires_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    end_reason: str | None = None
    proved_at: datetime | None = Field(default=None, sa_type=UtcTime)


class SecondFactor(SQLModel, table=True):
    """The secret of somebody's time-based codes (RFC 6238), sealed under the store's key; the steps only go forward."""

    __tablename__: ClassVar[Any] = "second_factor"
    user_id: str = Field(foreign_key="user.id", primary_key=True)
    sealed: str = Field(repr=False)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    last_step: int = 0
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class RecoveryCode(SQLModel, table=True):
    """The SHA-256 of a code that stands in for a lost second factor, once."""

    __tablename__: ClassVar[Any] = "recovery_code"
    user_id: str = Field(foreign_key="user.id", primary_key=True)
    hash: str = Field(primary_key=True, repr=False)
    used_at: datetime | None = Field(default=None, sa_type=UtcTime)


class CredentialTouch(SQLModel, table=True):
    """An admin issued or reset somebody's credential, and might know it. `kind`: issued, reset, second factor."""

    __tablename__: ClassVar[Any] = "credential_touch"
    id: str = Field(default_factory=new_id, primary_key=True)
    user_id: str = Field(foreign_key="user.id")
    admin_id: str = Field(foreign_key="user.id")
    kind: str
    at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Dataset(SQLModel, table=True):
    """Real, de-identified images and their table, in one version. `folder` is a name under the datasets folder."""

    __tablename__: ClassVar[Any] = "dataset"
    __table_args__ = (UniqueConstraint("name", "version"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    version: int = 1
    owner_id: str = Field(foreign_key="user.id")
    state: str = "present"
    folder: str
    digest: str
    summary: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class DatasetShare(SQLModel, table=True):
    """Another researcher who may use a dataset."""

    __tablename__: ClassVar[Any] = "dataset_share"
    dataset_id: str = Field(foreign_key="dataset.id", primary_key=True)
    user_id: str = Field(foreign_key="user.id", primary_key=True)
    shared_by: str = Field(foreign_key="user.id")
    at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Submission(SQLModel, table=True):
    """The intake ledger: what became of each submitted record. `source_digest` is keyed, never a plain hash."""

    __tablename__: ClassVar[Any] = "submission"
    dataset_id: str = Field(foreign_key="dataset.id", primary_key=True)
    ordinal: int = Field(primary_key=True)
    outcome: str
    reason: str = ""
    source_digest: str


class Review(SQLModel, table=True):
    """What a person decided about a quarantined picture. Only ever added; a later decision replaces an earlier one.

    dataset_id       the version that was looked at
    decision         accept, mask, reject, or undo: as if nothing had been decided
    boxes            [[x, y, width, height], …] to be masked, in pixels of the picture
    self_reviewed    the uploader decided, because the store has no other researcher
    applied_version  of the dataset that was made from it; set once, by the job that made it
    """

    __tablename__: ClassVar[Any] = "review"
    id: str = Field(default_factory=new_id, primary_key=True)
    dataset_id: str = Field(foreign_key="dataset.id")
    record: str
    decision: str
    boxes: list[list[int]] = Field(default_factory=list, sa_type=Json)
    reviewer_id: str = Field(foreign_key="user.id")
    self_reviewed: bool = Field(default=False, sa_type=Flag)
    applied_version: int | None = None
    at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Run(SQLModel, table=True):
    """One training. `folder` is a name under the runs folder; the folder's own state is newer than this row."""

    __tablename__: ClassVar[Any] = "run"
    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    dataset_id: str = Field(foreign_key="dataset.id")
    owner_id: str = Field(foreign_key="user.id")
    state: str = "queued"
    preset: str
    folder: str
    summary: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    generator_digest: str | None = None
    simulated: bool = Field(default=False, sa_type=Flag)
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)


class Weights(SQLModel, table=True):
    """A generator that can draw: from a run of this store, or imported."""

    __tablename__: ClassVar[Any] = "weights"
    name: str = Field(primary_key=True)
    owner_id: str = Field(foreign_key="user.id")
    digest: str
    origin: str = "run"
    run_id: str | None = Field(default=None, foreign_key="run.id")
    dataset_id: str | None = Field(default=None, foreign_key="dataset.id")
    document: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Cohort(SQLModel, table=True):
    """Synthetic records, drawn here or imported to be judged."""

    __tablename__: ClassVar[Any] = "cohort"
    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    dataset_id: str = Field(foreign_key="dataset.id")
    run_id: str | None = Field(default=None, foreign_key="run.id")
    weights: str | None = Field(default=None, foreign_key="weights.name")
    owner_id: str = Field(foreign_key="user.id")
    n: int
    folder: str
    digest: str
    document: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    simulated: bool = Field(default=False, sa_type=Flag)
    state: str = "present"
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Evaluation(SQLModel, table=True):
    """The evidence about one cohort, bound to its digest."""

    __tablename__: ClassVar[Any] = "evaluation"
    id: str = Field(default_factory=new_id, primary_key=True)
    cohort_id: str = Field(foreign_key="cohort.id")
    cohort_digest: str
    dataset_id: str = Field(foreign_key="dataset.id")
    digest: str
    document: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    actor_id: str = Field(foreign_key="user.id")


class Assessment(SQLModel, table=True):
    """A PIA: the judgement on a cohort, dataset or generator for an audience. Its author never changes."""

    __tablename__: ClassVar[Any] = "assessment"
    id: str = Field(default_factory=new_id, primary_key=True)
    subject_kind: str
    subject_name: str
    subject_digest: str
    evaluation_digest: str | None = None
    audience: str
    version: int = 1
    state: str = "draft"
    author_id: str = Field(foreign_key="user.id")
    document: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    digest: str
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcTime)


class AssessmentText(SQLModel, table=True):
    """The text of an assessment as it was submitted, `round` after round: what each signature is over. Only added."""

    __tablename__: ClassVar[Any] = "assessment_text"
    assessment_id: str = Field(foreign_key="assessment.id", primary_key=True)
    round: int = Field(primary_key=True)
    digest: str
    document: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Signature(SQLModel, table=True):
    """What somebody signed, over the digest of the assessment at that moment. Only ever added."""

    __tablename__: ClassVar[Any] = "signature"
    id: str = Field(default_factory=new_id, primary_key=True)
    assessment_id: str = Field(foreign_key="assessment.id")
    user_id: str = Field(foreign_key="user.id")
    kind: str
    note: str = ""
    digest: str
    at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Override(SQLModel, table=True):
    """One admin's vote to let a subject through a closed gate; two different ones are needed. Only ever added."""

    __tablename__: ClassVar[Any] = "override"
    __table_args__ = (UniqueConstraint("subject_kind", "subject_name", "audience", "subject_digest", "admin_id"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    subject_kind: str
    subject_name: str
    audience: str
    admin_id: str = Field(foreign_key="user.id")
    reason: str
    subject_digest: str
    at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Release(SQLModel, table=True):
    """An export that the gate let through. `path` is the name of what left, not where it went. Only ever added."""

    __tablename__: ClassVar[Any] = "release"
    id: str = Field(default_factory=new_id, primary_key=True)
    subject_kind: str
    subject_name: str
    cohort_id: str | None = Field(default=None, foreign_key="cohort.id")
    assessment_id: str | None = Field(default=None, foreign_key="assessment.id")
    audience: str
    format: str
    path: str
    digest: str
    actor_id: str = Field(foreign_key="user.id")
    overridden: bool = Field(default=False, sa_type=Flag)
    at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Job(SQLModel, table=True):
    """Long work and its grant: who may have it done, with which arguments, until when. The grant never changes."""

    __tablename__: ClassVar[Any] = "job"
    id: str = Field(primary_key=True)
    kind: str
    actor_id: str = Field(foreign_key="user.id")
    subject: str
    arguments: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    arguments_digest: str
    expires_at: datetime = Field(sa_type=UtcTime)
    state: str = "queued"
    folder: str
    queue: str | None = None
    result: dict[str, Any] | None = Field(default=None, sa_type=Json)
    error: dict[str, Any] | None = Field(default=None, sa_type=Json)
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
