"""The rows of a file that is previewed, as a table: what becomes of each, and why of what is not taken."""

from collections.abc import Mapping, Sequence
from typing import Any

from qbank_ledger.money import MINOR_UNITS
from qbank_ledger.month_end.table import Amount
from qbank_ledger.recon.cells import trimmed
from qbank_ledger.recon.gl_file import AMOUNTS, KEYS, Kind
from qbank_ledger.recon.outcome import Outcome, Refused, Row
from qbank_page.frame.table import Column, Mark, Table

_MOST = 500  # of those that were taken, and of those that were not
_LONGEST = 200
_TITLES = {
    "entity": "Entity",
    "gl_account": "GL account",
    "currency": "Currency",
    "as_of_date": "Date",
    "item_date": "Item date",
    "side": "Side",
    "kind": "Kind",
    "reference": "Reference",
    "from_currency": "From",
    "to_currency": "To",
}
_CLEARED = (Column("cleared", "Cleared"),)
_READ_AS: Mapping[Kind, str] = {"gl": "balance", "items": "item", "rates": "rate"}


class PreviewedRows:
    """Keeps the first rows that were taken, and the first that were not: a long file has many."""

    def __init__(self, kind: Kind) -> None:
        self._kind: Kind = kind
        self._taken: list[Outcome] = []
        self._left: list[Outcome] = []
        self._counts = {True: 0, False: 0}

    def take(self, outcome: Outcome) -> None:
        """Count what became of a row of the file, and keep it if it is among the first."""
        is_taken = isinstance(outcome, Row)
        self._counts[is_taken] += 1
        if self._counts[is_taken] <= _MOST:
            (self._taken if is_taken else self._left).append(outcome)

    def table(self) -> Table | None:
        """What was kept, by line; None where the file was not read as far as its rows."""
        kept = sorted([*self._taken, *self._left], key=lambda outcome: outcome.line)
        if not kept:
            return None
        return Table(
            name="rows",
            caption="Rows of the file",
            columns=self._columns(),
            rows=[self._cells(outcome) for outcome in kept],
            empty="",
            note=self._note(),
        )

    def _columns(self) -> Sequence[Column]:
        return (
            Column("line", "Line", number=True),
            Column("read_as", "Read as"),
            *(Column(key, _TITLES[key]) for key in KEYS[self._kind]),
            Column("amount", AMOUNTS[self._kind].capitalize(), number=True),
            *(_CLEARED if self._kind == "items" else ()),
            Column("why", "Why"),
            Column("text", "In the file"),
        )

    def _cells(self, outcome: Outcome) -> dict[str, Any]:
        row = dict.fromkeys(column.key for column in self._columns()) | {"line": outcome.line}
        if isinstance(outcome, Row):
            key = dict(zip(KEYS[self._kind], outcome.key, strict=True))
            return {
                **row,
                **key,
                "read_as": Mark(_READ_AS[self._kind], "good"),
                "amount": Amount(outcome.amount, MINOR_UNITS.get(key.get("currency", ""), 0)),
                "cleared": outcome.cleared,
                "why": f"the sum of {outcome.lines:,} rows" if outcome.lines > 1 else None,
                "text": _cut(" | ".join(map(trimmed, outcome.cells))),
            }
        if isinstance(outcome, Refused):
            mark, why = Mark("refused", "bad"), "; ".join(outcome.wrong)
        else:
            mark, why = Mark("skipped"), outcome.reason
        return {**row, "read_as": mark, "why": why, "text": _cut(outcome.text)}

    def _note(self) -> str:
        """What is not shown; nothing where all is."""
        named = ((True, f"{_READ_AS[self._kind]}s"), (False, "rows that were skipped or refused"))
        return " ".join(
            f"Showing the first {_MOST} of {self._counts[which]:,} {what}."
            for which, what in named
            if self._counts[which] > _MOST
        )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
