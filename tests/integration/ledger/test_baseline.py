"""The baseline is what the twelve revisions before it made: proven on a database of each kind."""

from qbank_ledger.db.migrate import migrate

from .bare_server import Server, database
from .before_baseline import REVISIONS, migrate_to

# Of a database that has no rows yet, NOT VALID says nothing: the baseline leaves it out.
NOT_VALID = {
    "recon.gl_balance balance_has_its_currencys_decimals",
    "recon.item amount_has_its_currencys_decimals",
    "sync.release release_reason_check",
}


def _without_not_valid(catalogue: set[tuple[object, ...]]) -> set[tuple[object, ...]]:
    return {
        (kind, name, str(says).replace(" NOT VALID | f | f", " | f | t") if name in NOT_VALID else says)
        for kind, name, says in catalogue
    }


def test_the_baseline_makes_what_the_twelve_revisions_made(bare_server: Server) -> None:
    migrate_to(REVISIONS[-1], database(bare_server, "old"))
    migrate(database(bare_server, "new"))
    old, new = (_without_not_valid(bare_server.catalogue(name)) for name in ("old", "new"))
    assert len(old) > 1500
    assert (sorted(old - new, key=str), sorted(new - old, key=str)) == ([], [])
