"""Answers that are exactly another account's are written down."""

from qbank_ledger.db.migrate import apply

revision = "0009_lookalike"
down_revision = "0008_amounts_and_dates"


def upgrade() -> None:
    """Run up.sql, then check.sql, of the folder that carries the revision's name."""
    apply(revision)
