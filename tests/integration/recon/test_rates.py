"""Exchange rates: previewed, loaded whole or not at all, the newest load of a date counts."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from qbank_ledger.db.acting import act_as
from qbank_ledger.errors import BooksRefusedError, GLFileError, RefusedError
from qbank_ledger.files.source import TextSource
from qbank_ledger.recon.load import load_file
from qbank_ledger.recon.match import require_matched
from qbank_ledger.recon.preview import preview
from qbank_ledger.recon.profile import Given
from qbank_ledger.recon.sources import Found, load_new, require_books
from tests.words.books import GL_HEADER, RATE_HEADER, Books, day
from tests.words.erp import DATA, RATE_SAMPLES, RateSample, built_in
from tests.words.register import PAGE, Register, acting

RATES = (
    "SELECT line_no, from_currency, to_currency, as_of_date::text, rate::text FROM ledger.fx_rate"
    " WHERE load_no = :n"
)
CURRENT = (
    "SELECT from_currency, to_currency, as_of_date::text, rate::text, file_name, line_no, load_no"
    " FROM ledger.current_fx_rate ORDER BY 1, 2, 3"
)
NEW_LOAD = (
    "INSERT INTO recon.file_load (kind, sha256, rows) VALUES ('rates', repeat('0', 64), 1) RETURNING load_no"
)
ADD = "INSERT INTO ledger.fx_rate VALUES (%s, 'EUR', 'USD', '2024-10-01', 1.1, 2)"


def shown(content: str, profile: str = "plain-rates") -> str:
    lines: list[str] = []
    preview(TextSource("rates.csv", content, ".csv"), built_in(profile), Given(), [], lines.append)
    return "\n".join(lines)


@pytest.mark.parametrize("sample", RATE_SAMPLES, ids=lambda sample: sample.profile)
def test_a_sample_is_loaded_once_exactly(books: Books, sample: RateSample) -> None:
    profile = built_in(sample.profile)
    loaded = load_file(books.ledger.engine, DATA / sample.file, "rates", profile)
    assert sorted(tuple(row) for row in books.rows(RATES, n=loaded.load_no)) == sorted(sample.rows)
    [kept] = books.rows("SELECT * FROM recon.file_load")
    assert (kept.kind, kept.profile, kept.rows, kept.skipped) == (
        "rates", sample.profile, len(sample.rows), sample.skipped,
    )  # fmt: skip
    assert not load_file(books.ledger.engine, DATA / sample.file, "rates", profile).is_new
    require_matched(books.ledger.engine, [loaded.load_no])


def test_the_preview_shows_each_rate_and_loads_nothing(books: Books) -> None:
    said = shown(f"{RATE_HEADER}\nEUR,USD,2025-10-31,1.1554\nJPY,EUR,2025-10-31,0.00562303210918771784\n")
    assert "header, line 1: from_currency | to_currency | as_of_date | rate" in said
    assert (
        "line 2      EUR         USD         2025-10-31                  1.1554   from 'EUR' | 'USD' |"
        in said
    )
    assert "0.00562303210918771784" in said
    assert said.endswith("Rows: 2. Skipped: 0.\nIt would load: 2 rows.")
    assert "mirror" not in said
    assert books.rows("SELECT FROM recon.file_load") == []


def test_the_newest_load_of_a_date_counts_and_the_earlier_one_stays(books: Books) -> None:
    books.rates("EUR,USD,2025-10-30,1.15", "EUR,USD,2025-10-31,1.16")
    second = books.rates("EUR,USD,2025-10-31,1.1600001")
    assert [tuple(row)[:4] for row in books.rows(CURRENT)] == [
        ("EUR", "USD", "2025-10-30", "1.15"),
        ("EUR", "USD", "2025-10-31", "1.1600001"),
    ]
    newest = books.rows(CURRENT)[1]
    assert (newest.line_no, newest.load_no) == (2, second.load_no)
    assert newest.file_name.endswith(".csv")
    assert books.value("SELECT count(*) FROM ledger.fx_rate") == 3


def test_a_rate_of_a_day_ahead_of_today_is_refused_and_its_preview_says_the_same(books: Books) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=2)).date()
    said = f"line 2: as_of_date {ahead} is ahead of today, {ahead.year}-[0-9-]*$"
    with pytest.raises(GLFileError, match=said):
        shown(f"{RATE_HEADER}\nEUR,USD,{ahead},1.1\n")
    with pytest.raises(GLFileError, match=said):
        books.rates(f"EUR,USD,{ahead},1.1")


def test_nothing_of_a_file_with_something_wrong_is_loaded(books: Books) -> None:
    with pytest.raises(GLFileError, match="line 3: rate is '0': write a rate above 0"):
        books.rates("EUR,USD,2025-10-31,1.1", "EUR,GBP,2025-10-31,0")
    assert books.rows("SELECT FROM ledger.fx_rate") == books.rows("SELECT FROM recon.file_load") == []


def test_a_source_of_rates_is_loaded_once_and_a_refused_file_of_it_is_named_once(books: Books) -> None:
    engine, profile = books.ledger.engine, built_in("plain-rates")
    good = Found(books.file(f"{RATE_HEADER}\nEUR,USD,{day(1)},1.1\n"), "good.csv", "1")
    bad = Found(books.file(f"{RATE_HEADER}\nEUR,USD,{day(1)},-1.1\n"), "bad.csv", "1")
    loads, unreachable = load_new(engine, "ecb", profile, [bad, good])
    assert (len(loads), unreachable) == (1, [])
    assert load_new(engine, "ecb", profile, [bad, good]) == ([], [])
    assert books.value("SELECT source FROM ledger.current_fx_rate") == "ecb"
    with pytest.raises(BooksRefusedError, match=r"line 2: rate is '-1\.1': write a rate above 0"):
        require_books(engine, [])
    require_books(engine, [])


# ── in whose name ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def page(register: Register) -> Register:
    """A page through which ann may load for QB01 alone, joe for all."""
    register.grant("airflow:ann", "load", entity="QB01")
    register.grant("airflow:joe", "load")
    return register


def test_rates_are_loaded_through_the_page_by_who_may_load_for_all_entities(
    books: Books, page: Register
) -> None:
    path = books.file(f"{RATE_HEADER}\nEUR,USD,{day(1)},1.1\n")
    desk = page.logins[PAGE]
    said = (
        "^The file can't be loaded: exchange rates are every entity's, and airflow:ann may not load for all:"
        " an operator grants it with recon.grant_signatory.$"
    )
    with pytest.raises(RefusedError, match=said):
        load_file(desk, path, "rates", begin=partial(act_as, identity="airflow:ann"))
    assert books.rows("SELECT FROM recon.file_load") == []
    assert load_file(desk, path, "rates", begin=partial(act_as, identity="airflow:joe")).is_new
    assert books.value("SELECT loaded_by FROM ledger.current_fx_rate") == "airflow:joe"
    page.revoke("airflow:joe", "load")
    with pytest.raises(RefusedError, match="airflow:joe may load for no entity"):
        load_file(
            desk,
            books.file(f"{RATE_HEADER}\nEUR,USD,{day(2)},1\n"),
            "rates",
            begin=partial(act_as, identity="airflow:joe"),
        )


def test_no_rate_is_added_to_a_load_that_is_done(books: Books, page: Register) -> None:
    load_no = books.rates("EUR,CHF,2024-10-01,0.9").load_no
    with (
        pytest.raises(RefusedError, match=f"^Load {load_no} is complete: airflow:joe may add rows only to"),
        acting(page.logins[PAGE], "airflow:joe") as connection,
    ):
        connection.exec_driver_sql(ADD, (load_no,))
    with acting(page.logins[PAGE], "airflow:joe") as connection, connection.begin_nested():
        connection.exec_driver_sql(ADD, (connection.exec_driver_sql(NEW_LOAD).scalar_one(),))


def test_rates_change_no_comparison(books: Books) -> None:
    books.account()
    books.bank(day(1), "100")
    books.load(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},100\n")
    books.reconcile()
    books.rates(f"EUR,USD,{day(1)},1.1")
    assert books.rows("SELECT FROM recon.changed") == []
    assert books.reconcile() == {}
