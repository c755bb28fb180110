"""The baseline: what is kept of balances, what runs do, what reconciliation finds, and who may do what."""

from qbank_ledger.db.migrate import apply

# Until the first release a change of the baseline makes it another revision, to which a ledger of the one
# before is carried over (migrate.py).
revision = "0001_baseline_2"
down_revision = None

# In the order in which one needs the other.
FILES = (
    "ledger",
    "ledger_guards",
    "ledger_seals",
    "ledger_views",
    "ledger_operator",
    "sync",
    "sync_views",
    "recon",
    "recon_views",
    "recon_sign_off",
    "recon_changed",
    "partitions",
    "grants",
)


def upgrade() -> None:
    """Run the files, then check.sql, of the baseline's folder."""
    apply("0001_baseline", *FILES)
