"""By which QBank connection each batch of a run is asked for."""

from qbank_ledger.db.migrate import apply

revision = "0010_connection"
down_revision = "0009_rates"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0010_connection")
