"""One row of a file: a balance put together from its cells, or what in it does not read as declared."""

from collections.abc import Mapping
from decimal import Decimal

from qbank_ledger.files.cell import shown, unfit
from qbank_ledger.files.records import Record
from qbank_ledger.recon.cells import EXACT, Amounts, Wrong, meant, trimmed
from qbank_ledger.recon.columns import Columns
from qbank_ledger.recon.given import AS_PARAMS, Fixed
from qbank_ledger.recon.outcome import Row
from qbank_ledger.recon.profile import Place, Profile
from qbank_ledger.recon.proofs import Key, Sums

_MOST_REMEMBERED = 300
_ZERO = Decimal(0)


class RowReader:
    """Reads the rows below a header, and adds their amounts up in ``sums``."""

    def __init__(self, profile: Profile, columns: Columns, fixed: Fixed, *, may_end_early: bool) -> None:
        """``may_end_early``: whether the last cells of a row are left out where empty, as in workbooks."""
        self._profile, self._columns, self._fixed = profile, columns, fixed
        self._may_end_early = may_end_early
        self._places = {column: place for column, place in profile.places.items() if place.columns}
        self._said_before: dict[tuple[str, str], str] = {}
        self._amounts = Amounts(profile)
        self.sums = Sums()

    @property
    def rounded(self) -> int:
        """How many amounts had a float's noise rounded away."""
        return self._amounts.rounded

    def account_cell(self, record: Record) -> str:
        """What stands where the account does."""
        return self._cell(record, self._profile.account)[1]

    def row(self, record: Record, wrong: list[str]) -> Row | None:
        """The row's balance; None, with what is wrong noted, where it is none."""
        if why := self._wrong_width(record):
            wrong.append(why)
            return None
        said = dict(self._fixed.said)
        for column, place in self._places.items():
            name, cell = self._cell(record, place)
            try:
                said[column] = self._said(column, cell)
            except Wrong as error:
                wrong.append(f"{name} is {shown(cell)}: {error}" if cell else f"{name} is missing")
        for column, place in self._profile.places.items():
            if place.title and column not in said:
                wrong.append(f"no line above it says its {column}")
        amounts = self._read_amounts(record, said.get("currency", ""), wrong)
        if wrong:
            return None
        key = (said["entity"], said["gl_account"], said["currency"], said["as_of_date"])
        return self._balance(record, key, amounts)

    def _cell(self, record: Record, place: Place) -> tuple[str, str]:
        """The first of the place's columns that is not empty, and what stands there."""
        exactly, columns = self._profile.exactly, self._columns
        name = ""
        for column in place.columns:
            if column in columns.places:
                name = name or column
                cell = columns.cell(record, column)
                if kept := cell if exactly else trimmed(cell):
                    return column, kept
        return name, ""

    def _wrong_width(self, record: Record) -> str | None:
        cells, width = record.cells, self._columns.width
        least = self._columns.needed if not self._profile.exactly else width or 0
        if (not self._may_end_early and len(cells) < least) or (
            width is not None and len(cells) > width and any(map(trimmed, cells[width:]))
        ):
            return f"it has {len(cells)} fields, the header {width if width is not None else least}"
        return None

    def _said(self, column: str, cell: str) -> str:
        """What a cell says of the column. Raises Wrong."""
        self._require_exact(cell)
        before = self._said_before.get((column, cell)) if column != "gl_account" else None
        if before is not None:
            return before
        said = meant(self._places[column], column, cell)
        asked = self._fixed.asked.get(column)
        if asked is not None and said != asked:
            raise Wrong(f"it says {said}, and the run's {AS_PARAMS[column]} is {asked}")
        if column != "gl_account" and len(self._said_before) < _MOST_REMEMBERED:
            self._said_before[column, cell] = said
        return said

    def _require_exact(self, cell: str) -> None:
        """Raise Wrong where a cell of a layout that is not to be trimmed holds a space around it."""
        if self._profile.exactly and cell != cell.strip(" "):
            raise Wrong(unfit(cell) or "it holds a space around it")

    def _read_amounts(self, record: Record, currency: str, wrong: list[str]) -> dict[str, Decimal]:
        """The amounts of the columns that are not empty."""
        amounts = {}
        balance = self._profile.balance
        for column in balance.all:
            cell = self._columns.cell(record, column)
            if not trimmed(cell) and len(balance.all) > 1:
                continue
            try:
                self._require_exact(cell)
                amounts[column] = self._amounts.read(cell, currency)
            except Wrong as error:
                wrong.append(
                    f"{column} is {shown(cell)}: {error}" if trimmed(cell) else f"{column} is missing"
                )
        side = self._side(record)
        if balance.side and side not in balance.debits | balance.credits and any(amounts.values()):
            sides = ", ".join(sorted(balance.debits | balance.credits))
            wrong.append(f"{balance.side} is {shown(side)}: the profile declares {sides}")
        return amounts

    def _side(self, record: Record) -> str:
        side = self._profile.balance.side
        return trimmed(self._columns.cell(record, side)) if side else ""

    def _balance(self, record: Record, key: Key, amounts: Mapping[str, Decimal]) -> Row:
        balance = self._profile.balance
        debit = credit = _ZERO
        is_totalled = self._profile.proofs.total_row is not None
        for column, amount in amounts.items():
            if is_totalled:
                self.sums.add_to_column(column, amount)
            if column in balance.plus:
                debit = EXACT.add(debit, amount)
            else:
                credit = EXACT.add(credit, amount)
        if balance.side and self._side(record) in balance.credits:
            debit, credit = credit, debit
        closing = EXACT.subtract(debit, credit) if credit else debit
        if len(balance.all) != 2 and not balance.side:
            debit, credit = max(closing, _ZERO), max(-closing, _ZERO)
        self.sums.add(key, debit, credit)
        read = tuple(self._columns.cell(record, column) for column in balance.all)
        is_empty = not closing and not any(map(trimmed, read))
        return Row(record.line, key, closing, is_empty, (self.account_cell(record), *read))
