"""What an audit of one pass needs."""

from qbank_ledger.db.migrate import apply

revision = "0011_audit"
down_revision = "0010_connection"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0011_audit")
