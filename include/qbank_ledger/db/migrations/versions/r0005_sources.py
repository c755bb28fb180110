"""What was found in the sources of books, so that each file is read once, and a refused one named once."""

from qbank_ledger.db.migrate import apply

revision = "0005_sources"
down_revision = "0004_books"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0005_sources")
