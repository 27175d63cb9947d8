"""Every table of the first version, its constraints, and the triggers that keep the audit chain append-only."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from db.dialect import INTEGER, TEXT, change_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORK_STATES = ("queued", "running", "paused", "interrupted", "stopped", "finished", "failed")


def text(name: str, *rest: sa.ForeignKey, null: bool = False, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, TEXT, *rest, nullable=null, primary_key=key)


def integer(name: str, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, INTEGER, nullable=False, primary_key=key)


def points_at(name: str, target: str, null: bool = False, key: bool = False) -> sa.Column[str]:
    return text(name, sa.ForeignKey(target), null=null, key=key)


def one_of(name: str, values: Sequence[str]) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{name} IN ({', '.join(repr(value) for value in values)})")


def flag(name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{name} IN (0, 1)")


def table(name: str, *parts: sa.Column[str] | sa.Column[int] | sa.Constraint) -> None:
    op.create_table(name, *parts, sqlite_strict=True)


def upgrade() -> None:
    people()
    data_and_runs()
    cohorts_and_judgement()
    jobs()
    audit()


def people() -> None:
    table("store", text("key", key=True), text("value", null=True))
    execute(
        """CREATE TRIGGER store_facts_stay BEFORE UPDATE ON store WHEN OLD.key IN ('store_id', 'stamp', 'created')
        BEGIN SELECT RAISE(ABORT, 'The identity and the stamp of a store never change.'); END"""
    )
    execute(
        """CREATE TRIGGER store_facts_remain BEFORE DELETE ON store WHEN OLD.key IN ('store_id', 'stamp', 'created')
        BEGIN SELECT RAISE(ABORT, 'The identity and the stamp of a store never change.'); END"""
    )
    table(
        "user",
        text("id", key=True),
        text("name"),
        text("role"),
        text("password_hash", null=True),
        text("state"),
        text("activation_hash", null=True),
        text("activation_expires", null=True),
        integer("failed_logins"),
        text("next_login_at", null=True),
        integer("must_change"),
        text("credential_set_by", null=True),
        text("credential_set_at", null=True),
        text("created_at"),
        sa.UniqueConstraint("name"),
        one_of("role", ("researcher", "admin", "auditor")),
        one_of("state", ("invited", "active", "disabled")),
        flag("must_change"),
    )
    table(
        "session",
        text("id", key=True),
        points_at("user_id", "user.id"),
        text("face"),
        text("created_at"),
        text("last_seen_at"),
        text("expires_at"),
        text("ended_at", null=True),
        text("end_reason", null=True),
    )
    op.create_index("session_user", "session", ["user_id"])


def data_and_runs() -> None:
    table(
        "dataset",
        text("id", key=True),
        text("name"),
        integer("version"),
        points_at("owner_id", "user.id"),
        text("state"),
        text("folder"),
        text("digest"),
        text("summary"),
        text("created_at"),
        sa.UniqueConstraint("name", "version"),
        one_of("state", ("present", "removed")),
    )
    table(
        "dataset_share",
        points_at("dataset_id", "dataset.id", key=True),
        points_at("user_id", "user.id", key=True),
        points_at("shared_by", "user.id"),
        text("at"),
    )
    table(
        "submission",
        points_at("dataset_id", "dataset.id", key=True),
        integer("ordinal", key=True),
        text("outcome"),
        text("reason"),
        text("source_digest"),
        one_of("outcome", ("accepted", "quarantined", "rejected")),
    )
    table(
        "run",
        text("id", key=True),
        text("name"),
        points_at("dataset_id", "dataset.id"),
        points_at("owner_id", "user.id"),
        text("state"),
        text("preset"),
        text("folder"),
        text("summary"),
        text("generator_digest", null=True),
        integer("simulated"),
        text("created_at"),
        text("ended_at", null=True),
        sa.UniqueConstraint("name"),
        one_of("state", (*WORK_STATES, "removed")),
        flag("simulated"),
    )
    op.create_index("run_dataset", "run", ["dataset_id"])
    table(
        "weights",
        text("name", key=True),
        points_at("owner_id", "user.id"),
        text("digest"),
        text("origin"),
        points_at("run_id", "run.id", null=True),
        points_at("dataset_id", "dataset.id", null=True),
        text("document"),
        text("created_at"),
        one_of("origin", ("run", "import")),
    )


def cohorts_and_judgement() -> None:
    table(
        "cohort",
        text("id", key=True),
        text("name"),
        points_at("dataset_id", "dataset.id"),
        points_at("run_id", "run.id", null=True),
        points_at("weights", "weights.name", null=True),
        points_at("owner_id", "user.id"),
        integer("n"),
        text("folder"),
        text("digest"),
        text("document"),
        integer("simulated"),
        text("state"),
        text("created_at"),
        sa.UniqueConstraint("name"),
        one_of("state", ("present", "removed")),
        flag("simulated"),
    )
    table(
        "evaluation",
        text("id", key=True),
        points_at("cohort_id", "cohort.id"),
        text("cohort_digest"),
        points_at("dataset_id", "dataset.id"),
        text("digest"),
        text("document"),
        text("created_at"),
        points_at("actor_id", "user.id"),
    )
    op.create_index("evaluation_cohort", "evaluation", ["cohort_id", "created_at"])
    op.create_index("evaluation_dataset", "evaluation", ["dataset_id"])
    assessments()
    table(
        "override",
        text("id", key=True),
        text("subject_kind"),
        text("subject_name"),
        text("audience"),
        points_at("admin_id", "user.id"),
        text("reason"),
        text("subject_digest"),
        text("at"),
        sa.UniqueConstraint("subject_kind", "subject_name", "audience", "subject_digest", "admin_id"),
        one_of("audience", ("public", "recipient", "internal")),
    )
    append_only("override")
    table(
        "release",
        text("id", key=True),
        text("subject_kind"),
        text("subject_name"),
        points_at("cohort_id", "cohort.id", null=True),
        points_at("assessment_id", "assessment.id", null=True),
        text("audience"),
        text("format"),
        text("path"),
        text("digest"),
        points_at("actor_id", "user.id"),
        integer("overridden"),
        text("at"),
        one_of("audience", ("public", "recipient", "internal")),
        flag("overridden"),
    )
    append_only("release")


def assessments() -> None:
    table(
        "assessment",
        text("id", key=True),
        text("subject_kind"),
        text("subject_name"),
        text("subject_digest"),
        text("evaluation_digest", null=True),
        text("audience"),
        integer("version"),
        text("state"),
        points_at("author_id", "user.id"),
        text("document"),
        text("digest"),
        text("created_at"),
        text("submitted_at", null=True),
        text("decided_at", null=True),
        text("expires_at", null=True),
        one_of("subject_kind", ("cohort", "dataset", "generator")),
        one_of("audience", ("public", "recipient", "internal")),
        one_of(
            "state",
            ("draft", "submitted", "approved", "returned", "rejected", "withdrawn", "expired", "superseded"),
        ),
    )
    op.create_index("assessment_subject", "assessment", ["subject_kind", "subject_name"])
    execute(
        """CREATE TRIGGER assessment_author_stays BEFORE UPDATE ON assessment WHEN NEW.author_id IS NOT OLD.author_id
        BEGIN SELECT RAISE(ABORT, 'The author of an assessment never changes.'); END"""
    )
    execute(
        """CREATE TRIGGER assessment_remains BEFORE DELETE ON assessment
        BEGIN SELECT RAISE(ABORT, 'An assessment is never deleted; it can be withdrawn.'); END"""
    )
    table(
        "signature",
        text("id", key=True),
        points_at("assessment_id", "assessment.id"),
        points_at("user_id", "user.id"),
        text("kind"),
        text("note"),
        text("digest"),
        text("at"),
        one_of("kind", ("submit", "concur", "dissent", "approve", "return", "reject", "withdraw")),
    )
    op.create_index("signature_assessment", "signature", ["assessment_id"])
    # Withdrawing and submitting is the author's own business; judging is somebody else's.
    execute(
        """CREATE TRIGGER signature_never_ones_own BEFORE INSERT ON signature
        WHEN NEW.kind IN ('concur', 'dissent', 'approve', 'return', 'reject')
         AND NEW.user_id = (SELECT author_id FROM assessment WHERE id = NEW.assessment_id)
        BEGIN SELECT RAISE(ABORT, 'Nobody judges an assessment of their own.'); END"""
    )
    append_only("signature")


def jobs() -> None:
    table(
        "job",
        text("id", key=True),
        text("kind"),
        points_at("actor_id", "user.id"),
        text("subject"),
        text("arguments"),
        text("arguments_digest"),
        text("expires_at"),
        text("state"),
        text("folder"),
        text("queue", null=True),
        text("result", null=True),
        text("error", null=True),
        text("created_at"),
        text("started_at", null=True),
        text("ended_at", null=True),
        one_of("state", WORK_STATES),
    )
    op.create_index("job_state", "job", ["state", "queue", "created_at"])
    execute(
        """CREATE TRIGGER job_grant_stays BEFORE UPDATE ON job
        WHEN NEW.id IS NOT OLD.id OR NEW.actor_id IS NOT OLD.actor_id OR NEW.kind IS NOT OLD.kind
          OR NEW.arguments IS NOT OLD.arguments OR NEW.arguments_digest IS NOT OLD.arguments_digest
          OR NEW.expires_at IS NOT OLD.expires_at
        BEGIN SELECT RAISE(ABORT, 'The grant of a job never changes.'); END"""
    )


def audit() -> None:
    execute(
        """CREATE TABLE audit (
          seq INTEGER PRIMARY KEY,
          ts_ns INTEGER NOT NULL,
          actor TEXT NOT NULL CHECK (length(actor) <= 100),
          actor_id TEXT NOT NULL CHECK (length(actor_id) <= 64),
          role TEXT NOT NULL CHECK (length(role) <= 20),
          session TEXT NOT NULL CHECK (length(session) <= 64),
          face TEXT NOT NULL CHECK (length(face) <= 20),
          action TEXT NOT NULL CHECK (length(action) BETWEEN 3 AND 60),
          object TEXT NOT NULL CHECK (length(object) <= 200),
          outcome TEXT NOT NULL CHECK (length(outcome) BETWEEN 1 AND 20),
          reason TEXT NOT NULL CHECK (length(reason) <= 500),
          detail TEXT NOT NULL CHECK (length(detail) <= 16384),
          version TEXT NOT NULL CHECK (length(version) <= 40),
          prev BLOB NOT NULL CHECK (length(prev) = 32),
          hash BLOB NOT NULL CHECK (length(hash) = 32)
        ) STRICT"""
    )
    for column in ("actor", "action", "object", "outcome", "ts_ns"):
        op.create_index(f"audit_{column}", "audit", [column, "seq"])
    append_only("audit")
    # INSERT OR REPLACE passes the DELETE trigger unless recursive triggers are on; a sequence that must grow does not.
    execute(
        """CREATE TRIGGER audit_follows BEFORE INSERT ON audit
        WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)
          OR NEW.prev IS NOT coalesce((SELECT hash FROM audit ORDER BY seq DESC LIMIT 1), zeroblob(32))
        BEGIN SELECT RAISE(ABORT, 'An audit record must follow the last one.'); END"""
    )


def append_only(name: str) -> None:
    for verb in ("UPDATE", "DELETE"):
        execute(
            f"""CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON "{name}"
            BEGIN SELECT RAISE(ABORT, 'Records of this kind are only ever added.'); END"""
        )


def execute(sql: str) -> None:
    change_tables(op.get_bind(), sql)


def downgrade() -> None:
    raise NotImplementedError("A store is not taken back before its first version; restore a backup instead.")
