"""Which file a figure of the books came from, how it was read, and on which line it stands."""

from qbank_ledger.db.migrate import apply

revision = "0004_books"
down_revision = "0003_reporting"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0004_books")
