"""What two columns of outstanding items hold where a profile reads them."""

from qbank_ledger.db.migrate import apply

revision = "0007_items"
down_revision = "0006_desk"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0007_items")
