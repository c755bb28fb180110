"""The month's rows as the ledger has them, read once, one after the other, and counted on their way."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, text

from qbank_ledger.errors import CloseError
from qbank_ledger.month_end import sheets
from qbank_ledger.month_end.month import Month
from qbank_ledger.month_end.sql import execute, statement
from qbank_ledger.month_end.tally import Tally

_CHUNK_ROWS = 2000
# A row a date or an hour: taken at once, as no cursor is read by parallel workers.
_SHORT = (sheets.DATES, sheets.COVERAGE)
_COUNTED: Mapping[str, Callable[[Tally, Any], None]] = {
    sheets.BALANCES.statement: Tally.balance,
    sheets.OPEN_ITEMS.statement: Tally.open_item,
    sheets.DATES.statement: Tally.date,
    sheets.COVERAGE.statement: Tally.hour,
    sheets.MISSING.statement: Tally.missing_hours,
    sheets.SIGN_OFFS.statement: Tally.sign_off,
    sheets.SEALS.statement: Tally.seal,
}


class Rows:
    """A month in one state of the ledger: ``scope``, how far it is; ``tally``, what its rows come to."""

    def __init__(self, connection: Connection, month: Month) -> None:
        """Raises CloseError for a month to come, or one without any data."""
        self._connection, self._month = connection, month
        self.scope: Any = execute(connection, "scope", **_dates(month)).one()
        if self.scope.is_future:
            raise CloseError(f"{month} has not begun (UTC): close it when it is over.")
        if not self.scope.has_data:
            raise CloseError(
                f"The ledger has no balance and no reconciliation of {month}: there is nothing to close."
            )
        self.tally = Tally()

    def of(self, sheet: sheets.Sheet) -> Iterator[Any]:
        """A sheet's rows, some thousands in memory at once; each is counted as it goes by."""
        count = _COUNTED[sheet.statement]
        options = {} if sheet in _SHORT else {"yield_per": _CHUNK_ROWS}
        for row in self._connection.execute(
            statement(sheet.statement), self._asked(), execution_options=options
        ):
            count(self.tally, row)
            yield row

    def count_balances(self) -> None:
        """Count of ``of(BALANCES)`` what tells whether the month is ready, without its rows."""
        total = text(f"WITH balances AS ({statement('balances')}) {statement('balances_total')}")
        for row in self._connection.execute(total, self._asked()):
            self.tally.balances_of(row)

    def count_hours(self) -> None:
        """Count the month's hours and account-hours as ``of(COVERAGE)`` does, without their rows."""
        self.tally.all_hours(execute(self._connection, "coverage_total", **_dates(self._month)).one())

    def _asked(self) -> dict[str, Any]:
        return {
            **_dates(self._month),
            "close_date": self.scope.close_date,
            "active_at": self.scope.made_at if self.scope.provisional else None,
        }


def _dates(month: Month) -> dict[str, Any]:
    return {
        "first_date": month.first_date,
        "last_date": month.last_date,
        "since": month.since,
        "until": month.until,
    }
