"""Sign-off of reconciliations: prepared by one, approved by another, taken back by a restatement."""

from qbank_ledger.db.migrate import apply

revision = "0004_sign_off"
down_revision = "0003_recon"


def upgrade() -> None:
    """Run up.sql, then check.sql, of the folder that carries the revision's name."""
    apply(revision)
