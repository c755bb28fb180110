"""Open items: by whom they are looked into, or by nobody any more; found by their account."""

from qbank_ledger.db.migrate import apply

revision = "0012_open_items"
down_revision = "0011_audit"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0012_open_items")
