"""Sources of books as Airflow reaches them: what each says when it gives nothing, and none that ends the others."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.io import fs
from fsspec.implementations.memory import MemoryFileSystem
from sqlalchemy.engine import URL

from qbank_airflow.books import load_books
from qbank_airflow.query import rows_as_csv
from tests.words.books import GL_HEADER, Books, day
from tests.words.ledger import Ledger

PARAMS = dict.fromkeys(
    (
        "gl_file",
        "gl_profile",
        "gl_date",
        "gl_entity",
        "gl_currency",
        "items_file",
        "items_profile",
        "rates_file",
        "rates_profile",
    )
)


@pytest.fixture
def books(ledger_url: URL, tmp_path: Path, metadata: None, monkeypatch: pytest.MonkeyPatch) -> Books:
    books = Books(Ledger(ledger_url, tmp_path))
    books.account()
    monkeypatch.setenv("AIRFLOW_CONN_ERP", ledger_url.set(drivername="postgres").render_as_string(False))
    return books


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Object storage as a provider of Airflow's would give it, but in memory."""
    monkeypatch.setitem(fs._BUILTIN_SCHEME_TO_FS, "memory", lambda _conn_id, _options: MemoryFileSystem())
    fs._register_filesystems.cache_clear()
    yield
    MemoryFileSystem.store.clear()
    fs._register_filesystems.cache_clear()


def take(books: Books, monkeypatch: pytest.MonkeyPatch, *sources: str) -> dict[str, list[Any]]:
    """Load what these sources have, and a file beside them."""
    good = books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93\n")
    file = books.ledger.folder / "gl_sources.yaml"
    entries = "".join(f"  - {{{source}}}\n" for source in [*sources, f"name: good, files: {good}"])
    file.write_text(f"sources:\n{entries}")
    monkeypatch.setenv("QBANK_GL_SOURCES_FILE", str(file))
    return load_books(books.ledger.engine, PARAMS)


def test_a_folder_that_is_not_there_is_a_warning_and_what_matches_nothing_is_a_line(
    books: Books, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here = books.ledger.folder
    with caplog.at_level(logging.INFO, "qbank_airflow"):
        done = take(
            books,
            monkeypatch,
            f"name: gone, files: '{here}/tb of 2025/[a-z]*.csv'",
            f"name: empty, files: '{here}/x*.csv'",
            f"name: folders, files: '{here.parent}/{here.name}'",
            "name: bucket, files: 'memory://erp-out/tb/*.csv'",
        )
    assert (len(done["load_nos"]), done["unreachable"]) == (1, [])
    said = [
        (record.levelname, record.message)
        for record in caplog.records
        if record.name == "qbank_airflow.books"
    ]
    assert said == [
        ("WARNING", f"gl: source gone: there is no folder {here}/tb of 2025, so there is nothing to load"),
        ("INFO", f"gl: source empty: nothing matches {here}/x*.csv"),
        ("INFO", f"gl: source folders: nothing matches {here}"),
        ("INFO", "gl: source bucket: nothing matches memory://erp-out/tb/*.csv"),
    ]


@pytest.mark.usefixtures("books")
def test_a_moment_at_midnight_is_the_date_that_some_databases_mean_by_it() -> None:
    query = "SELECT TIMESTAMP '2025-10-31 00:00' AS day, TIMESTAMP '2025-10-31 00:01' AS moment"
    said = rows_as_csv("erp", query, ValueError)
    assert said == "day,moment\r\n2025-10-31,2025-10-31 00:01:00\r\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("connection: erp, sql: SELECT no_such_column", 'the query failed: column "no_such_column" does not exist'),
        ("connection: erp, sql: 'SELECT 0.1::float8 AS balance'",
         "the query's column balance is a float: cast it to numeric or text there"),
        ("connection: erp, sql: \"SELECT '110100'::bytea AS account\"",
         "the query's column account is bytes: cast it to text there"),
        ("connection: nobody, sql: SELECT 1", "the connection nobody can't be used: The conn_id `nobody` isn't defined"),
        ("files: 'nofs://erp-out/*.csv'", "it can't be reached (Unsupported filesystem: 'nofs'"),
    ],
)  # fmt: skip
def test_what_keeps_a_source_from_giving_anything_is_called_what_it_is(
    books: Books, monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    done = take(books, monkeypatch, f"name: odoo, {source}")
    assert len(done["load_nos"]) == 1, "the other source was read"
    [sentence] = done["unreachable"]
    assert sentence.startswith(f"source odoo: {said}")
    assert "\n" not in sentence


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What a storage says of the time of each file's last change, by the file's name."""
    times: dict[str, object] = {}
    listed = MemoryFileSystem.glob

    def glob(self: MemoryFileSystem, path: str, **options: Any) -> Any:
        found = listed(self, path, **options)
        return {name: {**info, "modified": times[name.rpartition("/")[2]]} for name, info in found.items()}

    monkeypatch.setattr(MemoryFileSystem, "glob", glob)
    files = MemoryFileSystem()
    for name, balance in (("a", "95"), ("b", "94")):
        files.pipe_file(f"/erp-out/{name}.csv", f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},{balance}\n".encode())
    return times


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("2025-10-31T22:00:00+00:00", "2025-10-31T23:30:00+01:00"),
        ("2025-10-31T22:00:00Z", "2025-10-31 22:30:00"),
        ("Thu, 09 Oct 2025 07:28:00 GMT", "Fri, 31 Oct 2025 07:28:00 GMT"),
        (1_761_000_000, 1_761_000_000.5),
        (
            datetime(2025, 10, 31, 22, tzinfo=UTC).replace(tzinfo=None),
            datetime(2025, 10, 31, 22, 1, tzinfo=UTC),
        ),
    ],
)
def test_the_newest_file_goes_on_top_however_its_storage_writes_the_time(
    books: Books, monkeypatch: pytest.MonkeyPatch, storage: dict[str, object], older: object, newer: object
) -> None:
    for first, last in (("a.csv", "b.csv"), ("b.csv", "a.csv")):
        storage.update({first: older, last: newer})
        done = take(books, monkeypatch, f"name: {first[0]}, files: 'memory://erp-out/*.csv'")
        names = books.rows(
            "SELECT name FROM recon.source_file WHERE source = :s ORDER BY seen_at", s=first[0]
        )
        assert [name.rpartition("/")[2] for (name,) in names] == [first, last], done


def test_a_file_that_somebody_read_is_not_another(
    books: Books, monkeypatch: pytest.MonkeyPatch, storage: dict[str, object]
) -> None:
    """As sshfs tells: reading it ourselves changes the time of its last reading."""
    listed, read_at = MemoryFileSystem.glob, iter(range(9))

    def glob(self: MemoryFileSystem, path: str, **options: Any) -> Any:
        now = next(read_at)
        return {
            name: {**info, "time": now, "atime": now, "last_accessed_on": now}
            for name, info in listed(self, path, **options).items()
        }

    monkeypatch.setattr(MemoryFileSystem, "glob", glob)
    for changed_at, times in ((1, 1), (1, 1), (3, 2)):
        storage.update({"a.csv": changed_at, "b.csv": 2})
        take(books, monkeypatch, "name: erp, files: 'memory://erp-out/*.csv'")
        count = "SELECT count(*) FROM recon.source_file WHERE source = 'erp' AND name LIKE '%a.csv'"
        assert books.value(count) == times


def test_a_time_that_is_none_is_a_sentence_and_the_other_sources_are_loaded(
    books: Books, monkeypatch: pytest.MonkeyPatch, storage: dict[str, object]
) -> None:
    storage.update({"a.csv": "yesterday", "b.csv": "2025-10-31T22:00:00+00:00"})
    done = take(books, monkeypatch, "name: odd, files: 'memory://erp-out/*.csv'")
    assert len(done["load_nos"]) == 1
    assert books.value("SELECT source FROM recon.file_load") == "good"
    [sentence] = done["unreachable"]
    assert sentence.startswith("source odd: its storage gives an invalid time for a file (")
    assert sentence.endswith('"yesterday"): it is not clear which file is the newest, so none was loaded')
