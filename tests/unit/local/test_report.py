"""What a run left, for people: names are the ledger's, and may be anything."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace as Row
from typing import Any

import pytest
from local import report
from sqlalchemy.engine import make_url

NAMES = {
    "[/red]oops": "[/red]oops",
    "[link=http://x]a[/link]": "[link=http://x]a[/link]",
    "a[bold]b :boom: \\[": "a[bold]b :boom: \\[",
    "\x1b[2Jgone": r"\x1b[2Jgone",
    "two\nlines": r"two\nlines",
    "\u202e00.001": r"\u202e00.001",
}


@pytest.mark.parametrize(("name", "shown"), NAMES.items())
def test_names_are_shown_as_they_are(
    name: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    item: dict[str, Any] = {
        "name": name, "account_id": "[/]", "entity": "[/b]", "gl_account": "[/i]", "currency": "EUR",
        "available_balance": Decimal("-1234.50"), "ledger_balance": None, "observed_at": datetime(2026, 1, 2, tzinfo=UTC),
        "as_of_date": date(2026, 1, 2), "provisional": True, "difference": Decimal(1), "unexplained": Decimal(1),
        "status": "break", "cause": "sign", "age_days": 0, "age_bucket": "0-7", "items": 1, "gross_unexplained": Decimal(1),
    }  # fmt: skip

    class Ledger:
        def __enter__(self) -> "Ledger":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def execute(self, _statement: object) -> "Ledger":
            return self

        def all(self) -> list[Row]:
            return [Row(**item)]

    monkeypatch.setattr(report, "transaction", lambda _engine: Ledger())
    url = make_url("postgresql://nobody@127.0.0.1:1/none")
    report.print_balances(url)
    report.print_open_items(url)
    out = capsys.readouterr().out
    assert out.count(f" {shown} ") == 2
    assert "[/b] [/i]" in out
    assert "-1,234.50" in out
    assert "2026-01-02 (provisional)" in out
