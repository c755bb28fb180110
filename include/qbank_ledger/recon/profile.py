"""A profile: how a file of the ERP is read. Made by profile_file.py, used by reading.py.

What the keys mean to who writes one stands in docs/profiles.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from qbank_ledger.errors import GLSourcesFileError
from qbank_ledger.recon.gl_file import AMOUNTS, NAMED, Kind
from qbank_ledger.recon.marks import Marks

GIVEN = "given"
NUMBERED = "numbered"
ASKS = "?"  # what the draft writes where somebody must decide
POSITION = re.compile("#([1-9][0-9]{0,4})", re.ASCII)  # of a column that is known by it
# The key of a profile for each column of a row that is not its amount.
_BOTH = {"entity": "entity", "gl_account": "account", "currency": "currency"}
PLACE_KEYS: Mapping[Kind, Mapping[str, str]] = {
    "gl": {**_BOTH, "as_of_date": "date"},
    "items": {
        **_BOTH, "item_date": "date", "cleared_date": "cleared_date", "side": "side", "kind": "item_kind",
        "reference": "reference", "as_of_date": "as_of",
    },
    "rates": {"from_currency": "from", "to_currency": "to", "as_of_date": "date"},
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a column of a row comes from, such as its account or date: exactly one of the first four.

    A pattern's first group is what counts; ``names`` says what a text stands for.
    """

    constant: str | None = None
    columns: tuple[str, ...] = ()  # the first that is not empty
    title: re.Pattern[str] | None = None
    is_given: bool = False
    pattern: re.Pattern[str] | None = None
    format: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()  # texts that stand for nothing
    strip_zeros: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountColumns:
    """The columns of an amount: the sum of ``plus`` less that of ``minus``.

    With ``side``, that column's value says whether it is a debit (positive) or a credit; ``negate``: all of
    it is taken with the other sign.
    """

    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    side: str | None = None
    debits: frozenset[str] = frozenset()
    credits: frozenset[str] = frozenset()
    negate: bool = False

    @property
    def all(self) -> tuple[str, ...]:
        """The columns with amounts."""
        return self.plus + self.minus


@dataclass(frozen=True, slots=True)
class Skip:
    """Rows that are no account: where the column, or the whole row, matches."""

    column: str | None
    matches: re.Pattern[str]

    def __str__(self) -> str:
        return f"{self.column or 'the row'} matches {self.matches.pattern}"


@dataclass(frozen=True, slots=True)
class Unpivot:
    """A wide table is made long: the columns in which its rows then have a heading, and the cell below it."""

    heading: str
    cell: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What a file must show of itself before anything of it is loaded."""

    debits_equal_credits: bool = False
    total_row: re.Pattern[str] | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a file is read; ``digest`` is the SHA-256 of what it says, in hex.

    ``places``: where what is no amount comes from, by its column. ``is_whole``: whether the file says
    something by what it lacks: of an account, that it is at zero; of an item, that it is cleared.
    """

    name: str
    digest: str
    kind: Kind
    format: Literal["csv", "xlsx"] | None
    encoding: str
    delimiter: str | None
    sheet: str | None
    exactly: tuple[str, ...]  # the whole header, where it must be these and nothing is to be trimmed
    unpivot: Unpivot | None
    skip: tuple[Skip, ...]
    places: Mapping[str, Place]
    numbers_items: bool  # an item's reference is its amount and its number among its like
    amount: AmountColumns
    marks: Marks
    rounds_noise: bool
    scale: Mapping[str, Decimal]
    duplicates: Literal["refuse", "sum", "ignore_empty"]
    is_whole: bool
    proofs: Proofs

    def require(self, kind: Kind) -> None:
        """Raise GLSourcesFileError where it reads files of another kind."""
        if self.kind != kind:
            raise GLSourcesFileError(
                f"The profile {self.name} reads {NAMED[self.kind]} (kind: {self.kind}), and the file is to "
                f"hold {NAMED[kind]}: name a profile of kind {kind}."
            )

    def taken(self, given: "Given") -> "Given":
        """What of it this profile takes from the run."""
        takes = {column for column, place in self.places.items() if place.is_given}
        return Given(
            given.date if "as_of_date" in takes else None,
            given.entity if "entity" in takes else None,
            given.currency if "currency" in takes else None,
        )

    def said_in(self, column: str) -> str:
        """The key in which it names a column, such as balance of profile plain."""
        named = PLACE_KEYS[self.kind]
        keys = {f"{named[place]}.column": said.columns for place, said in self.places.items()}
        amount = AMOUNTS[self.kind]
        keys |= {amount: self.amount.all, f"{amount}.side": (self.amount.side or "",)}
        key = next((key for key, columns in keys.items() if column in columns), "skip.column")
        return f"{key} of profile {self.name}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the file that it names, once."""
        side = (self.amount.side,) if self.amount.side else ()
        places = [column for place in self.places.values() for column in place.columns]
        skipped = [skip.column for skip in self.skip if skip.column]
        made = (self.unpivot.heading, self.unpivot.cell) if self.unpivot else ()
        named = dict.fromkeys([*self.exactly, *places, *self.amount.all, *side, *skipped])
        return tuple(column for column in named if column not in made)


@dataclass(frozen=True, slots=True)
class BookSource:
    """Where books come from by themselves: files, or a query by a connection."""

    name: str
    profile: str
    files: str | None
    connection: str | None
    sql: str | None


@dataclass(frozen=True, slots=True)
class Given:
    """What a run says of its file, for what the profile takes from there; the rest must agree with it."""

    date: str | None = None
    entity: str | None = None
    currency: str | None = None
