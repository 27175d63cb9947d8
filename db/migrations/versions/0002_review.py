"""What people decided about quarantined pictures.

Nothing that was there is rebuilt: Alembic's batch mode would drop the triggers of a table without a word.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.dialect import INTEGER, TEXT, change_tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review",
        sa.Column("id", TEXT, primary_key=True, nullable=False),
        sa.Column("dataset_id", TEXT, sa.ForeignKey("dataset.id"), nullable=False),
        sa.Column("record", TEXT, nullable=False),
        sa.Column("decision", TEXT, nullable=False),
        sa.Column("boxes", TEXT, nullable=False),
        sa.Column("reviewer_id", TEXT, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("self_reviewed", INTEGER, nullable=False),
        sa.Column("applied_version", INTEGER, nullable=True),
        sa.Column("at", TEXT, nullable=False),
        sa.CheckConstraint("decision IN ('accept', 'mask', 'reject', 'undo')"),
        sa.CheckConstraint("self_reviewed IN (0, 1)"),
        sqlite_strict=True,
    )
    op.create_index("review_dataset", "review", ["dataset_id", "record"])
    # Only that it was applied is noted afterwards, and only once.
    execute(
        """CREATE TRIGGER review_no_update BEFORE UPDATE ON review
        WHEN OLD.applied_version IS NOT NULL
          OR NEW.id IS NOT OLD.id OR NEW.dataset_id IS NOT OLD.dataset_id OR NEW.record IS NOT OLD.record
          OR NEW.decision IS NOT OLD.decision OR NEW.boxes IS NOT OLD.boxes OR NEW.at IS NOT OLD.at
          OR NEW.reviewer_id IS NOT OLD.reviewer_id OR NEW.self_reviewed IS NOT OLD.self_reviewed
        BEGIN SELECT RAISE(ABORT, 'A decision of a review never changes.'); END"""
    )
    execute(
        """CREATE TRIGGER review_no_delete BEFORE DELETE ON review
        BEGIN SELECT RAISE(ABORT, 'Records of this kind are only ever added.'); END"""
    )


def execute(sql: str) -> None:
    change_tables(op.get_bind(), sql)


def downgrade() -> None:
    raise NotImplementedError("A store is not taken back to an earlier version; restore a backup instead.")
