"""The general ledger's balances and items, and what comparing them with the bank found."""

from qbank_ledger.db.migrate import apply

revision = "0003_recon"
down_revision = "0002_trust"


def upgrade() -> None:
    """Run up.sql, then check.sql, of the folder that carries the revision's name."""
    apply(revision)
