"""The first host is accepted by a function, which the loader may call and not write around."""

from qbank_ledger.db.migrate import apply

revision = "0015_first_host"
down_revision = "0014_was_active"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0015_first_host")
