"""Runs: where their numbers have jumped, the next block begins at the next run."""

from qbank_ledger.db.migrate import apply

revision = "0020_run_gap"
down_revision = "0019_left_behind"


def upgrade() -> None:
    """Run the revision's folder."""
    apply("0020_run_gap")
