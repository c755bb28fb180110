"""A profile: how a file of the ERP is read. Made by profile_file.py, used by reading.py.

What the keys mean to who writes one stands in docs/profiles.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from qbank_ledger.marks import Marks

GIVEN = "given"
POSITION = re.compile("#([1-9][0-9]{0,4})", re.ASCII)  # of a column that is known by it
# The key of a profile for each column of recon.gl_balance that says which row it is.
PLACE_KEYS = {"entity": "entity", "gl_account": "account", "currency": "currency", "as_of_date": "date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the account, entity, currency or date of a row comes from: exactly one of the first four.

    A pattern's first group is what counts; ``names`` says what a text stands for.
    """

    constant: str | None = None
    columns: tuple[str, ...] = ()  # the first that is not empty
    title: re.Pattern[str] | None = None
    is_given: bool = False
    pattern: re.Pattern[str] | None = None
    format: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    strip_zeros: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceColumns:
    """The columns of a closing balance: the sum of ``plus`` less that of ``minus``.

    With ``side``, that column's value says whether it is a debit (positive) or a credit.
    """

    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    side: str | None = None
    debits: frozenset[str] = frozenset()
    credits: frozenset[str] = frozenset()

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What a file must show of itself before anything of it is loaded."""

    debits_equal_credits: bool = False
    total_row: re.Pattern[str] | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a file is read; ``digest`` is the SHA-256 of what it says, in hex."""

    name: str
    digest: str
    format: Literal["csv", "xlsx"] | None
    encoding: str
    delimiter: str | None
    sheet: str | None
    exactly: tuple[str, ...]  # the whole header, where it must be these and nothing is to be trimmed
    skip: tuple[Skip, ...]
    account: Place
    entity: Place
    currency: Place
    date: Place
    balance: BalanceColumns
    marks: Marks
    rounds_noise: bool
    scale: Mapping[str, Decimal]
    duplicates: Literal["refuse", "sum", "ignore_empty"]
    absent_is_zero: bool
    proofs: Proofs

    @property
    def places(self) -> Mapping[str, Place]:
        """Where what identifies a row comes from, by its column in recon.gl_balance."""
        return {
            "entity": self.entity,
            "gl_account": self.account,
            "currency": self.currency,
            "as_of_date": self.date,
        }

    def said_in(self, column: str) -> str:
        """The key in which it names a column, such as balance of profile plain."""
        keys = {f"{PLACE_KEYS[place]}.column": said.columns for place, said in self.places.items()}
        keys |= {"balance": self.balance.all, "balance.side": (self.balance.side or "",)}
        key = next((key for key, columns in keys.items() if column in columns), "skip.column")
        return f"{key} of profile {self.name}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it names, once."""
        side = (self.balance.side,) if self.balance.side else ()
        places = [
            column
            for place in (self.account, self.entity, self.currency, self.date)
            for column in place.columns
        ]
        skipped = [skip.column for skip in self.skip if skip.column]
        return tuple(dict.fromkeys([*self.exactly, *places, *self.balance.all, *side, *skipped]))


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
