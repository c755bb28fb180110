"""What a run left, for people: names are the ledger's, and may be anything."""

from datetime import UTC, datetime
from decimal import Decimal
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
    # Of any table: what a heading says is the database's, and what stands below it may be anything.
    row = [name, "[/b] [/i]", Decimal("-1234.50"), None, datetime(2026, 1, 2, tzinfo=UTC), 12345]

    class Ledger:
        def __enter__(self) -> "Ledger":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def execute(self, _statement: object) -> "Ledger":
            return self

        def keys(self) -> list[str]:
            return ["Account", "GL account", "Available", "Ledger", "Observed at (UTC)", "Items"]

        def all(self) -> list[list[Any]]:
            return [row]

    monkeypatch.setattr(report, "transaction", lambda _engine: Ledger())
    url = make_url("postgresql://nobody@127.0.0.1:1/none")
    report.print_balances(url)
    report.print_open_items(url)
    out = capsys.readouterr().out
    assert out.count(f" {shown} ") == 3
    assert "[/b] [/i]" in out
    assert "-1,234.50" in out
    assert "2026-01-02 00:00:00" in out
    assert " 12345 " in out
