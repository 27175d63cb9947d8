"""Alembic's entrance. `db.migrate` hands it an open connection; there is no ini file and no address to configure."""

from alembic import context

connection = context.config.attributes["connection"]
# SQLite can undo DDL; Alembic assumes that it cannot unless told. So a killed migration leaves nothing behind.
context.configure(connection=connection, target_metadata=None, render_as_batch=True, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
