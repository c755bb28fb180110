"""A ledger with balances of the past, and the ERP's files as a test wants them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from qbank_ledger.recon.gl_file import Kind
from qbank_ledger.recon.load import Load, load_file
from qbank_ledger.recon.reconcile import reconcile
from tests.words.ledger import Ledger

GL_HEADER = "entity,gl_account,currency,as_of_date,balance"
RATE_HEADER = "from_currency,to_currency,as_of_date,rate"
ITEM_HEADER = "entity,gl_account,currency,item_date,cleared_date,side,kind,amount,reference"


def day(number: int) -> date:
    """A date in October 2024; above 31 it runs into November."""
    return date(2024, 9, 30) + timedelta(days=number)


class Books:
    """A ledger and an ERP, in short words: QB01, EUR, and account x on GL account 1100."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.rows, self.value = ledger.rows, ledger.value
        self._files = 0

    def account(self, id_: str = "x", gl: str = "1100", **fields: Any) -> None:
        """An account, open all day in UTC with no tolerance unless ``fields`` say otherwise."""
        self.ledger.listed([{"id": id_, "gl": gl, "max_age": 24 * 60, **fields}])

    def bank(self, on: date, amount: str, id_: str = "x", at: str = "12:00", currency: str = "EUR") -> None:
        """A balance observed on a date at a time of the account's own clock."""
        zone = self.value("SELECT time_zone FROM ledger.account WHERE account_id = :id", id=id_)
        observed = datetime.fromisoformat(f"{on}T{at}").replace(tzinfo=ZoneInfo(zone))
        self.ledger.observed([{"id": id_, "at": observed, "amount": Decimal(amount), "currency": currency}])

    def unfinished_day(self) -> tuple[str, date]:
        """A time zone in which it is past six in the morning, not yet seven, and its date."""
        hour = self.value("SELECT extract(hour FROM now() AT TIME ZONE 'UTC')::int")
        zone = f"Etc/GMT{hour - 6 if hour <= 18 else hour - 30:+d}"  # +6 is six hours *behind* UTC
        return zone, self.value("SELECT (now() AT TIME ZONE CAST(:zone AS text))::date", zone=zone)

    def file(self, content: str | bytes) -> Path:
        self._files += 1
        path = self.ledger.folder / f"{self._files}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def load(self, content: str | bytes, kind: Kind = "gl") -> Load:
        return load_file(self.ledger.engine, self.file(content), kind)

    def gl(
        self, *rows: tuple[date, str], gl: str = "1100", currency: str = "EUR", entity: str = "QB01"
    ) -> Load:
        """Load closing balances of a GL account."""
        lines = "".join(f"{entity},{gl},{currency},{on},{amount}\n" for on, amount in rows)
        return self.load(f"{GL_HEADER}\n{lines}")

    def item(
        self, on: date, amount: str, side: str = "bank", cleared: date | None = None, reference: str = "r"
    ) -> Load:
        """Load one outstanding item of GL account 1100."""
        line = f"QB01,1100,EUR,{on},{cleared or ''},{side},any,{amount},{reference}"
        return self.load(f"{ITEM_HEADER}\n{line}\n", "items")

    def rates(self, *rows: str) -> Load:
        """Load exchange rates, each as from_currency,to_currency,as_of_date,rate."""
        return self.load("\n".join([RATE_HEADER, *rows, ""]), "rates")

    def reconcile(self, on: date | None = None) -> dict[str, int]:
        return reconcile(self.ledger.engine, on)

    def newest(self, id_: str = "x", on: date | None = None) -> Any:
        """The newest version of an account's date, or of its newest date."""
        return self.rows(
            "SELECT * FROM recon.reconciliation WHERE account_id = :id AND as_of_date = coalesce(CAST(:on AS date), as_of_date)"
            " ORDER BY as_of_date DESC, version DESC LIMIT 1",
            id=id_, on=on,
        )[0]  # fmt: skip

    def found(self, id_: str = "x", on: date | None = None) -> tuple[str, str | None]:
        """Status and cause of it."""
        row = self.newest(id_, on)
        return row.status, row.cause
