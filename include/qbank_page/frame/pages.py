"""The pages of a long table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Pages:
    """Which part of a long table is shown."""

    page: int
    rows: int
    at_once: int = _AT_ONCE

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.rows // self.at_once))

    def of(self, rows: Sequence[Any]) -> Sequence[Any]:
        """This page's."""
        return rows[(self.page - 1) * self.at_once : self.page * self.at_once]
