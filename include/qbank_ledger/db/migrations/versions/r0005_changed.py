"""What is to be compared again: the dates whose inputs changed, noted by whoever changes them."""

from qbank_ledger.db.migrate import apply

revision = "0005_changed"
down_revision = "0004_sign_off"


def upgrade() -> None:
    """Run up.sql, then check.sql, of the folder that carries the revision's name."""
    apply(revision)
