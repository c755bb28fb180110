"""Books that come by themselves: what is new in a source is loaded once, whatever becomes of the rest."""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from qbank_ledger.db.transaction import in_transaction
from qbank_ledger.errors import BooksRefusedError, GLFileError, GLFileUnreachableError
from qbank_ledger.files.source import AnySource
from qbank_ledger.recon.load import load_file
from qbank_ledger.recon.profile import Profile
from qbank_ledger.recon.sql import execute

log = logging.getLogger(__name__)

_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Found:
    """Something in a source: where to read it, what it is called, and what tells its state from another."""

    path: AnySource
    name: str
    state: str


def load_new(
    engine: Engine, source: str, profile: Profile, found: Iterable[Found]
) -> tuple[list[int], list[str]]:
    """Load what was not read before, in the order given; gives the loads, and what could not be reached.

    A file that is refused is kept as such (recon.source_file), for :func:`require_books` to name, and is read
    again when it, or its profile, has changed. One that can't be reached is tried again by the next run.
    """
    loads: list[int] = []
    unreachable: list[str] = []
    versions = [
        (each, hashlib.sha256(f"{profile.digest}\n{each.state}".encode()).hexdigest()) for each in found
    ]
    known = _read_before(engine, source, [version for _, version in versions])
    for each, version in versions:
        if (each.name, version) in known:
            continue
        key = {"source": source, "file_name": each.name, "version": version}
        try:
            load = load_file(engine, each.path, profile.kind, profile, source=source)
        except GLFileUnreachableError as error:
            unreachable.append(f"source {source}: {error}")
            continue
        except GLFileError as error:
            log.warning("gl: source %s: %s", source, error)
            _keep(engine, key, refused=str(error))
            continue
        _keep(engine, key, load_no=load.load_no)
        loads += [load.load_no] if load.is_new else []
    return loads, unreachable


def require_books(engine: Engine, unreachable: Sequence[str]) -> None:
    """Raise BooksRefusedError with what was refused since it was last asked, and what was out of reach."""

    def named(connection: Connection) -> list[str]:
        return [f"source {row.source}: {row.refused}" for row in execute(connection, "name_refused")]

    problems = [*in_transaction(engine, named), *unreachable]
    if problems:
        more = f"\n… and {len(problems) - _MOST_NAMED} more" if len(problems) > _MOST_NAMED else ""
        raise BooksRefusedError("\n".join(problems[:_MOST_NAMED]) + more)


def _read_before(engine: Engine, source: str, versions: list[str]) -> set[tuple[str, str]]:
    def rows(connection: Connection) -> set[tuple[str, str]]:
        return {tuple(row) for row in execute(connection, "read_before", source=source, versions=versions)}

    return in_transaction(engine, rows)


def _keep(
    engine: Engine, key: dict[str, str], *, load_no: int | None = None, refused: str | None = None
) -> None:
    in_transaction(
        engine,
        lambda connection: execute(connection, "keep_source_file", **key, load_no=load_no, refused=refused),
    )
