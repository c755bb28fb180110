"""Balances as CSV (RFC 4180, UTF-8): every column as it is in the ledger."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from qbank_ledger.export.balance import Balance, utc
from qbank_ledger.money import plain

COLUMNS = (
    "account_id", "name", "entity", "gl_account", "bank_id", "bank_account", "currency", "ledger_balance",
    "available_balance", "as_of_hour", "observed_at", "is_stale", "seal_no",
    "closing_of",
)  # fmt: skip


class CsvTable:
    """A header, then a line for each account; CSV accepts every account."""

    def __init__(self, made_at: datetime) -> None:
        pass

    def head(self) -> str:
        return _line(COLUMNS)

    def account(self, balance: Balance) -> str:
        return _line(
            (
                balance.account_id,
                balance.name,
                balance.entity,
                balance.gl_account,
                balance.bank_id or "",
                balance.bank_account or "",
                balance.currency,
                plain(balance.ledger_balance, balance.minor_units),
                plain(balance.available_balance, balance.minor_units),
                utc(balance.as_of_hour),
                utc(balance.observed_at),
                "true" if balance.is_stale else "false",
                str(balance.seal_no),
                str(balance.closing_of or ""),
            )
        )

    def foot(self) -> str:
        return ""


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue()
