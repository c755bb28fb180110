"""What a file would become, as a person reads it: each row, what is skipped and why, the proofs, the mapping.

Loads nothing and needs no database.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from qbank_ledger.errors import GLFileError
from qbank_ledger.files.cell import shown
from qbank_ledger.files.problems import Problems, TooManyProblemsError
from qbank_ledger.files.source import AnySource
from qbank_ledger.files.text_file import UnreadableFileError
from qbank_ledger.recon.books_file import open_books
from qbank_ledger.recon.cells import trimmed, written
from qbank_ledger.recon.gl_file import KEYS, Kind
from qbank_ledger.recon.load import refusal
from qbank_ledger.recon.match import GLAccount, GLAccounts
from qbank_ledger.recon.outcome import Outcome, Refused, Row
from qbank_ledger.recon.profile import Given, Profile
from qbank_ledger.recon.proofs import DatesAhead
from qbank_ledger.recon.reading import Reading

_FURTHEST_AHEAD = timedelta(hours=14)
_MOST_KEPT = 1_000
_MOST_NAMED = 20
# What a person calls what is the same in every row.
_NAMES: Mapping[Kind, Mapping[str, str]] = {
    "gl": {"gl_account": "account of every row", "as_of_date": "date of every row"},
    "items": {"gl_account": "account of every row", "as_of_date": "date of the list"},
    "rates": {
        "as_of_date": "date of every row",
        "from_currency": "from, of every row",
        "to_currency": "to, of every row",
    },
}
_WIDTHS = {"reference": 14}


@dataclass(frozen=True, slots=True)
class Mirror:
    """A GL account that an active account mirrors, and the date that it is where that account is."""

    account: GLAccount
    today: date


def preview(
    path: AnySource,
    profile: Profile,
    given: Given,
    mirrors: Iterable[Mirror],
    show: Callable[[str], None],
    *,
    take: Callable[[Outcome], None] | None = None,
) -> None:
    """Show what loading the file by the profile would make of it, line by line as it is read.

    ``take`` gets what became of each row, where it is not to be shown as a line. Raises GLFileError, with
    every problem, where the file would not be loaded.
    """
    problems = Problems()
    mapping = _Mapping(mirrors, profile.kind)
    try:
        with open_books(path, profile) as file:
            reading = Reading(file, profile, given, problems)
            show(f"{path} as {profile.name}")
            with suppress(TooManyProblemsError):
                for number, outcome in enumerate(reading.outcomes()):
                    if not number:
                        show(_head(reading))
                    if take:
                        take(outcome)
                    else:
                        show(_shown(outcome, reading))
                    if isinstance(outcome, Row):
                        mapping.add(outcome, problems)
    except UnreadableFileError as error:
        raise GLFileError(f"The file {path} can't be read: {error}.") from None
    with suppress(TooManyProblemsError):
        if (on := reading.list_date) and on > mapping.latest:
            problems.add(1, f"its date {on} is ahead of today, {mapping.latest}")
        mapping.ahead.tell(problems)
    for line in [*_tail(reading), *mapping.said(profile)]:
        show(line)
    if problems:
        raise GLFileError(refusal(path, problems).replace("was loaded", "would be loaded"))
    show(f"It would load: {reading.rows} rows.")


def _head(reading: Reading) -> str:
    header = reading.header
    lines = [f"header, line {header.line}: {' | '.join(map(trimmed, header.cells))}"] if header else []
    names = _NAMES[reading.profile.kind]
    lines += [
        f"{names.get(column, f'{column} of every row')}: {said}" for column, said in reading.fixed.items()
    ]
    return "\n".join([*lines, ""])


def _shown(outcome: Outcome, reading: Reading) -> str:
    if isinstance(outcome, Row):
        key = dict(zip(KEYS[reading.profile.kind], outcome.key, strict=True))
        varying = [
            (_WIDTHS.get(column, 10), text)
            for column, text in key.items()
            if column not in reading.fixed and column != "currency"  # which stands behind the amount
        ]
        said = "".join(f"{text:<{width}}  " for width, text in varying)
        over = sum(max(0, len(text) - width) for width, text in varying)  # takes room of the amount's
        cells = " | ".join(shown(trimmed(cell)) for cell in outcome.cells)
        summed = f" and {outcome.lines - 1} row(s) more" if outcome.lines > 1 else ""
        currency = key.get("currency", "")
        number = written(outcome.amount, currency) if currency else f"{outcome.amount:f}"
        amount = f"{number.rjust(22 - over)} {currency}".rstrip()
        cleared = f"   cleared {outcome.cleared}" if outcome.cleared else ""
        return f"line {outcome.line:<6} {said}{amount}{cleared}   from {cells}{summed}"
    if isinstance(outcome, Refused):
        return f"line {outcome.line:<6} refused: {'; '.join(outcome.wrong)}"
    return f"line {outcome.line:<6} skipped: {outcome.reason}: {shown(outcome.text)}"


def _tail(reading: Reading) -> list[str]:
    skipped = ", ".join(f"{times} as {why}" for why, times in reading.skipped.most_common())
    lines = [
        "",
        f"Rows: {reading.rows}. Skipped: {reading.skipped.total()}{f' ({skipped})' if skipped else ''}.",
    ]
    if reading.rounded:
        lines.append(f"Rounded to remove floating-point noise: {reading.rounded} amount(s).")
    lines += [f"Proof: {proved}." for proved in reading.proved]
    return lines + [f"Sum: {summed}." for summed in reading.summed]


class _Mapping:
    """Which rows accounts mirror, and which mirrored accounts the file lacks."""

    def __init__(self, mirrors: Iterable[Mirror], kind: Kind) -> None:
        self._kind = kind
        self._date = "item_date" if kind == "items" else "as_of_date"
        self._today: dict[GLAccount, str] = {}
        for mirror in mirrors:
            today = max(self._today.get(mirror.account, ""), mirror.today.isoformat())
            self._today[mirror.account] = today
        self.latest = (datetime.now(UTC) + _FURTHEST_AHEAD).date().isoformat()
        self._there: set[GLAccount] = set()
        self._scopes: set[tuple[str, str]] = set()
        self._unmapped: dict[GLAccount, int] = {}
        self._rows = self._unmapped_rows = 0
        self.ahead = DatesAhead(kind)

    def add(self, row: Row, problems: Problems) -> None:
        if self._kind == "rates":
            today, on = self.latest, row.key[2]
        else:
            today, on = self._mapped(row), row.key[3]
        for column, each in ((self._date, on), ("cleared_date", row.cleared)):
            if each and each > today:
                self.ahead.add(row.line, column, each, today)

    def _mapped(self, row: Row) -> str:
        """Note which account the row is about; gives the date that it is there."""
        gl_account = GLAccount(*row.key[:3])
        self._rows += 1
        self._scopes.add((gl_account.entity, gl_account.currency))
        if gl_account in self._today:
            self._there.add(gl_account)
        else:
            self._unmapped_rows += 1
            if len(self._unmapped) < _MOST_KEPT:
                self._unmapped.setdefault(gl_account, row.line)
        return self._today.get(gl_account, self.latest)

    def said(self, profile: Profile) -> list[str]:
        if not self._rows:
            return []
        lines = []
        if self._unmapped:
            lines.append(
                f"{self._unmapped_rows} of the {self._rows} rows match no account of the accounts file. They "
                f"load, but are compared with nothing: {self._named()}."
            )
        if not self._there:
            lines.append(
                "None of the rows matches an account: does the accounts file write the entity, the GL "
                "account or the currency differently?"
            )
        absent = sorted(
            str(one)
            for one in self._today
            if (one.entity, one.currency) in self._scopes and one not in self._there
        )
        if absent and profile.kind == "gl":
            means = "would be loaded as 0" if profile.is_whole else "would be missing (absent_means)"
            lines.append(f"The file lacks {len(absent)} account(s), which {means}: {_some(absent)}.")
        if profile.kind == "items" and profile.is_whole:
            lines.append(
                "Items that are open in an earlier file of this profile and absent from this one would be "
                "cleared."
            )
        return lines

    def _named(self) -> str:
        mirrored = GLAccounts(self._today)
        said = []
        for one, line in self._unmapped.items():
            likely = mirrored.likely(one)
            said.append((likely is None, f"line {line} ({one}{f', likely {likely}' if likely else ''})"))
        return _some([text for _, text in sorted(said, key=lambda pair: pair[0])])


def _some(texts: list[str]) -> str:
    more = f" … and {len(texts) - _MOST_NAMED} more" if len(texts) > _MOST_NAMED else ""
    return "; ".join(islice(texts, _MOST_NAMED)) + more
