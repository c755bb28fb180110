"""The page of queries: each one runs, as an analyst, and answers."""

import re
from decimal import Decimal

import pytest

from qbank_ledger.db.connection import engine_for
from tests.conftest import REPOSITORY
from tests.words.ledger import Ledger, Reply

PAGE = (REPOSITORY / "docs" / "queries.md").read_text("utf-8")
QUERIES = re.findall(r"^## (\d+\. .*?)$.*?```sql\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
ANSWERED = {1, 2, 3, 5, 7, 8, 9, 10}  # of what a ledger that has just begun can answer


@pytest.fixture(scope="module")
def ledger(_shared: Ledger) -> Ledger:
    """A ledger in which something was restated, held back and released."""
    _shared.stay_in_one_hour()
    for amount in ("1.10", "2.20"):
        _shared.quick_run(lambda id_, amount=amount: Reply(account_id=id_, ledger_balance=Decimal(amount)))
    _shared.rows("UPDATE ledger.account_period SET opened_at = opened_at - interval '1 day'")
    run_no = _shared.quick_run(lambda id_: Reply(account_id=id_, echoed_as_of="yesterday"))
    _shared.rows("SELECT ledger.release(:n, 'a', 'seen')", n=run_no)
    return _shared


def test_there_are_ten() -> None:
    assert [int(title.split(".")[0]) for title, _ in QUERIES] == list(range(1, 11))


@pytest.mark.parametrize(("title", "query"), QUERIES, ids=[title for title, _ in QUERIES])
def test_a_query_of_the_page_runs_and_answers(ledger: Ledger, title: str, query: str) -> None:
    with engine_for(ledger.url, role="qbank_analyst").connect() as connection:
        rows = connection.exec_driver_sql(query.replace("%", "%%")).all()
    assert rows or int(title.split(".", maxsplit=1)[0]) not in ANSWERED


def test_the_query_of_the_page_for_tools_answers(ledger: Ledger) -> None:
    page = (REPOSITORY / "docs" / "reporting.md").read_text("utf-8")
    [query] = re.findall(r"```sql\n(SELECT.*?)```", page, re.DOTALL)
    with engine_for(ledger.url, role="qbank_analyst").connect() as connection:
        rows = connection.exec_driver_sql(query).all()
    assert "2.20" in [row.ledger_balance for row in rows]


def test_yesterday_is_marked_where_it_is_not_over_and_says_what_it_lacks(ledger: Ledger) -> None:
    ledger.listed([{"id": "behind", "zone": "Etc/GMT+12"}, {"id": "ahead", "zone": "Etc/GMT-14"}])
    ledger.rows(
        "INSERT INTO ledger.account_period SELECT id, now() - interval '3 days' FROM unnest(ARRAY['behind', 'ahead']) AS id"
    )
    with ledger.engine.connect() as connection:
        rows = connection.exec_driver_sql(dict(QUERIES)["3. What did each account close with yesterday?"])
        found = {row.name: (row.is_provisional, row.reason) for row in rows}
    is_open = ledger.value("SELECT now() < ledger.day_end('Etc/GMT+12', NULL, current_date - 1)")
    assert found["behind"] == (is_open, "no run")
    assert found["ahead"] == (False, "no run")
