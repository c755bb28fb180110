"""One row of a file: put together from its cells, or what in them does not read as declared."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from qbank_ledger.files.cell import shown, unfit
from qbank_ledger.files.records import Record
from qbank_ledger.money import MINOR_UNITS, plain
from qbank_ledger.recon.cells import EXACT, Amounts, Wrong, meant, trimmed
from qbank_ledger.recon.columns import Columns
from qbank_ledger.recon.given import AS_PARAMS, Fixed
from qbank_ledger.recon.gl_file import KEYS, MAY_BE_EMPTY
from qbank_ledger.recon.outcome import Row
from qbank_ledger.recon.profile import Place, Profile
from qbank_ledger.recon.proofs import Sums

_MOST_REMEMBERED = 300
_VARIED = frozenset({"gl_account", "reference"})  # too many of a file for remembering them to be of use
_ZERO = Decimal(0)


class RowReader:
    """Reads the rows below a header, and adds their amounts up in ``sums``."""

    def __init__(self, profile: Profile, columns: Columns, fixed: Fixed, *, may_end_early: bool) -> None:
        """``may_end_early``: whether the last cells of a row are left out where empty, as in workbooks."""
        self._profile, self._columns, self._fixed = profile, columns, fixed
        self._may_end_early = may_end_early
        self._as_they_stand = sorted(profile.amount.all, key=lambda column: columns.places[column])
        self._places = {column: place for column, place in profile.places.items() if place.columns}
        self._said_before: dict[tuple[str, str], str] = {}
        self._alike: Counter[tuple[str, ...]] = Counter()
        self._amounts = Amounts(profile)
        self.sums = Sums()

    @property
    def rounded(self) -> int:
        """How many amounts had a float's noise rounded away."""
        return self._amounts.rounded

    def account_cell(self, record: Record) -> str:
        """What stands where the account does."""
        return self._cell(record, self._profile.places["gl_account"])[1]

    def row(self, record: Record, wrong: list[str]) -> Row | None:
        """The row's balance, item or rate; None, with what is wrong noted, where it is none."""
        is_exact = bool(self._profile.exactly)
        if why := self._columns.misfit(record, is_exact=is_exact, may_end_early=self._may_end_early):
            wrong.append(why)
            return None
        said = dict(self._fixed.said)
        for column, place in self._places.items():
            name, cell = self._cell(record, place)
            if column in MAY_BE_EMPTY and (not cell or cell in place.empty):
                said[column] = ""
                continue
            try:
                said[column] = self._said(column, cell)
            except Wrong as error:
                wrong.append(f"{name} is {shown(cell)}: {error}" if cell else f"{name} is missing")
        for column, place in self._profile.places.items():
            if place.title and column not in said:
                wrong.append(f"no line above it says its {column}")
        amounts = self._read_amounts(record, said.get("currency", ""), wrong)
        cleared, begun = said.get("cleared_date"), said.get("item_date", "")
        if cleared and cleared < begun:
            wrong.append(f"cleared_date {cleared} is before item_date {begun}")
        if "to_currency" in said and said.get("from_currency") == said["to_currency"]:
            wrong.append(f"from_currency and to_currency are both {said['to_currency']}")
        return None if wrong else self._put_together(record, said, amounts)

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

    def _said(self, column: str, cell: str) -> str:
        """What a cell says of the column. Raises Wrong."""
        self._require_exact(cell)
        before = self._said_before.get((column, cell)) if column not in _VARIED else None
        if before is not None:
            return before
        said = meant(self._places[column], column, cell)
        asked = self._fixed.asked.get(column)
        if asked is not None and said != asked:
            raise Wrong(f"it says {said}, and the run's {AS_PARAMS[column]} is {asked}")
        if column not in _VARIED and len(self._said_before) < _MOST_REMEMBERED:
            self._said_before[column, cell] = said
        return said

    def _require_exact(self, cell: str) -> None:
        """Raise Wrong where a cell of a layout that is not to be trimmed holds a space around it."""
        if self._profile.exactly and cell != cell.strip(" "):
            raise Wrong(unfit(cell) or "it holds a space around it")

    def _read_amounts(self, record: Record, currency: str, wrong: list[str]) -> dict[str, Decimal]:
        """The amounts of the columns that are not empty."""
        amounts = {}
        said = self._profile.amount
        for column in said.all:
            cell = self._columns.cell(record, column)
            if not trimmed(cell) and len(said.all) > 1:
                continue
            try:
                self._require_exact(cell)
                amounts[column] = self._amounts.read(cell, currency)
            except Wrong as error:
                wrong.append(
                    f"{column} is {shown(cell)}: {error}" if trimmed(cell) else f"{column} is missing"
                )
        side = self._side(record)
        if said.side and side not in said.debits | said.credits and any(amounts.values()):
            sides = ", ".join(sorted(said.debits | said.credits))
            wrong.append(f"{said.side} is {shown(side)}: the profile declares {sides}")
        return amounts

    def _side(self, record: Record) -> str:
        side = self._profile.amount.side
        return trimmed(self._columns.cell(record, side)) if side else ""

    def _put_together(self, record: Record, said: dict[str, str], amounts: Mapping[str, Decimal]) -> Row:
        of = self._profile.amount
        debit = credit = _ZERO
        is_totalled = self._profile.proofs.total_row is not None
        for column, amount in amounts.items():
            if is_totalled:
                self.sums.add_to_column(column, amount)
            if column in of.plus:
                debit = EXACT.add(debit, amount)
            else:
                credit = EXACT.add(credit, amount)
        if (self._side(record) in of.credits) != of.negate:
            debit, credit = credit, debit
        amount = EXACT.subtract(debit, credit) if credit else debit
        kind = self._profile.kind
        if kind == "items" or (len(of.all) != 2 and not of.side):
            debit, credit = max(amount, _ZERO), max(EXACT.minus(amount), _ZERO)
        if kind != "rates":  # which add up to nothing
            self.sums.add(
                (said["entity"], said["currency"], said.get("side") or said["as_of_date"]), debit, credit
            )
        read = tuple(self._columns.cell(record, column) for column in self._as_they_stand)
        if kind == "items":
            self._number(said, amount)
        return Row(
            record.line,
            tuple(said[column] for column in KEYS[kind]),
            amount,
            is_empty=not amount and not any(map(trimmed, read)),
            cells=(*self._cells_read(record), *read),
            cleared=said.get("cleared_date") or None,
        )

    def _number(self, said: dict[str, str], amount: Decimal) -> None:
        """Give an item its reference where the profile has them numbered: the same in each file of them."""
        if self._profile.numbers_items:
            written = plain(amount, MINOR_UNITS[said["currency"]])
            alike = (*(said[column] for column in KEYS["items"][:-1]), written)
            self._alike[alike] += 1
            said["reference"] = f"{written} #{self._alike[alike]}"

    def _cells_read(self, record: Record) -> list[str]:
        """What stood in the row for what is no amount; of a balance for the account alone."""
        if self._profile.kind == "gl":
            return [self.account_cell(record)]
        return list(dict(self._cell(record, place) for place in self._places.values()).values())
