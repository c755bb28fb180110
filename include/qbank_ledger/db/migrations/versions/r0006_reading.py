"""Reading that stays quick: indexes that hold an hour together, coverage in one pass."""

from qbank_ledger.db.migrate import apply

revision = "0006_reading"
down_revision = "0005_changed"


def upgrade() -> None:
    """Run up.sql, then check.sql, of the folder that carries the revision's name."""
    apply(revision)
