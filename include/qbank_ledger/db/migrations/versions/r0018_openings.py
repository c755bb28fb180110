"""Movements: an opening balance is in the row's currency."""

from qbank_ledger.db.migrate import apply

revision = "0018_openings"
down_revision = "0017_item_lists"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0018_openings")
