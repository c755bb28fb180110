"""Locks that only runs and operators can take, and balances from a clock that ran ahead."""

from qbank_ledger.db.migrate import apply

revision = "0011_hardening"
down_revision = "0010_retry_after"


def upgrade() -> None:
    """Run up.sql, then check.sql, of the folder that carries the revision's name."""
    apply(revision)
