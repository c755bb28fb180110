"""The rows of a load beside the accounts: which of them match none, and which account is likely meant."""

import logging
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from qbank_ledger.db.transaction import transaction
from qbank_ledger.errors import UnmatchedEntityError
from qbank_ledger.recon.sql import execute

log = logging.getLogger(__name__)

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class GLAccount:
    """A general-ledger account: what an account mirrors, and what a row of the ERP is about."""

    entity: str
    gl_account: str
    currency: str

    def __str__(self) -> str:
        return f"{self.entity} / {self.gl_account} / {self.currency}"


class GLAccounts:
    """The GL accounts that accounts mirror, to be asked for the one that a row likely means."""

    def __init__(self, mirrored: Iterable[GLAccount]) -> None:
        self._entities: set[str] = set()
        self._by_number: dict[str, list[GLAccount]] = {}
        for one in mirrored:
            self._entities.add(_short(one.entity))
            self._by_number.setdefault(_short(one.gl_account), []).append(one)

    def likely(self, row: GLAccount) -> GLAccount | None:
        """The one that differs from the row's only as programs and people write the same; None without one.

        Such as ``110100.0`` and ``0000110100`` for ``110100``, ``90`` for ``090``, another currency, or,
        where nobody has the row's entity, another entity.
        """
        entity = _short(row.entity)
        numbers = [_short(row.gl_account), *map(_short, row.gl_account.split(maxsplit=1)[:1])]
        fitting = [
            one
            for number in filter(None, numbers)
            for one in self._by_number.get(number, ())
            if entity not in self._entities or _short(one.entity) == entity
        ]
        return max(
            fitting, key=lambda one: (one.entity == row.entity, one.currency == row.currency), default=None
        )


def log_unused(connection: Connection, load_no: int) -> None:
    """Say which rows of a load match no account, or are dated before their account's time."""
    counted = execute(connection, "count_matches", load_nos=[load_no]).all()
    rows, unmatched = sum(entity.rows for entity in counted), sum(entity.unmatched for entity in counted)
    if unmatched:
        named = _named(connection, load_no)
        log.warning("gl: load %s: %s of %s rows match no account: %s", load_no, unmatched, rows, named)
    early = execute(connection, "early_rows", load_no=load_no, most=_MOST_NAMED).all()
    if early:
        named = "; ".join(
            f"line {row.line_no} ({_of(row)}: {row.as_of_date}, begins {row.begins_on})" for row in early
        )
        log.warning(
            "gl: load %s: %s of %s rows are dated before their account begins and are not compared: %s",
            load_no,
            early[0].rows,
            rows,
            named,
        )


def require_matched(engine: Engine, load_nos: Sequence[int]) -> None:
    """Raise UnmatchedEntityError where none of an entity's rows in one of these loads matches an account."""
    if not load_nos:
        return
    with transaction(engine) as connection:
        counted = execute(connection, "count_matches", load_nos=list(load_nos)).all()
        said = [
            f"None of the {entity.rows} row(s) of entity {entity.entity} in load {entity.load_no} matches an "
            f"account: {_named(connection, entity.load_no, entity.entity)}."
            for entity in counted
            if entity.unmatched == entity.rows
        ]
    if said:
        raise UnmatchedEntityError(
            f"{' '.join(said[:_MOST_NAMED])} Correct the ERP's file or the accounts file, and run again."
        )


def _named(connection: Connection, load_no: int, entity: str | None = None) -> str:
    """The first rows that match nothing, each with the GL account that it likely means."""
    rows = execute(connection, "unmatched_rows", load_no=load_no, entity=entity, most=_MOST_NAMED).all()
    mirrored = GLAccounts(_of(row) for row in execute(connection, "mirrored"))
    said = []
    for row in rows:
        likely = mirrored.likely(_of(row))
        said.append(f"line {row.line_no} ({_of(row)}{f', likely {likely}' if likely else ''})")
    return "; ".join(said)


def _of(row: Any) -> GLAccount:
    return GLAccount(row.entity, row.gl_account, row.currency)


def _short(code: str) -> str:
    """A code without what differs by the hand that wrote it: case, marks, zeros before and after."""
    plain = re.sub(r"[.,]0+$", "", unicodedata.normalize("NFKC", code).casefold())
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", re.sub(r"[\W_]+", "", plain))
