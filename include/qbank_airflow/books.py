"""What there is in the sources of books: files, of object storage or the worker's, or a query's answer."""

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from airflow.sdk import ObjectStoragePath
from sqlalchemy import Engine

from qbank_airflow import lineage
from qbank_airflow.query import rows_as_csv
from qbank_airflow.storage import at_if_given, given_file, object_storage
from qbank_ledger.config import gl_sources_place
from qbank_ledger.errors import GLFileError, GLFileUnreachableError, UnmatchedEntityError, in_one_line
from qbank_ledger.files.source import TextSource
from qbank_ledger.recon.gl_file import Kind
from qbank_ledger.recon.load import load_file
from qbank_ledger.recon.match import require_matched
from qbank_ledger.recon.profile import BookSource, Given
from qbank_ledger.recon.profile_file import PLAIN, GLSources, read_gl_sources
from qbank_ledger.recon.sources import Found, load_new

log = logging.getLogger(__name__)

_GLOB = re.compile(r"[*?\[]")
_RELATIONS: Mapping[Kind, str] = {
    "gl": "recon.gl_balance",
    "items": "recon.item",
    "rates": "ledger.fx_rate",
}
# What storages call the time of a file's last change.
_CHANGED = ("mtime", "LastModified", "last_modified", "updated", "modified")
# What they call the time of its last reading: sshfs, Azure's.
_READ = frozenset({"time", "atime", "last_accessed_on"})


def load_books(engine: Engine, params: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Load what is new in the sources, then the files that a run's params name, each whole or not at all.

    Gives ``load_nos``, and what is ``unreachable``, a sentence each. Raises GLFileError for a named file, and
    says with it what task match would have said of the loads before it. Reports what was written as lineage.
    """
    books = read_gl_sources(at_if_given(gl_sources_place()))
    gl_profile = books.profile(params["gl_profile"] or PLAIN, "gl")
    items_profile = books.profile(params["items_profile"] or PLAIN, "items")
    rates_profile = books.profile(params["rates_profile"] or PLAIN, "rates")
    given = Given(params["gl_date"], params["gl_entity"], params["gl_currency"])
    # What the run gives is about its balances: a list of items or rates may be of any date.
    named = [
        (params["gl_file"], gl_profile, given),
        (params["items_file"], items_profile, items_profile.taken(given)),
        (params["rates_file"], rates_profile, rates_profile.taken(given)),
    ]
    load_nos: list[int] = []
    unreachable: list[str] = []
    written: set[Kind] = set()
    try:
        _load_sources(engine, books, load_nos, unreachable, written)
        for path, profile, taken in named:
            if path:
                load = load_file(engine, given_file(path), profile.kind, profile, given=taken)
                load_nos.append(load.load_no)
                written |= {profile.kind} if load.is_new else set()
    except GLFileError as refused:
        try:
            require_matched(engine, load_nos)  # the task that does it is not run
        except UnmatchedEntityError as unmatched:
            raise type(refused)(f"{refused}\n{unmatched}") from None
        raise
    finally:
        lineage.report(engine.url, writes=[_RELATIONS[kind] for kind in sorted(written)])
    return {"load_nos": load_nos, "unreachable": unreachable}


def _load_sources(
    engine: Engine, books: GLSources, load_nos: list[int], unreachable: list[str], written: set[Kind]
) -> None:
    """Load what is new in each source; what can't be reached is a sentence each."""
    for source in books.sources:
        profile = books.profile(source.profile)
        try:
            found = _answer(source) if source.sql else _files(source)
        except GLFileUnreachableError as error:
            unreachable.append(str(error))
            continue
        new, lost = load_new(engine, source.name, profile, found)
        load_nos += new
        unreachable += lost
        written |= {profile.kind} if new else set()


def _answer(source: BookSource) -> list[Found]:
    name = f"a query by {source.connection}"
    text = rows_as_csv(source.connection or "", source.sql or "", lambda why: _lost(source, why))
    state = hashlib.sha256(text.encode()).hexdigest()
    return [Found(TextSource(name, text, ".csv"), name, state)]


def _files(source: BookSource) -> list[Found]:
    """The files that match, the oldest first."""
    pattern = source.files or ""
    url = pattern if "://" in pattern else f"file://{Path(pattern).absolute()}"
    try:
        place = object_storage(url)
        place.fs.invalidate_cache()
        listed = place.fs.glob(place.path, detail=True)
    except Exception as error:  # noqa: BLE001 - whatever a storage's library raises
        raise _lost(source, f"it can't be reached ({in_one_line(error)})") from None
    files = {name: info for name, info in listed.items() if info.get("type", "file") == "file"}
    if not files:
        _say_nothing_matches(source, place)
    try:
        oldest_first = sorted(files, key=lambda name: (_changed(files[name]), name))
    except (ArithmeticError, TypeError, ValueError) as error:
        what = f"its storage gives an invalid time for a file ({in_one_line(error)})"
        raise _lost(source, f"{what}: it is not clear which file is the newest, so none was loaded") from None
    return [_found(_beside(place, name), files[name]) for name in oldest_first]


def _say_nothing_matches(source: BookSource, place: ObjectStoragePath) -> None:
    """That a folder of the worker's is not there is likely a mistake; object storage has no folders."""
    folder = Path(_GLOB.split(place.path, maxsplit=1)[0].rpartition("/")[0] or "/")
    if place.protocol == "file" and not folder.is_dir():
        log.warning("gl: source %s: there is no folder %s, so there is nothing to load", source.name, folder)
    else:
        log.info("gl: source %s: nothing matches %s", source.name, source.files)


def _found(path: Any, info: Mapping[str, Any]) -> Found:
    # Reading it changes the time at which it was read, and nothing of what it is.
    state = {key: said for key, said in info.items() if key not in _READ}
    return Found(path, str(path), json.dumps(state, sort_keys=True, default=str))


def _beside(place: Any, name: str) -> Any:
    return ObjectStoragePath(f"{place.protocol}://{name}", conn_id=place.conn_id)


def _changed(info: Mapping[str, Any]) -> float:
    """When a file was last changed, in seconds (UTC); 0 where its storage does not say.

    A text is as in ISO 8601 or in HTTP's headers. Raises ValueError for another, such as "yesterday".
    """
    said = next((info[key] for key in _CHANGED if info.get(key) is not None), 0)
    if isinstance(said, str):
        said = datetime.fromisoformat(said) if said[:1].isdigit() else parsedate_to_datetime(said)
    if isinstance(said, datetime):
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()
    return float(said)


def _lost(source: BookSource, why: str) -> GLFileUnreachableError:
    return GLFileUnreachableError(f"source {source.name}: {why}")
