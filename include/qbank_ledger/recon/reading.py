"""A file read as its profile says: each row of it a balance, skipped and why, or refused.

Whatever does not read as declared is a problem, by line and cell and what was expected. Memory does not grow
with the file, but for the accounts of one whose profile folds duplicates.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from qbank_ledger.errors import GLFileError
from qbank_ledger.files.cell import shown, unfit
from qbank_ledger.files.problems import Problems
from qbank_ledger.files.records import MOST_ABOVE, Record, csv_records
from qbank_ledger.files.source import AnySource
from qbank_ledger.files.text_file import Limits, TextFile, UnreadableFileError
from qbank_ledger.files.workbook import is_workbook, workbook_records
from qbank_ledger.money import MINOR_UNITS
from qbank_ledger.recon.cells import EXACT, Amounts, Wrong, meant, trimmed, written
from qbank_ledger.recon.columns import Columns, Header
from qbank_ledger.recon.profile import Given, Place, Profile
from qbank_ledger.recon.proofs import Key, Keys, Sums

LIMITS = Limits(mib=512, lines=3_000_000)
_MOST_ROWS = 2_500_000
_FIRST_LINE = 4_096  # bytes
_KEY = ("entity", "gl_account", "currency", "as_of_date")
_GIVEN_AS = {"entity": "gl_entity", "currency": "gl_currency", "as_of_date": "gl_date"}
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Row:
    """A closing balance, debit positive: the line that it begins on, and what was read to make it.

    ``is_empty``: no cell of its amounts held anything. ``lines``: how many rows of the file it sums.
    """

    line: int
    key: Key
    balance: Decimal
    is_empty: bool
    cells: tuple[str, ...]
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is no balance, and why."""

    line: int
    why: str
    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that does not read as declared; what is wrong is among the problems, too."""

    line: int
    wrong: tuple[str, ...]
    text: str


Outcome = Row | Skipped | Refused


class Reading:
    """Reads one file once. Once all of it is read: what was skipped and rounded, and what it proved."""

    def __init__(self, file: TextFile, profile: Profile, given: Given, problems: Problems) -> None:
        """``file`` is open, in the profile's encoding. Raises GLFileError where the run gives too little."""
        self._file, self.profile, self._problems = file, profile, problems
        self._given = _checked(profile, given)
        self._header = Header(profile)
        self._amounts = Amounts(profile)
        self._places: Mapping[str, Place] = {
            "entity": profile.entity,
            "gl_account": profile.account,
            "currency": profile.currency,
            "as_of_date": profile.date,
        }
        self._fixed: dict[str, str] = {}  # what holds for every row
        self._from_columns: list[str] = []
        self._read_before: dict[tuple[str, str], str] = {}
        self._keys, self._sums = Keys(), Sums()
        self._columns: Columns | None = None
        self._total: Record | None = None
        self._in_workbook = False
        self.header: Record | None = None
        self.skipped: Counter[str] = Counter()
        self.rows = 0
        self.proved: list[str] = []
        self.summed: list[str] = []

    @property
    def rounded(self) -> int:
        """How many amounts had a float's noise rounded away."""
        return self._amounts.rounded

    @property
    def fixed(self) -> Mapping[str, str]:
        """What is the same in every row, by its column in recon.gl_balance: constants, titles, the run's."""
        return self._fixed

    def outcomes(self) -> Iterator[Outcome]:
        """What became of each row, in the file's order but for folded duplicates, which come at its end.

        Raises UnreadableFileError and TooManyProblemsError. What the rows prove together is looked at once
        all were taken.
        """
        for column, place in self._places.items():
            if place.constant is not None or place.is_given:
                given = self._given.get(column)
                self._fix(column, given if place.is_given and given else place.constant or "", 1)
            elif place.columns:
                self._from_columns.append(column)
        records = self._records()
        if not self._find_header(records):
            return
        folding = {"sum": self._summed, "ignore_empty": self._without_empty}.get(self.profile.duplicates)
        outcomes = self._rows(records)
        yield from folding(outcomes) if folding else self._noted(outcomes)
        self._look_at_all()

    # ── rows, one after the other ────────────────────────────────────────────────────────────────────

    def _records(self) -> Iterator[Record]:
        profile = self.profile
        require_balances(self._file)
        self._in_workbook = is_workbook(self._file)
        if self._in_workbook and profile.format == "csv":
            raise UnreadableFileError(f"it is a workbook (XLSX), and {profile.name} reads CSV")
        if not self._in_workbook and profile.format == "xlsx":
            raise UnreadableFileError(f"it is no workbook (XLSX), which {profile.name} reads")
        if self._in_workbook:
            return workbook_records(self._file, profile.sheet)
        return csv_records(self._file, profile.delimiter, self._header.fits, self._problems)

    def _find_header(self, records: Iterator[Record]) -> bool:
        """Whether the columns are known; the next record then is the first below the header."""
        exactly = self.profile.exactly
        if self._header.is_named:
            for above, record in enumerate(records):
                if exactly:
                    names = tuple(name.strip(" ") for name in record.cells)
                    while names and not names[-1]:
                        names = names[:-1]
                    if names == exactly:
                        self.header = record
                    break
                self._look_for_titles(record)
                if self._header.look(record):
                    self.header = record
                    break
                if above == MOST_ABOVE:
                    break
            if self.header is None:
                line, what = self._header.lacking()
                if exactly:
                    line, what = 1, f"the header must be {','.join(exactly)}"
                self._problems.add(line, what)
                return False
        self._columns = self._header.columns(self.header, self._problems)
        is_titled = not self.header or self._has_titles()
        return self._columns is not None and is_titled

    def _rows(self, records: Iterator[Record]) -> Iterator[Outcome]:
        columns = self._columns
        assert columns is not None  # noqa: S101 - the header was found
        for record in records:
            why = self._why_skipped(record, columns)
            if why:
                self.skipped[why] += 1
                self._look_for_titles(record)
                yield Skipped(record.line, why, record.text)
                continue
            self.rows += 1
            if self.rows > _MOST_ROWS:
                self._problems.add(record.line, f"a file holds at most {_MOST_ROWS:,} rows: split it")
                return
            wrong: list[str] = []
            row = self._row(record, columns, wrong)
            if row:
                yield row
            else:
                for what in wrong:
                    self._problems.add(record.line, what)
                yield Refused(record.line, tuple(wrong), record.text)

    def _why_skipped(self, record: Record, columns: Columns) -> str | None:
        profile = self.profile
        if not profile.exactly and columns.is_header(record):
            return "the header again"
        total = profile.proofs.total_row
        first = self._account_cell(record, columns)[1] if total else ""
        if total and total.search(first or next(filter(None, map(trimmed, record.cells)))):
            if self._total:
                self._problems.add(
                    record.line, f"it matches total_row, as line {self._total.line} does: narrow the pattern"
                )
            self._total = record
            return f"the total row matches {total.pattern}"
        for skip in profile.skip:
            text = record.text if skip.column is None else trimmed(columns.cell(record, skip.column))
            if skip.matches.search(text):
                return str(skip)
        return None

    def _account_cell(self, record: Record, columns: Columns) -> tuple[str, str]:
        return self._cell(record, columns, self.profile.account)

    def _cell(self, record: Record, columns: Columns, place: Place) -> tuple[str, str]:
        """The first of the place's columns that is not empty, and what stands there."""
        exactly = self.profile.exactly
        name = ""
        for column in place.columns:
            if column in columns.places:
                name = name or column
                cell = columns.cell(record, column)
                if kept := cell if exactly else trimmed(cell):
                    return column, kept
        return name, ""

    def _row(self, record: Record, columns: Columns, wrong: list[str]) -> Row | None:
        if why := self._wrong_width(record, columns):
            wrong.append(why)
            return None
        said = dict(self._fixed)
        for column in self._from_columns:
            name, cell = self._cell(record, columns, self._places[column])
            try:
                said[column] = self._said(column, name, cell)
            except Wrong as error:
                wrong.append(f"{name} is {shown(cell)}: {error}" if cell else f"{name} is missing")
        amounts = self._read_amounts(record, columns, said.get("currency"), wrong)
        if wrong or len(said) != len(_KEY):
            return None
        key = (said["entity"], said["gl_account"], said["currency"], said["as_of_date"])
        return self._balance(record, columns, key, amounts)

    def _wrong_width(self, record: Record, columns: Columns) -> str | None:
        cells, width = record.cells, columns.width
        least = columns.needed if not self.profile.exactly else width or 0
        if (not self._in_workbook and len(cells) < least) or (
            width is not None and len(cells) > width and any(map(trimmed, cells[width:]))
        ):
            return f"it has {len(cells)} fields, the header {width if width is not None else least}"
        return None

    def _said(self, column: str, name: str, cell: str) -> str:
        """What a cell says of the column. Raises Wrong."""
        if self.profile.exactly and cell != cell.strip(" "):
            raise Wrong(unfit(cell) or "it holds a space around it")
        before = self._read_before.get((column, cell)) if column != "gl_account" else None
        if before is not None:
            return before
        said = meant(self._places[column], column, cell)
        asked = self._given.get(column)
        if asked is not None and said != asked:
            raise Wrong(f"it says {said}, and the run's {_GIVEN_AS[column]} is {asked}")
        if column != "gl_account" and len(self._read_before) < MOST_ABOVE:
            self._read_before[column, cell] = said
        return said

    def _read_amounts(
        self, record: Record, columns: Columns, currency: str | None, wrong: list[str]
    ) -> dict[str, Decimal]:
        """The amounts of the columns that are not empty."""
        amounts = {}
        balance = self.profile.balance
        for column in balance.all:
            cell = columns.cell(record, column)
            if not trimmed(cell) and len(balance.all) > 1:
                continue
            try:
                if self.profile.exactly and cell != cell.strip(" "):
                    raise Wrong(unfit(cell) or "it holds a space around it")  # noqa: TRY301
                amounts[column] = self._amounts.read(cell, currency or "")
            except Wrong as error:
                wrong.append(
                    f"{column} is {shown(cell)}: {error}" if trimmed(cell) else f"{column} is missing"
                )
        side = trimmed(columns.cell(record, balance.side)) if balance.side else ""
        if balance.side and side not in balance.debits | balance.credits and any(amounts.values()):
            sides = ", ".join(sorted(balance.debits | balance.credits))
            wrong.append(f"{balance.side} is {shown(side)}: the profile declares {sides}")
        return amounts

    def _balance(self, record: Record, columns: Columns, key: Key, amounts: Mapping[str, Decimal]) -> Row:
        balance = self.profile.balance
        debit = credit = _ZERO
        is_totalled = self.profile.proofs.total_row is not None
        for column, amount in amounts.items():
            if is_totalled:
                self._sums.add_to_column(column, amount)
            if column in balance.plus:
                debit = EXACT.add(debit, amount)
            else:
                credit = EXACT.add(credit, amount)
        if balance.side and trimmed(columns.cell(record, balance.side)) in balance.credits:
            debit, credit = credit, debit
        closing = EXACT.subtract(debit, credit) if credit else debit
        if len(balance.all) != 2 and not balance.side:
            debit, credit = max(closing, _ZERO), max(-closing, _ZERO)
        self._sums.add(key, debit, credit)
        read = tuple(columns.cell(record, column) for column in balance.all)
        account = self._account_cell(record, columns)[1]
        is_empty = not closing and not any(map(trimmed, read))
        return Row(record.line, key, closing, is_empty, (account, *read))

    # ── titles, and what the run gives ───────────────────────────────────────────────────────────────

    def _fix(self, column: str, said: str, line: int) -> None:
        """Note what holds for every row; what the run or an earlier line says otherwise is a problem."""
        asked, before = self._given.get(column), self._fixed.get(column)
        if asked is not None and said != asked:
            self._problems.add(
                line, f"it is of {column} {said}, and the run's {_GIVEN_AS[column]} is {asked}"
            )
        elif before is not None and before != said:
            self._problems.add(
                line, f"it is of {column} {said}, and the lines above of {before}: split the file"
            )
        self._fixed.setdefault(column, said)

    def _look_for_titles(self, record: Record) -> None:
        for column, place in self._places.items():
            if place.title and (found := place.title.search(record.text)):
                text = trimmed(found[1] or "")
                try:
                    self._fix(column, meant(place, column, text), record.line)
                except Wrong as error:
                    self._problems.add(record.line, f"its title says {column} {shown(text)}: {error}")

    def _has_titles(self) -> bool:
        lacking = [
            (column, place.title.pattern)
            for column, place in self._places.items()
            if place.title and column not in self._fixed
        ]
        for column, pattern in lacking:
            self._problems.add(1, f"no line above its header matches {pattern}, which says the {column}")
        return not lacking

    # ── all rows together ────────────────────────────────────────────────────────────────────────────

    def _noted(self, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
        """The same, each row's key noted."""
        for outcome in outcomes:
            if isinstance(outcome, Row):
                self._keys.add(outcome.key, outcome.line)
            yield outcome

    def _without_empty(self, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
        """Empty rows count only where no other row has their key."""
        empty: dict[Key, Row] = {}
        filled: dict[Key, int] = {}
        for outcome in outcomes:
            if not isinstance(outcome, Row):
                yield outcome
            elif not outcome.is_empty:
                filled[outcome.key] = outcome.line
                self._keys.add(outcome.key, outcome.line)
                yield outcome
            elif outcome.key in empty:
                yield self._skip_empty(outcome, empty[outcome.key].line)
            else:
                empty[outcome.key] = outcome
        for key, row in empty.items():
            yield self._skip_empty(row, filled[key]) if key in filled else row

    def _skip_empty(self, row: Row, other: int) -> Skipped:
        self.skipped["empty, and the account stands in another row"] += 1
        self.rows -= 1
        return Skipped(row.line, f"empty, and the account stands in line {other}", row.cells[0])

    def _summed(self, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
        """One row for each key, the sum of all with it."""
        sums: dict[Key, Row] = {}
        for outcome in outcomes:
            if not isinstance(outcome, Row):
                yield outcome
            elif found := sums.get(outcome.key):
                self.rows -= 1
                sums[outcome.key] = replace(
                    found,
                    balance=EXACT.add(found.balance, outcome.balance),
                    is_empty=found.is_empty and outcome.is_empty,
                    lines=found.lines + 1,
                )
            else:
                sums[outcome.key] = outcome
        yield from sums.values()

    def _look_at_all(self) -> None:
        if not self.header:
            self._has_titles()
        if not self.rows:
            if not self._problems:
                self._problems.add(1, "it holds no balance")
            return
        for line, first in self._keys.twice():
            self._problems.add(line, f"it duplicates line {first}: the same {', '.join(_KEY)}")
        proofs = self.profile.proofs
        if self.rows < proofs.rows:
            self._problems.add(
                1, f"it has {self.rows} rows, and at least {proofs.rows} were expected: is it all?"
            )
        elif proofs.rows:
            self.proved.append(f"rows: {self.rows}, at least {proofs.rows}")
        if not self._problems:
            if proofs.debits_equal_credits:
                self.proved += self._sums.balanced(self._problems)
            else:
                self.summed += self._sums.balanced(None)
            if proofs.total_row:
                self._look_at_total(proofs.total_row.pattern)

    def _look_at_total(self, pattern: str) -> None:
        columns, total = self._columns, self._total
        if total is None or columns is None:
            self._problems.add(1, f"no row matches total_row {pattern}: the file may be cut off")
            return
        currencies = self._sums.currencies
        if len(currencies) != 1:
            self._problems.add(
                total.line, f"a total over {', '.join(sorted(currencies))} proves nothing: no total_row"
            )
            return
        currency = next(iter(currencies))
        told = 0
        for column in self.profile.balance.all:
            cell = columns.cell(total, column)
            if not trimmed(cell):
                continue
            told += 1
            summed = self._sums.of_columns.get(column, _ZERO)
            try:
                says = Amounts(self.profile).read(cell, currency)  # whose noise is no row's
            except Wrong as error:
                self._problems.add(total.line, f"{column} is {shown(cell)}: {error}")
                continue
            if says != summed:
                self._problems.add(
                    total.line,
                    f"the total says {column} {written(says, currency)}, the rows add up to "
                    f"{written(summed, currency)}",
                )
            else:
                self.proved.append(
                    f"total row, line {total.line}: {column} {written(says, currency)}, as the rows"
                )
        if not told:
            self._problems.add(total.line, "the total row is empty: the file may be cut off")


def _checked(profile: Profile, given: Given) -> dict[str, str]:
    """What the run gives, by column. Raises GLFileError where the profile needs more, or it can't be read."""
    found = {
        column: text
        for column, text in (
            ("entity", given.entity),
            ("currency", given.currency),
            ("as_of_date", given.date),
        )
        if text
    }
    for column, place in (
        ("entity", profile.entity),
        ("currency", profile.currency),
        ("as_of_date", profile.date),
    ):
        if place.is_given and column not in found:
            what = column.removeprefix("as_of_")
            raise GLFileError(
                f"The profile {profile.name} takes the {what} from the run: give {_GIVEN_AS[column]} "
                f"({what.upper()}=… of make gl-preview), or say it in the profile."
            )
    if "currency" in found and found["currency"] not in MINOR_UNITS:
        raise GLFileError(f"gl_currency is {shown(found['currency'])}: give an ISO 4217 code such as EUR.")
    if why := unfit(found.get("entity", "")):
        raise GLFileError(f"gl_entity is {shown(found['entity'])}: {why}.")
    try:
        if "as_of_date" in found:
            found["as_of_date"] = date.fromisoformat(found["as_of_date"]).isoformat()
    except ValueError:
        raise GLFileError(
            f"gl_date is {shown(found['as_of_date'])}: give a date such as 2026-10-31."
        ) from None
    return found


def require_balances(file: TextFile) -> None:
    """Raise UnreadableFileError where a file's first line says that it is a DATEV file, which holds none."""
    first, *_ = file.begins_with(_FIRST_LINE).decode("latin-1").splitlines() or [""]
    begun = first.removeprefix("\u00ef\u00bb\u00bf").replace('"', "").split(";")
    if begun[0] in ("EXTF", "DTVF"):
        what = (
            "journal entries (Buchungsstapel)" if "Buchungsstapel" in begun else "data in DATEV's own format"
        )
        raise UnreadableFileError(
            f"it holds {what}, not balances: export the Summen- und Saldenliste instead"
        )


def open_books(path: AnySource, profile: Profile) -> TextFile:
    """The file, to be read by the profile. Raises UnreadableFileError."""
    return TextFile(path, LIMITS, profile.encoding)
