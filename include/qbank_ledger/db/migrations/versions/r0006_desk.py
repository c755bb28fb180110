"""Acting through the page: whose name, which person, with which rights; and notes on open breaks."""

from qbank_ledger.db.migrate import apply

revision = "0006_desk"
down_revision = "0005_sources"


def upgrade() -> None:
    """Run the files, then check.sql, of the revision's folder."""
    apply(
        "0006_desk",
        "signatory",
        "acting",
        "sign_off",
        "release",
        "books",
        "break_note",
        "used_form",
        "grants",
    )
