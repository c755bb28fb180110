"""Verify: recompute the chain of seals over every row of the ledger, and name what does not fit.

What a seal proves and what not: docs/adr/0013-what-a-seal-proves.md. Reads one state of the ledger
throughout, while runs go on publishing.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from qbank_ledger.db.migrate import require_newest
from qbank_ledger.db.transaction import snapshot
from qbank_ledger.errors import LedgerAlteredError
from qbank_ledger.seals.sql import execute

log = logging.getLogger(__name__)

# Rows that one statement looks at: bounds its sort, and the time until the first finding.
_CHUNK_ROWS = 250_000
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


def verify(engine: Engine) -> str:
    """Recompute every seal; says in a sentence what was verified.

    Raises LedgerAlteredError, naming the first row or seal that was altered, removed or added behind
    the ledger's back.
    """
    with snapshot(engine) as connection:
        require_newest(connection)
        connection.execute(text("SET LOCAL work_mem = '128MB'"))
        _check_chain(connection)
        seals = execute(connection, "list_seals").all()
        for first, last in _ranges(seals):
            _check_rows(connection, first, last)
            _check_versions(connection, first, last)
    if not seals:
        return "The ledger is intact: it has no balance and no seal yet."
    newest = seals[-1]
    return (
        f"The ledger is intact: {len(seals)} seals cover its {sum(seal.row_count for seal in seals)} rows. "
        f"The newest is seal {newest.seal_no} of {_utc(newest.sealed_at)}, {newest.sha256}: "
        "keep a copy of this line elsewhere to prove later that no seal was removed from the end."
    )


def _ranges(seals: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """Ranges of seal numbers that leave none out, also where no seal is, of a bounded number of rows."""
    first, rows = _LOWEST, 0
    for seal in seals:
        rows += seal.row_count
        if rows >= _CHUNK_ROWS:
            yield first, seal.seal_no
            first, rows = seal.seal_no + 1, 0
    yield first, _HIGHEST


def _check_chain(connection: Connection) -> None:
    bad = execute(connection, "check_chain").one_or_none()
    if bad is None:
        return
    if bad.altered:
        raise LedgerAlteredError(f"Seal {bad.seal_no} was altered: its fields do not match its own hash.")
    before = f"seal {bad.before_no}" if bad.before_no is not None else "nothing"
    raise LedgerAlteredError(
        f"A seal before seal {bad.seal_no} was removed or added: {before} now comes before it, but seal "
        f"{bad.seal_no} was made to follow another."
    )


def _check_rows(connection: Connection, first: int, last: int) -> None:
    bad = execute(connection, "check_rows", first=first, last=last).one_or_none()
    if bad is None:
        return
    if bad.sealed is None:
        row = execute(connection, "name_unsealed", seal_no=bad.seal_no).one()
        raise LedgerAlteredError(
            f"{_balance(row)} was added, or its seal was removed: there is no seal with its number, "
            f"{bad.seal_no}."
        )
    if bad.found is None:
        raise LedgerAlteredError(f"All {bad.sealed} rows of seal {bad.seal_no} were removed.")
    row = execute(connection, "name_row", seal_no=bad.seal_no).one_or_none()
    if row is None:
        raise LedgerAlteredError(
            f"A row of seal {bad.seal_no} was altered, removed or added: it sealed {bad.sealed} rows, and "
            f"the {bad.found} rows found have a different hash."
        )
    if row.account_id is None:
        raise LedgerAlteredError(
            f"A balance was removed: row {row.place} of the {bad.sealed} rows of seal {bad.seal_no}, in "
            "order of account."
        )
    raise LedgerAlteredError(f"{_balance(row)} was {row.what}: it is not as seal {bad.seal_no} sealed it.")


def _check_versions(connection: Connection, first: int, last: int) -> None:
    bad = execute(connection, "check_versions", first=first, last=last).one_or_none()
    if bad is not None:
        raise LedgerAlteredError(
            f"{_balance(bad)} was removed, or one of its times was altered: its version {bad.revision} was "
            "superseded, but no version began at that moment."
        )


def _balance(row: Any) -> str:
    return f"The balance of account {row.account_id} in the hour {_utc(row.as_of_hour)}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S UTC}"
