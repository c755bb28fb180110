"""The closing of a day, with the grace in which a run on the full hour sees the end of the day before."""

from qbank_ledger.db.migrate import apply

revision = "0002_closing"
down_revision = "0001_baseline_2"


def upgrade() -> None:
    """Run the files, then check.sql, of the revision's folder."""
    apply("0002_closing", "closing", "closing_views", "closing_changed")
