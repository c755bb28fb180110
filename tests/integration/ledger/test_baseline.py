"""The baseline has all that the twelve revisions before it made; where it differs, it is meant to."""

from qbank_ledger.db.migrate import migrate

from .bare_server import Server, database
from .before_baseline import REVISIONS, migrate_to

# What was a grant to each of five roles is one to qbank_analyst, which the others are as well.
INHERITED = {f"qbank_{name} {right} f" for name in ("loader", "operator", "preparer", "approver") for right in (
    "SELECT", "USAGE", "EXECUTE")}  # fmt: skip


def test_nothing_of_the_twelve_revisions_is_lost(bare_server: Server) -> None:
    """Relations, columns in their order, constraints, indexes, triggers, functions, grants: by their names."""
    migrate_to(REVISIONS[-1], database(bare_server, "old"))
    migrate(database(bare_server, "new"))
    old, new = (
        {
            # A column is its place and name, a grant what it says; of anything else what it says may differ.
            (kind, name, *([str(says).partition(" | ")[0]] if kind in ("column", "grant") else []))
            for kind, name, says in bare_server.catalogue(database)
        }
        for database in ("old", "new")
    )
    lost = {thing for thing in old - new if not (thing[0] == "grant" and thing[2] in INHERITED)}
    assert lost == set()
