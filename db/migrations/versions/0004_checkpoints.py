"""Signed checkpoints of the audit chain, and its sealed segments: what may be archived because a file holds it.

No table is rebuilt. The trigger against deletion is made anew: it lets go of what a segment covers, and nothing else.
"""

from __future__ import annotations

from alembic import op

from db.dialect import change_tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute(
        """CREATE TABLE checkpoint (
          size INTEGER PRIMARY KEY CHECK (size > 0),
          at_ns INTEGER NOT NULL,
          note TEXT NOT NULL CHECK (length(note) <= 1000),
          key TEXT NOT NULL CHECK (length(key) <= 400),
          peaks BLOB NOT NULL
        ) STRICT"""
    )
    execute(
        """CREATE TABLE segment (
          last INTEGER PRIMARY KEY REFERENCES checkpoint (size),
          hash BLOB NOT NULL CHECK (length(hash) = 32),
          digest TEXT NOT NULL CHECK (length(digest) = 64),
          at_ns INTEGER NOT NULL
        ) STRICT"""
    )
    for name, number in (("checkpoint", "size"), ("segment", "last")):
        for verb in ("UPDATE", "DELETE"):
            execute(
                f"""CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name}
                BEGIN SELECT RAISE(ABORT, 'Records of this kind are only ever added.'); END"""
            )
        execute(
            f"""CREATE TRIGGER {name}_follows BEFORE INSERT ON {name}
            WHEN NEW.{number} <= (SELECT coalesce(max({number}), 0) FROM {name})
              OR NEW.{number} > (SELECT coalesce(max(seq), 0) FROM audit)
            BEGIN SELECT RAISE(ABORT, 'It must follow the one before it, and the records that it is about.'); END"""
        )
    execute("DROP TRIGGER audit_no_delete")
    execute(
        """CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
        WHEN OLD.seq > (SELECT coalesce(max(last), 0) FROM segment)
          OR OLD.seq = (SELECT max(seq) FROM audit)
        BEGIN SELECT RAISE(ABORT, 'Records of this kind are only ever added.'); END"""
    )


def execute(sql: str) -> None:
    change_tables(op.get_bind(), sql)


def downgrade() -> None:
    raise NotImplementedError("A store is not taken back to an earlier version; restore a backup instead.")
