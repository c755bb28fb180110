"""How a pack is made: of one state, whole or not at all, by who may read, and of what month."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from qbank_ledger.config import LEDGER_CONNECTION
from qbank_ledger.errors import CloseError
from qbank_ledger.month_end import pack, page
from qbank_ledger.month_end.pack import close_month
from qbank_ledger.month_end.reading import Rows
from qbank_ledger.month_end.sheets import Sheet
from tests.conftest import REPOSITORY
from tests.words.books import Books, day
from tests.words.ledger import Ledger, Reply, failed

from .conftest import END, Made
from .test_pack import Close, Sign


def approved(books: Books, sign: Sign) -> None:
    """A month in which one account is matched and approved on every date, and no hour is missing."""
    books.account()
    for number in range(1, 32):
        books.bank(day(number), "100")
    books.gl(*((day(number), "100") for number in range(1, 32)))
    books.reconcile()
    for number in range(1, 32):
        sign("jane", "prepare", day(number))
        sign("joe", "approve", day(number))


def test_a_month_that_lacks_nothing_is_ready(books: Books, close: Close, sign: Sign) -> None:
    approved(books, sign)
    books.rows(
        "INSERT INTO ledger.balance SELECT 'x', h, 100, 100, 'EUR', h, 1, 1, 1, h"
        "  FROM generate_series(timestamptz '2024-10-01', '2024-10-31 23:00', interval '1 hour') AS h"
        " WHERE extract(hour FROM h) <> 12"
    )
    books.rows("INSERT INTO ledger.account_period VALUES ('x', '2024-10-01')")
    made = close()
    assert made.pack.not_ready == ()
    assert str(made.pack).endswith("\nReady.")
    assert "Nothing is open or missing." in made.summary
    assert "no item is open, no hour is missing" in made.page.text
    assert {row["State"] for row in made.rows("Coverage")} == {"complete"}
    assert len(made.rows("Coverage")) == 744


def test_a_month_that_has_not_ended_is_marked_provisional_and_shows_what_is_there(ledger: Ledger) -> None:
    ledger.accounts(
        "a", "b", "c", closing_grace_minutes="0"
    )  # in the first minutes of a month it is the last one's
    run_no = ledger.quick_run(lambda id_: failed("b") if id_ == "b" else Reply(account_id=id_))
    month = f"{datetime.now(UTC):%Y-%m}"
    made = Made(close_month(ledger.engine, month, ledger.folder / "close"))
    assert made.pack.provisional
    assert (
        made.pack.not_ready[0]
        == f"{month} has not ended: make the pack again after the month's last cut-off."
    )
    assert "PROVISIONAL: the month has not ended" in made.summary
    assert "PROVISIONAL: the month has not ended" in made.page.text
    assert all("PROVISIONAL" in page.oddHeader.center.text for page in made.book)
    assert {row["Account"]: row["Bank closing"] for row in made.rows("Balances")} == {
        "a": 120.5, "b": None, "c": 120.5,
    }  # fmt: skip
    assert "Missing balances: 1 of 3 account-hours (http_404: 1)." in made.pack.not_ready
    assert [(row["Account"], row["Reason"], row["Hours"]) for row in made.rows("Missing hours")] == [
        ("b", "http_404", 1)
    ]
    seal = ledger.rows("SELECT * FROM ledger.seal")[0]
    (shown,) = made.rows("Seals")
    assert (shown["Seal"], shown["Run"], shown["Rows"], shown["SHA-256"]) == (
        seal.seal_no,
        run_no,
        2,
        seal.sha256,
    )
    assert (shown["Currency"], shown["Available, total"], shown["Ledger, total"]) == ("EUR", 200, 241)
    assert [row["Seal"] for row in made.table("Seals: 1 of the month's publishes, 2 rows")] == [
        "First of the month", "Newest",
    ]  # fmt: skip
    assert seal.sha256 in made.page.text


def test_the_seals_are_those_of_the_months_publishes(books: Books, close: Close) -> None:
    books.account()
    books.bank(END, "100")
    moments = ("2024-09-30 23:59:59", "2024-10-01 00:00:00", "2024-10-31 23:59:59", "2024-11-01 00:00:00")
    for number, at in enumerate(moments, 1):
        books.rows(
            "INSERT INTO sync.run (dag_run_id, api_host, deadline_at, dry_run, subset, expected)"
            " VALUES ('d', 'bank', now(), false, false, 1)"
        )
        books.rows(
            "INSERT INTO ledger.seal (seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256, sha256,"
            " sealed_at, form) VALUES (:n, :n, :n, jsonb_build_object('EUR', jsonb_build_object('available', '1', 'ledger',"
            " '12345678901234567.89')), repeat('a', 64), (SELECT max(sha256) FROM ledger.seal), repeat(:digit, 64), :at, 2)",
            n=number, digit=str(number), at=f"{at}+00",
        )  # fmt: skip
    made = close()
    assert [(row["Seal"], row["Ledger, total"]) for row in made.rows("Seals")] == [
        (2, "12345678901234567.89"), (3, "12345678901234567.89"),
    ]  # fmt: skip
    shown = made.table("Seals: 2 of the month's publishes, 5 rows")
    assert [(row["Seal"], row["Number"], row["SHA-256"]) for row in shown] == [
        ("First of the month", 2, "2" * 64), ("Last of the month", 3, "3" * 64), ("Newest", 4, "4" * 64),
    ]  # fmt: skip


def test_an_account_whose_first_day_was_over_when_it_began_is_in_the_months_pack_all_the_same(
    ledger: Ledger,
) -> None:
    now = datetime.now(UTC)
    # Where its clock is past 00:01, and its date is that of UTC.
    ledger.accounts("a", cut_off="'00:01'", time_zone="UTC" if now.hour >= 12 else "Etc/GMT-1")
    ledger.quick_run()
    made = Made(close_month(ledger.engine, f"{now:%Y-%m}", ledger.folder / "close"))
    (row,) = made.rows("Balances")
    assert (row["Account"], row["Bank closing"], row["Status"]) == ("a", None, "not compared")
    assert made.rows("Dates")[-1]["Not compared"] == 1


@pytest.mark.parametrize(
    ("month", "said"),
    [
        ("2024-13", "'2024-13' is not a month: write the year and month, such as 2026-10."),
        ("2031-01", "2031-01 has not begun (UTC): close it when it is over."),
        ("2023-05", "The ledger has no balance and no reconciliation of 2023-05: there is nothing to close."),
    ],
)
def test_a_month_that_cant_be_closed_is_refused_in_a_sentence_and_nothing_is_written(
    books: Books, tmp_path: Path, month: str, said: str
) -> None:
    books.account()
    books.bank(END, "100")
    with pytest.raises(CloseError) as caught:
        close_month(books.ledger.engine, month, tmp_path / "close")
    assert str(caught.value) == said
    assert list(tmp_path.glob("close/*")) == []


def test_a_second_pack_takes_the_place_of_the_first_and_one_that_fails_leaves_it(
    books: Books, close: Close, tmp_path: Path
) -> None:
    books.account()
    books.bank(END, "100")
    first = close()
    books.bank(END, "200", at="13:00")
    with (
        patch.object(pack, "write_page", side_effect=OSError(28, "No space left on device")),
        pytest.raises(CloseError, match=r"can't be written to .*/close: No space left on device\."),
    ):
        close()
    assert Made(first.pack).account()["Bank closing"] == 100
    assert close().account()["Bank closing"] == 200
    assert {file.name for file in (tmp_path / "close").iterdir()} == {"2024-10.xlsx", "2024-10.html"}


def test_a_folder_that_cant_be_made_is_one_sentence(books: Books, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CloseError, match=r"The close pack can't be written to .*/file/close: "):
        close_month(books.ledger.engine, "2024-10", tmp_path / "file" / "close")


def test_every_sheet_shows_the_one_state_in_which_it_began(books: Books, close: Close, sign: Sign) -> None:
    books.account()
    books.bank(END, "100")
    books.gl((END, "100"))
    books.reconcile()
    of, later = Rows.of, []

    def between(rows: Rows, sheet: Sheet) -> Iterator[Any]:
        yield from of(rows, sheet)
        if sheet.statement == "balances":
            books.gl((END, "90"))
            later.append(books.reconcile())
            sign("jane", "prepare")

    with patch.object(Rows, "of", between):
        made = close()
    assert later == [{"break": 1}]
    assert (made.account()["Status"], made.rows("Open items"), made.rows("Sign-offs")) == ("matched", [], [])
    assert made.rows("Dates")[-1]["Matched"] == 1
    assert close().rows("Dates")[-1]["Break"] == 1


def test_an_analysts_login_may_make_it_and_it_writes_nothing(
    books: Books, close: Close, logins: dict[str, Engine]
) -> None:
    books.account()
    books.bank(END, "100")
    seen = []
    of = Rows.of

    def looked(rows: Rows, sheet: Sheet) -> Iterator[Any]:
        seen.append(rows._connection.exec_driver_sql("SHOW transaction_read_only").scalar())
        yield from of(rows, sheet)

    with patch.object(Rows, "of", looked):
        assert close(engine=logins["ann"]).account()["Bank closing"] == 100
    assert set(seen) == {"on"}


def test_the_page_shows_the_beginning_of_a_long_table_and_says_so(books: Books, close: Close) -> None:
    for id_ in "xyz":
        books.account(id_, id_)
        books.bank(END, "100", id_)
        books.gl((END, "90"), gl=id_)
    books.reconcile()
    with patch.object(page, "_MOST_ROWS", 2):
        made = close()
    assert "The first 2 of 3; all are in the workbook." in made.page.text
    assert len(made.page.tables["Open items"]) == 1 + 2
    assert len(made.rows("Open items")) == 3


def call(url: URL, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    connection = url.set(drivername="postgres").render_as_string(hide_password=False)
    return subprocess.run(
        [sys.executable, "-m", "qbank_ledger", "close", *arguments],
        cwd=REPOSITORY, env={**os.environ, LEDGER_CONNECTION: connection, **environ},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_command_prints_where_the_pack_is_and_what_is_not_ready(books: Books, tmp_path: Path) -> None:
    books.account()
    books.bank(END, "100")
    done = call(books.ledger.url, "--month", "2024-10", QBANK_STATE_DIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    first, xlsx, html, said = done.stdout.splitlines()
    assert first == "The close pack of 2024-10:"
    assert (xlsx, html) == (f"  {tmp_path}/close/2024-10.xlsx", f"  {tmp_path}/close/2024-10.html")
    assert said.startswith("Not ready: Not compared on 2024-10-31: 1 of 1 accounts (QB01: 1).")
    assert Path(xlsx.strip()).exists()
    done = call(books.ledger.url, "--month", "2024-10", "--output", str(tmp_path / "else"))
    assert (tmp_path / "else" / "2024-10.html").exists(), done.stderr


def test_the_command_refuses_in_one_line(books: Books, tmp_path: Path) -> None:
    done = call(books.ledger.url, "--month", "2026-13", QBANK_STATE_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "'2026-13' is not a month: write the year and month, such as 2026-10.\n"
