"""A file read as its profile says: each row of it a balance, an item or a rate, skipped and why, or refused.

Whatever does not read as declared is a problem, by line and cell and what was expected. Memory does not grow
with the file, but for the rows of one whose profile folds duplicates or numbers items.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from qbank_ledger.files.problems import Problems
from qbank_ledger.files.records import MOST_ABOVE, Record
from qbank_ledger.files.text_file import TextFile
from qbank_ledger.recon.books_file import records_of
from qbank_ledger.recon.cells import trimmed
from qbank_ledger.recon.columns import Columns, Header
from qbank_ledger.recon.given import Fixed
from qbank_ledger.recon.gl_file import AMOUNTS, KEYS
from qbank_ledger.recon.outcome import FOLDED, Outcome, Refused, Row, Skipped
from qbank_ledger.recon.profile import Given, Profile
from qbank_ledger.recon.proofs import Keys, check_total
from qbank_ledger.recon.rows import RowReader
from qbank_ledger.recon.unpivot import LongRows

_MOST_ROWS = 2_500_000
_MOST_ITEMS = 500_000


class Reading:
    """Reads one file once. Once all of it is read: what was skipped and rounded, and what it proved."""

    def __init__(self, file: TextFile, profile: Profile, given: Given, problems: Problems) -> None:
        """``file`` is open, in the profile's encoding. Raises GLFileError where the run gives too little."""
        self._file, self.profile, self._problems = file, profile, problems
        self._fixed = Fixed(profile, given, problems)
        self._header = Header(profile)
        self._keys = Keys()
        self._reader: RowReader | None = None
        self._total: Record | None = None
        self.header: Record | None = None
        self.skipped: Counter[str] = Counter()
        self.rows = 0
        self.proved: list[str] = []
        self.summed: list[str] = []

    @property
    def rounded(self) -> int:
        """How many amounts had a float's noise rounded away."""
        return self._reader.rounded if self._reader else 0

    @property
    def fixed(self) -> Mapping[str, str]:
        """What is the same in every row, by its column: constants, titles, the run's."""
        return self._fixed.said

    @property
    def list_date(self) -> str | None:
        """The date of a list of items, where it is asked what it lacks."""
        return self._fixed.said.get("as_of_date") if self.profile.kind == "items" else None

    def outcomes(self) -> Iterator[Outcome]:
        """What became of each row, in the file's order but for folded duplicates, which come at its end.

        Raises UnreadableFileError and TooManyProblemsError. What the rows prove together is looked at once
        all were taken.
        """
        records, is_workbook = records_of(self._file, self.profile, self._header.fits, self._problems)
        columns = self._found(records)
        if columns is None:
            return
        taken: Iterator[Record | Outcome] = self._taken(records, columns)
        if self.profile.unpivot and self.header:
            long = LongRows(self.profile.unpivot, self.header, columns, self._problems)
            taken = self._unpivoted(taken, long, columns, may_end_early=is_workbook)
            columns = long.columns
        self._reader = RowReader(self.profile, columns, self._fixed, may_end_early=is_workbook)
        for outcome in FOLDED[self.profile.duplicates](self._read(taken, self._reader)):
            if isinstance(outcome, Row):
                self.rows += 1
                self._keys.add(outcome.key, outcome.line)
            elif isinstance(outcome, Skipped):
                self.skipped[outcome.why] += 1
            yield outcome
        self._look_at_all(columns, self._reader)

    def _found(self, records: Iterator[Record]) -> Columns | None:
        """The columns, by the header and what stands above it; the next record then is the first below it."""
        if not self._header.is_named:
            return self._header.columns(None, self._problems)
        record = None
        for above, record in enumerate(records):
            if self.profile.exactly:
                self.header = record if self._header.is_exactly(record.cells) else None
                break
            is_header = self._header.look(record)
            self._fixed.look(record, is_header=is_header)
            if is_header:
                self.header = record
                break
            if above == MOST_ABOVE:
                break
        if self.header is None:
            self._problems.add(*(self._header.lacking() if record else (1, "it is empty")))
            return None
        columns = self._header.columns(self.header, self._problems)
        return columns if self._fixed.is_whole() else None

    def _taken(self, records: Iterable[Record], columns: Columns) -> Iterator[Record | Outcome]:
        """The records, but those that are skipped as what became of them."""
        for record in records:
            if why := self._why_skipped(record, columns):
                self._fixed.look(record)
                yield Skipped(record.line, why, record.text)
            else:
                yield record

    def _unpivoted(
        self, taken: Iterator[Record | Outcome], long: LongRows, wide: Columns, *, may_end_early: bool
    ) -> Iterator[Record | Outcome]:
        """The long rows of those that were taken; what is no row of the table stays as it is."""
        for record in taken:
            if not isinstance(record, Record):
                yield record
            elif why := wide.misfit(record, is_exact=True, may_end_early=may_end_early):
                yield self._refused(record, [why])
            else:
                yield from self._taken(long.of(record), long.columns)

    def _read(self, taken: Iterator[Record | Outcome], reader: RowReader) -> Iterator[Outcome]:
        rows, most = 0, _MOST_ITEMS if self.profile.kind == "items" else _MOST_ROWS
        for record in taken:
            if not isinstance(record, Record):
                yield record
                continue
            rows += 1
            if rows > most:
                self._problems.add(record.line, f"a file holds at most {most:,} rows: split it")
                return
            wrong: list[str] = []
            yield reader.row(record, wrong) or self._refused(record, wrong)

    def _refused(self, record: Record, wrong: list[str]) -> Refused:
        for what in wrong:
            self._problems.add(record.line, what)
        return Refused(record.line, tuple(wrong), record.text)

    def _why_skipped(self, record: Record, columns: Columns) -> str | None:
        profile = self.profile
        if not profile.exactly and columns.is_header(record):
            return "the header again"
        total = profile.proofs.total_row
        if total and self._reader:
            first = self._reader.account_cell(record) or next(filter(None, map(trimmed, record.cells)))
            if total.search(first):
                if self._total:
                    before = f"as line {self._total.line} does: narrow the pattern"
                    self._problems.add(record.line, f"it matches total_row, {before}")
                self._total = record
                return f"the total row matches {total.pattern}"
        for skip in profile.skip:
            if skip.column is not None and skip.column not in columns.places:
                continue  # a column of the long rows: a wide one has it not
            text = record.text if skip.column is None else trimmed(columns.cell(record, skip.column))
            if skip.matches.search(text):
                return str(skip)
        return None

    def _look_at_all(self, columns: Columns, reader: RowReader) -> None:
        if not self._header.is_named:
            self._fixed.is_whole()
        kind = self.profile.kind
        if not self.rows and kind != "items":  # that nothing is outstanding says something, too
            if not self._problems:
                self._problems.add(1, f"it holds no {AMOUNTS[kind]}")
            return
        for line, first in self._keys.twice():
            self._problems.add(line, f"it duplicates line {first}: the same {', '.join(KEYS[kind])}")
        proofs = self.profile.proofs
        if self.rows < proofs.rows:
            what = f"it has {self.rows} rows, and at least {proofs.rows} were expected: is the file complete?"
            self._problems.add(1, what)
        elif proofs.rows:
            self.proved.append(f"rows: {self.rows}, at least {proofs.rows}")
        if self._problems:
            return
        if kind == "items":
            self.summed += reader.sums.moved()
        elif proofs.debits_equal_credits:
            self.proved += reader.sums.balanced(self._problems)
        else:
            self.summed += reader.sums.balanced(None)
        if proofs.total_row and self.rows:
            self.proved += check_total(self.profile, columns, self._total, reader.sums, self._problems)
