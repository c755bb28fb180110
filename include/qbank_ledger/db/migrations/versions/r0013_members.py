"""Members: a date's GL balance is mirrored by who was active then, and what is signed is of its accounts."""

from qbank_ledger.db.migrate import apply

revision = "0013_members"
down_revision = "0012_open_items"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0013_members")
