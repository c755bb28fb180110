"""Time, coverage, seals that name a row, release from quarantine, retention."""

from qbank_ledger.db.migrate import apply

revision = "0002_trust"
down_revision = "0001_ledger"


def upgrade() -> None:
    """Run up.sql, then check.sql, of the folder that carries the revision's name."""
    apply(revision)
