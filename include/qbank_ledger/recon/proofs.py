"""What the rows of a file prove together: no key twice, debits equal to credits, the total that it says."""

from array import array
from collections.abc import Iterator
from decimal import Decimal

from qbank_ledger.files.cell import shown
from qbank_ledger.files.problems import Problems
from qbank_ledger.files.records import Record
from qbank_ledger.recon.cells import EXACT, Amounts, Wrong, trimmed, written
from qbank_ledger.recon.columns import Columns
from qbank_ledger.recon.gl_file import WHERE, Kind
from qbank_ledger.recon.profile import Profile

Key = tuple[str, ...]  # entity, GL account, currency, date, and of items side, kind, reference
_ALL_BITS = 2**64 - 1
_AT_ONCE = 250_000  # keys that are sorted, at some hundred bytes each


class Keys:
    """The keys of a file's rows, 16 bytes a row, to be looked at for those that stand twice."""

    def __init__(self) -> None:
        self._hashes, self._lines = array("Q"), array("L")

    def add(self, key: Key, line: int) -> None:
        """Note a row's key; lines rise."""
        self._hashes.append(hash(key) & _ALL_BITS)
        self._lines.append(line)

    def twice(self) -> Iterator[tuple[int, int]]:
        """Each line whose key an earlier one has, and that one."""
        hashes = self._hashes
        parts = len(hashes) // _AT_ONCE + 1
        for part in range(parts):
            order = [index for index, hashed in enumerate(hashes) if hashed % parts == part]
            order.sort(key=hashes.__getitem__)
            first = None
            for index in order:
                if first is not None and hashes[index] == hashes[first]:
                    yield self._lines[index], self._lines[first]
                else:
                    first = index


class DatesAhead:
    """The dates of a file that are ahead of today: each said once, where it stands first."""

    def __init__(self, kind: Kind) -> None:
        self._where = WHERE[kind]
        self._found: dict[tuple[str, str], tuple[int, str, int]] = {}

    def add(self, line: int, column: str, on: str, today: str) -> None:
        """Note a row's date, in ISO's form, that is ahead of today; lines rise."""
        first, where_it_is, times = self._found.get((column, on), (line, today, 0))
        self._found[column, on] = first, where_it_is, times + 1

    def tell(self, problems: Problems) -> None:
        """Make each a problem."""
        for (column, on), (line, today, times) in self._found.items():
            also = ", in this row and others" if times > 1 else ""
            problems.add(line, f"{column} {on} is ahead of today, {today}{self._where}{also}")


class Sums:
    """Debits and credits by entity, currency and date or side, and the sum of each column of amounts."""

    def __init__(self) -> None:
        self._both: dict[tuple[str, str, str], list[Decimal]] = {}
        self.of_columns: dict[str, Decimal] = {}

    def add(self, of: tuple[str, str, str], debit: Decimal, credit: Decimal) -> None:
        """Note what a row adds to either, both positive, of its entity, currency and date or side."""
        both = self._both.setdefault(of, [Decimal(0), Decimal(0)])
        if debit:
            both[0] = EXACT.add(both[0], debit)
        if credit:
            both[1] = EXACT.add(both[1], credit)

    def add_to_column(self, column: str, amount: Decimal) -> None:
        """Note an amount as it stands in its column."""
        self.of_columns[column] = EXACT.add(self.of_columns.get(column, Decimal(0)), amount)

    @property
    def currencies(self) -> set[str]:
        """The currencies of the rows."""
        return {currency for _, currency, _ in self._both}

    def balanced(self, problems: Problems | None) -> Iterator[str]:
        """What each side adds up to; where they differ it is a problem, if there is somewhere to note it."""
        for (entity, currency, on), (debit, credit) in sorted(self._both.items()):
            sides = f"debits {written(debit, currency)}, credits {written(credit, currency)} {currency}"
            of = f"{entity} {on}: {sides}"
            if debit == credit:
                yield f"{of}, equal"
                continue
            difference = written(EXACT.subtract(debit, credit), currency)
            asked = "" if problems is not None else "; the profile does not ask that they be equal"
            yield f"{of}, which differ by {difference}{asked}"
            if problems is not None:
                problems.add(1, f"debits and credits must be equal, and differ by {difference} ({of})")

    def moved(self) -> Iterator[str]:
        """What items say together: money in and out on each side."""
        for (entity, currency, side), (into, out) in sorted(self._both.items()):
            yield f"{entity} {side}: in {written(into, currency)}, out {written(out, currency)} {currency}"


def check_total(
    profile: Profile, columns: Columns, total: Record | None, sums: Sums, problems: Problems
) -> Iterator[str]:
    """What of the total row the rows add up to; what they don't is a problem."""
    if total is None:
        pattern = profile.proofs.total_row.pattern if profile.proofs.total_row else ""
        problems.add(1, f"no row matches total_row {pattern}: the file may be cut off")
        return
    if len(sums.currencies) != 1:
        over = ", ".join(sorted(sums.currencies))
        problems.add(total.line, f"a total over {over} proves nothing: no total_row")
        return
    currency = next(iter(sums.currencies))
    cells = {column: columns.cell(total, column) for column in profile.amount.all}
    told = {column: cell for column, cell in cells.items() if trimmed(cell)}
    if not told:
        problems.add(total.line, "the total row is empty: the file may be cut off")
    for column, cell in told.items():
        summed = sums.of_columns.get(column, Decimal(0))
        try:
            says = Amounts(profile).read(cell, currency)  # whose noise is no row's
        except Wrong as error:
            problems.add(total.line, f"{column} is {shown(cell)}: {error}")
            continue
        if says != summed:
            both = f"{column} {written(says, currency)}, the rows add up to {written(summed, currency)}"
            problems.add(total.line, f"the total says {both}")
        else:
            yield f"total row, line {total.line}: {column} {written(says, currency)}, as the rows"
