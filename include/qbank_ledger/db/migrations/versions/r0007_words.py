"""Active, and how old, each in one place; the era of a time is sealed; a release says why."""

from qbank_ledger.db.migrate import apply

revision = "0007_words"
down_revision = "0006_reading"


def upgrade() -> None:
    """Run up.sql, then check.sql, of the folder that carries the revision's name."""
    apply(revision)
