"""An open item that somebody was to look into may be nobody's again."""

from qbank_ledger.db.migrate import apply

revision = "0012_unassign"
down_revision = "0011_audit"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0012_unassign")
