"""No more decimals than the currency has; a row keeps its line; a date outside its time changes no age."""

from qbank_ledger.db.migrate import apply

revision = "0008_amounts_and_dates"
down_revision = "0007_words"


def upgrade() -> None:
    """Run up.sql, then check.sql, of the folder that carries the revision's name."""
    apply(revision)
