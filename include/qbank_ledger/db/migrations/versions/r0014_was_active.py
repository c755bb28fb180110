"""Active as a date ended: the rule that five queries follow is a function of the schema."""

from qbank_ledger.db.migrate import apply

revision = "0014_was_active"
down_revision = "0013_members"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0014_was_active")
