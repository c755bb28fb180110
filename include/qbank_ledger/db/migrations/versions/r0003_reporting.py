"""Views for analysts: wide, with names, of the active accounts or of all."""

from qbank_ledger.db.migrate import apply

revision = "0003_reporting"
down_revision = "0002_closing"


def upgrade() -> None:
    """Run the files, then check.sql, of the revision's folder."""
    apply("0003_reporting", "reporting_all", "reporting", "grants")
