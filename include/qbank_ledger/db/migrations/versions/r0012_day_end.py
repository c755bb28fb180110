"""When an account's day ends, said once."""

from qbank_ledger.db.migrate import apply

revision = "0012_day_end"
down_revision = "0011_hardening"


def upgrade() -> None:
    """Run up.sql, then check.sql, of the folder that carries the revision's name."""
    apply(revision)
