"""The pages of a long table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Pages:
    """Which part of a long table is shown: the page ``asked`` for, or the last where it has fewer."""

    asked: int
    rows: int
    at_once: int = _AT_ONCE

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.rows // self.at_once))

    @property
    def page(self) -> int:
        """The number of the page that is shown."""
        return min(self.asked, self.last)

    @property
    def before(self) -> int:
        """How many rows are on the pages before it."""
        return (self.page - 1) * self.at_once

    def of(self, rows: Sequence[Any]) -> Sequence[Any]:
        """This page's."""
        return rows[self.before : self.before + self.at_once]
