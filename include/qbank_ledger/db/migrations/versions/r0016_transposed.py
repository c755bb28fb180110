"""Transposed digits: the zero before the point counts, as it is written."""

from qbank_ledger.db.migrate import apply

revision = "0016_transposed"
down_revision = "0015_first_host"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0016_transposed")
