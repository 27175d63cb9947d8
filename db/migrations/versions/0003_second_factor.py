"""The second factor, when a password was last given, whose credential an admin touched, and every submitted text.

Columns are only added: Alembic's batch mode would drop the triggers of a table without a word.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import INTEGER, TEXT, change_tables, is_postgres

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute("ALTER TABLE session ADD COLUMN proved_at TEXT")
    second_factor()
    credential_touch()
    assessment_text()


def second_factor() -> None:
    op.create_table(
        "second_factor",
        sa.Column("user_id", TEXT, sa.ForeignKey("user.id"), primary_key=True, nullable=False),
        sa.Column("sealed", TEXT, nullable=False),
        sa.Column("confirmed_at", TEXT, nullable=True),
        sa.Column("last_step", INTEGER, nullable=False),
        sa.Column("created_at", TEXT, nullable=False),
        sqlite_strict=True,
    )
    # A code that was used is worth nothing, also for somebody who writes to the table by another way.
    execute(
        """CREATE TRIGGER second_factor_no_replay BEFORE UPDATE ON second_factor
        WHEN NEW.sealed IS OLD.sealed AND NEW.last_step < OLD.last_step
        BEGIN SELECT RAISE(ABORT, 'The steps of a second factor only go forward.'); END"""
    )
    op.create_table(
        "recovery_code",
        sa.Column("user_id", TEXT, sa.ForeignKey("user.id"), primary_key=True, nullable=False),
        sa.Column("hash", TEXT, primary_key=True, nullable=False),
        sa.Column("used_at", TEXT, nullable=True),
        sqlite_strict=True,
    )
    execute(
        """CREATE TRIGGER recovery_code_once BEFORE UPDATE ON recovery_code
        WHEN OLD.used_at IS NOT NULL OR NEW.hash IS NOT OLD.hash OR NEW.user_id IS NOT OLD.user_id
        BEGIN SELECT RAISE(ABORT, 'A recovery code is used once.'); END"""
    )


def credential_touch() -> None:
    op.create_table(
        "credential_touch",
        sa.Column("id", TEXT, primary_key=True, nullable=False),
        sa.Column("user_id", TEXT, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("admin_id", TEXT, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.CheckConstraint("kind IN ('issued', 'reset', 'second factor')"),
        sqlite_strict=True,
    )
    op.create_index("credential_touch_user", "credential_touch", ["user_id", "at"])
    if not is_postgres(op.get_bind()):  # there no store was ever of an earlier version
        execute(
            """INSERT INTO credential_touch (id, user_id, admin_id, kind, at)
            SELECT lower(hex(randomblob(6))), id, credential_set_by, 'issued', credential_set_at FROM user
            WHERE credential_set_by IN (SELECT id FROM user) AND credential_set_at IS NOT NULL"""
        )
    append_only("credential_touch")


def assessment_text() -> None:
    op.create_table(
        "assessment_text",
        sa.Column("assessment_id", TEXT, sa.ForeignKey("assessment.id"), primary_key=True, nullable=False),
        sa.Column("round", INTEGER, primary_key=True, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sqlite_strict=True,
    )
    if not is_postgres(op.get_bind()):
        execute(
            """INSERT INTO assessment_text (assessment_id, round, digest, document, at)
            SELECT id, 1, digest, document, submitted_at FROM assessment
            WHERE submitted_at IS NOT NULL AND state NOT IN ('draft', 'returned')"""
        )
    append_only("assessment_text")
    execute(
        """CREATE TRIGGER assessment_frozen BEFORE UPDATE ON assessment
        WHEN OLD.state NOT IN ('draft', 'returned') AND (NEW.document IS NOT OLD.document
          OR NEW.digest IS NOT OLD.digest OR NEW.subject_digest IS NOT OLD.subject_digest
          OR NEW.evaluation_digest IS NOT OLD.evaluation_digest OR NEW.audience IS NOT OLD.audience)
        BEGIN SELECT RAISE(ABORT, 'What was submitted does not change.'); END"""
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
    raise NotImplementedError("A store is not taken back to an earlier version; restore a backup instead.")
