"""Groups: a member that has left counts no more where the others were compared again."""

from qbank_ledger.db.migrate import apply

revision = "0019_left_behind"
down_revision = "0018_openings"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0019_left_behind")
