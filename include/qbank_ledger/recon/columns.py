"""Where a profile's columns stand in a file: the header, found among whatever stands above it."""

from collections.abc import Mapping
from dataclasses import dataclass

from qbank_ledger.files.cell import shown
from qbank_ledger.files.problems import Problems
from qbank_ledger.files.records import BAR, Record
from qbank_ledger.recon.cells import trimmed
from qbank_ledger.recon.profile import POSITION, Profile

_MARKS = {"\t": "tab", ";": '";"', ",": '","', BAR: f'"{BAR}"'}  # as a profile says them


@dataclass(frozen=True, slots=True)
class Columns:
    """The places of a file's columns, counted from 0; ``width`` is the header's, None without one.

    ``written``: the same with the cells at its end that name nothing.
    """

    places: Mapping[str, int]
    width: int | None
    needed: int  # cells: a row that has fewer is cut off
    written: int = 0
    groupers: frozenset[str] = frozenset()  # what the profile lets stand between thousands
    decimal: str = "."
    amounts: tuple[int, ...] = ()  # the places of those that hold one
    is_closed: bool = False  # the header ends with a bar, and so does each whole row

    def misfit(self, record: Record, *, is_exact: bool, may_end_early: bool) -> str | None:
        """What is wrong with how many cells a row has.

        ``may_end_early``: the last ones are left out where they are empty, as in workbooks. ``is_exact``: a
        row has as many as the header, not only those that a key names.
        """
        cells, width = record.cells, self.width
        least = width or 0 if is_exact else self.needed
        if (not may_end_early and len(cells) < least) or (
            width is not None and len(cells) > width and any(map(trimmed, cells[width:]))
        ):
            return f"it has {len(cells)} fields, the header {width if width is not None else least}"
        if width is None or (mark := record.delimiter) is None:
            return None
        # More or fewer, empty or not: 1,234.50 makes two cells of one, which moves those after it.
        if len(cells) != self.written and (mark in self.groupers or self._may_be_one(cells, mark)):
            return (
                f"it has {len(cells)} fields, the header {self.written}: {mark!r} separates both fields and "
                "digits, so its amounts may have moved: export them in quotes, or without it"
            )
        if self.is_closed and record.text.startswith(BAR) and not record.text.endswith(BAR):
            return f"it ends without a {BAR}, and the header with one: it is cut off, so save the list wider"
        return self._took_in(record, mark)

    def _may_be_one(self, cells: list[str], mark: str) -> bool:
        """Whether an amount and the cell behind it, of a row with too many, may be one number: 1234,56."""
        if mark not in {",", self.decimal} or len(cells) <= self.written:
            return False
        behind = (trimmed(cells[place + 1]) for place in self.amounts if cells[place])
        return any(cell[:1].isdigit() for cell in behind)

    def _took_in(self, record: Record, mark: str) -> str | None:
        """Whether a cell took in rows, since its text begins with a quote that was not meant as one.

        A text that somebody wrote on several lines has commas, but seldom as many as a row in one of them.
        """
        if "".join(record.cells).isprintable():
            return None  # nearly every row: what parts lines can't be printed
        least = max(1, (self.width or 0) - 1)
        for cell in record.cells:
            lines = cell.splitlines()
            inner = [line.count(mark) for line in lines[1:-1]]
            held = max(inner, default=0) if mark == "," else cell.count(mark)
            if len(lines) > 1 and held >= least:
                return (
                    f"{shown(lines[0])} goes on over {len(lines)} lines, which look like rows: it begins "
                    "with a quote that is not meant as one: export texts in quotes, or take it out"
                )
        return None

    def is_header(self, record: Record) -> bool:
        """Whether it is the header again, on a later page of a list."""
        return self.width is not None and all(
            _name(self.cell(record, column)) == column
            for column in self.places
            if not POSITION.fullmatch(column)
        )

    def cell(self, record: Record, column: str) -> str:
        """What a row has there; empty where it ends before."""
        place = self.places[column]
        return record.cells[place] if place < len(record.cells) else ""


class Header:
    """Finds the header that a profile's columns need, and says what is not there."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._either = [place.columns for place in profile.places.values() if len(place.columns) > 1]
        optional = {column for columns in self._either for column in columns}
        self._named = [column for column in profile.columns if not POSITION.fullmatch(column)]
        self._required = frozenset(self._named) - optional
        self._nearest: tuple[int, Record | None] = (0, None)
        self._parted: tuple[int, str] | None = None

    @property
    def is_named(self) -> bool:
        """Whether there must be a header: a profile that knows columns by position alone has none."""
        return bool(self._named)

    def fits(self, cells: list[str]) -> bool:
        """Whether these cells are the header, or it again on a later page."""
        names = {_name(cell) for cell in cells}
        return self._required <= names and all(not names.isdisjoint(columns) for columns in self._either)

    def is_exactly(self, cells: list[str]) -> bool:
        """Whether these cells are the one header of an exact layout; empty ones at its end don't count."""
        names = [name.strip(" ") for name in cells]
        while names and not names[-1]:
            names.pop()
        return tuple(names) == self._profile.exactly

    def look(self, record: Record) -> bool:
        """The same; remembers the row that comes nearest."""
        if self.fits(record.cells):
            return True
        for mark, name in _MARKS.items():
            if mark != record.delimiter and not self._parted and self.fits(record.text.split(mark)):
                self._parted = record.line, name
        found = len({_name(cell) for cell in record.cells}.intersection(self._named))
        if found > self._nearest[0]:
            self._nearest = (found, record)
        return False

    def lacking(self) -> tuple[int, str]:
        """The line and the sentence for a file in which no row is the header."""
        if self._profile.exactly:
            header = f"the header must be {','.join(self._profile.exactly)}, as {self._profile.name} reads it"
            return 1, f"{header}: name the profile of a file that has another"
        names = ", ".join(map(shown, self._named))
        _, nearest = self._nearest
        if nearest is None and self._parted:
            line, mark = self._parted
            where = f"let the profile {self._profile.name} say delimiter: {mark}"
            return line, f"its columns {names} are parted by {mark}: {where}"
        if nearest is None:
            named = f"is {self._profile.name} the profile of such a file?"
            return 1, f"no row of it has the columns {names}: {named}"
        there = {_name(cell) for cell in nearest.cells}
        sought = [(name,) for name in self._named if name in self._required] + self._either
        absent = ", ".join(
            f"{' or '.join(map(shown, either))} ({self._profile.said_in(either[0])})"
            for either in sought
            if there.isdisjoint(either)
        )
        return nearest.line, f"no row of it has the columns {names}: this one, the nearest, lacks {absent}"

    def columns(self, header: Record | None, problems: Problems) -> Columns | None:
        """The columns by this header, or by position alone; None where one is not there, or twice."""
        cells = list(header.cells) if header else []
        while cells and not cells[-1].strip():
            cells.pop()
        names = [_name(cell) for cell in cells]
        line, before = header.line if header else 1, len(problems)
        places = {}
        for column in self._profile.columns:
            if position := POSITION.fullmatch(column):
                places[column] = int(position[1]) - 1
                if header and places[column] >= len(names):
                    said_in = self._profile.said_in(column)
                    problems.add(line, f"the header has {len(names)} columns, and no {column} ({said_in})")
            elif (times := names.count(column)) > 1:
                found = " and ".join(f'"#{n}"' for n, name in enumerate(names, 1) if name == column)
                what = f"{shown(column)} {times} times, as {found}"
                said_in = self._profile.said_in(column)
                problems.add(line, f"the header has {what}: choose by position ({said_in})")
            elif times:
                places[column] = names.index(column)
        if len(problems) > before:
            return None
        return Columns(
            places,
            len(names) if header else None,
            max(places.values(), default=-1) + 1,
            len(header.cells) if header else 0,
            self._profile.marks.groupers,
            self._profile.marks.decimal,
            tuple(places[column] for column in self._profile.amount.all if column in places),
            header is not None and header.delimiter == BAR and header.text.endswith(BAR),
        )


def _name(cell: str) -> str:
    """A column's name as it counts: without space around it, on one line."""
    return " ".join(cell.split())
