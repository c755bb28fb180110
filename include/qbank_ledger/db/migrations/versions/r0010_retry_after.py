"""An account that the bank asked to wait for longer than there was says so."""

from qbank_ledger.db.migrate import apply

revision = "0010_retry_after"
down_revision = "0009_lookalike"


def upgrade() -> None:
    """Run up.sql, then check.sql, of the folder that carries the revision's name."""
    apply(revision)
