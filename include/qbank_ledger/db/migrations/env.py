"""Alembic's entry: runs on the connection that migrate.py hands over, or prints SQL."""

from alembic import context

if context.is_offline_mode():
    # named: with the driver's own style every % in the SQL would come out twice.
    context.configure(
        dialect_name="postgresql", dialect_opts={"paramstyle": "named"}, version_table_schema="ledger"
    )
else:
    context.configure(connection=context.config.attributes["connection"], version_table_schema="ledger")
with context.begin_transaction():
    context.run_migrations()
