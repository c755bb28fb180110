"""The page of queries: each one runs, as an analyst, and answers."""

import re
from decimal import Decimal

import pytest

from qbank_ledger.db.connection import engine_for
from tests.conftest import REPOSITORY
from tests.words.ledger import Ledger, Reply

PAGE = (REPOSITORY / "docs" / "queries.md").read_text("utf-8")
QUERIES = re.findall(r"^## (\d+\. .*?)$.*?```sql\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
ANSWERED = {1, 2, 5, 7, 8, 9, 10}  # of what a ledger that has just begun can answer


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
