"""What became of a row of a file: taken, skipped, or refused; and what becomes of two of one key."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from qbank_ledger.recon.cells import EXACT
from qbank_ledger.recon.proofs import Key


@dataclass(frozen=True, slots=True)
class Row:
    """A balance, debit positive, an item or a rate: the line that it begins on, and what was read to make it.

    ``key``: what KEYS has of its kind. ``is_empty``: no cell of its amounts held anything. ``cleared``: the
    date on which an item was. ``lines``: how many rows of the file it sums.
    """

    line: int
    key: Key
    amount: Decimal
    is_empty: bool
    cells: tuple[str, ...]
    cleared: str | None = None
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is none, and why; ``other`` is the line of the one that counts instead of it."""

    line: int
    why: str
    text: str
    other: int | None = None

    @property
    def reason(self) -> str:
        """Why, with the line that counts instead."""
        return f"{self.why} (line {self.other})" if self.other else self.why


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that does not read as declared; what is wrong is among the problems, too."""

    line: int
    wrong: tuple[str, ...]
    text: str


Outcome = Row | Skipped | Refused


def _without_empty(outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    """Empty rows count only where no other row has their key; they come last."""
    empty: dict[Key, Row] = {}
    filled: dict[Key, int] = {}
    for outcome in outcomes:
        if not isinstance(outcome, Row):
            yield outcome
        elif not outcome.is_empty:
            filled.setdefault(outcome.key, outcome.line)
            yield outcome
        elif outcome.key in empty:
            yield _beside(outcome, empty[outcome.key].line)
        else:
            empty[outcome.key] = outcome
    for key, row in empty.items():
        yield _beside(row, filled[key]) if key in filled else row


def _beside(row: Row, other: int) -> Skipped:
    return Skipped(row.line, "empty, and the account stands in another row", row.cells[0], other)


def _summed(outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    """One row for each key, the sum of all with it; they come last."""
    sums: dict[tuple[Key, str | None], Row] = {}
    for outcome in outcomes:
        if not isinstance(outcome, Row):
            yield outcome
        elif found := sums.get(key := (outcome.key, outcome.cleared)):
            sums[key] = replace(
                found,
                amount=EXACT.add(found.amount, outcome.amount),
                is_empty=found.is_empty and outcome.is_empty,
                lines=found.lines + 1,
            )
        else:
            sums[key] = outcome
    yield from sums.values()


# By what a profile says of duplicates; those that are left are refused.
FOLDED: Mapping[str, Callable[[Iterator[Outcome]], Iterator[Outcome]]] = {
    "refuse": lambda outcomes: outcomes,
    "ignore_empty": _without_empty,
    "sum": _summed,
}
