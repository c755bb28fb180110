"""Exchange rates, as files gave them, each with its date, file and line."""

from qbank_ledger.db.migrate import apply

revision = "0009_rates"
down_revision = "0008_watch"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0009_rates")
