"""Lists of outstanding items: the date and scope of each, so that they may come in any order."""

from qbank_ledger.db.migrate import apply

revision = "0017_item_lists"
down_revision = "0016_transposed"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0017_item_lists")
