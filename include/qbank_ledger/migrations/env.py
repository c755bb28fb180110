"""Alembic's entry: runs on the connection that migrate.py hands over, or prints SQL."""

from alembic import context

if context.is_offline_mode():
    context.configure(dialect_name="postgresql", version_table_schema="ledger")
else:
    context.configure(connection=context.config.attributes["connection"], version_table_schema="ledger")
with context.begin_transaction():
    context.run_migrations()
