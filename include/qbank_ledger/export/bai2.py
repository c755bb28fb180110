"""Balances as BAI2, in minor units: 030 current and 060 current available, of a closing 015 and 045.

A group for each currency and date. Control totals and record counts are running
sums: nothing is kept but the open group's.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

from qbank_ledger.export.balance import Balance, NotExportableError
from qbank_ledger.money import plain

SENDER, RECEIVER = "QBANK", "ERP"
PARTY_CHARACTERS = 20  # so that records 01 and 02 fit a line
# The longest line, and so the longest field: only a field's end may be a line's end.
LINE_CHARACTERS = 80
# By whether it is a closing and whether it is of the same day: the types of its two balances, its modifier.
_LEDGER, _AVAILABLE = {False: "030", True: "015"}, {False: "060", True: "045"}
_MODIFIER = {(False, True): 3, (False, False): 1, (True, True): 4, (True, False): 2}
_FIELD = re.compile(r"[ -+\-.0-~]+")  # printable ASCII but , and /


class Bai2:
    """Records 01 and 99 around a group (02 … 98) for each currency and date, 03 and 49 for each account.

    Takes the accounts ordered by currency and date (``Balance.on``). ``sender`` and ``receiver`` are
    what the importer knows the bank and itself by; ``is_party`` says whether a field can hold them.
    """

    def __init__(self, made_at: datetime, sender: str = SENDER, receiver: str = RECEIVER) -> None:
        self._made_at = made_at.astimezone(UTC)
        self._sender, self._receiver = sender, receiver
        self._group: tuple[str, date] | None = None
        self._group_total = self._group_accounts = self._group_records = 0
        self._file_total = self._groups = 0
        self._file_records = 1  # the head

    def head(self) -> str:
        at = f"{self._made_at:%y%m%d,%H%M,%H%M%S%f}"
        return f"01,{self._sender},{self._receiver},{at},{LINE_CHARACTERS},,2/\n"

    def account(self, balance: Balance) -> str:
        ledger, available = (
            _minor_units(what, amount, balance.minor_units)
            for what, amount in (
                ("ledger", balance.ledger_balance),
                ("available", balance.available_balance),
            )
        )
        start = f"03,{_number(balance)},{balance.currency}"
        closing = balance.closing_of is not None
        summaries = (f"{_LEDGER[closing]},{ledger},,", f"{_AVAILABLE[closing]},{available},,")
        lines = list(_lines(start, *summaries))
        records, total = len(lines) + 1, ledger + available
        lines.append(f"49,{total},{records}/")
        before = self._turn_to(balance.currency, balance.on, closing)
        self._group_total += total
        self._group_accounts += 1
        self._group_records += records
        return before + "".join(f"{line}\n" for line in lines)

    def foot(self) -> str:
        end = self._end_group()
        return f"{end}99,{self._file_total},{self._groups},{self._file_records + 1}/\n"

    def _turn_to(self, currency: str, on: date, closing: bool) -> str:
        """The end of the group before and the start of this one, unless it is the same."""
        if self._group == (currency, on):
            return ""
        end = self._end_group()
        self._group, self._group_records = (currency, on), 1
        modifier = _MODIFIER[closing, on == self._made_at.date()]
        parties = f"{self._receiver},{self._sender}"
        return f"{end}02,{parties},1,{on:%y%m%d},,{currency},{modifier}/\n"

    def _end_group(self) -> str:
        if self._group is None:
            return ""
        records = self._group_records + 1
        end = f"98,{self._group_total},{self._group_accounts},{records}/\n"
        self._file_total += self._group_total
        self._groups += 1
        self._file_records += records
        self._group_total = self._group_accounts = 0
        return end


def is_party(text: str) -> bool:
    """Whether it can be a sender or receiver."""
    return len(text) <= PARTY_CHARACTERS and _FIELD.fullmatch(text) is not None


def _number(balance: Balance) -> str:
    if not _FIELD.fullmatch(balance.number):
        raise NotExportableError(
            f"its bank_account {balance.number[:40]!r} has a comma, a slash or no plain ASCII"
        )
    return balance.number


def _minor_units(what: str, amount: Decimal, minor_units: int) -> int:
    whole, _, decimals = plain(amount, minor_units).partition(".")
    if len(decimals) > minor_units:
        raise NotExportableError(
            f"its {what} balance has {len(decimals)} decimals, its currency {minor_units}"
        )
    return int(whole + decimals)


def _lines(start: str, *summaries: str) -> Iterator[str]:
    """The record as lines: what does not fit goes on in 88 records."""
    lines = [start]
    for summary in summaries:
        # A comma before it, a slash behind it.
        if len(lines[-1]) + len(summary) + 2 <= LINE_CHARACTERS:
            lines[-1] += f",{summary}"
        else:
            lines.append(f"88,{summary}")
    for line in lines:
        if len(line) + 1 > LINE_CHARACTERS:
            raise NotExportableError(f"a field of it does not fit a line of {LINE_CHARACTERS} characters")
        yield f"{line}/"
