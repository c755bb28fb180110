"""The ledger, the rooms of the sync, their guards and their grants."""

from qbank_ledger.db.migrate import apply

revision = "0001_ledger"
down_revision = None


def upgrade() -> None:
    """Run up.sql, then check.sql, of the folder that carries the revision's name."""
    apply(revision)
