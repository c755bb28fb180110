"""What went wrong and when, and whom it was told: so that an alert is sent once, whoever watches."""

from qbank_ledger.db.migrate import apply

revision = "0008_watch"
down_revision = "0007_items"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0008_watch")
