"""Views for analysts: wide, with names, of the active accounts or of all."""

from qbank_ledger.db.migrate import apply

revision = "0002_reporting"
down_revision = "0001_baseline_2"


def upgrade() -> None:
    """Run the files, then check.sql, of the revision's folder."""
    apply("0002_reporting", "closing", "reporting_all", "reporting", "grants")
